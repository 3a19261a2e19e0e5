package vaekit_test

import (
	"math"
	"slices"
	"testing"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit"
	"github.com/vaebook/vaebook/vaekit/internal/check"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// Layers that compute with three digits lead to the same model: after three epochs of real
// digits its loss on others, measured with float32, is within half a percent.
func TestBFloat16(t *testing.T) {
	digits := must[*datasets.Digits](t)(datasets.MNIST())
	learn := must[datasets.Dataset](t)(datasets.Subset(digits.Train, upTo(20_000)))
	other := must[datasets.Dataset](t)(datasets.Subset(digits.Test, upTo(2000)))
	check.EachBackend(t, func(t *testing.T, _ *engine.Backend) {
		after := map[vaekit.Precision]vaekit.Epoch{}
		for _, precision := range []vaekit.Precision{vaekit.Float32, vaekit.BFloat16} {
			model := vaekit.Model{Encoder: nets.MLP(256, 128), Latent: 2, Decoder: nets.MLP(128, 256)}
			run := train(t, model, learn, vaekit.Training{Epochs: 3, Precision: precision, Validation: other})
			after[precision] = run.History[len(run.History)-1]
		}
		full, half := after[vaekit.Float32].Validation.Loss, after[vaekit.BFloat16].Validation.Loss
		t.Logf("float32 %v, bfloat16 %v", full, half)
		if full == half || math.Abs(half-full) > 0.005*full {
			t.Errorf("loss on held-out digits %.2f with float32, %.2f with bfloat16", full, half)
		}
	})
}

// Where there is no such GPU, TF32 is Float32, bit for bit.
func TestTF32IsFloat32Elsewhere(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		if b.Kind == "cuda" {
			return
		}
		one := train(t, floatModel(), floatsOf(), vaekit.Training{Epochs: 2, Batch: 20})
		other := train(t, floatModel(), floatsOf(), vaekit.Training{Epochs: 2, Batch: 20, Precision: vaekit.TF32})
		for i, p := range one.Parameters() {
			if !slices.Equal(p.Values, other.Parameters()[i].Values) {
				t.Errorf("%s differs", p.Name)
			}
		}
	})
}
