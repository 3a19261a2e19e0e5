package dist_test

import (
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"gonum.org/v1/gonum/integrate/quad"

	"github.com/vaebook/vaebook/vaekit/dist"
	"github.com/vaebook/vaebook/vaekit/internal/check"
	"github.com/vaebook/vaebook/vaekit/internal/describe"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// draw is an array from N(mean, σ²).
func draw(rng *rand.Rand, mean, σ float64, shape ...int) check.Array {
	values := make([]float64, size(shape))
	for i := range values {
		values[i] = mean + σ*rng.NormFloat64()
	}
	return check.New(values, shape...)
}

// repeat is an array of one value.
func repeat(value float64, shape ...int) check.Array {
	return check.New(slices.Repeat([]float64{value}, size(shape)), shape...)
}

func size(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

func run(t *testing.T, b *engine.Backend, f func(in []*graph.Node) *graph.Node, inputs ...check.Array) check.Array {
	t.Helper()
	return check.Run(t, b, func(in []*graph.Node) []*graph.Node { return []*graph.Node{f(in)} }, inputs...)[0]
}

func near(t *testing.T, what string, got, want []float64, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d values, want %d", what, len(got), len(want))
		return
	}
	for i := range want {
		if !(math.Abs(got[i]-want[i]) <= tolerance*math.Max(1, math.Abs(want[i]))) {
			t.Errorf("%s: value %d is %.10g, want %.10g", what, i, got[i], want[i])
			return
		}
	}
}

func sum(values []float64) float64 {
	var s float64
	for _, v := range values {
		s += v
	}
	return s
}

// A support is points with the measure that each stands for.
type support struct{ points, measure []float64 }

// levels are the n values of a likelihood of levels.
func levels(n int) (s support) {
	for k := range n {
		s.points, s.measure = append(s.points, float64(k)/float64(n-1)), append(s.measure, 1)
	}
	return s
}

// line is the reals, near enough for a density around 0 with σ between 0.1 and 3:
// of such the trapezoidal rule is right to machine precision.
var line = func() (s support) {
	const step = 0.02
	for i := -1000; i <= 1000; i++ {
		s.points, s.measure = append(s.points, float64(i)*step), append(s.measure, step)
	}
	return s
}()

// far is the line as sinh(t), for densities with heavy tails.
var far = func() (s support) {
	const step = 0.02
	for i := -1250; i <= 1250; i++ {
		t := float64(i) * step
		s.points, s.measure = append(s.points, math.Sinh(t)), append(s.measure, step*math.Cosh(t))
	}
	return s
}()

// panels are intervals of length ½ from a to b, with the rule of Gauss and Legendre in
// each: for densities with kinks at multiples of ½, or that end at a and b.
func panels(a, b float64) (s support) {
	const order = 12
	var x, w [order]float64
	for ; a < b; a += 0.5 {
		quad.Legendre{}.FixedLocations(x[:], w[:], a, a+0.5)
		s.points, s.measure = append(s.points, x[:]...), append(s.measure, w[:]...)
	}
	return s
}

// assertDensity asserts that logProb, taken at the points of s, integrates to 1 and
// that its mean and variance are those of the samples, within four standard errors.
func assertDensity(t *testing.T, s support, logProb, samples []float64, mean float64) {
	t.Helper()
	moment := func(f func(x float64) float64) (m float64) {
		for i, x := range s.points {
			m += f(x) * math.Exp(logProb[i]) * s.measure[i]
		}
		return m
	}
	near(t, "integral of the density", []float64{moment(func(float64) float64 { return 1 })}, []float64{1}, 1e-9)
	near(t, "mean of the density", []float64{moment(func(x float64) float64 { return x })}, []float64{mean}, 1e-9)

	central := func(k int) float64 {
		return moment(func(x float64) float64 { return math.Pow(x-mean, float64(k)) })
	}
	n := float64(len(samples))
	got := sum(samples) / n
	if math.Abs(got-mean) > 4*math.Sqrt(central(2)/n)+1e-6 {
		t.Errorf("mean of %g samples is %g, of the density %g", n, got, mean)
	}
	var squares float64
	for _, x := range samples {
		squares += (x - mean) * (x - mean)
	}
	if got, want := squares/n, central(2); math.Abs(got-want) > 4*math.Sqrt((central(4)-want*want)/n)+1e-6 {
		t.Errorf("variance of %g samples is %g, of the density %g", n, got, want)
	}
}

// A distribution is data: written and read it is the same.
func TestDistributionsAsJSON(t *testing.T) {
	type model struct {
		Posterior  dist.Posterior
		Prior      dist.Prior
		Likelihood dist.Likelihood
	}
	var models []model
	for _, c := range likelihoods {
		models = append(models, model{Likelihood: c.likelihood})
	}
	for _, c := range densities {
		models = append(models, model{Posterior: c.posterior, Prior: c.prior})
	}
	for _, want := range models {
		data, err := describe.Encode(want)
		if err != nil {
			t.Fatal(err)
		}
		var got model
		if err := describe.Decode(data, &got); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("read %#v, wrote %#v", got, want)
		}
	}
}

func pass(training bool, values map[string]*graph.Node, noise *graph.Node) *nets.Pass {
	return nets.NewPass(training, values, func(_ string, dims ...int) *graph.Node {
		return graph.Reshape(noise, dims...)
	})
}

// as is noise that is given, whatever its name.
func as(noise *graph.Node) dist.Noise {
	return func(_ string, dims ...int) *graph.Node { return graph.Reshape(noise, dims...) }
}

// given is what a prior finds beside a node.
func given(like *graph.Node, latent int) dist.Given {
	return dist.Given{Graph: like.Graph(), DType: like.DType(), Latent: latent}
}

// noise is other noise under each name, of the type of like, and the same in every graph.
func noise(like *graph.Node) dist.Noise {
	return func(name string, dims ...int) *graph.Node {
		key := graph.Const(like.Graph(), engine.Key(1, "test", 0))
		return graph.ConvertDType(engine.Normal(key, name, dtypes.Float64, dims...), like.DType())
	}
}
