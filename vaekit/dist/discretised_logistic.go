package dist

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/internal/describe"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// DiscretisedLogistic is the likelihood of values at k/(Levels−1), k = 0…Levels−1,
// rounded from a logistic distribution (Kingma et al., 2016) or from a mixture of them
// (PixelCNN++, Salimans et al., 2017). The first and last level take in all that lies
// beyond. For each component the decoder gives mean and log scale, in units in which
// the levels reach from −1 to 1; of several, a logit for each component before them.
// Scales are bent, see [Sigma], to stay between exp(−7) and exp(7).
type DiscretisedLogistic struct {
	Levels     int // from 2 to 256; 0 means 256, bytes scaled to 0…1
	Components int // of the mixture; 0 means 1
}

func (d DiscretisedLogistic) components() int { return max(d.Components, 1) }

// Outputs is two numbers for each value, or three for each component.
func (d DiscretisedLogistic) Outputs() int {
	if d.components() == 1 {
		return 2
	}
	return 3 * d.components()
}

// Params is empty.
func (DiscretisedLogistic) Params([]int) []nets.Param { return nil }

// mixture is the components' logits, nil where there is one, their means and their log
// scales in levels, each [components, batch, values].
func (d DiscretisedLogistic) mixture(out *graph.Node) (logits, mean, logScale *graph.Node) {
	out.AssertDims(-1, -1, d.Outputs())
	out = graph.TransposeAllAxes(out, 2, 0, 1) // short axes at the end are slow
	c, n := d.components(), d.Outputs()
	part := func(from int) *graph.Node { return graph.Slice(out, graph.AxisRange(from, from+c)) }
	if c > 1 {
		logits = part(0)
	}
	half := float64(top(d.Levels)) / 2
	mean = graph.MulScalar(graph.OnePlus(part(n-2*c)), half)
	return logits, mean, graph.AddScalar(bend(part(n-c), 4, 7), math.Log(half))
}

// LogProb is Σ log P(level of x).
func (d DiscretisedLogistic) LogProb(_ *nets.Pass, out, x, mask *graph.Node) *graph.Node {
	logits, mean, logScale := d.mixture(out)
	x.AssertDims(mean.Shape().Dimensions[1:]...)
	n := top(d.Levels)
	k := expand(level(present(x, mask), n), mean)

	// σ(b) − σ(a) = σ(b) σ(−a) (1 − exp(a−b)), of which no factor cancels. The first
	// level has no lower edge a, the last no upper edge b.
	width := graph.Exp(graph.Neg(logScale))
	a := graph.Mul(graph.Sub(graph.AddScalar(k, -0.5), mean), width)
	b := graph.Add(a, width)
	inner := graph.Sub(graph.Sub(logSinhc(width), graph.MulScalar(width, 0.5)), logScale) // log(1 − exp(−width))
	zero := graph.ZerosLike(k)
	notFirst, notLast := graph.GreaterThan(k, zero), graph.LessThan(k, graph.AddScalar(zero, float64(n)))
	each := graph.Where(graph.LogicalAnd(notFirst, notLast), inner, zero)
	each = graph.Sub(each, graph.Where(notFirst, nets.Softplus.Apply(a), zero))
	each = graph.Sub(each, graph.Where(notLast, nets.Softplus.Apply(graph.Neg(b)), zero))
	if logits == nil {
		return sumEvent(graph.Squeeze(each, 0), mask)
	}
	return sumEvent(graph.Sub(LogSumExp(graph.Add(logits, each), 0), LogSumExp(logits, 0)), mask)
}

// Mean is the sum over the levels of the probability to lie above them.
func (d DiscretisedLogistic) Mean(_ *nets.Pass, out *graph.Node) *graph.Node {
	logits, mean, logScale := d.mixture(out)
	width := graph.Exp(graph.Neg(logScale))
	n := top(d.Levels)
	above := graph.ZerosLike(mean)
	for k := range n { // one by one: all at once they take n times the memory
		beyond := graph.Sigmoid(graph.Mul(graph.AddScalar(mean, -float64(k)-0.5), width))
		above = graph.Add(above, beyond)
	}
	above = graph.MulScalar(above, 1/float64(n))
	if logits == nil {
		return graph.Squeeze(above, 0)
	}
	return graph.ReduceSum(graph.Mul(graph.Softmax(logits, 0), above), 0)
}

// Sample draws a component, then a number from it, and rounds that to a level.
func (d DiscretisedLogistic) Sample(p *nets.Pass, out *graph.Node) *graph.Node {
	logits, mean, logScale := d.mixture(out)
	pick := func(each *graph.Node) *graph.Node { return graph.Squeeze(each, 0) }
	if logits != nil {
		probability := graph.Split(graph.Softmax(logits, 0), 0, d.components())
		chosen := choose(uniform(p.Noise, "component", probability[0].Shape().Dimensions...), d.components()-1, func(k int) *graph.Node { return probability[k] })
		chosen = graph.BroadcastToShape(chosen, mean.Shape())
		pick = func(each *graph.Node) *graph.Node {
			return graph.ReduceSum(graph.Where(graph.Equal(graph.IotaLike(each, 0), chosen), each, graph.ZerosLike(each)), 0)
		}
	}
	mean, scale := pick(mean), graph.Exp(pick(logScale))
	u := uniform(p.Noise, "observation", mean.Shape().Dimensions...)
	logistic := graph.Sub(graph.Log(u), graph.Log(graph.OneMinus(u)))
	n := float64(top(d.Levels))
	k := graph.ClipScalar(graph.Round(graph.Add(mean, graph.Mul(scale, logistic))), 0, n)
	return graph.MulScalar(k, 1/n)
}

// Check refuses values off the levels, and fields that make no mixture.
func (d DiscretisedLogistic) Check(values []float32) (proper bool, err error) {
	if d.Components < 0 {
		return false, fmt.Errorf("dist.DiscretisedLogistic: Components is %d; it counts the logistics of a mixture (0 means 1)", d.Components)
	}
	err = checkLevels("dist.DiscretisedLogistic", d.Levels, values)
	return err == nil, err
}

func init() { describe.Register(DiscretisedLogistic{}) }
