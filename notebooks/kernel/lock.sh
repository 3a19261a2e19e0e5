#!/bin/sh
# Pins the Python packages of requirements.in anew, for every platform, with hashes.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
. "$here/env.sh"

rm -rf "$setup/uv"
"$venv/bin/python" -m venv "$setup/uv"
"$setup/uv/bin/python" -m pip install --quiet 'uv>=0.13,<0.14'
cd "$here"
"$setup/uv/bin/uv" pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' \
	--output-file requirements.lock requirements.in
rm -rf "$setup/uv"
