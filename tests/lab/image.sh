#!/usr/bin/env bash
# Makes an image out of what is installed on this machine, without any registry:
#
#   image.sh DOCKER_HOST IMAGE [--with PROGRAM]... [docker import arguments such as -c 'CMD ["sleep", "1000"]']
#
# Every image has busybox (a shell, the usual small programs, a web server) and the lab's own app in /lab. PROGRAM is
# caddy, mariadb, redis, postgres or systemd of the Debian packages that `./test --install` installs, with the libraries they
# need and no more. What was put together is kept in the build's folder and made anew when a package or this folder changes, so the
# second time takes only as long as the import.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
export DOCKER_HOST=$1
image=$2
shift 2
programs=()
while [ "${1:-}" = --with ]; do
    programs+=("$2")
    shift 2
done
kept=${CARGO_TARGET_DIR:-$here/../../target}/lab
mkdir -p "$kept"

packages=(busybox-static)
for program in "${programs[@]}"; do
    case $program in
    caddy) packages+=(caddy) ;;
    mariadb) packages+=(mariadb-server) ;;
    redis) packages+=(redis-server redis-tools) ;;
    postgres) packages+=("postgresql-$(ls /usr/lib/postgresql | sort -n | tail -1)") ;;
    systemd) packages+=(systemd) ;;
    *) echo "There is no program \"$program\": caddy, mariadb, redis, postgres or systemd." >&2 && exit 2 ;;
    esac
done
key=$({ dpkg-query --show "${packages[@]}" && cat "$0" "$here"/app/*; } | sha256sum | cut -c 1-16)
name=$(IFS=-; echo "app${programs[*]:+-${programs[*]}}")
tar=$kept/$name.$key.tar

# With every library that it is linked with, under the names it looks for.
copy() {
    cp --parents --dereference "$@" "$root"
    local library
    for library in $(ldd "$@" 2>/dev/null | sed -nE 's,^.*[[:space:]](/[^ ]*) \(0x.*$,\1,p' | sort -u); do
        cp --parents --dereference "$library" "$root"
    done
}

# A cluster that was made before, because making one takes longer than anything else here.
postgres() {
    local version
    version=$(ls /usr/lib/postgresql | sort -n | tail -1)
    local programs=/usr/lib/postgresql/$version
    copy "$programs"/bin/{postgres,psql,pg_isready,pg_dump,pg_ctl}
    # Without the compiler of queries, which is larger than all the rest.
    mapfile -t libraries < <(find "$programs/lib" -maxdepth 1 -name '*.so' ! -name 'llvmjit*')
    copy "${libraries[@]}"
    cp -r --parents "/usr/share/postgresql/$version" "$root"
    for program in postgres psql pg_isready pg_dump; do
        ln -s "$programs/bin/$program" "$root/usr/bin/$program"
    done
    mkdir -p "$root/var/lib/postgresql" "$root/run/postgresql"
    chmod 755 "$root" "$root/var" "$root/var/lib"
    mkdir -p "$root/var/run" && ln -s /run/postgresql "$root/var/run/postgresql"
    chown postgres:postgres "$root/var/lib/postgresql" "$root/run/postgresql"
    (cd / && TZ=GMT setpriv --reuid postgres --regid postgres --clear-groups "$programs/bin/initdb" --no-sync --locale=C \
        --encoding=UTF8 --auth=trust --username=postgres "$root/var/lib/postgresql/data" >/dev/null)
    echo "host all all all trust" >>"$root/var/lib/postgresql/data/pg_hba.conf"
}

# The same of MariaDB, with its client under both its names.
mariadb() {
    copy /usr/sbin/mariadbd /usr/bin/mariadb
    cp -r --parents /usr/share/mysql/charsets /usr/share/mysql/english "$root"
    ln -s mariadb "$root/usr/bin/mysql"
    mkdir -p "$root/var/lib/mysql" "$root/run/mysqld"
    chmod 755 "$root" "$root/var" "$root/var/lib"
    chown mysql:mysql "$root/var/lib/mysql" "$root/run/mysqld"
    mariadb-install-db --no-defaults --datadir="$root/var/lib/mysql" --tmpdir="$root/tmp" --user=mysql --skip-test-db \
        --auth-root-authentication-method=normal --innodb-log-file-size=4M >"$kept/mariadb.log" 2>&1
}

# A small machine: it boots with /sbin/init, keeps a journal and runs one service, `orders`, which says its number.
systemd() {
    # As on Debian: what a library is called by lies behind these links.
    rm -f "$root/bin/busybox"
    local folder
    for folder in bin sbin lib lib64; do
        mkdir -p "$root/usr/$folder"
        if [ -d "$root/$folder" ]; then cp -a "$root/$folder/." "$root/usr/$folder/" && rm -r "${root:?}/$folder"; fi
        ln -s "usr/$folder" "$root/$folder"
    done
    copy /usr/lib/systemd/{systemd,systemd-journald} /usr/bin/{systemctl,journalctl} /usr/lib/x86_64-linux-gnu/systemd/*.so
    cp --parents /usr/lib/systemd/system/{basic,sysinit,sockets,slices,shutdown}.target \
        /usr/lib/systemd/system/systemd-journald* "$root"
    ln -s /lib/systemd/systemd "$root/sbin/init"
    mkdir -p "$root/etc/systemd/system" "$root/run" "$root/var/log"
    touch "$root/etc/machine-id"
    cat >"$root/etc/systemd/system/orders.service" <<'UNIT'
[Unit]
Description=Takes orders
[Service]
ExecStart=/bin/sh -c 'echo "orders are taken by $$$$"; exec sleep 100000'
UNIT
    cat >"$root/etc/systemd/system/default.target" <<'UNIT'
[Unit]
Requires=systemd-journald.service orders.service
After=systemd-journald.service
UNIT
}

make() {
    root=$(mktemp -d)
    trap 'rm -rf "$root"' EXIT
    mkdir -p "$root"/{bin,dev,etc,lab,proc,sys,tmp,www,usr/bin}
    chmod 1777 "$root/tmp"
    # Its own links lead to where it lies on this machine, so it lies there in the image as well.
    busybox=$(readlink -f /bin/busybox)
    install -D -m 755 "$busybox" "$root$busybox"
    "$busybox" --install -s "$root/bin"
    printf 'root:x:0:0:root:/:/bin/sh\n' >"$root/etc/passwd"
    printf 'root:x:0:\n' >"$root/etc/group"
    local user
    for user in postgres mysql; do
        getent passwd "$user" >>"$root/etc/passwd" || true
        getent group "$user" >>"$root/etc/group" || true
    done
    install -m 755 "$here"/app/* "$root/lab/"
    local program
    for program in "${programs[@]}"; do
        case $program in
        caddy) copy /usr/bin/caddy ;;
        mariadb) mariadb ;;
        systemd) systemd ;;
        redis) copy /usr/bin/redis-server /usr/bin/redis-cli ;;
        postgres) postgres ;;
        esac
    done
    rm -f "$kept/$name".*
    tar -C "$root" -cf "$tar.new" .
    mv "$tar.new" "$tar"
}

# One at a time: tests that start together need the same.
exec 9>"$kept/lock"
flock 9
[ -e "$tar" ] || make
flock --unlock 9
docker import "$@" "$tar" "$image" >/dev/null
