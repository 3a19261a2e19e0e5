package dist_test

import (
	"math"
	"slices"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"gonum.org/v1/gonum/mathext"

	"github.com/vaebook/vaebook/vaekit/dist"
	"github.com/vaebook/vaebook/vaekit/internal/check"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
)

// Log-likelihoods of one value, from SciPy 1.17.1 by the call beside them.
var references = []struct {
	likelihood dist.Likelihood
	out        []float64 // what the decoder says
	x, want    float64
}{
	// stats.laplace.logpdf(x, out, Scale)
	{dist.Laplace{}, []float64{0.3}, 0.3, -0.6931471805599453},
	{dist.Laplace{Scale: 0.05}, []float64{0.3}, 1.7, -25.69741490700595},
	{dist.Laplace{Scale: 7}, []float64{-2}, 100, -17.21048590104383},
	{dist.Laplace{Sigma: dist.Predicted}, []float64{0, math.Log(0.5)}, -0.25, -0.5},

	// stats.t.logpdf(x, Freedom, out, Scale)
	{dist.StudentT{}, []float64{0.2}, 0.2, -0.9808292530117262},
	{dist.StudentT{Freedom: 1.5, Scale: 0.1}, []float64{0}, 30, -12.526710826502867},
	{dist.StudentT{Freedom: 30, Scale: 2}, []float64{-1}, 5, -5.687063605184905},
	{dist.StudentT{Sigma: dist.Predicted}, []float64{0.5, math.Log(0.05)}, -2, -14.083472907207984},
	{dist.StudentT{Freedom: 1e6}, []float64{0}, 1.5, -2.043938642580305},

	// With l = out: stats.truncexpon(b=|l|, scale=1/|l|).logpdf(x), of 1−x where l > 0;
	// at 1e-4 and 1000, where that is not exact, x·l − log((exp(l)−1)/l) by mpmath.
	{dist.ContinuousBernoulli{}, []float64{0}, 0.3, 0},
	{dist.ContinuousBernoulli{}, []float64{0.49}, 0.9, 0.18601577405948977},
	{dist.ContinuousBernoulli{}, []float64{0.51}, 0.9, 0.19318589377044},
	{dist.ContinuousBernoulli{}, []float64{-3}, 0.25, 0.3996814696108114},
	{dist.ContinuousBernoulli{}, []float64{1e-4}, 1, 4.999958333333337e-5},
	{dist.ContinuousBernoulli{}, []float64{30}, 0.5, -11.59880261833775},
	{dist.ContinuousBernoulli{}, []float64{-200}, 0.001, 5.098317366548036},
	{dist.ContinuousBernoulli{}, []float64{1000}, 1, 6.907755278982137},

	// With F = stats.logistic(n·(1+out[0])/2, n·exp(out[1])/2) and k = n·x: F.logcdf(½) at
	// k = 0, F.logsf(n−½) at n, between special.logsumexp of logcdf, or logsf above the mean.
	{dist.DiscretisedLogistic{}, []float64{0, 0}, 128. / 255, -6.234415851933477},
	{dist.DiscretisedLogistic{}, []float64{0, 0}, 0, -1.3103963038623585},
	{dist.DiscretisedLogistic{}, []float64{0.5, 0}, 1, -0.9716377747984327},
	{dist.DiscretisedLogistic{}, []float64{-0.4, -3.5}, 10. / 255, -18.617288033338216},
	{dist.DiscretisedLogistic{}, []float64{-0.4, -3.5}, 250. / 255, -46.40829471152828},
	{dist.DiscretisedLogistic{}, []float64{0.9, -4}, 1, -5.250960879622844},
	{dist.DiscretisedLogistic{}, []float64{0.2, 3}, 40. / 255, -9.23489744352558}, // digits from mpmath
	{dist.DiscretisedLogistic{Levels: 2}, []float64{0.3, -0.2}, 1, -0.526626736609732},

	// stats.betabinom.logpmf(n·x, n, exp(out[0]), exp(out[1]))
	{dist.BetaBinomial{}, []float64{0, 0}, 17. / 255, -5.545177444479563},
	{dist.BetaBinomial{}, []float64{2, -1}, 1, -1.328641358157482},
	{dist.BetaBinomial{}, []float64{-3, 1.5}, 0, -0.2074305305542526},
	{dist.BetaBinomial{}, []float64{3.5, 3}, 128. / 255, -5.204409571263348},
	{dist.BetaBinomial{}, []float64{3.5, 3}, 0, -70.3099690025666},
	{dist.BetaBinomial{Levels: 8}, []float64{0.5, -0.5}, 3. / 7, -2.488264735399868},
	{dist.BetaBinomial{Levels: 2}, []float64{1, -1}, 1, -0.12692801104297285},

	// special.log_softmax(out)[n·x]
	{dist.Categorical{Levels: 4}, []float64{0.3, -1, 2, 0.7}, 1. / 3, -3.408794483219258},
	{dist.Categorical{Levels: 4}, []float64{30, -40, 0, 5}, 0, -1.3981482638216705e-11},
	{dist.Categorical{Levels: 4}, []float64{30, -40, 0, 5}, 1. / 3, -70.00000000001398},
	{dist.Categorical{Levels: 4}, []float64{1e3, -1e3, 0, 1}, 1. / 3, -2000},
}

