package vaekit_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit"
	"github.com/vaebook/vaebook/vaekit/dist"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// deafLayer lets nothing of z through.
type deafLayer struct{ nets.Flatten }

func (deafLayer) Apply(_ *nets.Pass, x *graph.Node) *graph.Node { return graph.ZerosLike(x) }

// noise is n examples that have nothing in common.
func noise(t testing.TB, n int, seed uint64) datasets.Dataset {
	rng := rand.New(rand.NewPCG(seed, 0))
	values := make([]float32, n*20)
	for i := range values {
		values[i] = float32(rng.NormFloat64())
	}
	return must[*datasets.Examples](t)(datasets.FromFloats([]int{20}, values, nil))
}

// What goes wrong is found, alone or with what it brings along; where nothing does,
// nothing is.
func TestDiagnosis(t *testing.T) {
	linear := vaekit.Model{Encoder: nets.Net{}, Latent: 2, Decoder: nets.Net{}, Likelihood: dist.Gaussian{Scale: 0.3}}
	with := func(m vaekit.Model, change func(m *vaekit.Model)) vaekit.Model {
		change(&m)
		return m
	}
	onGo(t)
	someBars, someFloats := bars(t, 1000), floats(t, 500)
	for _, c := range []struct {
		name  string
		model vaekit.Model
		data  datasets.Dataset // to train on
		on    datasets.Dataset // to evaluate on; nil: the same
		how   vaekit.Training
		want  string
	}{
		{"good on bars", barModel(), someBars, nil, vaekit.Training{Epochs: 40, Batch: 50, Rate: 3e-3}, ""},
		{"good on floats", floatModel(), someFloats, nil, vaekit.Training{Epochs: 60, Batch: 50, Rate: 5e-3}, ""},
		{"good and linear", linear, someFloats, nil, vaekit.Training{Epochs: 60, Batch: 50, Rate: 1e-2}, ""},
		{"means", with(barModel(), func(m *vaekit.Model) { m.Likelihood, m.Objective = dist.Gaussian{Scale: 0.5}, vaekit.MeansNotSums{} }),
			someBars, nil, vaekit.Training{Epochs: 20, Batch: 50, Rate: 3e-3}, "collapsed posterior, a loss that averages where it should sum"},
		{"eight latents for two", with(linear, func(m *vaekit.Model) { m.Latent, m.Likelihood = 8, dist.Gaussian{Scale: 0.5} }),
			someFloats, nil, vaekit.Training{Epochs: 200, Batch: 50, Rate: 1e-2}, "collapsed latents"},
		{"a deaf decoder", with(barModel(), func(m *vaekit.Model) {
			m.Objective, m.Decoder = vaekit.ELBO{Beta: 1e-12}, append(nets.Net{deafLayer{}}, m.Decoder...)
		}), someBars, nil, vaekit.Training{Epochs: 20, Batch: 50, Rate: 3e-3}, "the decoder ignores z"},
		{"β = 4", with(linear, func(m *vaekit.Model) { m.Objective = vaekit.ELBO{Beta: 4} }),
			someFloats, nil, vaekit.Training{Epochs: 60, Batch: 50, Rate: 1e-2}, "over-regularised"},
		{"β = 0.1", with(linear, func(m *vaekit.Model) { m.Objective = vaekit.ELBO{Beta: 0.1} }),
			someFloats, nil, vaekit.Training{Epochs: 60, Batch: 50, Rate: 1e-2}, "under-regularised"},
		{"stopped early", barModel(), someBars, nil, vaekit.Training{Epochs: 10, Batch: 50, Rate: 1e-4}, "not trained to the end"},
		{"noise by heart", with(floatModel(), func(m *vaekit.Model) { m.Latent, m.Encoder, m.Decoder = 4, nets.MLP(64), nets.MLP(64) }),
			noise(t, 40, 1), noise(t, 40, 2), vaekit.Training{Epochs: 400, Batch: 20, Rate: 5e-3}, "a gap to the training data"},
		{"σ = 1 on 0 and 1", with(barModel(), func(m *vaekit.Model) { m.Likelihood = dist.Gaussian{} }),
			someBars, nil, vaekit.Training{Epochs: 60, Batch: 50, Rate: 3e-3}, "collapsed posterior, a likelihood that does not fit the data's range"},
	} {
		t.Run(c.name, func(t *testing.T) {
			run := train(t, c.model, c.data, c.how)
			if c.on == nil {
				c.on = c.data
			}
			f := must[vaekit.Figures](t)(run.Evaluate(c.on, vaekit.Evaluation{}))
			var problems []string
			for _, finding := range f.Diagnosis {
				problems = append(problems, finding.Problem)
				if !strings.Contains(f.String(), fmt.Sprint(finding)) {
					t.Errorf("the report does not say %q", finding)
				}
			}
			if got := strings.Join(problems, ", "); got != c.want {
				t.Errorf("found %q, want %q\n%s", got, c.want, f)
			}
		})
	}
}
