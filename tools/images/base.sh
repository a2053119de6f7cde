#!/bin/bash
# Builds stand-ins for the base images of our Dockerfile, where no image registry can be reached: from Debian's packages
# (debootstrap) and, for Node.js and npm, from the npm registry. Needs root, a Docker daemon and npm; with --check it only says
# whether that is so.
#   switchboard-base:build   for --build-arg NODE_IMAGE=…: Debian with Node.js and npm
#   switchboard-base:run     for --build-arg RUN_IMAGE=…: the shared libraries that Node.js needs, and no shell
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# One version of Node.js everywhere: the one that the packages are tested with.
node_version=$(sed -n 's/^  node: \([0-9.]*\)$/\1/p' "$here/../../pnpm-workspace.yaml")
npm_version=11
present() { docker image inspect "$1" >/dev/null 2>&1; }

if present "switchboard-base:build-$node_version" && present switchboard-base:run; then
  [ "${1:-}" = --check ] && exit 0
  docker tag "switchboard-base:build-$node_version" switchboard-base:build
  echo "images: the base images are here"
  exit 0
fi
for tool in debootstrap npm; do
  command -v "$tool" >/dev/null || { echo "images: no registry gives the base images, and building them needs $tool" >&2; exit 1; }
done
[ "$(id -u)" = 0 ] || { echo 'images: no registry gives the base images, and building them needs root' >&2; exit 1; }
[ "${1:-}" = --check ] && exit 0
echo "images: building the base images from Debian's packages and Node.js $node_version (about two minutes)"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root run=$work/run
quietly() { "$@" >"$work/log" 2>&1 || { tail -20 "$work/log" >&2; echo "images: failed: $1" >&2; exit 1; }; }

quietly debootstrap --variant=minbase --include=libstdc++6,libgcc-s1 bookworm "$root"
rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/* "$root"/usr/share/{doc,man,locale}
quietly npm install --prefix "$work/npm" --no-audit --no-fund "node@$node_version" "npm@$npm_version"
install -D "$work/npm/node_modules/node/bin/node" "$root/usr/local/bin/node"
mkdir -p "$root/usr/local/lib/node_modules"
cp -r "$work/npm/node_modules/npm" "$root/usr/local/lib/node_modules/npm"
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
ln -s ../lib/node_modules/npm/bin/npx-cli.js "$root/usr/local/bin/npx"
# Whom this machine trusts: its registry may stand behind an authority of its own. This stays in the stage that builds.
install -D /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
tar -C "$root" --exclude='./proc/*' --exclude='./sys/*' --exclude='./dev/*' -c . | docker import \
  --change 'ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt' - "switchboard-base:build-$node_version" >/dev/null
docker tag "switchboard-base:build-$node_version" switchboard-base:build

# As in distroless images: libraries, a user without rights, a place for temporary files.
mkdir -p "$run"/{etc,tmp,proc,sys,dev}
chmod 1777 "$run/tmp"
printf 'root:x:0:0:root:/:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/:/sbin/nologin\n' >"$run/etc/passwd"
printf 'root:x:0:\nnonroot:x:65532:\n' >"$run/etc/group"
printf 'hosts: files dns\n' >"$run/etc/nsswitch.conf"
chroot "$root" ldd /usr/local/bin/node | grep -o '/[^ ]*' | while read -r library; do
  install -D "$root$(chroot "$root" readlink -f "$library")" "$run$library"
done
# Loaded by name at run time, to find hosts.
for library in libnss_dns.so.2 libnss_files.so.2 libresolv.so.2; do
  path=$(find "$root/usr/lib" -name "$library" | head -1)
  [ -z "$path" ] || install -D "$(readlink -f "$path")" "$run/lib/${path#"$root"/usr/lib/}"
done
tar -C "$run" -c . | docker import - switchboard-base:run >/dev/null
echo "images: built switchboard-base:build and switchboard-base:run"
