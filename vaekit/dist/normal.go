package dist

import (
	"math"

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/internal/describe"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// Normal is a Gaussian with independent latents: the density of a
// [DiagonalGaussian] posterior and of the [StandardNormal] prior.
type Normal struct {
	Mu     *graph.Node // mean, [batch, latent] or [1, latent]
	LogVar *graph.Node // log σ², likewise
}

// Sample is μ + σ·noise.
func (n Normal) Sample(noise *graph.Node) *graph.Node {
	σ := graph.Exp(graph.MulScalar(n.LogVar, 0.5))
	return graph.Add(expand(n.Mu, noise), graph.Mul(expand(σ, noise), noise))
}

// LogProb is −½ Σ (log 2π + log σ² + (z−μ)²/σ²), summed over the latents.
func (n Normal) LogProb(z *graph.Node) *graph.Node {
	return graph.ReduceSum(n.LogProbEach(z), -1)
}

// LogProbEach is the log-density of every latent alone, [..., batch, latent] in nats.
func (n Normal) LogProbEach(z *graph.Node) *graph.Node {
	logVar := expand(n.LogVar, z)
	d := graph.Sub(z, expand(n.Mu, z))
	scaled := graph.Mul(graph.Square(d), graph.Exp(graph.Neg(logVar)))
	return graph.MulScalar(graph.AddScalar(graph.Add(logVar, scaled), math.Log(2*math.Pi)), -0.5)
}

// Mean is μ.
func (n Normal) Mean() *graph.Node { return n.Mu }

// Fixed stops gradients at μ and log σ².
func (n Normal) Fixed() Density {
	return Normal{graph.StopGradient(n.Mu), graph.StopGradient(n.LogVar)}
}

// KL is KL(n ‖ p) of every latent, [batch, latent] in nats:
// ½ (log σp² − log σ² + (σ² + (μ−μp)²)/σp² − 1).
func (n Normal) KL(p Normal) *graph.Node {
	muP, logVarP := expand(p.Mu, n.Mu), expand(p.LogVar, n.Mu)
	spread := graph.Exp(graph.Sub(n.LogVar, logVarP))
	shift := graph.Mul(graph.Square(graph.Sub(n.Mu, muP)), graph.Exp(graph.Neg(logVarP)))
	return graph.MulScalar(graph.MinusOne(graph.Add(graph.Sub(logVarP, n.LogVar), graph.Add(spread, shift))), 0.5)
}

// expand gives parameters the shape of z by adding leading axes and repeating.
func expand(parameter, z *graph.Node) *graph.Node {
	if parameter.Shape().Equal(z.Shape()) {
		return parameter
	}
	return graph.BroadcastToDims(graph.ExpandLeftToRank(parameter, z.Rank()), z.Shape().Dimensions...)
}

// DiagonalGaussian is the posterior N(μ(x), diag σ²(x)) of Kingma and Welling
// (2013). Of the encoder it wants μ and log σ² side by side. The log-variance is
// clamped softly to [−15, 15], so that no encoder can make exp overflow.
type DiagonalGaussian struct{}

// Outputs is two numbers for each latent.
func (DiagonalGaussian) Outputs(latent int) int { return 2 * latent }

// Params is empty.
func (DiagonalGaussian) Params(int) []nets.Param { return nil }

// Density splits out [batch, 2·latent] into μ and log σ².
func (DiagonalGaussian) Density(_ *nets.Pass, out *graph.Node) Density {
	latent := out.Shape().Dimensions[1] / 2
	mu := graph.Slice(out, graph.AxisRange(), graph.AxisRange(0, latent))
	logVar := graph.Slice(out, graph.AxisRange(), graph.AxisRange(latent, 2*latent))
	return Normal{mu, clampSoftly(logVar, -15, 15)}
}

// StandardNormal is the prior N(0, I).
type StandardNormal struct{}

// Params is empty.
func (StandardNormal) Params(int) []nets.Param { return nil }

// Density is N(0, I) in the element type of like.
func (StandardNormal) Density(_ *nets.Pass, like *graph.Node, latent int) Density {
	zero := graph.Zeros(like.Graph(), shapes.Make(like.DType(), 1, latent))
	return Normal{zero, zero}
}

// clampSoftly keeps x between low and high: x itself well inside, and never flat,
// so that a gradient always leads back (Rybkin et al., 2020).
func clampSoftly(x *graph.Node, low, high float64) *graph.Node {
	x = graph.AddScalar(nets.Softplus.Apply(graph.AddScalar(x, -low)), low)
	return graph.AddScalar(graph.Neg(nets.Softplus.Apply(graph.AddScalar(graph.Neg(x), high))), high)
}

func init() {
	describe.Register(DiagonalGaussian{}, StandardNormal{})
}
