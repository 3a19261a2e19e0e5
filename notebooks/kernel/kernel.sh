#!/bin/sh
# Starts the Go kernel; kernel.json calls this with Jupyter's connection file.
#
# Before each cell the kernel runs `go get` for what the cell imports. Let loose, that
# asks the network and takes versions that this project was never tested with. With the
# toolchain's own go first on PATH, no other toolchain to switch to, and no proxy, every
# import resolves to what the root go.mod pins, offline too. A reader who wants another
# module says `%env GOPROXY=direct` in a cell first.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
. "$here/env.sh"

# What cells print goes to Jupyter; this is the log of the kernels themselves.
exec 2>>"$state/log/kernel.log"

PATH=$(cd "$root" && go env GOROOT)/bin:$PATH
export PATH GOTOOLCHAIN=local GOPROXY=off
unset GOWORK # the kernel writes a workspace of its own, with this repository in it

# gopls and goimports keep an index of Go's modules where the system wants caches, and have
# no switch for that. Go's own cache stays where it is.
GOCACHE=$(go env GOCACHE)
export GOCACHE XDG_CACHE_HOME="$state/cache"

exec "$setup/bin/gonb" --kernel "$1" --raw_error --go_work="$root"
