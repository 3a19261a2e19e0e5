// Package check holds what tests share: every backend in turn, graphs that run
// once, gradients against finite differences, and noise that is the same on all
// backends. Only tests import it.
package check

import (
	"os"
	"testing"

	"github.com/vaebook/vaebook/vaekit/internal/engine"
)

// plain is the Go backend, which compiles nothing, once EachBackend has opened it.
var plain *engine.Backend

// EachBackend runs test on the Go backend and on XLA's CPU plugin, as sub-tests of
// their names. Where the plugin does not start, the Go backend is all there is on
// a machine of a reader; with VAEKIT_BOTH_BACKENDS set, as make test sets it wherever
// the plugin exists, that is a failure.
func EachBackend(t *testing.T, test func(t *testing.T, b *engine.Backend)) {
	for _, name := range []string{"go", "xla"} {
		t.Setenv("VAEKIT_BACKEND", name)
		b, err := engine.Default()
		if err != nil && name != "go" && os.Getenv("VAEKIT_BOTH_BACKENDS") == "" {
			t.Logf("on the Go backend only: %v", err)
			continue
		}
		if name == "go" {
			plain = b
		}
		t.Run(name, func(t *testing.T) {
			if err != nil {
				t.Fatal(err)
			}
			test(t, b)
		})
	}
}
