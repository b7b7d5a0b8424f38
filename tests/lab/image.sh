#!/usr/bin/env bash
# Makes an image out of this machine's busybox, without any registry:
#
#   image.sh DOCKER_HOST IMAGE [docker import arguments such as -c 'CMD ["sleep", "1000"]']
#
# It has a shell, the usual small programs and a web server, and does nothing by itself. Takes a second.
set -euo pipefail
export DOCKER_HOST=$1
image=$2
shift 2
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir -p "$root"/{bin,dev,etc,proc,sys,tmp,www}
install -m 755 /bin/busybox "$root/bin/busybox"
for name in $(/bin/busybox --list | grep -vx busybox); do
    ln -sf busybox "$root/bin/$name"
done
printf 'root:x:0:0:root:/:/bin/sh\n' >"$root/etc/passwd"
printf 'root:x:0:\n' >"$root/etc/group"
tar -C "$root" -c . | docker import "$@" - "$image" >/dev/null
