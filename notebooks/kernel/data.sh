#!/bin/sh
# Fetches the data sets that do not come with the set-up.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
. "$here/env.sh"

cd "$root"
exec go run ./datasets/cmd/fetch fsdd
