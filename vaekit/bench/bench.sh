#!/bin/sh
# Installs the peers, each into a Python environment of its own in .setup/bench, and runs
# the benchmark. From the environment: PEERS=jax,torch WORKLOADS=dense,conv ROUNDS=7 TURN=5
# YES=1 (does not ask before it downloads).
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")/../../notebooks/kernel" && pwd -P)
. "$here/env.sh"
cd "$root"
locks=vaekit/bench/peers
into=$setup/bench
PEERS=${PEERS:-jax,torch,tensorflow}
[ "$PEERS" != none ] || PEERS=

key() { # peer: the lock file and the Python that it was installed for
	cat "$locks/$1.lock" - <<-EOF | cksum
		$root $("$venv/bin/python" -V)
	EOF
}

is_done() { [ -x "$into/$1/bin/python" ] && [ "$(cat "$into/$1.done" 2>/dev/null)" = "$(key "$1")" ]; }

megabytes() { # peer, of download and of disk, as measured on Linux
	case $1 in
	jax) echo 180 760 ;;
	torch) echo 2500 4200 ;;
	tensorflow) echo 650 2150 ;;
	esac
}

todo='' download=0 disk=0
for peer in $(echo "$PEERS" | tr , ' '); do
	[ -f "$locks/$peer.lock" ] || {
		echo "There is no peer '$peer'; PEERS is a list of jax, torch and tensorflow, or none." >&2
		exit 1
	}
	is_done "$peer" && continue
	todo="$todo $peer"
	# shellcheck disable=SC2046 # two numbers
	set -- $(megabytes "$peer")
	download=$((download + $1)) disk=$((disk + $2))
done

if [ -n "$todo" ]; then
	echo "make bench installs in .setup/bench:$todo. That downloads $download MB and takes $disk MB of disk."
	echo 'PEERS=jax,torch limits it to some, PEERS=none does without; make clean removes them.'
	if [ -z "${YES:-}" ]; then
		printf 'Go on? [y/N] '
		read -r answer || answer=
		case $answer in
		y | Y | yes) ;;
		*)
			echo 'Nothing was installed. YES=1 answers beforehand.'
			exit 1
			;;
		esac
	fi
	free=$(df -Pm "$setup" | awk 'NR == 2 { print $4 }')
	[ "$free" -gt "$((disk + download))" ] || {
		echo "The disk has $free MB free; installing takes $((disk + download)) MB for a while." >&2
		exit 1
	}
fi
mkdir -p "$into" "$setup/log"
for peer in $todo; do
	printf '  %s … ' "$peer"
	rm -rf "${into:?}/$peer" "$into/$peer.done"
	if "$venv/bin/python" -m venv "$into/$peer" >"$setup/log/bench-$peer.log" 2>&1 &&
		"$into/$peer/bin/python" -m pip install --retries 2 --no-input --no-cache-dir --progress-bar off \
			--require-hashes --no-deps --only-binary :all: -r "$locks/$peer.lock" >>"$setup/log/bench-$peer.log" 2>&1; then
		key "$peer" >"$into/$peer.done"
		echo ready
	else
		echo failed
		tail -n 5 "$setup/log/bench-$peer.log" >&2
		echo "All it said is in .setup/log/bench-$peer.log. The same command tries again." >&2
		exit 1
	fi
done

go build -o "$into/bench" ./vaekit/bench
set -- "$into/bench" -peers "$PEERS" -rounds "${ROUNDS:-7}" -turn "${TURN:-5}" ${WORKLOADS:+-workloads "$WORKLOADS"}
# Two cores for everybody, where there are more.
if command -v taskset >/dev/null && [ "$(nproc)" -gt 2 ]; then
	set -- taskset -c "$("$venv/bin/python" -c 'import os; print(*sorted(os.sched_getaffinity(0))[:2], sep=",")')" "$@"
fi
exec "$@"
