package dist

import (
	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/internal/describe"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// Categorical is the likelihood of values at k/(Levels−1), k = 0…Levels−1, with a
// probability of its own for each level; the decoder gives their logits. It knows
// nothing of which levels are near each other, and takes much memory where there are many:
// [DiscretisedLogistic] and [BetaBinomial] say it in two numbers.
type Categorical struct {
	Levels int // from 2 to 256; 0 means 256, bytes scaled to 0…1
}

// Outputs is a logit for each level.
func (c Categorical) Outputs() int { return top(c.Levels) + 1 }

// Params is empty.
func (Categorical) Params([]int) []nets.Param { return nil }

// LogProb is Σ log softmax(logits) at the level of x.
func (c Categorical) LogProb(_ *nets.Pass, out, x, mask *graph.Node) *graph.Node {
	dims := x.Shape().Dimensions
	out.AssertDims(dims[0], dims[1], c.Outputs())
	k := graph.BroadcastToShape(graph.InsertAxes(level(present(x, mask), top(c.Levels)), -1), out.Shape())
	here := graph.Equal(graph.IotaLike(out, 2), k)
	logit := graph.ReduceSum(graph.Where(here, out, graph.ZerosLike(out)), 2)
	return sumEvent(graph.Sub(logit, LogSumExp(out, 2)), mask)
}

// Mean is the sum of the levels, each times its probability.
func (c Categorical) Mean(_ *nets.Pass, out *graph.Node) *graph.Node {
	out.AssertDims(-1, -1, c.Outputs())
	values := graph.MulScalar(graph.IotaLike(out, 2), 1/float64(top(c.Levels)))
	return graph.ReduceSum(graph.Mul(graph.Softmax(out, 2), values), 2)
}

// Sample draws a level.
func (c Categorical) Sample(p *nets.Pass, out *graph.Node) *graph.Node {
	n := top(c.Levels)
	each := numbers(graph.Softmax(out, 2), n+1)
	k := choose(uniform(p.Noise, "observation", each[0].Shape().Dimensions...), n, func(k int) *graph.Node { return each[k] })
	return graph.MulScalar(k, 1/float64(n))
}

// Check refuses values off the levels.
func (c Categorical) Check(values []float32) (proper bool, err error) {
	err = checkLevels("dist.Categorical", c.Levels, values)
	return err == nil, err
}

func init() { describe.Register(Categorical{}) }
