# What the machine must bring. Sourced by setup.sh; asks nothing of the network, and names
# all that is missing at once, with the packages to install.
# shellcheck shell=sh

requirements() { # sets py (the path of a Python), py_is (what it is), platform
	missing='' debian='' mac=''
	for tool in git make; do
		command -v "$tool" >/dev/null || lacks "$tool" "$tool" 'xcode-select --install'
	done
	if ! command -v gcc >/dev/null; then
		lacks 'gcc' 'gcc libc6-dev' 'xcode-select --install'
	elif ! echo '#include <stdlib.h>' | gcc -E -x c - >/dev/null 2>&1; then
		lacks "the C library's headers (gcc cannot find stdlib.h)" libc6-dev 'xcode-select --install'
	fi
	require_go
	require_python
	[ -n "$missing" ] || return 0
	{
		printf 'Missing on this machine:\n%s' "$missing"
		if [ "$(uname -s)" = Darwin ]; then
			printf 'Install with:%s\n' "${mac%;}"
		else
			printf 'Install with: apt-get install%s (Debian, Ubuntu; the names differ little elsewhere)\n' "$debian"
		fi
	} >&2
	exit 1
}

lacks() { # what, Debian package, macOS command
	missing="$missing  - $1
"
	case "$debian " in *" $2 "*) ;; *) debian="$debian $2" ;; esac
	case "$mac" in *" $3;"*) ;; *) mac="$mac $3;" ;; esac
}

require_go() {
	if ! command -v go >/dev/null; then
		lacks 'go, version 1.24 or later (also from https://go.dev/dl)' golang-go 'brew install go'
		return
	fi
	# Outside the module, where go.mod asks for nothing.
	have=$(cd / && GOTOOLCHAIN=local GOEXPERIMENT='' go env GOVERSION 2>/dev/null) || have=unknown
	minor=$(printf '%s' "$have" | sed -n 's/.*go1\.\([0-9][0-9]*\).*/\1/p')
	if [ "${minor:-0}" -lt 24 ]; then
		lacks "go 1.24 or later; here is $have (newer: https://go.dev/dl, or golang-go from Debian 13 or backports)" golang-go 'brew install go'
	fi
}

require_python() {
	py=
	found=
	for p in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
		command -v "$p" >/dev/null || continue
		# One start of Python tells everything: version, venv's parts, C library.
		told=$("$p" -c '
import os, platform, sys
ok = sys.version_info >= (3, 11)
try:
    import ensurepip, ssl, venv, zlib
    venv = "venv"
except ImportError:
    venv = "bare"
# One name for one interpreter, found directly or through a virtual environment on PATH.
python = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
print("new" if ok else "old", venv, platform.libc_ver()[0] or "-", platform.python_version(), python)
' 2>/dev/null) || continue
		# shellcheck disable=SC2086 # split into its words on purpose
		set -- $told
		found="${found:+$found, }$4"
		[ "$1" = new ] || continue
		if [ "$2" != venv ]; then
			bare=$4
			continue
		fi
		py=${told#* * * * } libc=$3 py_is=$told
		break
	done
	case $(uname -s) in
	Linux) platform=linux-$(uname -m)${libc:+-$libc} ;;
	*) platform=$(uname -s)-$(uname -m) ;;
	esac
	[ -z "$py" ] || return 0
	if [ -n "${bare:-}" ]; then
		lacks "venv for Python $bare (ensurepip cannot be imported)" python3-venv 'brew install python'
	elif [ -n "$found" ]; then
		lacks "python3 3.11 or later; here is $found" 'python3 python3-venv' 'brew install python'
	else
		lacks "python3, version 3.11 or later, with venv" 'python3 python3-venv' 'brew install python'
	fi
}
