package nets

import (
	"fmt"
	"math"

	"github.com/gomlx/compute/dtypes"
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

// softplus is log(1 + exp(x)) = max(x, 0) + log(1 + t) with t = exp(−|x|), which never
// overflows. The logarithm is 2·artanh(s) = 2s·(1 + s²/3 + s⁴/5 + …) with s = t/(2+t) ≤ ⅓:
// products and sums, where the Go backend would call a logarithm for every value, a
// quarter of a step of the model in notebook 01. The slope is the sigmoid.
func softplus(x *graph.Node) *graph.Node {
	terms := 8 // what is left out is below 1e-9
	if x.DType() == dtypes.Float64 {
		terms = 17 // below 1e-17
	}
	return withSlope(x, func(x *graph.Node) *graph.Node {
		t := graph.Exp(graph.Neg(graph.Abs(x)))
		s := graph.Div(t, graph.AddScalar(t, 2))
		s2 := graph.Square(s)
		sum := graph.MulScalar(graph.OnesLike(x), 1/float64(2*terms-1))
		for n := terms - 2; n >= 0; n-- {
			sum = graph.AddScalar(graph.Mul(sum, s2), 1/float64(2*n+1))
		}
		return graph.Add(graph.Max(x, graph.ZerosLike(x)), graph.MulScalar(graph.Mul(s, sum), 2))
	}, graph.Sigmoid)
}

// withSlope is f(x) with the gradient that slope(x) says, in place of f's. GoMLX comes
// to an output before it comes to its input, so the output's gradient can leave for the
// input what that is to return.
func withSlope(x *graph.Node, f, slope func(x *graph.Node) *graph.Node) *graph.Node {
	var dx *graph.Node
	inner := graph.IdentityWithCustomGradient(x, func(_, _ *graph.Node) *graph.Node { return dx })
	return graph.IdentityWithCustomGradient(f(inner), func(_, v *graph.Node) *graph.Node {
		dx = graph.Mul(v, slope(x))
		return v
	})
}
