#!/bin/sh
# Pins the Python packages of requirements.in, what drives a browser, the wheels of the CUDA
# plugin and the packages of the benchmark's peers anew, for every platform, with hashes; and
# takes the schemas that README's snippets are checked against from their wheels.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
. "$here/env.sh"

rm -rf "$setup/uv"
"$venv/bin/python" -m venv "$setup/uv"
"$setup/uv/bin/python" -m pip install --quiet 'uv>=0.13,<0.14'

pin() { # what to pin, the lock file, options
	from=$1 to=$2
	shift 2
	"$setup/uv/bin/uv" pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' \
		--output-file "$to" "$@" "$from"
}

cd "$here"
pin requirements.in requirements.lock
pin cuda.in cuda.lock
pin browser.in browser.lock --constraint requirements.lock # they share a venv
cd "$root/vaekit/bench/peers"
for peer in jax torch tensorflow; do
	pin $peer.in $peer.lock --excludes excludes.txt
done
"$venv/bin/python" "$here/schemas.py"
rm -rf "$setup/uv"
