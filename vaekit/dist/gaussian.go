package dist

import (
	"math"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/internal/describe"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// Gaussian is the likelihood N(mean(z), σ²) of real values; the decoder gives the
// mean, and log σ where it is [Predicted].
type Gaussian struct {
	Sigma Sigma
	Scale float64 // σ where it is Fixed, where it begins where it is learned or predicted; 0 means 1
}

func (n Gaussian) family() family {
	return family{
		name: "dist.Gaussian", sigma: n.Sigma, scale: n.Scale,
		logProb: func(ε *graph.Node) *graph.Node {
			return graph.MulScalar(graph.AddScalar(graph.Square(ε), math.Log(2*math.Pi)), -0.5)
		},
		draw: func(p *nets.Pass, like *graph.Node) *graph.Node {
			return p.Noise("observation", like.Shape().Dimensions...)
		},
		misfit: graph.Square, power: 2, kept: "mean_squared_error",
	}
}

// Outputs is one mean for each value, beside it log σ where it is Predicted.
func (n Gaussian) Outputs() int { return n.family().outputs() }

// Params is log σ where it is learned, the running mean squared error where it is optimal.
func (n Gaussian) Params(event []int) []nets.Param { return n.family().params(event) }

// LogProb is −Σ (log σ + ½ log 2π + (x−mean)²/(2σ²)).
func (n Gaussian) LogProb(p *nets.Pass, out, x, mask *graph.Node) *graph.Node {
	return n.family().explain(p, out, x, mask)
}

// Mean is what the decoder gives.
func (n Gaussian) Mean(_ *nets.Pass, out *graph.Node) *graph.Node { return n.family().location(out) }

// Sample adds noise of standard deviation σ to the mean.
func (n Gaussian) Sample(p *nets.Pass, out *graph.Node) *graph.Node { return n.family().sample(p, out) }

// Check refuses values that are not finite, and fields that make no σ.
func (n Gaussian) Check(values []float32) (proper bool, err error) { return n.family().check(values) }

func init() { describe.Register(Gaussian{}) }
