package vaekit_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit"
	"github.com/vaebook/vaebook/vaekit/dist"
	"github.com/vaebook/vaebook/vaekit/internal/check"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// Trained on stretches, a model is used on what they were cut from: measured, fitted, exported,
// opened.
func TestLength(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, _ *engine.Backend) {
		long := waves(t, 128)
		short := must[datasets.Dataset](t)(datasets.Crop(long, 32, 0))
		model := seriesModel(nets.Causal)
		model.Likelihood = dist.Gaussian{Scale: 0.3}
		trained := train(t, model, short, vaekit.Training{Dir: t.TempDir(), Epochs: 12, Batch: 16, Rate: 5e-3})
		if _, err := trained.Reconstruct(long); err == nil || !strings.Contains(err.Error(), "run.Length(64)") {
			t.Errorf("examples of another length: %v", err)
		}
		run := must[*vaekit.Run](t)(trained.Length(64))
		if !slices.Equal(run.Shape(), []int{64, 1}) || !slices.Equal(trained.Shape(), []int{32, 1}) {
			t.Errorf("shapes %v of the run, %v of what it was trained on", run.Shape(), trained.Shape())
		}

		// What a causal model says of the first half does not depend on the second.
		all := must[*datasets.Batch](t)(datasets.All(long))
		var halves []float32
		for i := range all.Len() {
			halves = append(halves, all.Example(i)[:32]...)
		}
		firsts := must[*datasets.Batch](t)(trained.Reconstruct(must[*datasets.Examples](t)(datasets.FromFloats([]int{32, 1}, halves, nil))))
		there := must[*datasets.Batch](t)(run.Reconstruct(long))
		for _, i := range []int{0, 77} {
			closeTo(t, "the first half", there.Example(i)[:32], firsts.Example(i), 1e-5)
		}

		// Twice as much is said of twice as long a wave, and no history of another length is
		// held against it.
		half, whole := must[vaekit.Figures](t)(trained.Evaluate(short, vaekit.Evaluation{})), must[vaekit.Figures](t)(run.Evaluate(long, vaekit.Evaluation{}))
		if ratio := whole.Rate / half.Rate; whole.Latent != 24 || !(ratio > 1.6 && ratio < 2.4) {
			t.Errorf("rate %.4g of %d latents, %.4g of 32 positions", whole.Rate, whole.Latent, half.Rate)
		}
		for _, f := range whole.Diagnosis {
			if strings.Contains(f.Problem, "gap") {
				t.Errorf("a gap to the loss of shorter examples: %v", f)
			}
		}

		dir := t.TempDir()
		if err := run.Export(dir); err != nil {
			t.Fatal(err)
		}
		opened := must[*vaekit.Run](t)(vaekit.Load(dir))
		closeTo(t, "exported", must[*datasets.Batch](t)(opened.Reconstruct(long)).Values, there.Values, 0)
		fitted := must[*vaekit.Run](t)(run.FitPrior(long, dist.MixtureOfGaussians{}))
		if better := must[vaekit.Figures](t)(fitted.Evaluate(long, vaekit.Evaluation{})); !(better.Rate < whole.Rate) {
			t.Errorf("rate %.4g with N(0, I), %.4g with a mixture fitted to it", whole.Rate, better.Rate)
		}
		if s := must[*datasets.Batch](t)(fitted.Sample(2)); !slices.Equal(s.Shape, []int{64, 1}) {
			t.Errorf("samples of shape %v", s.Shape)
		}
		for _, wrong := range []int{0, -8, 12} {
			if _, err := run.Length(wrong); err == nil {
				t.Errorf("a run for examples of %d positions", wrong)
			}
		}
		if _, err := trained.Reconstruct(must[datasets.Dataset](t)(datasets.Crop(long, 12, 0))); err == nil || strings.Contains(err.Error(), "run.Length") {
			t.Errorf("12 positions, which no run takes: %v", err)
		}
	})
}

// A model with parameters for each position of its examples is of one length, and says so.
func TestNotOfAnotherLength(t *testing.T) {
	onGo(t)
	waves := waves(t, 32)
	// Its encoder makes two positions of ten and of sixteen, but the output is fitted by a layer
	// of its own where it does not come out right.
	ragged := seriesModel(nets.Same)
	ragged.Local = false
	ragged.Encoder = nets.Net{nets.Conv1D{Channels: 4, Kernel: 8, Stride: 8}, nets.Flatten{}}
	ragged.Decoder = nets.Net{nets.Dense{Units: 8}, nets.Reshape{Shape: []int{2, 4}}, nets.ConvTranspose1D{Channels: 1, Kernel: 8, Stride: 8}}
	ragged.Likelihood = dist.Gaussian{}
	for _, c := range []struct{ have, want int }{{16, 10}, {10, 16}} {
		run := train(t, ragged, must[datasets.Dataset](t)(datasets.Crop(waves, c.have, 0)), vaekit.Training{Epochs: 1, Batch: 32})
		if _, err := run.Length(c.want); err == nil || !strings.Contains(err.Error(), "parameter") {
			t.Errorf("%d positions in place of %d: %v", c.want, c.have, err)
		}
	}
	pictures := must[*datasets.Examples](t)(datasets.FromFloats([]int{8, 8, 1}, must[*datasets.Batch](t)(datasets.All(waves)).Values, nil))
	dense := vaekit.Model{Encoder: nets.MLP(8), Latent: 2, Decoder: nets.MLP(8), Likelihood: dist.Gaussian{}}
	for _, c := range []struct {
		data datasets.Dataset
		says string
	}{{waves, "keeps nothing for each position"}, {pictures, "no series"}} {
		run := train(t, dense, c.data, vaekit.Training{Epochs: 1, Batch: 32})
		if _, err := run.Length(128); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v; want %q", err, c.says)
		}
	}
}
