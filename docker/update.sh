#!/bin/sh
# `sh docker/update.sh`: builds the images, migrates, and replaces the copies of worker and API one after the other, while the load balancer
# sends requests to those that can serve: none is refused. With --no-build it takes the images that are there. Each copy is replaced by
# a new one that is ready before the old one is asked to stop. To go back, check out the earlier build and run it again: old processes
# work with the new schema. PostgreSQL, Redis and the load balancer stay as they are.
set -eu
folder=$(dirname "$0")
LIMIT_SECONDS=120
READY='fetch(`http://127.0.0.1:${process.env.STOWAGE_WORKER_PORT ?? process.env.PORT}/health/ready`)
  .then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))'
SERVING='fetch("http://load-balancer:8081").then(async (answer) => console.log(await answer.text()))'

compose() {
  docker compose --file "$folder/compose.yaml" "$@"
}

# Tries a command every second until it succeeds.
wait_for() {
  waited=0
  until "$@"; do
    waited=$((waited + 1))
    [ "$waited" -le "$LIMIT_SECONDS" ] || { echo "not within $LIMIT_SECONDS s: $*" >&2; exit 1; }
    sleep 1
  done
}

# Whether the load balancer sends requests to this many APIs; it tells inside only.
serving() {
  [ "$(compose exec -T api node --eval "$SERVING")" = "$1" ]
}

# Replaces the copies of a service. One more than usual runs meanwhile.
replace() {
  service=$1
  old=$(compose ps --quiet "$service")
  count=$(echo "$old" | wc -l)
  for copy in $old; do
    compose up --detach --no-deps --no-build --no-recreate --scale "$service=$((count + 1))" --wait "$service"
    for running in $(compose ps --quiet "$service"); do wait_for docker exec "$running" node --eval "$READY"; done
    [ "$service" != api ] || wait_for serving $((count + 1))
    docker stop -t 30 "$copy"
    docker rm "$copy"
    [ "$service" != api ] || wait_for serving "$count"
  done
}

[ "${1:-}" = --no-build ] || compose build
compose run --rm --no-deps migrate
replace worker
replace api
