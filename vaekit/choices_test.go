package vaekit_test

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit"
	"github.com/vaebook/vaebook/vaekit/dist"
	"github.com/vaebook/vaebook/vaekit/internal/check"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
)

// Every posterior with every prior trains, stops and goes on bit for bit, opens without
// its Go model, and is measured.
func TestPosteriorsAndPriors(t *testing.T) {
	iaf := slices.Repeat([]dist.Flow{dist.IAF{Hidden: []int{8}, Context: 4}}, 2)
	posteriors := []dist.Posterior{
		nil,
		dist.FullGaussian{},
		dist.FlowPosterior{Flows: iaf},
		dist.FlowPosterior{Flows: []dist.Flow{dist.Planar{}, dist.Planar{}}},
	}
	priors := []dist.Prior{
		nil,
		dist.VampPrior{Components: 7},
		dist.MixtureOfGaussians{Components: 5},
		dist.FlowPrior{Flows: slices.Repeat([]dist.Flow{dist.Coupling{Hidden: []int{8}}}, 2)},
	}
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		data := bars(t, 300)
		for i, posterior := range posteriors {
			for k, prior := range priors {
				if b.Kind != "go" && i != k {
					continue // four pairs are enough for XLA, which takes seconds to compile one
				}
				t.Run(fmt.Sprintf("%T, %T", posterior, prior), func(t *testing.T) {
					m := barModel()
					m.Posterior, m.Prior = posterior, prior
					_, planar := posterior.(dist.FlowPosterior)
					if _, vamp := prior.(dist.VampPrior); planar && vamp && i == 3 {
						_, err := vaekit.Train(m, data, vaekit.Training{Epochs: 1})
						if err == nil || !bytes.Contains([]byte(err.Error()), []byte("dist.Planar")) {
							t.Errorf("a prior that asks for the density at any z goes with planar flows: %v", err)
						}
						return
					}
					whole, halves := vaekit.Training{Dir: t.TempDir(), Epochs: 4, Batch: 30, Rate: 3e-3}, vaekit.Training{Dir: t.TempDir(), Batch: 30, Rate: 3e-3}
					run := train(t, m, data, whole)
					for _, halves.Epochs = range []int{2, 4} {
						train(t, m, data, halves)
					}
					if !bytes.Equal(weights(t, whole.Dir), weights(t, halves.Dir)) {
						t.Error("stopped after 2 epochs and taken up again, the run ends otherwise")
					}
					if first, last := run.History[0].Train.Loss, run.History[3].Train.Loss; !(last < first) {
						t.Errorf("the loss went from %.3f to %.3f", first, last)
					}
					loaded := must[*vaekit.Run](t)(vaekit.Load(whole.Dir))
					x, y := must[*datasets.Batch](t)(run.Sample(3)), must[*datasets.Batch](t)(loaded.Sample(3))
					if !slices.Equal(x.Values, y.Values) {
						t.Error("loaded, the run draws other samples")
					}
					f := must[vaekit.Figures](t)(loaded.Evaluate(data, vaekit.Evaluation{ImportanceSamples: 20}))
					if !(f.NLL < -f.ELBO+0.2) || math.IsInf(f.NLL, 0) {
						t.Errorf("NLL %.3f, −ELBO %.3f", f.NLL, -f.ELBO)
					}
				})
			}
		}
	})
}

// VampPrior's pseudo-inputs begin as examples of the data.
func TestPseudoInputsBeginAsExamples(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, _ *engine.Backend) {
		data := floats(t, 40)
		m := floatModel()
		m.Prior = dist.VampPrior{Components: 50}
		dir := t.TempDir()
		train(t, m, data, vaekit.Training{Dir: dir, Epochs: 1, Batch: 40, Rate: 1e-30})
		tensors, _, _, err := engine.LoadWeights(os.DirFS(dir))
		if err != nil {
			t.Fatal(err)
		}
		var held []float32
		for _, tensor := range tensors {
			if tensor.Name == "prior.pseudo_input" {
				held = tensor.Floats()
			}
		}
		all := must[*datasets.Batch](t)(datasets.All(data))
		n := datasets.Size(data.Shape())
		count := map[int]int{}
		for row := range slices.Chunk(held, n) {
			for i := range all.Len() {
				if slices.Equal(row, all.Example(i)) {
					count[i]++
				}
			}
		}
		if len(count) != 40 {
			t.Errorf("%d of 40 examples are among the 50 pseudo-inputs", len(count))
		}
	})
}
