#!/bin/sh
# What a container of the image runs: JupyterLab, or the command it is given (doctor,
# make notebooks, sh, …), in the environment of env.sh.
#
# All that is written lies in one folder: the home, or, where that is read-only or another
# user's, one in /tmp. The image itself is never written to but for Go's build cache.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)

say() { printf '%s\n' "$*" >&2; }

writable() { # folder, made if it is not there
	mkdir -p "$1" 2>/dev/null && [ -w "$1" ]
}

tmp=${TMPDIR:-/tmp}
[ "${HOME:-/}" != / ] || HOME=/home/vaebook # of a user whom the image does not know
writable "$HOME" || HOME=$tmp/vaebook
if ! writable "$HOME" || ! writable "$tmp"; then
	say "User $(id -u):$(id -g) can write neither to the home folder nor to $tmp. With --read-only, give it a place: docker run --read-only --tmpfs /tmp:exec …"
	exit 1
fi
export HOME VAEKIT_STATE="$HOME/.vaebook"
. "$here/env.sh"
mkdir -p "$state/log" "$state/cache" "$state/jupyter"

# A cell is a program that is built in the folder for temporary files and started there.
probe=$tmp/.starts.$$
printf '#!/bin/sh\n' >"$probe"
chmod +x "$probe"
"$probe" 2>/dev/null || say "Programs cannot be started in $tmp, so no cell will run. Mount it so that they can: --tmpfs /tmp:exec"
rm -f "$probe"

# Links to the warm build cache, where new entries can lie beside: what is compiled already
# stays so, at the price of a tenth of a second.
if [ ! -w "$GOCACHE" ]; then
	[ -d "$state/go-build" ] || cp -rs "$GOCACHE" "$state/go-build"
	export GOCACHE="$state/go-build"
fi

notebooks=$HOME/notebooks
mkdir -p "$notebooks"
cp -n "$root"/notebooks/*.ipynb "$root"/notebooks/*.png "$notebooks/" # what was changed here stays
[ -w "$root/notebooks" ] || export FRESH=1 # make notebooks: its runs go where it writes
results=$HOME/out
if [ -d /mine ]; then
	[ -L "$notebooks/mine" ] || ln -s /mine "$notebooks/mine"
	if [ -w /mine ]; then
		results=/mine/out
	else
		say "/mine cannot be written by user $(id -u):$(id -g). To write as yourself: docker run --user \$(id -u):100 …"
	fi
fi
export OUT="${OUT:-$results}"

if [ $# -gt 0 ] && [ "$1" != lab ]; then exec "$@"; fi
[ $# -eq 0 ] || shift

if [ -n "${JUPYTER_TOKEN-x}" ]; then
	[ -z "${JUPYTER_TOKEN:-}" ] || say 'Open http://127.0.0.1:8888/lab?token=… with the token that you set.'
else
	say 'The token is empty, and whoever reaches the port could run programs here. Leave JUPYTER_TOKEN out for a random one: docker run … vaebook'
	exit 1
fi
doctor -line >&2 || say 'No backend starts. What to do: docker run … vaebook doctor'
"$venv/bin/jupyter-trust" "$notebooks"/*.ipynb >/dev/null
say 'JupyterLab is starting; open the URL it prints (with the port that you published, if it is another). Ctrl-C, twice, stops it.'
cd "$notebooks"
if [ "$(id -u)" = 0 ]; then set -- "$@" --allow-root; fi
exec "$venv/bin/jupyter-lab" --config="$here/container_config.py" --ServerApp.root_dir="$notebooks" "$@"
