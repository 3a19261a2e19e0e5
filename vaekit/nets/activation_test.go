package nets_test

import (
	"cmp"
	"math"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/internal/check"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// atLimits is an activation's value and slope where formulas break.
type atLimits struct{ low, high, lowSlope, zeroSlope, highSlope float64 }

const far = 1e4

var activations = []struct {
	activation nets.Activation
	f          func(x float64) float64
	limits     atLimits // at −far, 0 and far
}{
	{nets.Linear, func(x float64) float64 { return x }, atLimits{-far, far, 1, 1, 1}},
	{nets.ReLU, func(x float64) float64 { return math.Max(x, 0) }, atLimits{0, far, 0, 1, 1}},
	{nets.LeakyReLU, func(x float64) float64 { return math.Max(x, 0.2*x) }, atLimits{-0.2 * far, far, 0.2, 1, 1}},
	{nets.ELU, func(x float64) float64 { return math.Max(x, math.Expm1(math.Min(x, 0))) }, atLimits{-1, far, 0, 1, 1}},
	{nets.SiLU, func(x float64) float64 { return x / (1 + math.Exp(-x)) }, atLimits{0, far, 0, 0.5, 1}},
	{nets.GELU, func(x float64) float64 { return x * 0.5 * math.Erfc(-x/math.Sqrt2) }, atLimits{0, far, 0, 0.5, 1}},
	{nets.Tanh, math.Tanh, atLimits{-1, 1, 0, 1, 0}},
	{nets.Sigmoid, func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }, atLimits{0, 1, 0, 0.25, 0}},
	{nets.Softplus, func(x float64) float64 { return math.Log1p(math.Exp(x)) }, atLimits{0, far, 0, 0.5, 1}},
}

func TestActivations(t *testing.T) {
	usual := check.New([]float64{-20, -3.1, -1.2, -0.4, -0.01, 0, 0.02, 0.3, 0.9, 2.7, 20}, 11)
	smooth := check.New([]float64{-9, -3.1, -1.2, -0.4, -0.01, 0.02, 0.3, 0.9, 2.7, 9}, 5, 2)
	limits := check.New([]float64{-far, 0, far}, 3)
	extreme := check.New([]float64{-1e30, -100, 100, 1e30}, 4)

	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		for _, c := range activations {
			t.Run(cmp.Or(string(c.activation), "linear"), func(t *testing.T) {
				f := func(nodes []*graph.Node) *graph.Node { return c.activation.Apply(nodes[0]) }
				// The Go backend's vectorised erf is formula 7.1.26 of Abramowitz and Stegun
				// in float64 too, good to 1.5e-7.
				exact := 1e-12
				if c.activation == nets.GELU && b.String() == "go" {
					exact = 1e-6
				}
				for precision, x := range map[float64]check.Array{exact: usual, 3e-6: usual.In32()} {
					y := run(t, b, f, x)
					for i, v := range x.Values {
						if want := c.f(v); math.Abs(y.Values[i]-want) > precision*math.Max(1, math.Abs(want)) {
							t.Errorf("f(%g) = %.12g, want %.12g (float32: %v)", v, y.Values[i], want, x.Float32)
						}
					}
				}

				slope := func(nodes []*graph.Node) []*graph.Node {
					y := f(nodes)
					return []*graph.Node{y, graph.Gradient(graph.ReduceAllSum(y), nodes[0])[0]}
				}
				for precision, x := range map[float64]check.Array{1e-6: smooth, 3e-5: smooth.In32()} {
					slopes := check.Run(t, b, slope, x)[1].Values
					for i, v := range x.Values {
						const h = 1e-3
						want := (8*(c.f(v+h)-c.f(v-h)) - (c.f(v+2*h) - c.f(v-2*h))) / (12 * h)
						if !(math.Abs(slopes[i]-want) <= precision*math.Max(1, math.Abs(want))) {
							t.Errorf("slope at %g = %.12g, difference of the formula %.12g (float32: %v)", v, slopes[i], want, x.Float32)
						}
					}
				}
				for _, x := range []check.Array{limits, limits.In32()} {
					got := check.Run(t, b, slope, x)
					near(t, "value at −1e4, 0, 1e4", got[0].Values, []float64{c.limits.low, c.f(0), c.limits.high})
					near(t, "slope at −1e4, 0, 1e4", got[1].Values, []float64{c.limits.lowSlope, c.limits.zeroSlope, c.limits.highSlope})
				}
				for _, y := range check.Run(t, b, slope, extreme.In32()) {
					for i, v := range y.Values {
						if math.IsNaN(v) || math.IsInf(v, 0) {
							t.Errorf("at %g in float32: value or slope is %v", extreme.Values[i], v)
						}
					}
				}
			})
		}
	})
}

func near(t *testing.T, what string, got, want []float64) {
	t.Helper()
	for i := range want {
		if !(math.Abs(got[i]-want[i]) <= 1e-6*math.Max(1, math.Abs(want[i]))) {
			t.Errorf("%s: got %v, want %v", what, got, want)
			return
		}
	}
}

func TestUnknownActivation(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		_, err := check.Try(b, func(nodes []*graph.Node) []*graph.Node {
			return []*graph.Node{nets.Activation("reul").Apply(nodes[0])}
		}, check.New([]float64{1}, 1))
		if err == nil || !strings.Contains(err.Error(), `there is no activation "reul"`) {
			t.Errorf("error %v", err)
		}
	})
}
