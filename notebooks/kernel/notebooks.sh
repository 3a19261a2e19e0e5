#!/bin/sh
# Runs notebooks without a browser: all, or those whose name begins with $NB.
# OUT is the folder of what they show, out/ unless it is said.
# SAVE=1 keeps the outputs in notebooks/; FRESH=1 leaves the saved runs aside.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
. "$here/env.sh"

set -- --out "${OUT:-$root/out}" --cell-seconds "${CELL_SECONDS:-3600}"
if [ -n "${SAVE:-}" ]; then set -- "$@" --save; fi
if [ -n "${FRESH:-}${SAVE:-}" ]; then set -- "$@" --fresh; fi
exec "$venv/bin/python" "$here/run.py" "$@" "${NB:-}"
