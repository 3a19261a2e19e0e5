#!/bin/sh
# Fills Go's build cache while an image is built, as the user of its containers: compiles the
# toolkit, builds the doctor, and runs a cell the way a notebook does.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
HOME=$(mktemp -d)
export HOME VAEKIT_STATE="$HOME/state" GOPROXY=off
. "$here/env.sh"
cd "$root"
umask 002 # other users of the group write beside these files

go build ./... github.com/janpfeifer/gonb/gonbui
go build -o "$(go env GOPATH)/bin/doctor" ./vaekit/cmd/doctor
mkdir -p "$VAEKIT_STATE/log" "$VAEKIT_STATE/jupyter" "$HOME/cell"
cat >"$HOME/cell/00.ipynb" <<'JSON'
{"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": {"name": "gonb", "display_name": "Go"}}, "cells": [
 {"id": "a", "cell_type": "code", "metadata": {}, "execution_count": null, "outputs": [], "source":
  "import \"github.com/vaebook/vaebook/vaekit/show\"\n%%\nfmt.Println(show.Must(os.Getwd()))"}]}
JSON
"$VAEKIT_PYTHON" -m nbconvert --to notebook --execute --inplace "$HOME/cell/00.ipynb"

# Go removes what was not used for five days, and an image may be older than that at its first
# start. What was used in the future stays, and needs no new date when it is read.
find "$(go env GOCACHE)" -type f -exec touch -d 2037-12-31 {} +
rm -rf "$HOME"
