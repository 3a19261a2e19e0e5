#!/bin/sh
# Says what works on this machine, and what to fix.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
. "$here/env.sh"

cd "$root"
exec go run ./vaekit/cmd/doctor
