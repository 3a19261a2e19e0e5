#!/bin/sh
# Every check, one after the other, each with its name and its seconds; one that fails does
# not keep the others from running. With the word "long", those that take longer; with
# "browser", the last of them alone. Notebooks run JOBS at once, by default two.
set -u
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
. "$here/env.sh"
cd "$root" || exit 1

export JOBS="${JOBS:-2}"
export GOPROXY=off # set-up has fetched all that the checks need, or they fail
# A test that finds the Go backend alone fails where the other was installed, and in CI.
if [ -n "${CI:-}" ] || [ -f "$setup/pjrt/pjrt_c_api_cpu_plugin.so" ]; then
	export VAEKIT_BOTH_BACKENDS=1
fi

passed=0
failed=0
names=

check() { # name, command…
	name=$1
	shift
	printf '\n=== %s\n' "$name"
	begin=$(date +%s)
	if "$@"; then
		passed=$((passed + 1)) verdict=ok
	else
		failed=$((failed + 1)) verdict=FAILED names="$names, $name"
	fi
	printf '=== %s: %s, %s s\n' "$name" "$verdict" "$(($(date +%s) - begin))"
}

formatted() {
	unformatted=$(gofmt -l datasets vaekit) || return 1
	[ -z "$unformatted" ] || {
		printf 'gofmt would change:\n%s\n' "$unformatted"
		return 1
	}
}

# As on an arm64 machine without a C compiler: the Go backend alone.
plain_arm64() { env GOEXPERIMENT='' CGO_ENABLED=0 GOARCH=arm64 go build ./...; }

# A trained model inside a program that needs no library: the Go backend without cgo.
plain_programs() { env CGO_ENABLED=0 VAEKIT_BACKEND=go go test -run '^Example' ./vaekit ./datasets; }

# After their seeds, which go test runs: half a minute of new inputs for every fuzz test.
fuzz() {
	targets=0 broken=0
	for package in $(go list ./...); do
		for target in $(go test -list '^Fuzz' "$package" | grep '^Fuzz'); do
			targets=$((targets + 1))
			go test -run '^$' -fuzz "^$target\$" -fuzztime 30s "$package" || broken=1
		done
	done
	[ $targets -gt 0 ] && [ $broken -eq 0 ]
}

tests() { go test -timeout 30m "$@" ./...; }

notebooks() {
	NB='' FRESH=1 SAVE='' OUT='' sh "$here/notebooks.sh" &&
		"$VAEKIT_PYTHON" "$here/check.py" "$root"/out/[0-9][0-9]*.html
}
notebooks_on_go() { VAEKIT_BACKEND=go CELL_SECONDS=1800 JOBS=1 notebooks; }

# The notebooks in JupyterLab in a browser, on the runs that the pass without one left.
in_a_browser() {
	if [ -z "$VAEKIT_BROWSER" ]; then
		echo 'left out: there is no Chromium or Chrome on this machine; apt-get install chromium brings one'
		[ -z "${CI:-}" ]
		return
	fi
	"$VAEKIT_PYTHON" "$here/browser_test.py"
}

if [ "${1:-}" = browser ]; then
	check 'notebooks in a browser' in_a_browser
elif [ "${1:-}" = long ]; then
	export VAEKIT_LONG=1 # tests that look for it do more rounds
	check 'killing set-up' "$VAEKIT_PYTHON" "$here/setup_test.py"
	check 'fuzz tests' fuzz
	check 'go test, long' tests -count=1 -timeout 3h
	check 'notebooks on the Go backend' notebooks_on_go
else
	check 'set-up' sh "$here/test.sh"
	check 'make lab' "$VAEKIT_PYTHON" "$here/lab_test.py"
	check 'make notebooks, failing' "$VAEKIT_PYTHON" "$here/run_test.py"
	check 'snippets of YAML' "$VAEKIT_PYTHON" "$here/snippets_test.py"
	check gofmt formatted
	check 'go vet' go vet ./...
	check staticcheck staticcheck ./...
	check 'go mod tidy' go mod tidy -diff
	check 'build without cgo for arm64' plain_arm64
	check 'examples without cgo' plain_programs
	check 'go test' tests
	check 'committed notebooks' "$VAEKIT_PYTHON" "$here/check.py"
	check 'running the notebooks' notebooks
	check 'notebooks in a browser' in_a_browser
fi

[ $failed -eq 0 ] || printf '\nFailed: %s\n' "${names#, }"
printf '\n%s passed, %s failed\n' $passed $failed
[ $failed -eq 0 ]
