#!/bin/sh
# What the entry point of the official image does, as far as compose.yaml needs it.
set -eu
for folder in /usr/lib/postgresql/*/bin; do PATH=$folder:$PATH; done
export PATH PGDATA=/var/lib/postgresql/data
if [ ! -e "$PGDATA/PG_VERSION" ]; then
  # shellcheck disable=SC2086 # several arguments
  initdb $POSTGRES_INITDB_ARGS --username=postgres --auth-local=trust --auth-host=scram-sha-256 --pwfile="$POSTGRES_PASSWORD_FILE"
  echo 'host all all all scram-sha-256' >> "$PGDATA/pg_hba.conf"
  pg_ctl -o "-c listen_addresses=''" -w start
  for script in /docker-entrypoint-initdb.d/*.sh; do sh "$script"; done
  pg_ctl -w stop
fi
exec "$@" -c "listen_addresses=*"
