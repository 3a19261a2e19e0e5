package dist

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/internal/describe"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// StudentT is the likelihood of real values with heavy tails, as of measurements that
// now and then go wrong: Student's t with Freedom ν, moved to mean(z) and stretched by
// σ. The decoder gives the mean, and log σ where it is [Predicted]. There is no
// [Optimal] σ. The standard deviation is σ·√(ν/(ν−2)) above ν = 2, below there is none.
type StudentT struct {
	Freedom float64 // degrees of freedom ν, above 1, where the mean begins to exist; 0 means 4
	Sigma   Sigma
	Scale   float64 // σ where it is Fixed, where it begins where it is learned or predicted; 0 means 1
}

func (s StudentT) freedom() float64 {
	if s.Freedom == 0 {
		return 4
	}
	return s.Freedom
}

func (s StudentT) family() family {
	ν := s.freedom()
	return family{
		name: "dist.StudentT", sigma: s.Sigma, scale: s.Scale,
		logProb: func(ε *graph.Node) *graph.Node {
			tail := graph.MulScalar(graph.Log1p(graph.MulScalar(graph.Square(ε), 1/ν)), (ν+1)/2)
			return graph.AddScalar(graph.Neg(tail), halfStep(ν/2)-0.5*math.Log(ν*math.Pi))
		},
		draw: func(p *nets.Pass, like *graph.Node) *graph.Node {
			// √(ν (u^(−2/ν) − 1)) · cos 2πv for uniform u and v (Bailey, 1994).
			u, v := uniform(p.Noise, "radius", like.Shape().Dimensions...), uniform(p.Noise, "observation", like.Shape().Dimensions...)
			squared := graph.MulScalar(graph.Expm1(graph.MulScalar(graph.Log(u), -2/ν)), ν)
			return graph.Mul(graph.Sqrt(squared), graph.Cos(graph.MulScalar(v, 2*math.Pi)))
		},
	}
}

// halfStep is log Γ(x + ½) − log Γ(x), where x is large by its expansion: there the two
// are large and alike.
func halfStep(x float64) float64 {
	if x > 1000 {
		return 0.5*math.Log(x) - 1/(8*x)
	}
	above, _ := math.Lgamma(x + 0.5)
	at, _ := math.Lgamma(x)
	return above - at
}

// Outputs is one mean for each value, beside it log σ where it is Predicted.
func (s StudentT) Outputs() int { return s.family().outputs() }

// Params is log σ where it is learned.
func (s StudentT) Params(event []int) []nets.Param { return s.family().params(event) }

// LogProb is Σ log Γ((ν+1)/2) − log Γ(ν/2) − ½ log νπ − log σ − (ν+1)/2 · log(1 + ε²/ν)
// with ε = (x−mean)/σ.
func (s StudentT) LogProb(p *nets.Pass, out, x, mask *graph.Node) *graph.Node {
	return s.family().explain(p, out, x, mask)
}

// Mean is what the decoder gives.
func (s StudentT) Mean(_ *nets.Pass, out *graph.Node) *graph.Node { return s.family().location(out) }

// Sample adds σ times a draw of Student's t to the mean.
func (s StudentT) Sample(p *nets.Pass, out *graph.Node) *graph.Node { return s.family().sample(p, out) }

// Check refuses values that are not finite, and fields that make no density with a mean.
func (s StudentT) Check(values []float32) (proper bool, err error) {
	if ν := s.freedom(); !(ν > 1) || math.IsInf(ν, 0) {
		return false, fmt.Errorf("dist.StudentT: Freedom is %v; it is above 1 (0 means 4), for no limit take dist.Gaussian", ν)
	}
	return s.family().check(values)
}

func init() { describe.Register(StudentT{}) }
