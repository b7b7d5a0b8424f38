#!/bin/sh
# Writes a dump of the game's database into the folder of the daily backups.
set -e
cd "$(dirname "$0")/.."
. ./.env
export DOCKER_HOST
mkdir -p backups/postgres/daily
file=backups/postgres/daily/travian_global_$(date -u +%Y%m%d_%H%M%S).sql
docker exec travian_postgres pg_dump -U postgres travian_global >"$file.part"
gzip "$file.part"
mv "$file.part.gz" "$file.gz"
echo "$file.gz"
