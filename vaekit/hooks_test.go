package vaekit

import (
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/vaebook/vaebook/datasets"
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

// Whole is E[x|z] at z = E[z|x] of a series that goes through a Local model at once.
func Whole(r *Run, x []float32) ([]float32, error) {
	look, err := r.look.sized(len(x) / r.Shape()[1])
	if err != nil {
		return nil, err
	}
	b := &datasets.Batch{Shape: look.model.event, Values: x}
	labels := r.drawn(1, nil)
	b.Labels = labels
	z, _, err := look.encode(r.weights, b)
	if err != nil {
		return nil, err
	}
	return look.decode(r.weights, z, labels, false, noKey)
}
