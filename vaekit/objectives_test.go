package vaekit_test

import (
	"bytes"
	"math"
	"slices"
	"testing"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit"
	"github.com/vaebook/vaebook/vaekit/dist"
	"github.com/vaebook/vaebook/vaekit/internal/check"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// A reader's own objectives: the three that ask the most of the interface. One looks
// at all pairs of a batch, one keeps a multiplier between steps, one has another
// loss for the encoder.

// logMean is log (1/n Σ exp x) over the first axis, of n.
func logMean(x *graph.Node) *graph.Node {
	top := graph.StopGradient(graph.ReduceMax(x, 0))
	sum := graph.ReduceSum(graph.Exp(graph.Sub(x, graph.ExpandLeftToRank(top, x.Rank()))), 0)
	return graph.AddScalar(graph.Add(top, graph.Log(sum)), -math.Log(float64(x.Shape().Dimensions[0])))
}

// totalCorrelation is β-TCVAE with minibatch weighted sampling (Chen et al., 2018).
type totalCorrelation struct{ Beta float64 }

func (totalCorrelation) Samples() (k, m int)  { return 1, 1 }
func (totalCorrelation) Params() []nets.Param { return nil }
func (o totalCorrelation) Loss(t *vaekit.Terms) vaekit.Loss {
	dims := t.Z.Shape().Dimensions
	batch, latent := dims[2], dims[3]
	// Every z under every posterior of the batch: [posterior, z, latent].
	pairs := graph.BroadcastToDims(graph.Reshape(t.Z, 1, batch, latent), batch, batch, latent)
	pairs = graph.Transpose(pairs, 0, 1) // posteriors run along the axis before the last
	each := graph.Transpose(t.Posterior.(dist.Normal).LogProbEach(pairs), 0, 1)
	size := math.Log(float64(t.Examples))
	joint := graph.AddScalar(logMean(graph.ReduceSum(each, -1)), -size)
	product := graph.AddScalar(graph.ReduceSum(logMean(each), -1), -size*float64(latent))
	flat := func(x *graph.Node) *graph.Node { return graph.Reshape(x, batch) }
	mutual := graph.Sub(flat(t.LogPosterior), joint)
	correlation := graph.Sub(joint, product)
	dimensions := graph.Sub(product, flat(t.LogPrior))
	rate := graph.Add(graph.Add(mutual, dimensions), graph.MulScalar(correlation, o.Beta))
	return vaekit.Loss{Value: graph.Add(t.Distortion(), graph.ReduceAllMean(rate))}
}

// geco lowers the rate under a bound on the distortion (Rezende and Viola, 2018).
type geco struct{ Distortion float64 }

func (geco) Samples() (k, m int) { return 1, 1 }
func (geco) Params() []nets.Param {
	return []nets.Param{{Name: "multiplier", Shape: []int{1}, Init: nets.Ones, State: true}}
}
func (o geco) Loss(t *vaekit.Terms) vaekit.Loss {
	over := graph.AddScalar(t.Distortion(), -o.Distortion)
	multiplier := t.State("multiplier")
	pull := graph.Exp(graph.MulScalar(graph.ClipScalar(over, -2, 2), 0.02))
	t.SetState("multiplier", graph.Mul(multiplier, graph.Reshape(pull, 1)))
	weighted := graph.Mul(graph.Reshape(graph.StopGradient(multiplier)), over)
	return vaekit.Loss{Value: graph.Add(t.Rate(), weighted)}
}

// dreg is the importance-weighted bound (Burda et al., 2015), for the encoder with the
// doubly reparameterised gradient (Tucker et al., 2018) where Doubly is true.
type dreg struct {
	K      int
	Doubly bool
}

func (o dreg) Samples() (k, m int) { return o.K, 1 }
func (dreg) Params() []nets.Param  { return nil }
func (o dreg) Loss(t *vaekit.Terms) vaekit.Loss {
	model := graph.Add(t.LogLikelihood, t.LogPrior)
	loss := vaekit.Loss{Value: graph.Neg(graph.ReduceAllMean(logMean(graph.Sub(model, t.LogPosterior))))}
	if o.Doubly {
		logW := graph.Sub(model, t.Posterior.Fixed().LogProb(t.Z))
		weight := graph.StopGradient(graph.Exp(graph.Sub(logW, graph.ExpandLeftToRank(graph.AddScalar(logMean(logW), math.Log(float64(o.K))), logW.Rank()))))
		loss.Encoder = graph.Neg(graph.ReduceAllMean(graph.ReduceSum(graph.Mul(graph.Square(weight), logW), 0)))
	}
	return loss
}

// With β = 1 the three parts add up to log q(z|x) − log p(z), whatever the estimates
// of the first two: the ELBO by draws.
func TestTotalCorrelationIsTheELBO(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, _ *engine.Backend) {
		loss := func(o vaekit.Objective) float64 {
			m := floatModel()
			m.Objective = o
			return train(t, m, floats(t, 256), vaekit.Training{Epochs: 1, Batch: 256, Seed: 4}).History[0].Train.Loss
		}
		near(t, "β-TC with β = 1", loss(totalCorrelation{1}), loss(dreg{K: 1}), 1e-3)
		if one, six := loss(totalCorrelation{1}), loss(totalCorrelation{6}); math.Abs(one-six) < 1e-3 {
			t.Errorf("β = 1 and β = 6 both lose %g", one)
		}
	})
}

