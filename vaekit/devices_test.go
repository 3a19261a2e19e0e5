package vaekit_test

import (
	"math"
	"strings"
	"testing"

	"github.com/vaebook/vaebook/vaekit"
	"github.com/vaebook/vaebook/vaekit/internal/check"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
)

// Two devices that share each batch take the steps that one takes.
func TestDevices(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		how := vaekit.Training{Epochs: 5, Batch: 32, Rate: 0.01, Holdout: 0.2}
		one := train(t, barModel(), bars(t, 320), how)
		how.Dir, how.Devices = t.TempDir(), 2
		if b.Kind == "go" {
			if _, err := vaekit.Train(barModel(), bars(t, 320), how); err == nil || !strings.Contains(err.Error(), "1 of the 2 devices") {
				t.Errorf("the Go backend with two devices: %v", err)
			}
			return
		}
		how.Epochs = 2
		train(t, barModel(), bars(t, 320), how)
		how.Epochs = 5
		two := train(t, barModel(), bars(t, 320), how)
		for i, want := range one.History {
			got := two.History[i]
			for _, pair := range [][2]float64{{got.Train.Loss, want.Train.Loss}, {got.Validation.Loss, want.Validation.Loss}} {
				if !(math.Abs(pair[0]-pair[1]) < 1e-4*pair[1]) {
					t.Errorf("epoch %d: loss %v on two devices, %v on one", i+1, pair[0], pair[1])
				}
			}
		}
		how.Dir, how.Batch = "", 31
		if _, err := vaekit.Train(barModel(), bars(t, 320), how); err == nil || !strings.Contains(err.Error(), "does not divide") {
			t.Errorf("a batch of 31 on two devices: %v", err)
		}
	})
}
