#!/bin/bash
# Builds the images of a Prometheus and a prometheus-adapter for clusters that can pull neither: the one from Debian's package,
# the other from its Go module. For tests only.
#   tools/cluster/metrics-images.sh <name of prometheus> <name of the adapter>
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
[ $# = 2 ] || { echo 'usage: metrics-images.sh <prometheus> <adapter>' >&2; exit 2; }
present() { docker image inspect "$1" >/dev/null 2>&1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if present "$1"; then
  echo "images: $1 is here"
else
  program=$(command -v prometheus) || { echo 'images: prometheus is not on PATH (Debian has it in its package prometheus)' >&2; exit 1; }
  mkdir -p "$work/prometheus/bin" "$work/prometheus/tmp"
  cp "$program" "$work/prometheus/bin/prometheus"
  # Debian links its Go programs to the C library: it comes along, at the paths where it is looked for.
  { ldd "$program" || true; } | grep -o '/[^ ]*\.so[^ ]*' | while read -r library; do
    install -D "$(readlink -f "$library")" "$work/prometheus$library"
  done
  tar -C "$work/prometheus" -c . | docker import --change 'ENTRYPOINT ["/bin/prometheus"]' - "$1" >/dev/null
  echo "images: built $1"
fi

if present "$2"; then
  echo "images: $2 is here"
else
  command -v go >/dev/null || { echo 'images: building the adapter needs Go 1.26 or newer' >&2; exit 1; }
  echo 'images: building prometheus-adapter from its Go module (some minutes)'
  mkdir -p "$work/adapter/tmp"
  (cd "$here/prometheus-adapter" && CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$work/adapter/adapter" \
    sigs.k8s.io/prometheus-adapter/cmd/adapter)
  tar -C "$work/adapter" -c . | docker import --change 'ENTRYPOINT ["/adapter"]' - "$2" >/dev/null
  echo "images: built $2"
fi
