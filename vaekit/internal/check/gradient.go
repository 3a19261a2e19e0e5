package check

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/internal/engine"
)

const (
	// most is how many elements of an input are moved; larger inputs are sampled.
	most = 40

	// step is how far an element is moved, relative to its size where that is
	// above 1. The formula's error goes with step⁴, the rounding's with 1e-16/step.
	step = 1e-3

	worst64 = 1e-6 // largest relative error in float64
	worst32 = 1e-3 // in float32, which training runs in
)

// Gradient asserts, within [EachBackend], that GoMLX's gradient of f is right with respect
// to every input: on the Go backend in float64 against central finite differences of
// fourth order, and on b in float32 against that gradient, and its value against that
// value. (XLA compiles one program, where differences of its own would take two more.)
// Where f's result is not a scalar its values are summed with irregular weights, so that
// none can stand for another.
//
// Noise must be an input, or [Noise]: backends draw different numbers of one seed.
// Inputs must stay away from kinks (0 of a ReLU) by more than two thousandths.
// Errors are relative to the element, or to a hundredth of the largest of its input.
func Gradient(t testing.TB, b *engine.Backend, f func(inputs []*graph.Node) *graph.Node, inputs ...Array) {
	t.Helper()
	gradients(t, b, false, f, inputs)
}

// GradientOnEach is [Gradient] for an f that makes another graph on each backend: b is held
// to the Go backend in float64, too.
func GradientOnEach(t testing.TB, b *engine.Backend, f func(inputs []*graph.Node) *graph.Node, inputs ...Array) {
	t.Helper()
	gradients(t, b, b != plain, f, inputs)
}

func gradients(t testing.TB, b *engine.Backend, in64 bool, f func(inputs []*graph.Node) *graph.Node, inputs []Array) {
	t.Helper()
	scalar := func(nodes []*graph.Node) *graph.Node { return weighted(f(nodes)) }
	value := Compile(t, plain, func(nodes []*graph.Node) []*graph.Node { return []*graph.Node{scalar(nodes)} })
	gradient := func(nodes []*graph.Node) []*graph.Node {
		y := scalar(nodes)
		return append(graph.Gradient(y, nodes...), y)
	}
	var wide, narrow []Array
	for _, x := range inputs {
		wide = append(wide, New(x.Values, x.Shape...))
		narrow = append(narrow, x.In32())
	}
	exact := Run(t, plain, gradient, wide...)
	type answer struct {
		in           string
		all          []Array
		worst, least float64 // relative and absolute error
	}
	answers := []answer{{"float32", Run(t, b, gradient, narrow...), worst32, 1e-6}}
	if in64 {
		answers = append(answers, answer{"float64", Run(t, b, gradient, wide...), worst64, 1e-11})
	}

	for _, a := range answers {
		if y, got := exact[len(inputs)].Values[0], a.all[len(inputs)].Values[0]; !(math.Abs(got-y) <= a.worst*math.Max(1, math.Abs(y))) {
			t.Errorf("value in %s %.10g, on the Go backend in float64 %.10g", a.in, got, y)
		}
	}
	rng := rand.New(rand.NewPCG(1, 1))
	for i, x := range inputs {
		elements := rng.Perm(len(x.Values))
		elements = elements[:min(most, len(elements))]
		want := map[int]float64{}
		var largest float64
		for _, k := range elements {
			h := step * math.Max(1, math.Abs(x.Values[k]))
			at := func(steps float64) float64 {
				moved := slices.Clone(wide)
				moved[i].Values = slices.Clone(x.Values)
				moved[i].Values[k] += steps * h
				return value(moved...)[0].Values[0]
			}
			want[k] = (8*(at(1)-at(-1)) - (at(2) - at(-2))) / (12 * h)
			largest = math.Max(largest, math.Abs(want[k]))
		}
		for _, k := range elements {
			got, scale := exact[i].Values[k], math.Max(math.Abs(want[k]), largest/100)
			if d := math.Abs(got - want[k]); !(d <= worst64*scale+1e-11) {
				t.Errorf("input %d, element %d of %v: gradient %.10g, finite difference %.10g", i, k, x.Shape, got, want[k])
			}
		}
		for _, a := range answers {
			for k, want := range exact[i].Values {
				got, scale := a.all[i].Values[k], math.Max(math.Abs(want), largest/100)
				if d := math.Abs(got - want); !(d <= a.worst*scale+a.least) {
					t.Errorf("input %d, element %d of %v: gradient in %s %.10g, on the Go backend in float64 %.10g", i, k, x.Shape, a.in, got, want)
				}
			}
		}
	}
}

// Noise is standard normal noise for a graph with the element type of like: under each
// name the same numbers on every backend.
func Noise(like *graph.Node) func(name string, dims ...int) *graph.Node {
	return func(name string, dims ...int) *graph.Node {
		hash := fnv.New64a()
		hash.Write([]byte(name))
		rng := rand.New(rand.NewPCG(1, hash.Sum64()))
		x := New(make([]float64, shapes.Make(dtypes.Float64, dims...).Size()), dims...)
		for i := range x.Values {
			x.Values[i] = rng.NormFloat64()
		}
		return Constant(x, like)
	}
}

// Constant is x in a graph, with the element type of like.
func Constant(x Array, like *graph.Node) *graph.Node {
	return graph.ConvertDType(graph.Const(like.Graph(), x.tensor()), like.DType())
}

// weighted is y, or its sum with weights between ½ and 1½ that follow no pattern of y's axes.
func weighted(y *graph.Node) *graph.Node {
	if y.IsScalar() {
		return y
	}
	weights := make([]float64, y.Shape().Size())
	for i := range weights {
		weights[i] = 0.5 + math.Mod(float64(i+1)*math.Phi, 1)
	}
	return graph.ReduceAllSum(graph.Mul(y, Constant(New(weights, y.Shape().Dimensions...), y)))
}
