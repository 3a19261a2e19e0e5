#!/bin/sh
# Tests of the set-up's promises that cost little: what it refuses, and in which words.
set -u
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
. "$here/env.sh"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
bad=0

# A copy of the scripts in a folder with a space in its name, where set-up was never run.
copy="$tmp/a copy"
mkdir -p "$copy/notebooks"
cp -R "$here" "$copy/notebooks/kernel"
cp "$root/Makefile" "$root/go.mod" "$root/go.sum" "$copy/"

# A PATH with the system's small tools alone, to add to.
path=$tmp/bin
mkdir "$path"
for tool in sh dirname sed uname cat mkdir rm mv cp chmod date df awk cut cksum tail grep env make git \
	sha256sum shasum xcode-select sleep id; do
	at=$(command -v "$tool") && ln -s "$at" "$path/$tool"
done

fake() { # name, the script that stands for it
	rm -f "$path/$1" # never through the link
	printf '#!/bin/sh\n%s\n' "$2" >"$path/$1"
	chmod +x "$path/$1"
}

expect() { # what it shows, words that must be said, command…: it fails, and says so
	what=$1 words=$2
	shift 2
	if "$@" >"$tmp/said" 2>&1 </dev/null; then
		echo "$what: accepted"
		bad=1
	elif ! grep -q -- "$words" "$tmp/said"; then
		echo "$what: does not say '$words', but:"
		cat "$tmp/said"
		bad=1
	fi
}

lone_setup() { PATH=$path sh "$copy/notebooks/kernel/setup.sh"; }
rest_of_path() { # all that is asked for, to be spoilt one by one
	fake gcc 'exit 0'
	fake go 'echo go1.26.1'
	fake python3 "exec \"$(command -v python3)\" \"\$@\""
}

expect 'nothing installed: names Go' 'go, version 1.24' lone_setup
expect 'nothing installed: names Python' 'python3, version 3.11' lone_setup
expect 'nothing installed: names the compiler' 'gcc' lone_setup
[ -e "$copy/.setup" ] && { echo 'a refused set-up wrote something'; bad=1; }

rest_of_path
fake go 'echo go1.22.2'
expect 'old Go' 'here is go1.22.2' lone_setup

rest_of_path
mkdir -p "$tmp/newer/bin"
cat >"$tmp/newer/bin/go" <<'SH'
#!/bin/sh
[ "$*" != 'env GOVERSION' ] || { echo go1.27.0; exit; }
echo 'write /x: no space left on device' >&2
exit 1
SH
chmod +x "$tmp/newer/bin/go"
fake go "[ -z \"\${GOEXPERIMENT:-}\" ] || exit 2
case \"\$*\" in 'env GOVERSION') echo go1.24.4 ;; 'env GOROOT') echo '$tmp/newer' ;; esac"
expect 'a Go before the experiment: its toolchain is taken' 'disk is full' lone_setup

rest_of_path
fake python3 'echo "old venv glibc 3.9.2 /usr/bin/python3"'
expect 'old Python' 'here is 3.9.2' lone_setup

rest_of_path
fake python3 'echo "new bare glibc 3.12.1 /usr/bin/python3"'
expect 'Python without venv' 'python3-venv' lone_setup

rest_of_path
fake gcc 'exit 1'
expect 'compiler without headers' 'libc6-dev' lone_setup

# No network, no disk: the scripts' own words for what pip and go say.
rest_of_path
fake go 'echo "go: download go1.27: dial tcp: lookup proxy: no such host" >&2; [ "$1 $#" = "env 2" ] && echo go1.26.1'
expect 'no network' 'network did not answer' lone_setup
rest_of_path
fake go 'case "$*" in "env GOVERSION") echo go1.26.1 ;; *) echo "write /x: no space left on device" >&2; exit 1 ;; esac'
expect 'disk full while Go is fetched' 'disk is full' lone_setup
rest_of_path
fake df 'echo; echo "/dev/x 100 99 1 99% /"'
expect 'hardly any disk left' '1 MB free' lone_setup

