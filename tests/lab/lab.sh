#!/usr/bin/env bash
# The lab: small copies of five real systems, with the names of their runbooks, on a Docker daemon and without any
# registry. README.md says how to use it by hand.
#
#   lab.sh alone                  a Docker daemon in a network of its own, and a shell beside it; all ends with the shell
#   lab.sh up SYSTEM FOLDER       makes the images and the system, with its files in FOLDER, and waits until it is well
#   lab.sh break FAULT [WHERE]    breaks something, see README.md
#   lab.sh down FOLDER            removes the containers of the system in FOLDER
#
# All but the first speak to the daemon of $DOCKER_HOST. Nothing listens anywhere but on loopback of that network.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")

# The files of a system that Compose reads, in their order; it is called from the system's folder and calls projects
# what it calls them by itself, as the runbooks' commands expect.
files() {
    find "$1" -name 'docker-compose*.yml' | sort
}

# A certificate for localhost by an authority of the lab's own: ca.pem, lab.crt, lab.key. DAYS is how long it holds, or "over".
certificate() {
    local folder=$1 days=$2
    mkdir -p "$folder"
    {
        if [ ! -e "$folder/ca.pem" ]; then
            openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=lab" \
                -keyout "$folder/ca.key" -out "$folder/ca.pem"
        fi
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=localhost" \
            -keyout "$folder/lab.key" -out "$folder/lab.csr"
        printf 'subjectAltName=DNS:localhost\n' >"$folder/lab.ext"
        local at=()
        if [ "$days" = over ]; then at=(faketime 2020-01-01) && days=30; fi
        "${at[@]}" openssl x509 -req -in "$folder/lab.csr" -CA "$folder/ca.pem" -CAkey "$folder/ca.key" \
            -CAcreateserial -extfile "$folder/lab.ext" -days "$days" -out "$folder/lab.crt"
    } >"$folder/log" 2>&1
    chmod 644 "$folder/lab.key"
}

up() {
    local system=$1 folder=$2
    [ -d "$here/systems/$system" ] || { echo "There is no system \"$system\": $(ls "$here/systems" | xargs)." >&2 && exit 2; }
    mkdir -p "$folder"
    cp -r "$here/systems/$system/." "$folder/"
    certificate "$folder/ssl" 30
    # For the system's own scripts, which a bot starts without anybody's environment.
    echo "DOCKER_HOST=$DOCKER_HOST" >"$folder/.env"
    while read -r image programs; do
        local with=()
        for program in $programs; do with+=(--with "$program"); done
        "$here/image.sh" "$DOCKER_HOST" "$image" "${with[@]}"
    done <"$folder/images"
    local file
    for file in $(files "$folder"); do
        (cd "$folder" && docker-compose --file "${file#"$folder"/}" up --detach 2>&1) |
            { grep -vE '^(Creating|Starting|Recreating) |is up-to-date|orphan' || true; }
    done
    if [ -x "$folder/scripts/first.sh" ]; then "$folder/scripts/first.sh"; fi
}

break_it() {
    case $1 in
    # It ends and stays away.
    stop) docker kill "$2" >/dev/null ;;
    # The app of the lab: a circuit breaker that opens, a cache that goes stale, answers that never come, memory that is
    # never given back.
    breaker | cache | hang | leak) docker exec "$2" /lab/app set "$1" ;;
    disk) docker exec "$2" /lab/app fill ;;
    # Jobs that nobody takes: queue CONTAINER PASSWORD LIST COUNT
    queue)
        docker exec --interactive --env REDISCLI_AUTH="$3" "$2" redis-cli >/dev/null \
            < <(for no in $(seq "$5"); do echo "LPUSH $4 job-$no"; done)
        ;;
    # Sessions that hold a database's connections: connections CONTAINER COUNT
    connections)
        for _ in $(seq "$3"); do
            docker exec --detach "$2" psql --username postgres --command "SELECT pg_sleep(600)"
        done
        ;;
    # The web server gets a certificate that ended years ago: certificate CONTAINER FOLDER
    certificate) certificate "$3/ssl" over && docker restart "$2" >/dev/null ;;
    # Last night's backup is gone with its folder, and who makes them says why there is no new one: backup FOLDER
    backup)
        rm -rf "$2/backups/postgres/daily"
        docker exec travian_maintenance sh -c \
            'echo "$(date -u +%H:%M:%S) ERROR backup: backups/postgres/daily: No such file or directory" >/proc/1/fd/2'
        ;;
    *) echo "There is no fault \"$1\", see README.md." >&2 && exit 2 ;;
    esac
}

case ${1:-} in
alone)
    if [ -z "${LAB_ALONE:-}" ]; then exec unshare --net --mount env LAB_ALONE=yes "$0" alone; fi
    /bin/busybox ip link set lo up
    state=$(mktemp -d)
    dockerd --data-root "$state/data" --exec-root "$state/exec" --pidfile "$state/pid" --host "unix://$state/docker.sock" \
        --bridge=none --iptables=false --ip-forward=false --ip-masq=false --log-level=error >"$state/log" 2>&1 &
    daemon=$!
    export DOCKER_HOST=unix://$state/docker.sock
    trap 'docker ps --all --quiet | xargs --no-run-if-empty docker rm --force --volumes >/dev/null
        kill "$daemon" && wait "$daemon" || true
        rm -rf "$state"' EXIT
    for _ in $(seq 300); do docker version >/dev/null 2>&1 && break || sleep 0.1; done
    docker version >/dev/null
    echo "DOCKER_HOST=$DOCKER_HOST; leave the shell to end it all."
    PS1='lab$ ' bash --norc || true
    ;;
up) up "$2" "$3" ;;
break) shift && break_it "$@" ;;
down)
    for file in $(files "$2"); do
        (cd "$2" && docker-compose --file "${file#"$2"/}" down --volumes --timeout 1)
    done
    ;;
*) sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "$0" && exit 2 ;;
esac
