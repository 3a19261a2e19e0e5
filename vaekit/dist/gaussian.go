package dist

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/internal/describe"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// A Sigma says where the standard deviation of a [Gaussian] likelihood comes from.
type Sigma string

const (
	// Fixed takes Gaussian.Scale. The reconstruction term is the squared error
	// times 1/(2σ²) and a constant, so a smaller σ weighs reconstruction more.
	Fixed Sigma = ""

	// Learned is one σ for all values, learned with the weights.
	Learned Sigma = "learned"

	// Optimal is, in training, the σ that makes each batch most likely: the root
	// of its mean squared error (σ-VAE, Rybkin, Daniilidis and Levine, 2020). A
	// running mean is kept and serves wherever the model is used.
	Optimal Sigma = "optimal"
)

// Gaussian is the likelihood N(mean(z), σ²) of real values, the same σ for all of
// them; the decoder gives the mean.
type Gaussian struct {
	Sigma Sigma
	Scale float64 // σ where it is Fixed, and where it begins where it is Learned; 0 means 1
}

// lowestSigma is added in squares to a σ that is not Fixed, as if the data held that
// much noise: a model that explains them perfectly would otherwise reach an infinite
// density. Images of 8 bits, from 0 to 1, go in steps of 0.004.
const lowestSigma = 0.0025

// Outputs is one mean for each value.
func (Gaussian) Outputs() int { return 1 }

// Params is log σ where it is learned, the running mean squared error where it is optimal.
func (n Gaussian) Params([]int) []nets.Param {
	switch n.Sigma {
	case Learned:
		return []nets.Param{{Name: "log_sigma", Shape: []int{1}}}
	case Optimal:
		return []nets.Param{
			{Name: "mean_squared_error", Shape: []int{1}, Init: nets.Ones, State: true},
			{Name: "batches", Shape: []int{1}, State: true},
		}
	}
	return nil
}

// LogProb is −Σ (log σ + ½ log 2π + (x−mean)²/(2σ²)).
func (n Gaussian) LogProb(p *nets.Pass, out, x, mask *graph.Node) *graph.Node {
	mean := only(out)
	x.AssertDims(mean.Shape().Dimensions...)
	squared := graph.Square(graph.Sub(present(x, mask), mean))
	var logSigma *graph.Node
	if n.Sigma == Optimal && p.Training {
		logSigma = n.fit(p, squared, mask)
	} else {
		logSigma = n.logSigma(p, out)
	}
	scaled := graph.MulScalar(graph.Mul(squared, expand(graph.Exp(graph.MulScalar(logSigma, -2)), squared)), 0.5)
	each := graph.AddScalar(graph.Add(scaled, expand(logSigma, squared)), 0.5*math.Log(2*math.Pi))
	return graph.Neg(sumEvent(each, mask))
}

// Mean is what the decoder gives.
func (Gaussian) Mean(_ *nets.Pass, out *graph.Node) *graph.Node { return only(out) }

// Sample adds noise of standard deviation σ to the mean.
func (n Gaussian) Sample(p *nets.Pass, out *graph.Node) *graph.Node {
	mean := only(out)
	noise := p.Noise("observation", mean.Shape().Dimensions...)
	return graph.Add(mean, graph.Mul(expand(graph.Exp(n.logSigma(p, out)), mean), noise))
}

// Check refuses values that are not finite, and fields that make no σ.
func (n Gaussian) Check(values []float32) (proper bool, err error) {
	if err := n.valid(); err != nil {
		return false, err
	}
	for i, v := range values {
		if v-v != 0 {
			return false, fmt.Errorf("dist.Gaussian: value %d is %v; mask it or leave the example out", i, v)
		}
	}
	return true, nil
}

func (n Gaussian) valid() error {
	switch n.Sigma {
	case Fixed, Learned, Optimal:
	default:
		return fmt.Errorf("dist.Gaussian: there is no Sigma %q; it is Fixed, Learned or Optimal", string(n.Sigma))
	}
	if !(n.Scale >= 0) || math.IsInf(n.Scale, 0) {
		return fmt.Errorf("dist.Gaussian: Scale is %v; a standard deviation is positive (0 means 1)", n.Scale)
	}
	return nil
}

// logSigma is log σ of a pass that does not fit it, [1].
func (n Gaussian) logSigma(p *nets.Pass, like *graph.Node) *graph.Node {
	if err := n.valid(); err != nil {
		panic(err)
	}
	scale := n.Scale
	if scale == 0 {
		scale = 1
	}
	switch n.Sigma {
	case Learned:
		logSigma := graph.AddScalar(p.Param("log_sigma"), math.Log(scale))
		twice := graph.MulScalar(graph.AddScalar(logSigma, -math.Log(lowestSigma)), 2)
		return graph.AddScalar(graph.MulScalar(nets.Softplus.Apply(twice), 0.5), math.Log(lowestSigma))
	case Optimal:
		return optimalLogSigma(p.Param("mean_squared_error"))
	}
	return graph.Reshape(graph.Scalar(like.Graph(), like.DType(), math.Log(scale)), 1)
}

// fit is log σ at its optimum for a batch of squared errors, [1]. It is part of
// the loss, so gradients flow through it. The running mean moves by 1 % a batch,
// by more in the first hundred so that it forgets where it began.
func (Gaussian) fit(p *nets.Pass, squared, mask *graph.Node) *graph.Node {
	var mse *graph.Node
	if mask == nil {
		mse = graph.ReduceAllMean(squared)
	} else {
		count := graph.Max(graph.ReduceAllSum(mask), graph.ScalarOne(mask.Graph(), mask.DType()))
		mse = graph.Div(graph.ReduceAllSum(graph.Mul(squared, mask)), count)
	}
	mse = graph.Reshape(mse, 1)

	mean, batches := p.Param("mean_squared_error"), graph.OnePlus(p.Param("batches"))
	pace := graph.Max(graph.Reciprocal(batches), graph.MulScalar(graph.OnesLike(batches), 0.01))
	p.Set("mean_squared_error", graph.Add(mean, graph.Mul(pace, graph.Sub(mse, mean))))
	p.Set("batches", batches)
	return optimalLogSigma(mse)
}

// optimalLogSigma is ½ log of a mean squared error, which may be 0.
func optimalLogSigma(mse *graph.Node) *graph.Node {
	return graph.MulScalar(graph.Log(graph.AddScalar(mse, lowestSigma*lowestSigma)), 0.5)
}

func init() { describe.Register(Gaussian{}) }
