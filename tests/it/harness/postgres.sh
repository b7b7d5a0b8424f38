#!/bin/sh
# Postgres clusters of the tests: loopback TCP only, a password of their own, fsync on as in production.
#
#   postgres.sh init BIN DIR PORT LOG         makes a cluster in DIR/data and its password in DIR/password
#   postgres.sh keep BIN DIR PORT LOG STATE   makes one and runs it as long as it is used: the tests that use it
#                                             hold STATE/users.lock; 20 s after the last it is stopped and removed
#
# All locks are the kernel's (flock), so a killed test or a killed keeper leaves none behind:
#   STATE/start.lock   held while somebody starts or stops the shared cluster
#   STATE/keeper.lock  held by the keeper while it lives
set -eu
export LC_ALL=C
action=$1
bin=$2
dir=$3
port=$4
log=$5

# Postgres refuses to run as root; and it must die with whoever started it.
if [ "$(id -u)" = 0 ]; then
    as_postgres="setpriv --reuid=postgres --regid=postgres --init-groups --pdeathsig=KILL --"
else
    as_postgres="setpriv --pdeathsig=KILL --"
fi

init() {
    mkdir -p "$dir"
    chmod 755 "$dir"
    (
        umask 077
        head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$dir/password"
    )
    mkdir -m 700 "$dir/data"
    if [ "$(id -u)" = 0 ]; then chown postgres: "$dir/data" "$dir/password"; fi
    # The databases sort as people do, not by bytes: a query that relies on byte order fails here, not at a user's.
    (
        cd "$dir/data"
        $as_postgres "$bin/initdb" --pgdata="$dir/data" --username=firebell --pwfile="$dir/password" \
            --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 --locale-provider=icu --icu-locale=en-US \
            --no-sync
    ) >>"$log" 2>&1
    cat >>"$dir/data/postgresql.conf" <<CONF
listen_addresses = '127.0.0.1'
port = $port
unix_socket_directories = ''
max_connections = 200
# In the cluster's folder, which goes with the test: a killed server leaves shared memory of the machine's for good.
dynamic_shared_memory_type = mmap
log_line_prefix = '%m [%p] %d '
CONF
}

remove() {
    rm -f "$state/url"
    if [ -n "$postgres" ]; then
        # At once: nothing of it is wanted any more.
        kill -s QUIT "$postgres" 2>/dev/null || true
        wait "$postgres" || true
    fi
    rm -rf "$dir"
}

keep() {
    state=$1
    exec 9>>"$state/keeper.lock" 8>>"$state/users.lock" 7>>"$state/start.lock"
    flock --timeout 10 9 || exit 1
    postgres=
    trap remove EXIT
    trap 'exit 143' HUP INT TERM
    init
    (
        cd "$dir/data"
        exec $as_postgres "$bin/postgres" -D "$dir/data"
    ) >>"$log" 2>&1 7>&- 8>&- 9>&- &
    postgres=$!
    until grep -q '^ready' "$dir/data/postmaster.pid" 2>/dev/null; do
        kill -s 0 "$postgres" || exit 1
        sleep 0.05
    done
    echo "postgres://firebell:$(cat "$dir/password")@127.0.0.1:$port" >"$state/url.new"
    mv "$state/url.new" "$state/url"

    unused_s=0
    while kill -s 0 "$postgres" 2>/dev/null; do
        sleep 1
        if flock --nonblock 8; then
            flock --unlock 8
            unused_s=$((unused_s + 1))
        else
            unused_s=0
        fi
        # Nobody may come in between the last look and the stop: new users hold start.lock while they enter.
        if [ "$unused_s" -ge 20 ] && flock --nonblock 7; then
            if flock --nonblock 8; then exit 0; fi
            flock --unlock 7
        fi
    done
}

case $action in
init) init ;;
keep) keep "$6" ;;
*) exit 2 ;;
esac
