package vaekit

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/internal/describe"
	"github.com/vaebook/vaebook/vaekit/nets"
	"github.com/vaebook/vaebook/vaekit/optim"
)

// An Objective makes of the terms of a pass what training lowers. One that also has a
// method Check() error is asked, before anything is trained, whether its fields can be.
type Objective interface {
	// Samples is how many latents it wants for each example, see [Terms].
	Samples() (k, m int)

	// Params lists the tensors that it carries from step to step.
	Params() []nets.Param

	// Loss builds the loss of one batch.
	Loss(t *Terms) Loss
}

// A Loss is a scalar for training to lower.
type Loss struct {
	Value *graph.Node

	// Encoder, where it is not nil, is what the encoder and the posterior lower
	// instead (DReG, Tucker et al., 2018; PIWAE, Rainforth et al., 2018).
	Encoder *graph.Node
}

// ELBO is the negative evidence lower bound, Distortion + Beta · Rate in nats:
// summed over the event, averaged over the batch (Kingma and Welling, 2013).
type ELBO struct {
	// Beta weighs the rate (β-VAE, Higgins et al., 2017). 0 means 1, the bound itself;
	// [Nothing] leaves the rate out.
	Beta float64

	// Schedule multiplies Beta at each step of training, as optim.Linear{Steps: 5000} for
	// KL annealing (Bowman et al., 2015); held-out data is measured with Beta itself. Nil: it
	// stays.
	Schedule optim.Schedule
}

// Samples is one latent an example.
func (ELBO) Samples() (k, m int) { return 1, 1 }

// Params is empty.
func (ELBO) Params() []nets.Param { return nil }

// Loss is −ELBO where Beta is 1.
func (o ELBO) Loss(t *Terms) Loss {
	return Loss{Value: graph.Add(t.Distortion(), t.scheduled(weigh(t.Rate(), o.Beta), o.Schedule))}
}

// Check refuses a weight below 0.
func (o ELBO) Check() error { return notBelow0("ELBO", "Beta", o.Beta) }

// notBelow0 returns an error where a field of an objective is negative or not finite.
func notBelow0(objective, field string, value float64) error {
	if !(value >= 0) || math.IsInf(value, 0) {
		return fmt.Errorf("%s.%s is %v; it is not below 0", objective, field, value)
	}
	return nil
}

// Nothing is a weight of nothing, for fields in which 0 means 1.
const Nothing = math.SmallestNonzeroFloat64

// weigh is x times a weight, of which 0 means 1.
func weigh(x *graph.Node, weight float64) *graph.Node {
	if weight == 0 || weight == 1 {
		return x
	}
	return graph.MulScalar(x, weight)
}

// scheduled is x times what a schedule says at the step. Held-out data is measured without:
// losses of different epochs can then be compared.
func (t *Terms) scheduled(x *graph.Node, schedule optim.Schedule) *graph.Node {
	if schedule == nil || !t.pass.Training {
		return x
	}
	return graph.Mul(x, graph.ConvertDType(schedule.At(t.Step), x.DType()))
}

// MeansNotSums is the loss that many programs on the net begin with: the squared
// error averaged over the values of an example, plus the KL averaged over the
// latents. It is no bound. Against the ELBO of a Gaussian likelihood with σ² = ½
// it divides the reconstruction term by the number of values and the KL only by
// the number of latents, which is the ELBO with β = values/latents: 392 for 784
// pixels and 2 latents. So much weight on the rate that the posterior collapses
// onto the prior and every reconstruction is the mean of the data.
type MeansNotSums struct{}

// Samples is one latent an example.
func (MeansNotSums) Samples() (k, m int) { return 1, 1 }

// Params is empty.
func (MeansNotSums) Params() []nets.Param { return nil }

// Loss is mean((x − E[x|z])²) + mean(KL).
func (MeansNotSums) Loss(t *Terms) Loss {
	mean := t.Mean()
	squared := graph.Square(graph.Sub(graph.ExpandLeftToRank(t.X, mean.Rank()), mean))
	misfit := t.BatchMean(graph.ReduceMean(squared, -1))
	if t.Mask != nil {
		data := graph.BroadcastToDims(graph.ExpandLeftToRank(t.Mask, squared.Rank()), squared.Shape().Dimensions...)
		misfit = graph.Div(t.BatchMean(graph.ReduceSum(graph.Mul(squared, data), -1)), t.BatchMean(graph.ReduceSum(data, -1)))
	}
	kl := t.KL
	if kl == nil {
		kl = graph.MulScalar(graph.Sub(t.LogPosterior, t.LogPrior), 1/float64(t.Z.Shape().Dimensions[3]))
	} else {
		kl = graph.ReduceMean(kl, -1)
	}
	return Loss{Value: graph.Add(misfit, t.BatchMean(kl))}
}

func init() { describe.Register(ELBO{}, MeansNotSums{}) }