func TestLikelihoodsAreSciPys(t *testing.T) {
	// Every case in one graph: few compilations.
	inputs, want := []check.Array{}, []float64{}
	for _, c := range references {
		inputs = append(inputs, check.New(c.out, 1, 1, len(c.out)), check.New([]float64{c.x}, 1, 1))
		want = append(want, c.want)
	}
	explained := func(in []*graph.Node) *graph.Node {
		var all []*graph.Node
		for i, c := range references {
			all = append(all, c.likelihood.LogProb(pass(false, nil, nil), in[2*i], in[2*i+1], nil))
		}
		return graph.Concatenate(all, 0)
	}
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		near(t, "float64", run(t, b, explained, inputs...).Values, want, 1e-12)
		var narrow []check.Array
		for _, x := range inputs {
			narrow = append(narrow, x.In32())
		}
		near(t, "float32", run(t, b, explained, narrow...).Values, want, 2e-5)
	})
}

// 1/(1−exp(−l)) − 1/l by mpmath with 40 digits, on both sides of where the formula changes.
func TestContinuousBernoulliMean(t *testing.T) {
	l := check.New([]float64{-200, -3, 0, 1e-4, 0.02, 0.49, 0.51, 30, 1000}, 9, 1, 1)
	want := []float64{0.005, 0.28093763684207738, 0.5, 0.50000833333333194, 0.50166665555566137, 0.54067086048250532, 0.54231689608585919, 0.96666666666676024, 0.999}
	mean := func(in []*graph.Node) *graph.Node { return dist.ContinuousBernoulli{}.Mean(nil, in[0]) }
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		near(t, "float64", run(t, b, mean, l).Values, want, 1e-13)
		near(t, "float32", run(t, b, mean, l.In32()).Values, want, 1e-6)
		check.Gradient(t, b, mean, l)
	})
}

// Two likelihoods that must say the same of the same data.
func TestLikelihoodsThatAreOne(t *testing.T) {
	stack := func(each ...*graph.Node) *graph.Node { return graph.Concatenate(each, 2) }
	bernoulli := func(logit *graph.Node) (dist.Likelihood, *graph.Node) { return dist.Bernoulli{}, logit }
	bits := []float64{0, 1, 1, 0, 1}
	for name, c := range map[string]struct {
		one, other func(a, b *graph.Node) (dist.Likelihood, *graph.Node)
		x          []float64
		tolerance  float64
	}{
		"two categories are a Bernoulli": {
			func(a, b *graph.Node) (dist.Likelihood, *graph.Node) { return dist.Categorical{Levels: 2}, stack(a, b) },
			func(a, b *graph.Node) (dist.Likelihood, *graph.Node) { return bernoulli(graph.Sub(b, a)) },
			bits, 1e-12,
		},
		"one trial of a beta-binomial is a Bernoulli": {
			func(a, b *graph.Node) (dist.Likelihood, *graph.Node) {
				return dist.BetaBinomial{Levels: 2}, stack(a, b)
			},
			func(a, b *graph.Node) (dist.Likelihood, *graph.Node) { return bernoulli(graph.Sub(a, b)) },
			bits, 1e-12,
		},
		"two levels of a logistic are a Bernoulli": {
			func(a, b *graph.Node) (dist.Likelihood, *graph.Node) {
				return dist.DiscretisedLogistic{Levels: 2}, stack(a, b)
			},
			func(a, b *graph.Node) (dist.Likelihood, *graph.Node) {
				return bernoulli(graph.Mul(a, graph.Exp(graph.Neg(b))))
			},
			bits, 1e-12,
		},
		"a mixture of like logistics is one": {
			func(a, b *graph.Node) (dist.Likelihood, *graph.Node) {
				return dist.DiscretisedLogistic{Levels: 5, Components: 3}, stack(b, a, graph.OneMinus(a), a, a, a, b, b, b)
			},
			func(a, b *graph.Node) (dist.Likelihood, *graph.Node) {
				return dist.DiscretisedLogistic{Levels: 5}, stack(a, b)
			},
			[]float64{0, 0.25, 0.5, 0.75, 1}, 1e-12,
		},
		"a t of huge freedom is a Gaussian": {
			func(a, b *graph.Node) (dist.Likelihood, *graph.Node) {
				return dist.StudentT{Freedom: 1e12, Sigma: dist.Predicted}, stack(a, b)
			},
			func(a, b *graph.Node) (dist.Likelihood, *graph.Node) {
				return dist.Gaussian{Sigma: dist.Predicted}, stack(a, b)
			},
			[]float64{-2, -0.3, 0.1, 1, 3}, 1e-9,
		},
	} {
		t.Run(name, func(t *testing.T) {
			a, b := check.New([]float64{0.3, -1, 2, 0.5, -0.2}, 5, 1, 1), check.New([]float64{-0.7, 0.4, 0.1, 1, -2}, 5, 1, 1)
			x := check.New(c.x, 5, 1)
			check.EachBackend(t, func(t *testing.T, backend *engine.Backend) {
				got := check.Run(t, backend, func(in []*graph.Node) []*graph.Node {
					p := pass(false, nil, nil)
					one, out := c.one(in[0], in[1])
					other, otherOut := c.other(in[0], in[1])
					return []*graph.Node{
						one.LogProb(p, out, in[2], nil), other.LogProb(p, otherOut, in[2], nil),
						one.Mean(p, out), other.Mean(p, otherOut),
					}
				}, a, b, x)
				near(t, "log-likelihood", got[0].Values, got[1].Values, c.tolerance)
				near(t, "mean", got[2].Values, got[3].Values, c.tolerance)
			})
		})
	}
}

