//go:build goexperiment.simd && amd64

package engine

import (
	"runtime"
	"testing"
)

// Behind what is in the heap lies room for a vector that is read too far.
func TestTheGoBackendHasHeadroom(t *testing.T) {
	if _, err := open("go", "a test", 1); err != nil {
		t.Fatal(err)
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if m.HeapIdle < 1<<29 {
		t.Errorf("the heap has %d MB in use, %d MB idle", m.HeapInuse>>20, m.HeapIdle>>20)
	}
}
