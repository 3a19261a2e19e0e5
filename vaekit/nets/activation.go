package nets

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/graph"
)

// An Activation is a function applied to every value.
type Activation string

const (
	Linear    Activation = ""           // x
	ReLU      Activation = "relu"       // max(x, 0)
	LeakyReLU Activation = "leaky relu" // max(x, 0.2 x)
	ELU       Activation = "elu"        // x, or exp(x) − 1 below 0 (Clevert et al., 2015)
	SiLU      Activation = "silu"       // x · sigmoid(x), also called swish (Elfwing et al., 2017)
	GELU      Activation = "gelu"       // x · Φ(x) (Hendrycks and Gimpel, 2016)
	Tanh      Activation = "tanh"
	Sigmoid   Activation = "sigmoid"
	Softplus  Activation = "softplus" // log(1 + exp(x))
)

// Apply returns the activation of every value of x.
func (a Activation) Apply(x *graph.Node) *graph.Node {
	switch a {
	case Linear:
		return x
	case ReLU:
		return graph.Max(x, graph.ZerosLike(x))
	case LeakyReLU:
		return graph.Max(x, graph.MulScalar(x, 0.2))
	case ELU:
		// The minimum keeps exp from overflowing in the branch that is not taken,
		// whose gradient would be NaN. At 0 the minimum passes no gradient on, x does.
		below := graph.MinusOne(graph.Exp(graph.Min(x, graph.ZerosLike(x))))
		return graph.Where(graph.GreaterOrEqual(x, graph.ZerosLike(x)), x, below)
	case SiLU:
		return graph.Mul(x, graph.Sigmoid(x))
	case GELU:
		return graph.Mul(x, graph.MulScalar(graph.OnePlus(graph.Erf(graph.MulScalar(x, math.Sqrt(0.5)))), 0.5))
	case Tanh:
		return graph.Tanh(x)
	case Sigmoid:
		return graph.Sigmoid(x)
	case Softplus:
		return softplus(x)
	}
	panic(fmt.Errorf("nets: there is no activation %q; see the constants of type nets.Activation", string(a)))
}

// softplus is log(1 + exp(x)) written so that exp never overflows. At 0 GoMLX takes
// 1 for the slope of the maximum and of |x|, which makes the right one here: 1 − ½.
func softplus(x *graph.Node) *graph.Node {
	positive := graph.Max(x, graph.ZerosLike(x))
	return graph.Add(positive, graph.Log1P(graph.Exp(graph.Neg(graph.Abs(x)))))
}
