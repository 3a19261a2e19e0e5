package nets

import (
	"fmt"
	"strings"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// Dense is a fully connected layer on the last axis: activation(x · weight + bias).
type Dense struct {
	Units      int
	Activation Activation
	Init       Init // of the weight; the zero value means GlorotUniform. The bias begins at 0
}

// Out replaces the last axis by Units.
func (d Dense) Out(in []int) ([]int, error) {
	if d.Units <= 0 {
		return nil, fmt.Errorf("field Units is %d; it counts outputs and must be positive", d.Units)
	}
	if len(in) == 0 {
		return nil, fmt.Errorf("needs an axis to work on; the example is a single number")
	}
	return with(in[:len(in)-1], d.Units), nil
}

// Params are a weight [in, Units] and a bias [Units].
func (d Dense) Params(in []int) []Param {
	init := d.Init
	if init == Zeros {
		init = GlorotUniform
	}
	return []Param{
		{Name: "weight", Shape: []int{in[len(in)-1], d.Units}, Init: init},
		{Name: "bias", Shape: []int{d.Units}},
	}
}

// Apply maps [batch, …, in] to [batch, …, Units].
func (d Dense) Apply(p *Pass, x *graph.Node) *graph.Node {
	dims := x.Shape().Dimensions
	in := dims[len(dims)-1]
	flat := graph.Reshape(x, -1, in)
	y := biased(p, matMul(flat, p.Param("weight")))
	return d.Activation.Apply(graph.Reshape(y, with(dims[:len(dims)-1], d.Units)...))
}

// matMul is x · w. For the gradient of w only x is turned round; the Go backend would turn
// both sides of GoMLX's own.
func matMul(x, w *graph.Node) *graph.Node {
	var dw *graph.Node // GoMLX comes to the output before it comes to w
	w = graph.IdentityWithCustomGradient(w, func(_, _ *graph.Node) *graph.Node { return dw })
	return graph.IdentityWithCustomGradient(times(x, w), func(_, v *graph.Node) *graph.Node {
		dw = times(graph.Transpose(x, 0, 1), v)
		return v
	})
}

// times is a · b. Where a machine has AVX2 and no AVX-512 the Go backend is wrong about
// large matrices of bfloat16 (gomlx/compute v0.1.14), so it gets them as float32.
func times(a, b *graph.Node) *graph.Node { return asFloat32OnGo(graph.MatMul, a, b) }

// asFloat32OnGo is f(a, b), of bfloat16 on the Go backend computed in float32.
func asFloat32OnGo(f func(a, b *graph.Node) *graph.Node, a, b *graph.Node) *graph.Node {
	if a.DType() != dtypes.BFloat16 || onXLA(a) {
		return f(a, b)
	}
	y := f(graph.ConvertDType(a, dtypes.Float32), graph.ConvertDType(b, dtypes.Float32))
	return graph.ConvertDType(y, dtypes.BFloat16)
}

// String is short, for summaries.
func (d Dense) String() string { return spaced("Dense", fmt.Sprint(d.Units), string(d.Activation)) }

// spaced joins the words that are not empty.
func spaced(words ...string) string {
	return strings.Join(strings.Fields(strings.Join(words, " ")), " ")
}

// MLP is a multi-layer perceptron: the example as one vector, then a dense layer
// with ReLU for each number of units.
func MLP(units ...int) Net { return MLPWith(ReLU, units...) }

// MLPWith is an [MLP] with another activation. Layers with ReLU or a relative of it
// begin HeUniform, others GlorotUniform.
func MLPWith(activation Activation, units ...int) Net {
	init := GlorotUniform
	switch activation {
	case ReLU, LeakyReLU, ELU, SiLU, GELU:
		init = HeUniform
	}
	net := Net{Flatten{}}
	for _, n := range units {
		net = append(net, Dense{Units: n, Activation: activation, Init: init})
	}
	return net
}