// Whatever a decoder says, likelihood and gradient are finite in float32. Where a scale,
// the second of two numbers, has gone too far a gradient leads back.
func TestExtremeOutputs(t *testing.T) {
	for _, l := range []dist.Likelihood{
		dist.ContinuousBernoulli{}, dist.Gaussian{Sigma: dist.Predicted}, dist.Laplace{Sigma: dist.Predicted},
		dist.StudentT{Sigma: dist.Predicted}, dist.DiscretisedLogistic{}, dist.DiscretisedLogistic{Components: 2},
		dist.BetaBinomial{}, dist.Categorical{Levels: 3},
	} {
		const large = 300
		n := l.Outputs()
		var out, x []float64 // every output in turn far to either side, and all of them
		for _, v := range []float64{0, 1} {
			for i := range n + 1 {
				for _, far := range []float64{-large, large} {
					row := slices.Repeat([]float64{0.1}, n)
					for j := range row {
						if i == j || i == n {
							row[j] = far
						}
					}
					out, x = append(out, row...), append(x, v)
				}
			}
		}
		check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
			got := check.Run(t, b, func(in []*graph.Node) []*graph.Node {
				y := l.LogProb(pass(false, nil, nil), in[0], in[1], nil)
				return append(graph.Gradient(graph.ReduceAllSum(y), in[0]), y)
			}, check.New(out, len(x), 1, n).In32(), check.New(x, len(x), 1).In32())
			for i, y := range got[1].Values {
				slope := got[0].Values[i*n : (i+1)*n]
				if y-y != 0 || sum(slope)-sum(slope) != 0 {
					t.Errorf("%T: %v explains %v with %v nats, gradient %v", l, out[i*n:(i+1)*n], x[i], y, slope)
				}
				if n == 2 && out[i*n] == 0.1 && slope[1] == 0 {
					t.Errorf("%T: no gradient leads back from %v", l, out[i*n:(i+1)*n])
				}
			}
		})
	}
}

// Against the standard library and gonum; the gradient is digamma.
func TestLgamma(t *testing.T) {
	var x, value, slope []float64
	for v := 1e-3; v <= 1.0001e5; v *= 1.07 {
		x = append(x, v)
	}
	for _, v := range append(x, 1, 2, 7.999999, 8, 9, 255, 256) {
		lgamma, _ := math.Lgamma(v)
		value, slope = append(value, lgamma), append(slope, mathext.Digamma(v))
	}
	in := check.New(append(x, 1, 2, 7.999999, 8, 9, 255, 256), len(value))
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		both := func(in []*graph.Node) []*graph.Node {
			y := dist.Lgamma(in[0])
			return append(graph.Gradient(graph.ReduceAllSum(y), in[0]), y)
		}
		got := check.Run(t, b, both, in)
		near(t, "digamma in float64", got[0].Values, slope, 1e-10) // what gonum is right to
		near(t, "log-gamma in float64", got[1].Values, value, 1e-13)
		got = check.Run(t, b, both, in.In32())
		near(t, "digamma in float32", got[0].Values, slope, 2e-6)
		near(t, "log-gamma in float32", got[1].Values, value, 4e-6)
	})
}
