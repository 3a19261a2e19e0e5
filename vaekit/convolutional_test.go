package vaekit_test

import (
	"reflect"
	"testing"

	"github.com/vaebook/vaebook/vaekit"
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
