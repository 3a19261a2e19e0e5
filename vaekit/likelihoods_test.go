package vaekit_test

import (
	"fmt"
	"math"
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

// A model whose likelihood wants several numbers for each value trains, on data with
// padding, is measured, is read, and draws what its likelihood can explain.
func TestLikelihoodsOfSeveralNumbers(t *testing.T) {
	images := padded{bars(t, 320), float32(math.NaN())}
	for _, c := range []struct {
		likelihood dist.Likelihood
		decoder    nets.Net
	}{
		{dist.DiscretisedLogistic{Levels: 4, Components: 2}, nets.Net{ // as many channels as numbers
			nets.Dense{Units: 3 * 3 * 8, Activation: nets.ReLU},
			nets.Reshape{Shape: []int{3, 3, 8}},
			nets.ConvTranspose2D{Channels: 6, Kernel: 4, Stride: 2},
		}},
		{dist.BetaBinomial{Levels: 6}, nets.MLP(32)}, // a linear layer makes the numbers
	} {
		t.Run(fmt.Sprintf("%T", c.likelihood), func(t *testing.T) {
			check.EachBackend(t, func(t *testing.T, _ *engine.Backend) {
				dir := t.TempDir()
				model := vaekit.Model{Encoder: nets.MLP(32), Latent: 2, Decoder: c.decoder, Likelihood: c.likelihood}
				run := train(t, model, images, vaekit.Training{Dir: dir, Epochs: 10, Batch: 32, Rate: 0.01})
				first, last := run.History[0].Train.Loss, run.History[9].Train.Loss
				if !(last < first) {
					t.Errorf("loss %.4g in the first epoch, %.4g in the last", first, last)
				}
				f := must[vaekit.Figures](t)(run.Evaluate(images, vaekit.Evaluation{ImportanceSamples: 5}))
				near(t, "distortion after the last epoch", f.Distortion, run.History[9].Train.Distortion, 0.3*math.Abs(first))
				if !f.Proper || !(f.NLL <= -f.ELBO+1) {
					t.Errorf("proper %v, NLL %g, ELBO %g", f.Proper, f.NLL, f.ELBO)
				}
				loaded := must[*vaekit.Run](t)(vaekit.Load(dir))
				means := must[*datasets.Batch](t)(loaded.Sample(3)).Values
				if low, high := slices.Min(means), slices.Max(means); !(low >= 0 && high <= 1) {
					t.Errorf("means of samples reach from %v to %v", low, high)
				}
				draws := must[*datasets.Batch](t)(loaded.Draw(3)).Values
				if proper, err := c.likelihood.Check(draws); !proper || err != nil {
					t.Errorf("draws %v: %v", draws, err)
				}
			})
		})
	}
}

func TestALikelihoodThatDoesNotSuit(t *testing.T) {
	onGo(t)
	for want, c := range map[string]struct {
		likelihood dist.Likelihood
		data       datasets.Dataset
	}{
		"dist.BetaBinomial: value 0 is 0.95026064": {dist.BetaBinomial{}, floats(t, 20)},
		"set Levels": {dist.Categorical{Levels: 4}, floats(t, 20)},
		"Model.Likelihood cannot be: dist.Categorical: Levels is -3; it is from 2 to 256": {dist.Categorical{Levels: -3}, bars(t, 20)},
		"take Learned, PerDimension or Predicted":                                         {dist.StudentT{Sigma: dist.Optimal}, bars(t, 20)},
	} {
		m := vaekit.Model{Encoder: nets.MLP(4), Latent: 2, Decoder: nets.MLP(4), Likelihood: c.likelihood}
		if _, err := vaekit.Train(m, c.data, vaekit.Training{Epochs: 1}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}
