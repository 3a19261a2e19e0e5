package nets

import (
	"fmt"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// tiny is added to variances, so that values that are all alike become 0.
const tiny = 1e-5

// GroupNorm gives every group of channels of an example the mean 0 and the variance 1,
// over all positions, and then every channel a scale and a bias of its own that are
// learned (Wu and He, 2018). It does the same in training and after, whatever the batch.
type GroupNorm struct {
	Groups int // neighbouring channels are grouped; Groups must divide their number; 0 means 1
}

// Out is the shape that comes in.
func (g GroupNorm) Out(in []int) ([]int, error) {
	if len(in) == 0 {
		return nil, fmt.Errorf("needs an axis of channels; the example is a single number")
	}
	if c := in[len(in)-1]; g.Groups < 0 || c%g.groups() != 0 {
		return nil, fmt.Errorf("field Groups is %d; it must divide the %d channels", g.Groups, c)
	}
	return in, nil
}

func (g GroupNorm) groups() int { return max(g.Groups, 1) }

// Params are a scale [channels] and a bias [channels].
func (g GroupNorm) Params(in []int) []Param { return scaleAndBias(in) }

// Apply maps [batch, …, channels] to the same shape.
func (g GroupNorm) Apply(p *Pass, x *graph.Node) *graph.Node { return inFloat32(g.apply, p, x) }

func (g GroupNorm) apply(p *Pass, x *graph.Node) *graph.Node {
	dims, c := x.Shape().Dimensions, channels(x)
	flat := graph.Reshape(x, dims[0], -1, c)
	// Positions are summed first, for every channel, and groups of these few sums then.
	mean := func(of *graph.Node) *graph.Node {
		sums := graph.Reshape(graph.ReduceMean(of, 1), dims[0], g.groups(), -1)
		means := graph.ReduceAndKeep(sums, graph.ReduceMean, -1)
		return graph.Reshape(graph.BroadcastToShape(means, sums.Shape()), dims[0], 1, c)
	}
	centred := graph.Sub(flat, mean(flat))
	deviation := graph.Sqrt(graph.AddScalar(mean(graph.Square(centred)), tiny))
	scale, bias := graph.ExpandLeftToRank(p.Param("scale"), 3), graph.ExpandLeftToRank(p.Param("bias"), 3)
	return graph.Reshape(graph.Add(graph.Mul(centred, graph.Div(scale, deviation)), bias), dims...)
}

// String is short, for summaries.
func (g GroupNorm) String() string { return fmt.Sprintf("GroupNorm %d", g.groups()) }

// LayerNorm gives the channels at every position of an example the mean 0 and the
// variance 1, and then every channel a scale and a bias of its own that are learned
// (Ba et al., 2016).
type LayerNorm struct{}

// Out is the shape that comes in.
func (LayerNorm) Out(in []int) ([]int, error) { return GroupNorm{}.Out(in) }

// Params are a scale [channels] and a bias [channels].
func (LayerNorm) Params(in []int) []Param { return scaleAndBias(in) }

// Apply maps [batch, …, channels] to the same shape.
func (l LayerNorm) Apply(p *Pass, x *graph.Node) *graph.Node { return inFloat32(l.apply, p, x) }

func (LayerNorm) apply(p *Pass, x *graph.Node) *graph.Node {
	rank := x.Rank()
	centred := graph.Sub(x, graph.ReduceAndKeep(x, graph.ReduceMean, -1))
	variance := graph.ReduceAndKeep(graph.Square(centred), graph.ReduceMean, -1)
	y := graph.Div(centred, graph.Sqrt(graph.AddScalar(variance, tiny)))
	return graph.Add(graph.Mul(y, graph.ExpandLeftToRank(p.Param("scale"), rank)), graph.ExpandLeftToRank(p.Param("bias"), rank))
}

// String is short, for summaries.
func (LayerNorm) String() string { return "LayerNorm" }

// inFloat32 applies what adds up too many numbers for bfloat16, which has three digits.
func inFloat32(apply func(p *Pass, x *graph.Node) *graph.Node, p *Pass, x *graph.Node) *graph.Node {
	if x.DType() != dtypes.BFloat16 {
		return apply(p, x)
	}
	return p.As(dtypes.Float32, x, apply)
}

func scaleAndBias(in []int) []Param {
	c := in[len(in)-1:]
	return []Param{{Name: "scale", Shape: c, Init: Ones}, {Name: "bias", Shape: c}}
}
