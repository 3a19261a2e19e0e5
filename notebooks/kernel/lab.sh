#!/bin/sh
# Serves JupyterLab on notebooks/, for this machine alone. PORT chooses the port, NOTEBOOKS
# another folder, wherever it is: its notebooks have the same kernel.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
. "$here/env.sh"

taken() { # port: does something answer, or hold it?
	"$venv/bin/python" -c '
import socket, sys
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
try:
    s.bind(("127.0.0.1", int(sys.argv[1])))
except (OSError, OverflowError, ValueError) as e:
    sys.exit(str(e))
' "$1" 2>/dev/null && return 1
	return 0
}

port=${PORT:-8888}
if taken "$port"; then
	free=8888
	while taken "$free"; do
		free=$((free + 1))
		[ "$free" -lt 8988 ] || { echo 'Ports 8888 to 8987 are all taken. Choose one: make lab PORT=…' >&2; exit 1; }
	done
	if [ -n "${PORT:-}" ]; then
		echo "Port $port is taken (or not allowed). Choose another: make lab PORT=$free" >&2
		exit 1
	fi
	echo "Port 8888 is taken; serving on $free instead."
	port=$free
fi

notebooks=$(CDPATH='' cd -- "${NOTEBOOKS:-$root/notebooks}" 2>/dev/null && pwd -P) || {
	echo "NOTEBOOKS=$NOTEBOOKS is no folder that can be opened. Name the one that holds your notebooks, or none for the book's own." >&2
	exit 1
}

set -- --config="$here/lab_config.py" --ServerApp.port="$port" --ServerApp.root_dir="$notebooks"
# A browser opens where there is a screen; the URL is printed either way.
if [ "$(uname -s)" != Darwin ] && [ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then set -- "$@" --no-browser; fi
if [ "$(id -u)" = 0 ]; then set -- "$@" --allow-root; fi

echo 'JupyterLab is starting; open the URL it prints. Ctrl-C, twice, stops it.'
cd "$notebooks"
: >"$state/log/kernel.log"
exec "$venv/bin/jupyter-lab" "$@"
