#!/bin/sh
# Runs once, when the database is made: a role that owns its own database and nothing else, for the migration, and a role that owns
# nothing, for the processes. The migration gives it what they need.
set -eu
owner=$(cat /run/secrets/owner_password)
app=$(cat /run/secrets/app_password)
psql --set=ON_ERROR_STOP=1 --username=postgres --set=owner="$owner" --set=app="$app" <<'SQL'
create role stowage login password :'owner';
create role stowage_app login password :'app';
create database stowage owner stowage;
revoke all on database stowage from public;
grant connect on database stowage to stowage_app;
grant pg_read_all_stats to stowage_app;
SQL