// What an objective keeps between steps is carried, saved and taken up again.
func TestGECOReachesItsBound(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, _ *engine.Backend) {
		m := floatModel()
		m.Likelihood, m.Objective = dist.Gaussian{Scale: 0.5}, geco{Distortion: 6}
		data := floats(t, 400)
		how := vaekit.Training{Dir: t.TempDir(), Epochs: 200, Batch: 40, Rate: 3e-3}
		whole := train(t, m, data, how)
		near(t, "the distortion that was asked for", whole.History[199].Train.Distortion, 6, 0.5)
		before := weights(t, how.Dir)

		how.Dir = t.TempDir()
		for _, how.Epochs = range []int{7, 200} {
			train(t, m, data, how)
		}
		if !bytes.Equal(before, weights(t, how.Dir)) {
			t.Error("stopped after 7 epochs and taken up again, the run ends otherwise")
		}
	})
}

// The encoder's own loss moves the encoder and the posterior, and nothing else; more
// draws make the bound tighter.
func TestDReGMovesTheEncoderAlone(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, _ *engine.Backend) {
		after := func(o vaekit.Objective, epochs int) *vaekit.Run {
			m := floatModel()
			m.Likelihood, m.Objective = dist.Gaussian{Scale: 0.5}, o
			return train(t, m, floats(t, 256), vaekit.Training{Epochs: epochs, Batch: 256, Rate: 1e-2, Seed: 2})
		}
		plain, doubly := after(dreg{K: 8}, 1), after(dreg{8, true}, 1)
		z := []float32{0.3, -0.7}
		a, b := must[*datasets.Batch](t)(plain.Decode(z)), must[*datasets.Batch](t)(doubly.Decode(z))
		if !slices.Equal(a.Values, b.Values) {
			t.Error("after one step the decoders differ")
		}
		p, q := must[*vaekit.Latents](t)(plain.Encode(floats(t, 256))), must[*vaekit.Latents](t)(doubly.Encode(floats(t, 256)))
		if slices.Equal(p.Mean, q.Mean) {
			t.Error("after one step the encoders are the same")
		}
		one, many := after(dreg{K: 1}, 1).History[0].Train.Loss, after(dreg{K: 50}, 1).History[0].Train.Loss
		if many > one {
			t.Errorf("the bound of 50 draws, %.3f nats, is above that of one, %.3f", many, one)
		}
		if long := after(dreg{8, true}, 100); long.History[99].Train.Loss > 0.8*long.History[0].Train.Loss {
			t.Errorf("100 steps of DReG went from %.3f to %.3f", long.History[0].Train.Loss, long.History[99].Train.Loss)
		}
	})
}