# Ports that somebody holds: the usual one, where it is free, and another.
"$VAEKIT_PYTHON" - "$tmp/port" <<-'PY' &
	import os, socket, sys, time
	usual, other = socket.socket(), socket.socket()
	try:
	    usual.bind(("127.0.0.1", 8888))
	except OSError:
	    pass  # held already
	other.bind(("127.0.0.1", 0))
	open(sys.argv[1] + ".new", "w").write(str(other.getsockname()[1]))
	os.rename(sys.argv[1] + ".new", sys.argv[1])
	time.sleep(60)
PY
holder=$!
until [ -s "$tmp/port" ]; do sleep 0.1; done
PORT=$(cat "$tmp/port")
export PORT
expect 'port taken' "Port $PORT is taken" sh "$here/lab.sh"
expect 'usual port taken too' 'PORT=8[89][0-9][0-9]' env PORT=8888 sh "$here/lab.sh"
grep -q 'PORT=8888' "$tmp/said" && { echo 'a port is proposed that is taken'; bad=1; }
expect 'no port at all' 'Port 99999 is taken' env PORT=99999 sh "$here/lab.sh"
kill "$holder" 2>/dev/null
unset PORT
expect 'no such folder to serve' 'is no folder that can be opened' env NOTEBOOKS="$tmp/none" sh "$here/lab.sh"

# Notebooks: a prefix that none has, and one that may not be shown.
NB=77 expect 'no such notebook' 'o notebook' sh "$here/notebooks.sh"
cat >"$tmp/99.ipynb" <<'JSON'
{"metadata": {"kernelspec": {"name": "gonb"}}, "cells": [
 {"cell_type": "code", "execution_count": 2, "source": ["x"], "metadata": {}, "outputs": [
  {"output_type": "stream", "text": ["wrote /home/ann/x\n"]},
  {"output_type": "display_data", "data": {"text/html": ["<script src=\"https://cdn.example/x.js\">"]}},
  {"output_type": "error", "evalue": "exit status 1"}]}]}
JSON
for words in 'execution counts' 'before its first cell of code' 'path of a machine: /home/ann' 'fetches from the network' 'ended in an error'; do
	expect "notebook with $words" "$words" "$VAEKIT_PYTHON" "$here/check.py" "$tmp/99.ipynb"
done

# Pages, which may not lean on a file beside them either.
page() { # what is in it, words that must be said
	printf '<html>%s</html>' "$1" >"$tmp/99.html"
	expect "page with $1" "$2" "$VAEKIT_PYTHON" "$here/check.py" "$tmp/99.html"
}
page '<pre>wrote /home/ann/x</pre>' 'path of a machine: /home/ann'
page '<script src="https://cdn.example/x.js"></script>' 'fetches from the network'
page '<script>import("https://cdn.example/x.js")</script>' 'fetches from the network'
page '<img alt="x" src="x.png">' 'has a part outside'
page '<style>b { background: url(//cdn.example/x.png) }</style>' 'has a part outside'

# A browser is demanded in CI, and its package named.
expect 'no browser, in CI' 'apt-get install chromium' env VAEKIT_BROWSER='' CI=1 sh "$here/checks.sh" browser
env VAEKIT_BROWSER='' CI='' sh "$here/checks.sh" browser >"$tmp/said" 2>&1 || { echo 'no browser, elsewhere:'; cat "$tmp/said"; bad=1; }

# Set up already: nothing to do, nothing to say.
sh "$here/setup.sh" >"$tmp/said" 2>&1 || { echo 'set up, and refused:'; cat "$tmp/said"; bad=1; }

if command -v shellcheck >/dev/null; then (cd "$here" && shellcheck ./*.sh "$root/vaekit/bench/bench.sh" "$root/vaekit/reproduce/reproduce.sh" "$root/.ci/run") || bad=1; fi
[ $bad -eq 0 ] && echo 'refusals are worded as they should be'
exit $bad
