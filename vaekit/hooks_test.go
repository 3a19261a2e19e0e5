package vaekit

import (
	"os"
	"syscall"
	"testing"
	"time"
)

// Look is how long a chunk of steps should take, for tests that want many of a short training.
var Look = &look

// Interrupt sends this process a signal and lets it arrive.
func Interrupt(t *testing.T, signal syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(os.Getpid(), signal); err != nil {
		t.Error(err)
	}
	time.Sleep(10 * time.Millisecond)
}
