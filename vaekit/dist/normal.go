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

// Draw is z = μ + σ·ε, of log-density −½ Σ (log 2π + log σ² + ε²).
func (n Normal) Draw(noise Noise, dims ...int) (z, logProb *graph.Node) {
	ε := noise("z", dims...)
	z = graph.Add(expand(n.Mu, ε), graph.Mul(expand(n.Sigma(), ε), ε))
	return z, graph.ReduceSum(standardLogProb(ε, expand(n.LogVar, ε)), -1)
}

// LogProb is −½ Σ (log 2π + log σ² + (z−μ)²/σ²), summed over the latents.
func (n Normal) LogProb(z *graph.Node) *graph.Node {
	distance := graph.ReduceSum(graph.Square(n.standardised(z)), -1)
	volume := graph.ReduceSum(graph.AddScalar(n.LogVar, math.Log(2*math.Pi)), -1)
	return graph.MulScalar(graph.Add(distance, expand(volume, distance)), -0.5)
}

// standardised is the ε of z, (z−μ)/σ.
func (n Normal) standardised(z *graph.Node) *graph.Node {
	return graph.Mul(graph.Sub(z, expand(n.Mu, z)), expand(graph.Exp(graph.MulScalar(n.LogVar, -0.5)), z))
}

// LogProbEach is the log-density of every latent alone, [..., batch, latent] in nats.
func (n Normal) LogProbEach(z *graph.Node) *graph.Node {
	return standardLogProb(n.standardised(z), expand(n.LogVar, z))
}

// standardLogProb is the log-density of μ + σ·ε: −½ (log 2π + log σ² + ε²).
func standardLogProb(ε, logVar *graph.Node) *graph.Node {
	return graph.MulScalar(graph.AddScalar(graph.Add(logVar, graph.Square(ε)), math.Log(2*math.Pi)), -0.5)
}

// Sigma is σ.
func (n Normal) Sigma() *graph.Node { return graph.Exp(graph.MulScalar(n.LogVar, 0.5)) }

// Mean is μ.
func (n Normal) Mean() *graph.Node { return n.Mu }

// Fixed stops gradients at μ and log σ².
func (n Normal) Fixed() Density {
	return Normal{graph.StopGradient(n.Mu), graph.StopGradient(n.LogVar)}
}

// KL is KL(n ‖ p) of every latent, [batch, latent] in nats:
// ½ (log σp² − log σ² + (σ² + (μ−μp)²)/σp² − 1); nil where p is no Normal.
func (n Normal) KL(density Density) *graph.Node {
	p, ok := density.(Normal)
	if !ok {
		return nil
	}
	ratio := graph.Sub(n.LogVar, p.LogVar)
	shift := graph.Mul(graph.Square(graph.Sub(n.Mu, p.Mu)), graph.Exp(graph.Neg(p.LogVar)))
	return graph.MulScalar(graph.MinusOne(graph.Add(graph.Sub(graph.Exp(ratio), ratio), shift)), 0.5)
}

// expand gives parameters the shape of z by adding leading axes and repeating.
func expand(parameter, z *graph.Node) *graph.Node {
	if parameter.Shape().Equal(z.Shape()) {
		return parameter
	}
	return graph.BroadcastToDims(graph.ExpandLeftToRank(parameter, z.Rank()), z.Shape().Dimensions...)
}

// DiagonalGaussian is the posterior N(μ(x), diag σ²(x)) of Kingma and Welling
// (2013). Of the encoder it wants μ and log σ² side by side. Beyond ±10 the
// log-variance is bent so that it stays within ±15, and no encoder can make exp overflow.
type DiagonalGaussian struct{}

// Outputs is two numbers for each latent.
func (DiagonalGaussian) Outputs(latent int) int { return 2 * latent }

// Params is empty.
func (DiagonalGaussian) Params(int) []nets.Param { return nil }

// Density splits out [batch, 2·latent] into μ and log σ².
func (DiagonalGaussian) Density(_ *nets.Pass, out *graph.Node, latent int) Density {
	out.AssertDims(-1, 2*latent)
	mu := graph.Slice(out, graph.AxisRange(), graph.AxisRange(0, latent))
	logVar := graph.Slice(out, graph.AxisRange(), graph.AxisRange(latent, 2*latent))
	return Normal{mu, bend(logVar, 10, 15)}
}

// StandardNormal is the prior N(0, I).
type StandardNormal struct{}

// Params is empty.
func (StandardNormal) Params(int, []int) []nets.Param { return nil }

// Density is N(0, I).
func (StandardNormal) Density(_ *nets.Pass, given Given) Density {
	zero := graph.Zeros(given.Graph, shapes.Make(given.DType, 1, given.Latent))
	return Normal{zero, zero}
}

// bend is x up to ±knee; from there it bends towards ±limit. With t widths of
// limit − knee beyond the knee its slope is 1/(1+t)², which is never 0, so that a
// gradient leads back from anywhere; that of a clamp is 0, that of softplus falls
// off exponentially.
func bend(x *graph.Node, knee, limit float64) *graph.Node {
	width := limit - knee
	size := graph.Abs(x)
	beyond := graph.AddScalar(graph.Max(size, graph.MulScalar(graph.OnesLike(x), knee)), -knee)
	rest := graph.MulScalar(graph.Reciprocal(graph.OnePlus(graph.MulScalar(beyond, 1/width))), width)
	bent := graph.Mul(graph.Sign(x), graph.AddScalar(graph.Neg(rest), limit))
	return graph.Where(graph.LessOrEqual(size, graph.MulScalar(graph.OnesLike(x), knee)), x, bent)
}

func init() {
	describe.Register(DiagonalGaussian{}, StandardNormal{})
}
