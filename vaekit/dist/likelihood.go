package dist

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/nets"
)

// A Likelihood is p(x|z), given what the decoder says.
//
// It sees an example, whatever its shape, as one row of values: in its methods x is
// [batch, values], out is [batch, values, Outputs], and mask is [batch, values] with 1
// where x is data and 0 where it is padding, or nil where all is data.
type Likelihood interface {
	// Outputs is how many numbers it wants of the decoder for each value of x.
	Outputs() int

	// Params lists what it learns or keeps beside the decoder, for examples of shape event.
	Params(event []int) []nets.Param

	// LogProb is log p(x|z) in nats, summed over the event, [batch].
	LogProb(p *nets.Pass, out, x, mask *graph.Node) *graph.Node

	// Mean is E[x|z], [batch, values].
	Mean(p *nets.Pass, out *graph.Node) *graph.Node

	// Sample draws x, [batch, values].
	Sample(p *nets.Pass, out *graph.Node) *graph.Node

	// Check looks at values that are to be explained: an error where the
	// likelihood cannot explain them, proper false where it can be trained on them
	// but −log p is not a negative log-likelihood of such data. What it is called then and
	// why, a method Improper() (name, why string) may say.
	Check(values []float32) (proper bool, err error)
}

// present is x with 0 where it is masked: padding may hold anything, NaN included.
func present(x, mask *graph.Node) *graph.Node {
	if mask == nil {
		return x
	}
	mask.AssertDims(x.Shape().Dimensions...)
	return graph.Where(graph.GreaterThan(mask, graph.ZerosLike(mask)), x, graph.ZerosLike(x))
}

// sumEvent sums [batch, values] over the values, leaving out what is masked.
func sumEvent(x, mask *graph.Node) *graph.Node {
	if mask != nil {
		x = graph.Mul(x, mask)
	}
	return graph.ReduceSum(x, 1)
}

// only drops the axis of a decoder that gives one number for each value.
func only(out *graph.Node) *graph.Node { return numbers(out, 1)[0] }

// numbers splits out [batch, values, n] into n nodes [batch, values].
func numbers(out *graph.Node, n int) []*graph.Node {
	out.AssertDims(-1, -1, n)
	each := make([]*graph.Node, n)
	for i := range each {
		each[i] = graph.Squeeze(graph.Slice(out, graph.AxisRange(), graph.AxisRange(), graph.AxisElem(i)), 2)
	}
	return each
}

// uniform draws from 0 to 1: Φ of the noise of this name. The ends,
// where backends round, are cut off: what is impossible or certain, to seven digits,
// never or always happens.
func uniform(noise Noise, name string, dims ...int) *graph.Node {
	z := graph.MulScalar(noise(name, dims...), math.Sqrt(0.5))
	return graph.ClipScalar(graph.MulScalar(graph.OnePlus(graph.Erf(z)), 0.5), 1e-7, 1-1e-7)
}

// unit refuses values outside [0, 1].
func unit(name string, values []float32) error {
	for i, v := range values {
		if !(v >= 0 && v <= 1) {
			return fmt.Errorf("%s: value %d is %v; it explains values from 0 to 1: "+
				"scale the data, or take dist.Gaussian", name, i, v)
		}
	}
	return nil
}
