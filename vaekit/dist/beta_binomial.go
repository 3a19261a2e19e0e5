package dist

import (
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/internal/describe"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// BetaBinomial is the likelihood of values at k/n, n = Levels−1: k successes of n, with
// the chance of success drawn from Beta(α, β) (as in BB-ANS, Townsend et al., 2019).
// The decoder gives log α and log β, bent (see [Sigma]) to stay within ±6, beyond which
// sharper ones are hardly sharper. At 0, all levels are equally likely.
type BetaBinomial struct {
	Levels int // from 2 to 256; 0 means 256, bytes scaled to 0…1
}

// Outputs is two numbers for each value.
func (BetaBinomial) Outputs() int { return 2 }

// Params is empty.
func (BetaBinomial) Params([]int) []nets.Param { return nil }

// concentrations are α and β, in float64: a probability is a small difference of large
// numbers.
func (BetaBinomial) concentrations(out *graph.Node) (α, β *graph.Node) {
	each := numbers(graph.ConvertDType(out, dtypes.Float64), 2)
	return graph.Exp(bend(each[0], 4, 6)), graph.Exp(bend(each[1], 4, 6))
}

// LogProb is Σ log B(k+α, n−k+β)/B(α, β) · n!/(k! (n−k)!).
func (b BetaBinomial) LogProb(_ *nets.Pass, out, x, mask *graph.Node) *graph.Node {
	α, β := b.concentrations(out)
	x.AssertDims(α.Shape().Dimensions...)
	k := graph.ConvertDType(level(present(x, mask), top(b.Levels)), α.DType())
	return sumEvent(graph.ConvertDType(b.logMass(α, β, k), x.DType()), mask)
}

func (b BetaBinomial) logMass(α, β, k *graph.Node) *graph.Node {
	n := top(b.Levels)
	lg := func(x int) float64 { y, _ := math.Lgamma(float64(x)); return y }
	choices := make([]float64, n+1) // log n!/(k! (n−k)!)
	for k := range choices {
		choices[k] = lg(n+1) - lg(k+1) - lg(n-k+1)
	}
	at := graph.InsertAxes(graph.ConvertDType(k, dtypes.Int32), -1)
	each := lgamma(graph.Stack([]*graph.Node{
		graph.Add(k, α), graph.Add(graph.AddScalar(graph.Neg(k), float64(n)), β), graph.Add(α, β),
		α, β, graph.AddScalar(graph.Add(α, β), float64(n)),
	}, 0))
	over := graph.ReduceSum(graph.Slice(each, graph.AxisRange(0, 3)), 0)
	under := graph.ReduceSum(graph.Slice(each, graph.AxisRange(3)), 0)
	return graph.Add(graph.Gather(graph.Const(k.Graph(), choices), at), graph.Sub(over, under))
}

// Mean is α/(α+β).
func (b BetaBinomial) Mean(_ *nets.Pass, out *graph.Node) *graph.Node {
	α, β := b.concentrations(out)
	return graph.ConvertDType(graph.Div(α, graph.Add(α, β)), out.DType())
}

// Sample draws a level: P(k)/P(k−1) = (k−1+α)/(n−k+β) · (n−k+1)/k.
func (b BetaBinomial) Sample(p *nets.Pass, out *graph.Node) *graph.Node {
	α, β := b.concentrations(out)
	n := top(b.Levels)
	probability := graph.Exp(b.logMass(α, β, graph.ZerosLike(α)))
	u := graph.ConvertDType(uniform(p.Noise, "observation", α.Shape().Dimensions...), α.DType())
	k := choose(u, n, func(k int) *graph.Node {
		if k > 0 {
			ratio := graph.Div(graph.AddScalar(α, float64(k-1)), graph.AddScalar(β, float64(n-k)))
			probability = graph.Mul(probability, graph.MulScalar(ratio, float64(n-k+1)/float64(k)))
		}
		return probability
	})
	return graph.ConvertDType(graph.MulScalar(k, 1/float64(n)), out.DType())
}

// Check refuses values off the levels.
func (b BetaBinomial) Check(values []float32) (proper bool, err error) {
	err = checkLevels("dist.BetaBinomial", b.Levels, values)
	return err == nil, err
}

// lgamma is log Γ(x) for x above 0: by Stirling's series, below 8 at x+8, with
// Γ(x) = Γ(x+8) / (x (x+1) … (x+7)).
func lgamma(x *graph.Node) *graph.Node {
	eight := graph.MulScalar(graph.OnesLike(x), 8)
	small := graph.LessThan(x, eight)
	z := graph.Where(small, graph.AddScalar(x, 8), x)
	low := graph.Where(small, x, graph.OnesLike(x))
	product := low
	for i := 1; i < 8; i++ {
		product = graph.Mul(product, graph.AddScalar(low, float64(i)))
	}
	inverse := graph.Reciprocal(z)
	series := graph.Mul(inverse, polynomial(graph.Square(inverse),
		1./12, -1./360, 1./1260, -1./1680, 1./1188, -691./360360, 1./156))
	stirling := graph.Sub(graph.Mul(graph.AddScalar(z, -0.5), graph.Log(z)), z)
	stirling = graph.AddScalar(graph.Add(stirling, series), 0.5*math.Log(2*math.Pi))
	return graph.Sub(stirling, graph.Where(small, graph.Log(product), graph.ZerosLike(x)))
}

func init() { describe.Register(BetaBinomial{}) }
