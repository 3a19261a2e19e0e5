# The one environment that set-up, checks, kernel and JupyterLab share. It is sourced,
# with $here set to this folder; nothing of it outlives the command.
# shellcheck shell=sh

root=$(CDPATH='' cd -- "$here/../.." && pwd -P)
setup=$root/.setup
venv=$setup/venv
state=${VAEKIT_STATE:-$setup} # where programs keep what they write: elsewhere in a container

# Go: go.mod names the toolchain, and an older Go fetches it. Flags and a workspace of
# the reader's own would change what is built; all builds must share one cache. Without
# -w the linker would write tables for debuggers, which is half of what a cell takes.
export GOTOOLCHAIN=auto GOWORK=off GOFLAGS='-buildvcs=false -ldflags=-w'
unset GOOS GOARCH GO111MODULE GOBIN

# The Go backend's vector kernels are written for amd64; elsewhere the experiment brings
# nothing. Every build has to agree on it, or everything is compiled twice.
case $(uname -m) in
x86_64 | amd64)
	# A Go that does not know the experiment ends before it takes the toolchain of go.mod.
	case $(cd / && GOTOOLCHAIN=local GOEXPERIMENT='' go env GOVERSION 2>/dev/null) in
	go1.2[1-5]*) toolchain=$(cd "$root" && GOEXPERIMENT='' go env GOROOT) && PATH=$toolchain/bin:$PATH ;;
	esac
	export PATH GOEXPERIMENT=simd
	;;
*) unset GOEXPERIMENT ;;
esac

# What vaekit and datasets look for, as cells run in another folder than this command.
absolute() {
	case $1 in /* | off) echo "$1" ;; *) echo "$PWD/$1" ;; esac
}
VAEKIT_DATA=$(absolute "${VAEKIT_DATA:-$setup/data}")
VAEKIT_PJRT=$(absolute "${VAEKIT_PJRT:-$setup/pjrt}")
VAEKIT_CACHE=$(absolute "${VAEKIT_CACHE:-$state/cache/compiled}") # what XLA compiled
export VAEKIT_DATA VAEKIT_PJRT VAEKIT_CACHE
export PJRT_PLUGIN_LIBRARY_PATH="${PJRT_PLUGIN_LIBRARY_PATH:-$VAEKIT_PJRT}"
export VAEKIT_PYTHON="$venv/bin/python" # with numpy and safetensors: a test reads weights with it

# The browser that a test drives: none, where it is empty.
find_browser() {
	for browser in chromium chromium-browser google-chrome google-chrome-stable \
		'/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'; do
		command -v "$browser" && return
	done
}
export VAEKIT_BROWSER="${VAEKIT_BROWSER-$(find_browser)}"

# XLA takes fresh memory for a large operation and gives it back. In huge pages, where
# the system grants them, convolutions are a tenth faster.
export GLIBC_TUNABLES="${GLIBC_TUNABLES:-glibc.malloc.hugetlb=1}"

# Programs that would otherwise keep their files in the home folder.
export GOPLSCACHE="$state/cache/gopls" STATICCHECK_CACHE="$state/cache/staticcheck"
jupyter=${VAEKIT_JUPYTER:-$state/jupyter} # a test brings a folder of its own
export JUPYTER_CONFIG_DIR="$jupyter/config" JUPYTER_DATA_DIR="$jupyter/data"
export JUPYTER_RUNTIME_DIR="$jupyter/runtime"
export JUPYTERLAB_SETTINGS_DIR="$jupyter/settings"
export JUPYTERLAB_WORKSPACES_DIR="$jupyter/workspaces"
export IPYTHONDIR="$jupyter/ipython" JUPYTER_PREFER_ENV_PATH=1
export PYTHONNOUSERSITE=1 PYTHONDONTWRITEBYTECODE=1
unset PYTHONPATH PYTHONHOME JUPYTER_PATH JUPYTER_CONFIG_PATH

export PATH="$setup/bin:$venv/bin:$PATH"
