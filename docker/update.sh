#!/bin/sh
# `sh docker/update.sh`: builds the images, migrates, and replaces the copies of API and worker one after the other, while the load balancer
# sends requests to those that can serve: none is refused. With --no-build it takes the images that are there. Each copy is replaced by
# a new one that is healthy before the old one is asked to stop. To go back, check out the earlier build and run it again: old processes
# work with the new schema.
set -eu
compose="docker compose --file $(dirname "$0")/compose.yaml"
LIMIT_SECONDS=120

# The number of APIs that the load balancer sends requests to, asked from inside: it is not public.
serving() {
  $compose exec -T api node --eval "fetch('http://load-balancer:8081').then(async (answer) => console.log(await answer.text()))"
}

# Waits until the load balancer counts this many APIs.
until_serving() {
  waited=0
  until [ "$(serving)" = "$1" ]; do
    waited=$((waited + 1))
    [ "$waited" -le "$LIMIT_SECONDS" ] || { echo "the load balancer does not find $1 APIs" >&2; exit 1; }
    sleep 1
  done
}

copies() {
  $compose ps --quiet "$1"
}

# Replaces the copies of a service. One more than usual runs meanwhile.
replace() {
  service=$1
  old=$(copies "$service")
  count=$(echo "$old" | wc -l)
  for copy in $old; do
    $compose up --detach --no-deps --no-build --no-recreate --scale "$service=$((count + 1))" --wait --wait-timeout "$LIMIT_SECONDS" "$service"
    [ "$service" != api ] || until_serving $((count + 1))
    docker stop --time 30 "$copy"
    docker rm "$copy"
    [ "$service" != api ] || until_serving "$count"
  done
}

[ "${1:-}" = --no-build ] || $compose build
$compose run --rm --no-deps migrate
replace worker
replace api
