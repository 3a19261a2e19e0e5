package vaekit

import (
	"errors"
	"fmt"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/dist"
	"github.com/vaebook/vaebook/vaekit/internal/describe"
	"github.com/vaebook/vaebook/vaekit/nets"
	"github.com/vaebook/vaebook/vaekit/optim"
)

// These objectives hold the rate or the distortion to a number of nats. With none of their
// fields set, FreeBits and Capacity are the ELBO.

// FreeBits is the ELBO in which a rate below Nats costs as much as Nats, so that nothing
// pulls a latent onto the prior before it has learned to say something (Kingma et al.,
// 2016, whose λ is Nats):
//
//	Distortion + Σ max(Nats, mean over the batch of the group's KL)
type FreeBits struct {
	Nats float64 // of each group

	// Group is how many neighbouring latents share Nats. 0 means each has its own; the
	// last group may be smaller. A model without a closed form of the KL must be able to
	// divide it among the latents, with a posterior and a prior that have a log-density
	// for each; a group of all latents goes with any.
	Group int
}

// Samples is one latent an example.
func (FreeBits) Samples() (k, m int) { return 1, 1 }

// Params is empty.
func (FreeBits) Params() []nets.Param { return nil }

// Check refuses nats below 0.
func (o FreeBits) Check() error { return notBelow0("FreeBits", "Nats", o.Nats) }

// Loss falls with the rate of a group no further than to Nats.
func (o FreeBits) Loss(t *Terms) Loss {
	latent := t.Z.Shape().Dimensions[3]
	rates := graph.Reshape(t.Rate(), 1, 1)
	if group := max(1, o.Group); group < latent {
		each := graph.Pad(t.rates(), graph.ZerosLike(t.Rate()), compute.PadAxis{End: (group - latent%group) % group})
		rates = graph.Reshape(each, -1, group)
	}
	rates = graph.MaxScalar(graph.ReduceSum(rates, 1), o.Nats)
	return Loss{Value: graph.Add(t.Distortion(), graph.ReduceAllSum(rates))}
}

// rates are the rates of the latents, [latent].
func (t *Terms) rates() *graph.Node {
	if t.KL != nil {
		return t.meanOver(0, t.KL)
	}
	each := graph.Sub(logProbEach(t.Posterior, t.Z), logProbEach(t.Prior, t.Z)) // [1, 1, batch, latent]
	return t.meanOver(0, graph.Squeeze(each, 0, 1))
}

// logProbEach is the log-density of every latent alone, [..., batch, latent], of a
// density in which they are independent.
func logProbEach(d dist.Density, z *graph.Node) *graph.Node {
	each, ok := d.(interface {
		LogProbEach(z *graph.Node) *graph.Node
	})
	if !ok {
		panic(fmt.Errorf("the objective wants a log-density for each latent, which %T does not have: "+
			"take dist.DiagonalGaussian as posterior, dist.StandardNormal as prior, or another objective (FreeBits with a Group of all latents does without)", d))
	}
	return each.LogProbEach(z)
}

// Capacity holds the rate to a number of nats (Burgess et al., 2018, whose γ is Weight and
// whose C is Nats):
//
//	Distortion + Weight · |Rate − Nats|
type Capacity struct {
	Weight float64 // 0 means 1
	Nats   float64

	// Schedule multiplies Nats at each step of training: optim.Linear{Steps: 100_000} lets
	// them rise from 0, as in the paper; held-out data is measured with Nats. Nil: they stay.
	Schedule optim.Schedule
}

// Samples is one latent an example.
func (Capacity) Samples() (k, m int) { return 1, 1 }

// Params is empty.
func (Capacity) Params() []nets.Param { return nil }

// Check refuses a weight and nats below 0.
func (o Capacity) Check() error {
	return errors.Join(notBelow0("Capacity", "Weight", o.Weight), notBelow0("Capacity", "Nats", o.Nats))
}

// Loss is least where the rate is Nats.
func (o Capacity) Loss(t *Terms) Loss {
	rate := t.Rate()
	nats := t.scheduled(graph.MulScalar(graph.OnesLike(rate), o.Nats), o.Schedule)
	return Loss{Value: graph.Add(t.Distortion(), weigh(graph.Abs(graph.Sub(rate, nats)), o.Weight))}
}

// GECO lowers the rate as far as a distortion of so many nats allows (Rezende and Viola,
// 2018):
//
//	Rate + multiplier · (Distortion − bound)
//
// The multiplier begins as 1. While a moving average of the distortion is above the bound it
// grows, below it falls: its logarithm changes at each step by Speed for each nat between
// them, and by no more than Speed. It stays between 1e-6 and 1e6. As it moves, losses of
// different epochs cannot be compared: Training.Patience and Plateau are not for it.
type GECO struct {
	Distortion float64 // the bound, in nats
	Average    float64 // decay of the average; 0 means 0.99
	Speed      float64 // 0 means 0.003; faster, and it swings around the bound, as the average lags behind
}

// Samples is one latent an example.
func (GECO) Samples() (k, m int) { return 1, 1 }

// Params are the multiplier and the average of Distortion − bound, which are not learned.
func (GECO) Params() []nets.Param {
	return []nets.Param{
		{Name: "multiplier", Shape: []int{1}, Init: nets.Ones, State: true},
		{Name: "average", Shape: []int{1}, State: true},
	}
}

// Check refuses a decay that is none, and a speed below 0.
func (o GECO) Check() error {
	if !(o.Average >= 0 && o.Average < 1) {
		return fmt.Errorf("GECO.Average is %v; it is a decay from 0 to below 1, 0.99 is usual", o.Average)
	}
	return notBelow0("GECO", "Speed", o.Speed)
}

// Loss sets the multiplier of the next step.
func (o GECO) Loss(t *Terms) Loss {
	if o.Average == 0 {
		o.Average = 0.99
	}
	if o.Speed == 0 {
		o.Speed = 0.003
	}
	over := graph.AddScalar(t.Distortion(), -o.Distortion)
	multiplier, average := graph.Reshape(t.State("multiplier")), graph.Reshape(t.State("average"))

	moved := graph.Add(graph.MulScalar(average, o.Average), graph.MulScalar(over, 1-o.Average))
	average = graph.Where(graph.Equal(t.Step, graph.ZerosLike(t.Step)), over, moved)
	pull := graph.Exp(graph.MulScalar(graph.ClipScalar(average, -1, 1), o.Speed))
	t.SetState("average", graph.Reshape(average, 1))
	t.SetState("multiplier", graph.Reshape(graph.ClipScalar(graph.Mul(multiplier, pull), 1e-6, 1e6), 1))
	return Loss{Value: graph.Add(t.Rate(), graph.Mul(multiplier, over))}
}

func init() { describe.Register(FreeBits{}, Capacity{}, GECO{}) }
