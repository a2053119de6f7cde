#!/bin/bash
# Builds the images of the services: switchboard-edge, -router, -storage and -notifier, and prints their sizes.
#   tools/images/services.sh [tag]        the tag is "local" without it
#   tools/images/services.sh --check      says why that cannot be done here, or nothing
# The base images are the stock ones, named by the digest that the registry gives, or those of NODE_IMAGE and RUN_IMAGE where
# these are set. Where no registry can be reached, `base.sh` builds stand-ins. The lists of what is inside (CycloneDX) are
# written to .cache/images/.
set -euo pipefail
cd "$(dirname "$0")/../.."
services=(edge router storage notifier)
stock() { sed -n "s/^ARG $1=//p" Dockerfile; }
pull_by_digest() {
  timeout 300 docker pull -q "$1" >/dev/null 2>&1 && docker image inspect --format '{{index .RepoDigests 0}}' "$1"
}

fail() { echo "images: $*" >&2; exit 1; }

docker version >/dev/null 2>&1 || fail 'no Docker daemon answers'
network=()
node_image=${NODE_IMAGE:-$(pull_by_digest "$(stock NODE_IMAGE)" || true)}
run_image=${RUN_IMAGE:-$(pull_by_digest "$(stock RUN_IMAGE)" || true)}
if [ "${1:-}" = --check ]; then
  { [ -n "$node_image" ] && [ -n "$run_image" ]; } || tools/images/base.sh --check
  exit
fi
tag=${1:-local}
if [ -z "$node_image" ] || [ -z "$run_image" ]; then
  tools/images/base.sh
  node_image=switchboard-base:build run_image=switchboard-base:run
  # Such a machine often reaches its package registry by rules that a container's own network does not have.
  network=(--network host)
fi
echo "images: from $node_image and $run_image"
version=$(sed -n 's/^  "version": "\(.*\)",$/\1/p' package.json)
revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)
mkdir -p .cache/images
for service in "${services[@]}"; do
  # Debian's Docker has no builder plug-in; the Dockerfile is good for both builders.
  docker buildx version >/dev/null 2>&1 || export DOCKER_BUILDKIT=0
  docker build --quiet "${network[@]}" --tag "switchboard-$service:$tag" \
    --build-arg "NODE_IMAGE=$node_image" --build-arg "RUN_IMAGE=$run_image" --build-arg "SERVICE=$service" \
    --label "org.opencontainers.image.title=switchboard-$service" --label "org.opencontainers.image.version=$version" \
    --label "org.opencontainers.image.revision=$revision" --label "org.opencontainers.image.base.name=$run_image" . >/dev/null
  container=$(docker create "switchboard-$service:$tag")
  docker cp -q "$container:/app/sbom.cdx.json" ".cache/images/switchboard-$service.cdx.json" >/dev/null
  docker rm "$container" >/dev/null
  bytes=$(docker image inspect --format '{{.Size}}' "switchboard-$service:$tag")
  packages=$(grep -c '"type": "library"' ".cache/images/switchboard-$service.cdx.json")
  printf 'images: switchboard-%-9s %4d MB, %3d packages\n' "$service:$tag" $((bytes / 1000000)) "$packages"
done
