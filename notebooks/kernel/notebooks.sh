#!/bin/sh
# Runs notebooks without a browser: all, or those whose name begins with $NB.
# OUT is the folder of what they show, out/ unless it is said.
# SAVE=1 keeps the outputs in notebooks/; FRESH=1 leaves the saved runs aside. JOBS=2 runs
# two at once, each on its share of the cores (on Linux), unless their outputs are kept,
# which tell of the whole machine.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
. "$here/env.sh"

set -- --out "${OUT:-$root/out}" --cell-seconds "${CELL_SECONDS:-3600}"
if [ -n "${SAVE:-}" ]; then set -- "$@" --save; else set -- "$@" --jobs "${JOBS:-1}"; fi
if [ -n "${FRESH:-}${SAVE:-}" ]; then set -- "$@" --fresh; fi

: >"$state/log/kernel.log"
exec "$venv/bin/python" "$here/run.py" "$@" "${NB:-}"
