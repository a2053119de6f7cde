#!/bin/bash
# Builds the Docker image `nats:2.15` from the nats-server that tools/embedded/go.mod pins, where it is neither here nor
# to be had from a registry. Called with arguments like the stock image: `docker run nats:2.15 -js`.
# With an image name as the first argument, that image is given the name `mongo:8` (unless `mongo:8` is here):
#   tools/images/build.sh documentdb:local
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
present() { docker image inspect "$1" >/dev/null 2>&1; }

docker version >/dev/null || { echo "images: no Docker daemon answers" >&2; exit 1; }

if present nats:2.15; then
  echo "images: nats:2.15 is here"
else
  command -v go >/dev/null || { echo "images: building nats:2.15 needs Go 1.26 or newer" >&2; exit 1; }
  echo "images: building nats:2.15 from its pinned Go module (about a minute)"
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  mkdir -p "$work/root/tmp" "$work/root/data"
  (cd "$here/../embedded" &&
    CGO_ENABLED=0 GOOS=linux go build -trimpath -ldflags '-s -w' -o "$work/root/nats-server" github.com/nats-io/nats-server/v2)
  # `docker import` needs neither a registry nor a builder plug-in, which Debian's package lacks.
  tar -C "$work/root" -c . | docker import \
    --change 'ENTRYPOINT ["/nats-server"]' --change 'CMD ["-m", "8222"]' --change 'EXPOSE 4222 8222 6222' \
    --message 'nats-server, built from source' - nats:2.15 >/dev/null
  echo "images: built nats:2.15"
fi

if [ $# -gt 0 ]; then
  if present mongo:8; then
    echo "images: mongo:8 is here"
  elif present "$1"; then
    # Its PostgreSQL was killed with the container; the lock it left names a process that may by now be another one's.
    lock='rm -f /var/lib/postgresql/*/main/postmaster.pid; exec /usr/local/bin/entrypoint.sh'
    container=$(docker create "$1")
    docker commit --change "ENTRYPOINT [\"/bin/bash\", \"-c\", \"$lock\"]" "$container" mongo:8 >/dev/null
    docker rm "$container" >/dev/null
    echo "images: $1 stands in for mongo:8"
  else
    echo "images: there is no image $1 to stand in for mongo:8" >&2
    exit 1
  fi
fi
