package dist

import (
	"math"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/internal/describe"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// Laplace is the likelihood of density exp(−|x − mean(z)|/σ)/(2σ) of real values: the
// reconstruction term is the absolute error, which forgives outliers and keeps edges.
// The decoder gives the mean, and log σ where it is [Predicted]. The scale σ, which is
// often called b, is the mean absolute error; the standard deviation is √2 σ.
type Laplace struct {
	Sigma Sigma
	Scale float64 // σ where it is Fixed, where it begins where it is learned or predicted; 0 means 1
}

func (l Laplace) family() family {
	return family{
		name: "dist.Laplace", sigma: l.Sigma, scale: l.Scale,
		logProb: func(ε *graph.Node) *graph.Node {
			return graph.AddScalar(graph.Neg(graph.Abs(ε)), -math.Ln2)
		},
		draw: func(p *nets.Pass, like *graph.Node) *graph.Node {
			u := uniform(p.Noise, "observation", like.Shape().Dimensions...)
			side := graph.Sign(graph.AddScalar(u, -0.5))
			return graph.Neg(graph.Mul(side, graph.Log(graph.MulScalar(graph.Min(u, graph.OneMinus(u)), 2))))
		},
		misfit: graph.Abs, power: 1, kept: "mean_absolute_error",
	}
}

// Outputs is one mean for each value, beside it log σ where it is Predicted.
func (l Laplace) Outputs() int { return l.family().outputs() }

// Params is log σ where it is learned, the running mean absolute error where it is optimal.
func (l Laplace) Params(event []int) []nets.Param { return l.family().params(event) }

// LogProb is −Σ (log 2σ + |x−mean|/σ).
func (l Laplace) LogProb(p *nets.Pass, out, x, mask *graph.Node) *graph.Node {
	return l.family().explain(p, out, x, mask)
}

// Mean is what the decoder gives.
func (l Laplace) Mean(_ *nets.Pass, out *graph.Node) *graph.Node { return l.family().location(out) }

// Sample adds noise of mean size σ to the mean.
func (l Laplace) Sample(p *nets.Pass, out *graph.Node) *graph.Node { return l.family().sample(p, out) }

// Check refuses values that are not finite, and fields that make no σ.
func (l Laplace) Check(values []float32) (proper bool, err error) { return l.family().check(values) }

func init() { describe.Register(Laplace{}) }
