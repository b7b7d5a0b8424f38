#!/bin/sh
# What happened before anybody looks: last night's backup was made.
cd "$(dirname "$0")/.."
. ./.env
export DOCKER_HOST
for _ in $(seq 100); do
    if docker exec travian_postgres psql -U postgres -d travian_global -c 'TABLE players' >/dev/null 2>&1; then break; fi
    sleep 0.2
done
exec ./scripts/backup-postgres.sh >/dev/null
