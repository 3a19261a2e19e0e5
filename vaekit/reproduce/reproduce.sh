#!/bin/sh
# Trains and measures rows of published figures. From the environment: LONG=1 also runs the
# rows that take hours on two cores, ROWS=iwae-k1,vamp only these and what they begin with.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")/../../notebooks/kernel" && pwd -P)
. "$here/env.sh"
cd "$root"
mkdir -p "$setup/cache"
long=
[ "${LONG:-0}" = 0 ] || long=-long
go build -o "$setup/cache/reproduce" ./vaekit/reproduce
# shellcheck disable=SC2086 # nothing, or a flag
exec "$setup/cache/reproduce" $long ${ROWS:+-rows "$ROWS"}
