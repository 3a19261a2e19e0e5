package vaekit_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit"
	"github.com/vaebook/vaebook/vaekit/dist"
	"github.com/vaebook/vaebook/vaekit/internal/check"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
)

// A prior that is fitted after training makes the rate of other data lower, and nothing
// else of the run changes; what is exported of it is the same run.
func TestFitPrior(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, _ *engine.Backend) {
		run := train(t, barModel(), bars(t, 2000), vaekit.Training{Epochs: 30, Batch: 50, Rate: 3e-3})
		other := bars(t, 1500)
		before := must[vaekit.Figures](t)(run.Evaluate(other, vaekit.Evaluation{}))
		for name, prior := range map[string]dist.Prior{
			"mixture":      dist.MixtureOfGaussians{},
			"full mixture": dist.MixtureOfGaussians{Full: true},
			"flow":         dist.FlowPrior{Flows: slices.Repeat([]dist.Flow{dist.Coupling{}}, 4)},
		} {
			t.Run(name, func(t *testing.T) {
				fitted := must[*vaekit.Run](t)(run.FitPrior(bars(t, 2000), prior))
				after := must[vaekit.Figures](t)(fitted.Evaluate(other, vaekit.Evaluation{}))
				near(t, "distortion", after.Distortion, before.Distortion, 1e-4)
				if after.Rate > before.Rate-0.05 {
					t.Errorf("the rate went from %.3f to %.3f", before.Rate, after.Rate)
				}
				dir := t.TempDir()
				if err := fitted.Export(dir); err != nil {
					t.Fatal(err)
				}
				loaded := must[*vaekit.Run](t)(vaekit.Load(dir))
				a, b := must[*datasets.Batch](t)(fitted.Sample(5)), must[*datasets.Batch](t)(loaded.Sample(5))
				if !slices.Equal(a.Values, b.Values) {
					t.Error("exported and loaded, the run draws other samples")
				}
				if m, ok := fitted.Model.Prior.(dist.MixtureOfGaussians); ok && m.Components < 2 {
					t.Errorf("%d components say it best", m.Components)
				}
			})
		}
		for what, fit := range map[string]func() error{
			"no prior": func() error { _, err := run.FitPrior(bars(t, 200), nil); return err },
			"every dimension must be at least 1": func() error {
				_, err := run.FitPrior(bars(t, 200), dist.MixtureOfGaussians{Components: -1})
				return err
			},
			"hold": func() error { _, err := run.FitPrior(bars(t, 5), dist.MixtureOfGaussians{}); return err },
			"train the model with it": func() error {
				_, err := run.FitPrior(bars(t, 200), dist.VampPrior{Components: 3})
				return err
			},
		} {
			if err := fit(); err == nil || !strings.Contains(err.Error(), what) {
				t.Errorf("error %v does not speak of %q", err, what)
			}
		}
	})
}

func TestNormalPriorIsLeftAsItIs(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, _ *engine.Backend) {
		run := train(t, barModel(), bars(t, 200), vaekit.Training{Epochs: 1})
		fitted := must[*vaekit.Run](t)(run.FitPrior(bars(t, 200), dist.StandardNormal{}))
		a, b := must[*datasets.Batch](t)(run.Sample(5)), must[*datasets.Batch](t)(fitted.Sample(5))
		if !slices.Equal(a.Values, b.Values) || math.IsNaN(float64(a.Values[0])) {
			t.Error("fitted to data, N(0, I) draws other samples")
		}
	})
}
