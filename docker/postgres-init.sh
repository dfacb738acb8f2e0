#!/bin/sh
# Runs once, when the database is made: a user that owns its own database and nothing else.
set -eu
password=$(cat /run/secrets/database_password)
psql --set=ON_ERROR_STOP=1 --username=postgres --set=password="$password" <<'SQL'
create role stowage login password :'password';
create database stowage owner stowage;
revoke all on database stowage from public;
SQL
