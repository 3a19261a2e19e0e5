package vaekit

import (
	"slices"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/dist"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// Terms are what one pass of a batch through a model gives an objective. For
// every example K·M latents are drawn from its posterior: K of them are averaged
// inside the logarithm of an importance-weighted bound, M outside.
// All densities are in nats, summed over the event.
type Terms struct {
	LogLikelihood *graph.Node // log p(x|z), [K, M, batch]
	LogPrior      *graph.Node // log p(z), [K, M, batch]
	LogPosterior  *graph.Node // log q(z|x), [K, M, batch]
	KL            *graph.Node // KL(q(z|x) ‖ p(z)) of each latent in closed form, [batch, latent]; nil where there is none

	Z         *graph.Node  // the draws, [K, M, batch, latent]
	Posterior dist.Density // q(z|x), for log-densities at other z or with its parameters fixed
	Prior     dist.Density // p(z)

	X    *graph.Node // the batch, every example as one row of values, [batch, values]
	Mask *graph.Node // 1 where X is data, 0 where it is padding, like X; nil: all is data

	Step     *graph.Node // training steps taken before this one, a scalar
	Examples int         // examples in the training data

	counts *graph.Node // [batch], 1 where an example counts, 0 where it fills up; nil: all count
	pass   *nets.Pass
	mean   func() *graph.Node
}

// Mean is E[x|z], [K, M, batch, values].
func (t *Terms) Mean() *graph.Node { return t.mean() }

// Noise is standard normal noise under a name, new at every step.
func (t *Terms) Noise(name string, dims ...int) *graph.Node { return t.pass.Noise(name, dims...) }

// State is the value of a tensor that the objective lists in Params.
func (t *Terms) State(name string) *graph.Node { return t.pass.Param(name) }

// SetState gives it the value it has at the next step. Checkpoints keep it.
func (t *Terms) SetState(name string, value *graph.Node) { t.pass.Set(name, value) }

// LogWeight is log p(x, z) − log q(z|x), [K, M, batch]: the logarithm of a draw's weight
// in importance sampling, and on average the ELBO.
func (t *Terms) LogWeight() *graph.Node {
	return graph.Sub(graph.Add(t.LogLikelihood, t.LogPrior), t.LogPosterior)
}

// BatchMean is the mean of x, [..., batch], over all its axes, a scalar. An objective
// that averages over examples with it, and not with graph.ReduceAllMean, is measured
// exactly on held-out data as well, whose last batch is filled up with examples that
// do not count. In training all count.
func (t *Terms) BatchMean(x *graph.Node) *graph.Node {
	return graph.ReduceAllMean(t.meanOver(-1, x))
}

// meanOver is the mean of x over an axis of examples.
func (t *Terms) meanOver(axis int, x *graph.Node) *graph.Node {
	if t.counts == nil {
		return graph.ReduceMean(x, axis)
	}
	dims := slices.Repeat([]int{1}, x.Rank())
	dims[(axis+x.Rank())%x.Rank()] = -1
	counts := graph.BroadcastToShape(graph.Reshape(t.counts, dims...), x.Shape())
	return graph.Div(graph.ReduceSum(graph.Mul(x, counts), axis), graph.ReduceAllSum(t.counts))
}

// pairs weighs, for the mean over pairs of examples that belong to each example i, every
// example j, [i, j]: alike all that count, or all that count but i itself.
func (t *Terms) pairs(itself bool) *graph.Node {
	batch := t.Z.Shape().Dimensions[2]
	counts := graph.OnesLike(t.identity(batch))
	if t.counts != nil {
		counts = graph.BroadcastToShape(graph.Reshape(t.counts, 1, batch), counts.Shape())
	}
	if !itself {
		counts = graph.Mul(counts, graph.OneMinus(t.identity(batch)))
	}
	return graph.Div(counts, graph.MaxScalar(graph.InsertAxes(graph.ReduceSum(counts, 1), 1), 1))
}

// identity is the matrix, [n, n].
func (t *Terms) identity(n int) *graph.Node {
	return graph.ConvertDType(graph.Diagonal(t.Z.Graph(), n), t.Z.DType())
}

// Distortion is the mean over the batch of −log p(x|z) in nats, a scalar.
func (t *Terms) Distortion() *graph.Node {
	return graph.Neg(t.BatchMean(t.LogLikelihood))
}

// Rate is the mean over the batch of KL(q(z|x) ‖ p(z)) in nats, a scalar: in
// closed form where there is one, else estimated by the draws.
func (t *Terms) Rate() *graph.Node {
	if t.KL != nil {
		return t.BatchMean(graph.ReduceSum(t.KL, -1))
	}
	return t.BatchMean(graph.Sub(t.LogPosterior, t.LogPrior))
}
