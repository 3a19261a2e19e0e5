package dist

import (
	"fmt"
	"math"

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/nets"
)

// A Sigma says where the scale σ of a location-scale likelihood comes from: of a
// [Gaussian], a [Laplace] or a [StudentT].
//
// What is learned or predicted is the factor that the field Scale is multiplied by.
// It stays between 1/400 and 400: a model that explains its data perfectly would
// otherwise reach an infinite density. (Images of 8 bits, from 0 to 1, go in steps of
// 1/255.) Between 1/50 and 50 it is not touched, beyond that bent, never cut off.
type Sigma string

const (
	// Fixed takes the field Scale. A smaller σ weighs reconstruction more: with a
	// Gaussian, that term is the squared error times 1/(2σ²) and a constant.
	Fixed Sigma = ""

	// Learned is one σ for all values, learned with the weights.
	Learned Sigma = "learned"

	// PerDimension is a σ for every value of an example, learned with the weights.
	PerDimension Sigma = "per dimension"

	// Predicted is a σ for every value that the decoder gives for each z, beside the mean.
	Predicted Sigma = "predicted"

	// Optimal is, in training, the σ that makes each batch most likely: for a Gaussian
	// the root of its mean squared error (σ-VAE, Rybkin, Daniilidis and Levine, 2020),
	// for a Laplace the mean absolute error. A running mean is kept and serves wherever
	// the model is used.
	Optimal Sigma = "optimal"
)

// smallest is the least factor of a Scale, and what an Optimal σ cannot fall below.
const smallest = 1 / 400.0

// A family is the densities of location + σ·ε, for ε of one density.
type family struct {
	name    string // such as dist.Gaussian
	sigma   Sigma
	scale   float64
	logProb func(ε *graph.Node) *graph.Node                  // log-density of ε in nats, like ε
	draw    func(p *nets.Pass, like *graph.Node) *graph.Node // ε, like the location

	// misfit is |residual|^power, whose mean is σ^power at its optimum. The running mean
	// is kept under a name. Nil: there is no closed form.
	misfit func(residual *graph.Node) *graph.Node
	power  float64
	kept   string
}

func (f family) outputs() int {
	if f.sigma == Predicted {
		return 2
	}
	return 1
}

func (f family) params(event []int) []nets.Param {
	switch f.sigma {
	case Learned:
		return []nets.Param{{Name: "log_sigma", Shape: []int{1}}}
	case PerDimension:
		n := 1
		for _, d := range event {
			n *= d
		}
		return []nets.Param{{Name: "log_sigma", Shape: []int{n}}}
	case Optimal:
		return []nets.Param{
			{Name: f.kept, Shape: []int{1}, Init: nets.Ones, State: true},
			{Name: "batches", Shape: []int{1}, State: true},
		}
	}
	return nil
}

func (f family) location(out *graph.Node) *graph.Node { return numbers(out, f.outputs())[0] }

// explain is Σ log p(ε) − log σ for ε = (x − location)/σ, [batch].
func (f family) explain(p *nets.Pass, out, x, mask *graph.Node) *graph.Node {
	location := f.location(out)
	x.AssertDims(location.Shape().Dimensions...)
	residual := graph.Sub(present(x, mask), location)
	logSigma := f.logSigma(p, out)
	if f.sigma == Optimal && p.Training {
		logSigma = f.fit(p, residual, mask)
	}
	ε := graph.Mul(residual, expand(graph.Exp(graph.Neg(logSigma)), residual))
	return sumEvent(graph.Sub(f.logProb(ε), expand(logSigma, residual)), mask)
}

// sample is location + σ·ε, [batch, values].
func (f family) sample(p *nets.Pass, out *graph.Node) *graph.Node {
	location := f.location(out)
	ε := f.draw(p, location)
	return graph.Add(location, graph.Mul(expand(graph.Exp(f.logSigma(p, out)), location), ε))
}

// check refuses values that are not finite, and fields that make no σ.
func (f family) check(values []float32) (proper bool, err error) {
	if err := f.valid(); err != nil {
		return false, err
	}
	for i, v := range values {
		if v-v != 0 {
			return false, fmt.Errorf("%s: value %d is %v; mask it or leave the example out", f.name, i, v)
		}
	}
	return true, nil
}

func (f family) valid() error {
	switch f.sigma {
	case Fixed, Learned, PerDimension, Predicted:
	case Optimal:
		if f.misfit == nil {
			return fmt.Errorf("%s: Sigma is Optimal, for which it has no closed form; take Learned, PerDimension or Predicted", f.name)
		}
	default:
		return fmt.Errorf("%s: there is no Sigma %q; it is Fixed, Learned, PerDimension, Predicted or Optimal", f.name, string(f.sigma))
	}
	if !(f.scale >= 0) || math.IsInf(f.scale, 0) {
		return fmt.Errorf("%s: Scale is %v; it is positive (0 means 1)", f.name, f.scale)
	}
	return nil
}

// logSigma is log σ of a pass that does not fit it: [1], [values] or [batch, values].
func (f family) logSigma(p *nets.Pass, out *graph.Node) *graph.Node {
	if err := f.valid(); err != nil {
		panic(err)
	}
	var logFactor *graph.Node
	switch f.sigma {
	case Optimal:
		return f.optimum(p.Param(f.kept))
	case Predicted:
		logFactor = numbers(out, 2)[1]
	case Learned, PerDimension:
		logFactor = p.Param("log_sigma")
	case Fixed:
		logFactor = graph.Zeros(out.Graph(), shapes.Make(out.DType(), 1))
	}
	scale := f.scale
	if scale == 0 {
		scale = 1
	}
	return graph.AddScalar(bend(logFactor, math.Log(50), -math.Log(smallest)), math.Log(scale))
}

// fit is log σ at its optimum for the residuals of a batch, [1]. It is part of the
// loss, so gradients flow through it. The running mean moves by 1 % a batch, by more
// in the first hundred so that it forgets where it began.
func (f family) fit(p *nets.Pass, residual, mask *graph.Node) *graph.Node {
	misfit := f.misfit(residual)
	var mean *graph.Node
	if mask == nil {
		mean = graph.ReduceAllMean(misfit)
	} else {
		count := graph.Max(graph.ReduceAllSum(mask), graph.ScalarOne(mask.Graph(), mask.DType()))
		mean = graph.Div(graph.ReduceAllSum(graph.Mul(misfit, mask)), count)
	}
	mean = graph.Reshape(mean, 1)

	running, batches := p.Param(f.kept), graph.OnePlus(p.Param("batches"))
	pace := graph.Max(graph.Reciprocal(batches), graph.MulScalar(graph.OnesLike(batches), 0.01))
	p.Set(f.kept, graph.Add(running, graph.Mul(pace, graph.Sub(mean, running))))
	p.Set("batches", batches)
	return f.optimum(mean)
}

// optimum is log σ for a mean misfit, which may be 0.
func (f family) optimum(mean *graph.Node) *graph.Node {
	return graph.MulScalar(graph.Log(graph.AddScalar(mean, math.Pow(smallest, f.power))), 1/f.power)
}
