package vaekit_test

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/vaebook/vaebook/vaekit"
	"github.com/vaebook/vaebook/vaekit/dist"
	"github.com/vaebook/vaebook/vaekit/internal/check"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// A model of every layer that works on images trains, is written, and is read as it was.
func TestAConvolutionalModel(t *testing.T) {
	model := vaekit.Model{
		Encoder: nets.Net{
			nets.Conv2D{Channels: 8, Stride: 2, Activation: nets.ReLU},
			nets.Residual{Net: nets.Net{nets.GroupNorm{Groups: 2}, nets.Conv2D{Channels: 12, Kernel: 2, Dilation: 2, Activation: nets.SiLU}}},
			nets.Flatten{},
			nets.Gated{Units: 16},
			nets.LayerNorm{},
		},
		Latent: 2,
		Decoder: nets.Net{
			nets.Dense{Units: 3 * 3 * 8, Activation: nets.ReLU},
			nets.Reshape{Shape: []int{3, 3, 8}},
			nets.ConvTranspose2D{Channels: 8, Kernel: 4, Stride: 2, Activation: nets.ReLU},
			nets.Upsample{},
			nets.Downsample{},
			nets.Conv2D{Channels: 1},
		},
	}
	check.EachBackend(t, func(t *testing.T, _ *engine.Backend) {
		dir := t.TempDir()
		run := train(t, model, bars(t, 320), vaekit.Training{Dir: dir, Epochs: 30, Batch: 32, Rate: 0.01})
		first, last := run.History[0].Train.Loss, run.History[29].Train.Loss
		if !(last < 0.7*first) {
			t.Errorf("loss %.4g in the first epoch, %.4g in the last", first, last)
		}
		narrow := train(t, model, bars(t, 320), vaekit.Training{Epochs: 2, Batch: 32, Rate: 0.01, Precision: vaekit.BFloat16})
		if loss := narrow.History[0].Train.Loss; !(math.Abs(loss-first) < 0.02*first) {
			t.Errorf("loss %.4g in the first epoch with bfloat16, %.4g with float32", loss, first)
		}
		loaded := must[*vaekit.Run](t)(vaekit.Load(dir))
		if !reflect.DeepEqual(loaded.Model.Encoder, model.Encoder) || !reflect.DeepEqual(loaded.Model.Decoder, model.Decoder) {
			t.Errorf("read %v and %v", loaded.Model.Encoder, loaded.Model.Decoder)
		}
		pixels := must[int](t)(func() (int, error) {
			samples, err := loaded.Sample(2)
			return len(samples.Values), err
		}())
		if pixels != 2*36 {
			t.Errorf("two samples hold %d pixels", pixels)
		}
	})
}

// two is a likelihood that wants two numbers for each value.
type two struct{ dist.Bernoulli }

func (two) Outputs() int { return 2 }

// A linear layer of the kit's follows a decoder that does not end in an example.
func TestWhatADecoderMayEndIn(t *testing.T) {
	gray, pair := dist.Likelihood(dist.Bernoulli{}), dist.Likelihood(two{})
	for _, test := range []struct {
		name       string
		likelihood dist.Likelihood
		decoder    nets.Net
		adds       bool
	}{
		{"features", gray, nets.MLP(8), true},
		{"as many numbers", gray, nets.Net{nets.Dense{Units: 36}}, false},
		{"as many features", gray, nets.MLP(36), true},
		{"the shape", gray, nets.Net{nets.Dense{Units: 36}, nets.Reshape{Shape: []int{6, 6, 1}}}, false},
		{"the shape, flattened", gray, nets.Net{nets.Dense{Units: 36}, nets.Reshape{Shape: []int{6, 6, 1}}, nets.Flatten{}}, false},
		{"half the numbers", pair, nets.Net{nets.Dense{Units: 36}}, true},
		{"two numbers for each value", pair, nets.Net{nets.Dense{Units: 72}}, false},
		{"two channels", pair, nets.Net{nets.Dense{Units: 72}, nets.Reshape{Shape: []int{6, 6, 2}}}, false},
		{"nothing", gray, nil, true},
	} {
		model := vaekit.Model{Encoder: nets.MLP(8), Latent: 2, Decoder: test.decoder, Likelihood: test.likelihood}
		summary := must[string](t)(model.Summary(6, 6, 1))
		if adds := strings.Contains(summary, "\noutput "); adds != test.adds {
			t.Errorf("behind %s there is a layer: %v, want %v\n%s", test.name, adds, test.adds, summary)
		}
	}
}
