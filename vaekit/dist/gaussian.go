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

// Gaussian's log σ is clamped softly below at lowestLogSigma: a model that
// explains its data perfectly would otherwise reach an infinite density.
const lowestLogSigma = -6

// Outputs is one mean for each value.
func (Gaussian) Outputs() int { return 1 }

// Params is log σ where it is learned, the running mean squared error where it is optimal.
func (n Gaussian) Params([]int) []nets.Param {
	switch n.Sigma {
	case Learned:
		return []nets.Param{{Name: "log_sigma", Shape: []int{1}}}
	case Optimal:
		return []nets.Param{
			{Name: "mean_squared_error", Shape: []int{1}, State: true},
			{Name: "batches", Shape: []int{1}, State: true},
		}
	}
	return nil
}

// LogProb is −Σ (log σ + ½ log 2π + (x−mean)²/(2σ²)).
func (n Gaussian) LogProb(p *nets.Pass, out, x, mask *graph.Node) *graph.Node {
	squared := graph.Square(graph.Sub(x, only(out)))
	logSigma := n.logSigma(p, out)
	if n.Sigma == Optimal && p.Training {
		logSigma = n.fit(p, squared, mask)
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

// Check refuses values that are not finite.
func (Gaussian) Check(values []float32) (proper bool, err error) {
	for i, v := range values {
		if v-v != 0 {
			return false, fmt.Errorf("dist.Gaussian: value %d is %v; mask it or leave the example out", i, v)
		}
	}
	return true, nil
}

// logSigma is log σ of a pass that does not fit it, [1].
func (n Gaussian) logSigma(p *nets.Pass, like *graph.Node) *graph.Node {
	scale := n.Scale
	if scale == 0 {
		scale = 1
	}
	switch n.Sigma {
	case Fixed:
		return graph.Reshape(graph.Scalar(like.Graph(), like.DType(), math.Log(scale)), 1)
	case Learned:
		return softFloor(graph.AddScalar(p.Param("log_sigma"), math.Log(scale)))
	case Optimal:
		return optimalLogSigma(p.Param("mean_squared_error"))
	}
	panic(fmt.Errorf("dist.Gaussian: there is no Sigma %q; it is Fixed, Learned or Optimal", string(n.Sigma)))
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
	return softFloor(graph.MulScalar(graph.Log(graph.AddScalar(mse, 1e-12)), 0.5))
}

func softFloor(logSigma *graph.Node) *graph.Node {
	return graph.AddScalar(nets.Softplus.Apply(graph.AddScalar(logSigma, -lowestLogSigma)), lowestLogSigma)
}

func init() { describe.Register(Gaussian{}) }
