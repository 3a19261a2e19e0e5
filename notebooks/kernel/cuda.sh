#!/bin/sh
# Installs XLA's plugin for NVIDIA's GPUs beside the CPU's, from the wheels of cuda.lock.
# Nothing of CUDA need be on the machine but the driver.
#
# The plugin finds its libraries by their place: its RPATH says ../nvidia, so that folder
# lies beside the plugin's, as pip lays it out. What only compilers of CUDA programs read
# (headers, static libraries, nvcc's own) goes: a third of the whole.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
. "$here/env.sh"

case $(uname -sm) in
'Linux x86_64') ;;
*)
	echo "The CUDA plugin exists for Linux on x86-64; this is $(uname -sm)." >&2
	exit 1
	;;
esac

stamp=$setup/stamp/cuda
key=$(cat "$here/cuda.lock" "$here/cuda.sh" | sha256sum | cut -c 1-64)
if [ -f "$setup/pjrt/cuda/xla_cuda_plugin.so" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$key" ]; then
	echo 'The CUDA plugin is installed.'
	exit 0
fi

free=$(df -Pm "$setup" | awk 'NR == 2 { print $4 }')
if [ "$free" -lt 9000 ]; then
	echo "The disk has $free MB free and the CUDA plugin needs 9000 MB while it is unpacked, half of it afterwards. Free some, then: make cuda" >&2
	exit 1
fi

echo 'XLA for NVIDIA GPUs: 2.2 GB to download, some minutes'
mkdir -p "$setup/log" "$setup/pjrt"
new=$setup/cuda.new
rm -rf "$new" "$stamp"
"$venv/bin/python" -m pip install --quiet --retries 2 --no-input --no-cache-dir --progress-bar off \
	--require-hashes --no-deps --only-binary :all: --no-compile --target "$new" -r "$here/cuda.lock" \
	>"$setup/log/cuda.log" 2>&1 </dev/null || {
	tail -n 5 "$setup/log/cuda.log" >&2
	echo 'The wheels of cuda.lock did not come (.setup/log/cuda.log has it all); once the network answers: make cuda' >&2
	exit 1
}

cd "$new"
mv jax_plugins/xla_cuda13 cuda
find nvidia -depth \( -name '*.a' -o -name '*.h' -o -name '*.hpp' -o -name '*.py' -o -name include -o -name cmake \
	-o -name cicc -o -name __pycache__ \) -exec rm -rf {} +
rm -rf "$setup/pjrt/cuda" "$setup/pjrt/nvidia"
mv nvidia "$setup/pjrt/nvidia"
mv cuda "$setup/pjrt/cuda"
rm -rf "$new"
echo "$key" >"$stamp"
du -sm "$setup/pjrt/cuda" "$setup/pjrt/nvidia" | awk '{ mb += $1 } END { print "Installed: " mb " MB in .setup/pjrt. Check with: make doctor" }'
