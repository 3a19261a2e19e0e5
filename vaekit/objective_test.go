package vaekit

import (
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/dist"
	"github.com/vaebook/vaebook/vaekit/internal/check"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// The gradient of every objective through a whole model (encoder, a draw from the
// posterior, decoder, likelihood) agrees with finite differences in every parameter.
func TestGradientsOfObjectives(t *testing.T) {
	objectives := map[string]Objective{
		"ELBO":         ELBO{},
		"β-VAE":        ELBO{Beta: 4},
		"MeansNotSums": MeansNotSums{},
	}
	likelihoods := map[string]dist.Likelihood{
		"Bernoulli": dist.Bernoulli{},
		"fixed σ":   dist.Gaussian{Scale: 0.3},
		"learned σ": dist.Gaussian{Sigma: dist.Learned},
		"optimal σ": dist.Gaussian{Sigma: dist.Optimal},
	}
	check.EachBackend(t, func(t *testing.T, backend *engine.Backend) {
		for objectiveName, objective := range objectives {
			for likelihoodName, likelihood := range likelihoods {
				t.Run(objectiveName+", "+likelihoodName, func(t *testing.T) {
					b, err := Model{
						Encoder: nets.MLPWith(nets.Tanh, 4), Latent: 2, Decoder: nets.MLPWith(nets.Tanh, 3),
						Likelihood: likelihood, Objective: objective,
					}.build([]int{3})
					if err != nil {
						t.Fatal(err)
					}
					gradientCheck(t, backend, b)
				})
			}
		}
	})
}

func gradientCheck(t *testing.T, backend *engine.Backend, b *built) {
	vars, err := b.variables(1, nil)
	if err != nil {
		t.Fatal(err)
	}
	inputs := []check.Array{check.New([]float64{0.2, 0.9, 0.4, 0.7, 0.1, 0.5}, 2, 3)}
	for _, v := range vars {
		values := make([]float64, len(v.Value))
		for i, x := range v.Value {
			values[i] = float64(x)
		}
		inputs = append(inputs, check.New(values, v.Shape...))
	}
	check.Gradient(t, backend, func(in []*graph.Node) *graph.Node {
		values := map[string]*graph.Node{}
		for i, v := range vars {
			values[v.Name] = in[1+i]
		}
		pass := nets.NewPass(true, values, func(name string, dims ...int) *graph.Node {
			key := graph.Const(in[0].Graph(), engine.Key(1, "gradient", 0))
			noise := engine.Normal(key, name, dtypes.Float64, dims...)
			return graph.ConvertDType(noise, in[0].DType())
		})
		k, m := b.Objective.Samples()
		return b.Objective.Loss(b.terms(pass, in[0], nil, k, m)).Value
	}, inputs...)
}
