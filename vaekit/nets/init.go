package nets

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// An Init says how a parameter begins. Values are drawn in Go from the run's
// seed, so that a model starts alike on every backend.
type Init string

const (
	// Zeros is what a parameter begins with when nothing is said.
	Zeros Init = ""

	// Ones is for scales.
	Ones Init = "ones"

	// GlorotUniform draws from ±√(6 / (fan in + fan out)) (Glorot and Bengio, 2010).
	GlorotUniform Init = "glorot uniform"

	// GlorotNormal draws with standard deviation √(2 / (fan in + fan out)) (Glorot and Bengio, 2010).
	GlorotNormal Init = "glorot normal"

	// HeUniform draws from ±√(6 / fan in), for layers followed by ReLU (He et al., 2015).
	HeUniform Init = "he uniform"

	// HeNormal draws with standard deviation √(2 / fan in) (He et al., 2015).
	HeNormal Init = "he normal"

	// LeCunNormal draws with standard deviation √(1 / fan in) (LeCun et al., 1998).
	LeCunNormal Init = "lecun normal"

	// StandardNormal draws from N(0, 1).
	StandardNormal Init = "standard normal"

	// Examples makes each row an example of the training data, chosen by the run's seed.
	Examples Init = "examples"
)

// Values draws the values of a parameter of the given shape. The last axis
// counts outputs; all before it feed one output.
func (i Init) Values(rng *rand.Rand, shape []int) ([]float32, error) {
	n, out := 1, 1
	for _, d := range shape {
		n *= d
		out = d
	}
	fanIn, fanOut := float64(n/max(out, 1)), float64(out)
	if len(shape) > 2 { // a kernel [taps…, in, out]: every tap feeds fanOut outputs
		fanOut *= float64(n / max(shape[len(shape)-2]*out, 1))
	}
	values := make([]float32, n)
	fill := func(draw func() float64) []float32 {
		for k := range values {
			values[k] = float32(draw())
		}
		return values
	}
	uniform := func(bound float64) []float32 {
		return fill(func() float64 { return bound * (2*rng.Float64() - 1) })
	}
	normal := func(σ float64) []float32 {
		return fill(func() float64 { return σ * rng.NormFloat64() })
	}
	switch i {
	case Zeros:
		return values, nil
	case Ones:
		return fill(func() float64 { return 1 }), nil
	case GlorotUniform:
		return uniform(math.Sqrt(6 / (fanIn + fanOut))), nil
	case GlorotNormal:
		return normal(math.Sqrt(2 / (fanIn + fanOut))), nil
	case HeUniform:
		return uniform(math.Sqrt(6 / fanIn)), nil
	case HeNormal:
		return normal(math.Sqrt(2 / fanIn)), nil
	case LeCunNormal:
		return normal(math.Sqrt(1 / fanIn)), nil
	case StandardNormal:
		return normal(1), nil
	}
	return nil, fmt.Errorf("nets: there is no initialisation %q; see the constants of type nets.Init", string(i))
}
