package main

import (
	"slices"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit"
	"github.com/vaebook/vaebook/vaekit/dist"
	"github.com/vaebook/vaebook/vaekit/nets"
	"github.com/vaebook/vaebook/vaekit/optim"
)

// rows are all rows, the short ones first.
func rows(digits *datasets.Digits) []row {
	train := datasets.Binarise(digits.Train, datasets.Dynamic, 0)
	test := datasets.Binarise(digits.Test, datasets.Dynamic, 0)
	const dynamic = "MNIST, dynamic"
	nll := func(what string, bar float64) func([]*vaekit.Run) ([]figure, error) {
		return func(runs []*vaekit.Run) ([]figure, error) {
			f, err := measured(runs[0], test)
			return []figure{{What: what, Value: f.NLL, Error: f.NLLError, High: most(bar)}}, err
		}
	}
	iwae := func(objective vaekit.Objective) vaekit.Model {
		return vaekit.Model{
			Encoder: nets.MLPWith(nets.Tanh, 200, 200), Latent: 50, Decoder: nets.MLPWith(nets.Tanh, 200, 200),
			Objective: objective,
		}
	}
	return []row{
		{
			name: "flax", what: "dense 784-500-20, as Flax's example", data: dynamic,
			trains: []training{{"run", vaekit.Model{Encoder: nets.MLP(500), Latent: 20, Decoder: nets.MLP(500)}, train,
				vaekit.Training{Epochs: 10, Batch: 128}}},
			measure: func(runs []*vaekit.Run) ([]figure, error) {
				f, err := runs[0].Evaluate(test, vaekit.Evaluation{})
				return []figure{{What: "test loss", Value: -f.ELBO, High: most(104)}}, err
			},
		},
		{
			name: "iwae-k1", what: "1 layer, VAE k = 1, latent 50 (Burda et al., 2015)", data: dynamic,
			trains:  []training{{"run", iwae(vaekit.ELBO{}), train, decaying(400)}},
			measure: nll("NLL", 87.0),
		},
	}
}

// decaying is training in so many epochs with batches of 100 and a learning rate that falls
// to nothing, which the last nats need.
func decaying(epochs int) vaekit.Training {
	return vaekit.Training{Epochs: epochs, Batch: 100, Rate: 2e-3, Schedule: optim.Cosine{Steps: epochs * 600}}
}

// measured is what all figures of likelihood are: all of data with 5,000 importance samples.
func measured(run *vaekit.Run, data datasets.Dataset) (vaekit.Figures, error) {
	return run.Evaluate(data, vaekit.Evaluation{ImportanceSamples: 5000})
}

// seeds are trainings that differ in the seed alone.
func seeds(n int, t training) []training {
	all := slices.Repeat([]training{t}, n)
	for i := range all {
		all[i].name += string(rune('0' + i))
		all[i].how.Seed = uint64(i)
	}
	return all
}

var _ = dist.Bernoulli{}
