package vaekit

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/dist"
	"github.com/vaebook/vaebook/vaekit/internal/describe"
	"github.com/vaebook/vaebook/vaekit/nets"
	"github.com/vaebook/vaebook/vaekit/optim"
)

// IWAE is the negative importance-weighted bound in nats (Burda, Grosse and Salakhutdinov,
// 2015), which is tighter the larger K is, and its relatives. With w = p(x, z) / q(z|x),
//
//	−log p(x) ≤ −E[log 1/K Σ w]
//
//	IWAE{K: 50}                    IWAE, Burda et al., 2015
//	IWAE{K: 8, M: 8}               MIWAE, Rainforth et al., 2018: the mean of M such bounds
//	IWAE{K: 64, Beta: 0.05}        CIWAE, Rainforth et al., 2018
//	IWAE{K: 8, M: 8, Encoder: PIWAE}
//	IWAE{K: 64, Encoder: DReG}     doubly reparameterised gradients, Tucker et al., 2018
//	IWAE{Encoder: STL}             the ELBO, sticking the landing, Roeder et al., 2017
//
// The zero value is the ELBO with the rate estimated by the draw.
type IWAE struct {
	K, M    int       // draws inside and outside of the logarithm; less than 1 means 1
	Beta    float64   // mixes the bounds: Beta · ELBO + (1 − Beta) · IWAE
	Encoder Estimator // of the gradient for the encoder and the posterior

	// Schedule multiplies log p(z) − log q(z|x) in every weight at each step, as
	// optim.Linear{Steps: 5000} for KL annealing (Sønderby et al., 2016); below 1 the
	// training loss is no bound. Nil: it stays.
	Schedule optim.Schedule
}

// An Estimator is what gradient of an importance-weighted bound the encoder follows.
type Estimator string

const (
	// Bound is the gradient of the bound itself.
	Bound Estimator = ""

	// PIWAE gives the encoder the bound with K and M, whose gradient has less noise for it
	// than the tighter bound with K·M draws in one logarithm that everything else gets
	// (Rainforth et al., 2018).
	PIWAE Estimator = "PIWAE"

	// DReG is doubly reparameterised: the same on average as the bound's own gradient,
	// with less noise, and no more of it for larger K (Tucker et al., 2018).
	DReG Estimator = "DReG"

	// STL leaves out the part of the gradient that is 0 on average, so that there is no
	// noise where the posterior is exact (Roeder et al., 2017). Where K > 1 that part is not 0,
	// and DReG is what is right on average.
	STL Estimator = "STL"
)

// Samples are K and M latents an example.
func (o IWAE) Samples() (k, m int) { return max(1, o.K), max(1, o.M) }

// Check refuses an estimator that does not exist and a mixture beyond its ends.
func (o IWAE) Check() error {
	switch o.Encoder {
	case Bound, PIWAE, DReG, STL:
	default:
		return fmt.Errorf("there is no IWAE.Encoder %q; it is Bound, PIWAE, DReG or STL", o.Encoder)
	}
	if !(o.Beta >= 0 && o.Beta <= 1) {
		return fmt.Errorf("IWAE.Beta is %v; it mixes two bounds, from 0 to 1", o.Beta)
	}
	return nil
}

// Params is empty.
func (IWAE) Params() []nets.Param { return nil }

// Loss is the mean over M of the bound. DReG and STL ask for a posterior with a
// log-density at any z.
func (o IWAE) Loss(t *Terms) Loss {
	logW := o.logWeight(t, t.LogPrior, t.LogPosterior)
	loss := Loss{Value: o.bound(t, logW)}
	switch o.Encoder {
	case PIWAE:
		k, m := o.Samples()
		loss.Encoder = loss.Value
		loss.Value = o.bound(t, graph.Reshape(logW, k*m, 1, -1))
	case DReG:
		loss.Encoder = o.alongThePath(t, true)
	case STL:
		loss.Encoder = o.alongThePath(t, false)
	}
	return loss
}

// logWeight is what a draw weighs, [K, M, batch], with the schedule's share of the rate.
func (o IWAE) logWeight(t *Terms, logPrior, logPosterior *graph.Node) *graph.Node {
	logPrior, logPosterior = t.scheduled(logPrior, o.Schedule), t.scheduled(logPosterior, o.Schedule)
	return graph.Sub(graph.Add(t.LogLikelihood, logPrior), logPosterior)
}

// bound is −(Beta · ELBO + (1 − Beta) · IWAE) for log weights [K, M, batch].
func (o IWAE) bound(t *Terms, logW *graph.Node) *graph.Node {
	iwae := t.BatchMean(graph.AddScalar(dist.LogSumExp(logW, 0), -math.Log(float64(logW.Shape().Dimensions[0]))))
	if o.Beta == 0 {
		return graph.Neg(iwae)
	}
	return graph.Neg(graph.Add(graph.MulScalar(t.BatchMean(logW), o.Beta), graph.MulScalar(iwae, 1-o.Beta)))
}

// alongThePath is a loss whose gradient for the encoder is that of the bound through z,
// as if the density of the posterior did not change: each draw counts as much as its share
// of all weights, and with double to its square, for as much of the weight as the
// posterior's density has a part in. What a prior that looks at the encoder
// (dist.VampPrior) says of a z that stays where it is counts by the share itself.
func (o IWAE) alongThePath(t *Terms, double bool) *graph.Node {
	logW := o.logWeight(t, t.Prior.Fixed().LogProb(t.Z), t.Posterior.Fixed().LogProb(t.Z))
	share := graph.Exp(graph.Sub(logW, graph.InsertAxes(dist.LogSumExp(logW, 0), 0)))
	counted := func(share, x *graph.Node) *graph.Node {
		if o.Beta != 0 {
			share = graph.AddScalar(graph.MulScalar(share, 1-o.Beta), o.Beta/float64(logW.Shape().Dimensions[0]))
		}
		return t.BatchMean(graph.ReduceSum(graph.Mul(graph.StopGradient(share), x), 0))
	}
	along := share
	if double {
		rest := graph.Mul(share, graph.OneMinus(share))
		along = graph.Add(graph.Square(share), graph.Sub(rest, t.scheduled(rest, o.Schedule)))
	}
	direct := t.scheduled(t.Prior.LogProb(graph.StopGradient(t.Z)), o.Schedule)
	return graph.Neg(graph.Add(counted(along, logW), counted(share, direct)))
}

func init() { describe.Register(IWAE{}) }
