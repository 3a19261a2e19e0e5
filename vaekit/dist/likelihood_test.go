package dist_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/dist"
	"github.com/vaebook/vaebook/vaekit/internal/check"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// likelihoods are all of them, with values for what they learn or keep.
var likelihoods = []struct {
	likelihood dist.Likelihood
	support    support
	params     []float64
	discrete   bool // has no gradient with respect to x, which lies on the support
}{
	{likelihood: dist.Bernoulli{}, support: levels(2)},
	{likelihood: dist.ContinuousBernoulli{}, support: panels(0, 1)},
	{likelihood: dist.Gaussian{}, support: line},
	{likelihood: dist.Gaussian{Scale: 0.3}, support: line},
	{likelihood: dist.Gaussian{Sigma: dist.Learned}, support: line, params: []float64{0.2}},
	{likelihood: dist.Gaussian{Sigma: dist.Learned, Scale: 0.5}, support: line, params: []float64{-0.4}},
	{likelihood: dist.Gaussian{Sigma: dist.PerDimension}, support: line, params: []float64{-0.3}},
	{likelihood: dist.Gaussian{Sigma: dist.Predicted}, support: line},
	{likelihood: dist.Gaussian{Sigma: dist.Optimal}, support: line, params: []float64{0.6, 20}},
	{likelihood: dist.Laplace{Sigma: dist.Predicted, Scale: 0.5}, support: panels(-40, 40)},
	{likelihood: dist.Laplace{Sigma: dist.Optimal}, support: panels(-40, 40), params: []float64{0.6, 20}},
	{likelihood: dist.StudentT{Sigma: dist.PerDimension, Scale: 0.5}, support: far, params: []float64{0.2}},
	{likelihood: dist.StudentT{Freedom: 6, Sigma: dist.Predicted}, support: far},
	{likelihood: dist.DiscretisedLogistic{Levels: 16}, support: levels(16), discrete: true},
	{likelihood: dist.DiscretisedLogistic{Levels: 5, Components: 3}, support: levels(5), discrete: true},
	{likelihood: dist.BetaBinomial{Levels: 16}, support: levels(16), discrete: true},
	{likelihood: dist.Categorical{Levels: 3}, support: levels(3), discrete: true},
}

// eachLikelihood runs test on every likelihood, in training where that makes a
// difference, and out of it.
func eachLikelihood(t *testing.T, test func(t *testing.T, b *engine.Backend, l tested)) {
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		for _, c := range likelihoods {
			l := tested{Likelihood: c.likelihood, support: c.support, params: c.params, discrete: c.discrete}
			isState := func(p nets.Param) bool { return p.State }
			for _, l.training = range []bool{false, true} {
				if l.training && !slices.ContainsFunc(l.Params([]int{1}), isState) {
					continue
				}
				t.Run(fmt.Sprintf("%T%v,training=%v", c.likelihood, c.likelihood, l.training), func(t *testing.T) {
					test(t, b, l)
				})
			}
		}
	})
}

type tested struct {
	dist.Likelihood
	support  support
	params   []float64
	discrete bool
	training bool
}

// learned are the parameters for examples of so many values, as inputs of a graph.
func (l tested) learned(values int) (all []check.Array) {
	for i, p := range l.Params([]int{values}) {
		all = append(all, repeat(l.params[i], p.Shape...))
	}
	return all
}

// pass is a pass over the parameters, given in the order of Params.
func (l tested) pass(values int, params []*graph.Node, noise dist.Noise) *nets.Pass {
	kept := map[string]*graph.Node{}
	for i, p := range l.Params([]int{values}) {
		kept[p.Name] = params[i]
	}
	return nets.NewPass(l.training, kept, noise)
}

// logProb takes out, x, mask where it is not nil, and the parameters.
func (l tested) logProb(masked bool) func(in []*graph.Node) *graph.Node {
	return func(in []*graph.Node) *graph.Node {
		out, x, rest := in[0], in[1], in[2:]
		var mask *graph.Node
		if masked {
			mask, rest = graph.StopGradient(rest[0]), rest[1:]
		}
		y := l.LogProb(l.pass(x.Shape().Dimensions[1], rest, nil), out, x, mask)
		y.AssertDims(x.Shape().Dimensions[0])
		return y
	}
}

// data draws what l may explain, and what a decoder may say of it.
func (l tested) data(rng *rand.Rand, batch, values int) (out, x check.Array) {
	x = repeat(0, batch, values)
	for i := range x.Values {
		if x.Values[i] = rng.Float64(); l.discrete {
			x.Values[i] = l.support.points[rng.IntN(len(l.support.points))]
		}
	}
	return draw(rng, 0, 1, batch, values, l.Outputs()), x
}

// What is drawn has the density that LogProb says, and Mean is its mean.
func TestLikelihoodsAreDensities(t *testing.T) {
	const samples = 20000
	eachLikelihood(t, func(t *testing.T, b *engine.Backend, l tested) {
		if l.training {
			return // what fits the batch is no density of one value
		}
		n, outputs := len(l.support.points), l.Outputs()
		out := repeat(0.5, 1, 1, outputs)
		for i := 1; i < outputs; i++ {
			out.Values[i] = 0.7 * math.Sin(float64(i))
		}
		got := check.Run(t, b, func(in []*graph.Node) []*graph.Node {
			out := graph.BroadcastToDims(in[0], samples, 1, outputs)
			p := l.pass(1, in[2:], func(name string, dims ...int) *graph.Node {
				return engine.Normal(graph.Const(in[0].Graph(), engine.Key(1, "samples", 0)), name, dtypes.Float64, dims...)
			})
			return []*graph.Node{
				l.LogProb(p, graph.BroadcastToDims(in[0], n, 1, outputs), in[1], nil), l.Sample(p, out), l.Mean(p, out),
			}
		}, append([]check.Array{out, check.New(l.support.points, n, 1)}, l.learned(1)...)...)
		assertDensity(t, l.support, got[0].Values, got[1].Values, got[2].Values[0])
	})
}

// LogProb sums over the values of an example; Mean and Sample have one for each.
func TestLikelihoodsSumOverTheEvent(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	const batch, values = 2, 6
	eachLikelihood(t, func(t *testing.T, b *engine.Backend, l tested) {
		out, x := l.data(rng, batch, values)
		n := len(x.Values)
		got := check.Run(t, b, func(in []*graph.Node) []*graph.Node {
			out, x, params, ofOne := in[0], in[1], in[2:2+len(l.params)], in[2+len(l.params):]
			p := l.pass(values, params, as(x))
			mean, sample := l.Mean(p, out), l.Sample(p, out)
			mean.AssertDims(batch, values)
			sample.AssertDims(batch, values)

			alone := append([]*graph.Node{graph.Reshape(out, n, 1, -1), graph.Reshape(x, n, 1)}, ofOne...)
			return []*graph.Node{l.logProb(false)(in), l.logProb(false)(alone), mean, sample}
		}, slices.Concat([]check.Array{out, x}, l.learned(values), l.learned(1))...)
		each := got[1].Values
		near(t, "log-likelihood", got[0].Values, []float64{sum(each[:n/batch]), sum(each[n/batch:])}, 1e-12)
	})
}

// With a mask, gradients are those of a shorter event: see TestMaskLeavesPaddingOut.
func TestLikelihoodGradients(t *testing.T) {
	const batch, values = 3, 4
	eachLikelihood(t, func(t *testing.T, b *engine.Backend, l tested) {
		out, x := l.data(rand.New(rand.NewPCG(5, 6)), batch, values)
		f := l.logProb(false)
		if l.discrete {
			check.Gradient(t, b, func(in []*graph.Node) *graph.Node {
				return f([]*graph.Node{in[0], check.Constant(x, in[0])})
			}, out)
			return
		}
		check.Gradient(t, b, f, append([]check.Array{out, x}, l.learned(values)...)...)
	})
}

// Padding may hold anything: the log-likelihood and its gradients are those of the
// event without it, and no gradient reaches it.
func TestMaskLeavesPaddingOut(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	const batch, long, short = 3, 5, 2
	mask := repeat(0, batch, long)
	for i := range mask.Values {
		if i%long < short {
			mask.Values[i] = 1
		}
	}
	// split is what of a, [batch, long, …], is data and what is padding.
	split := func(a check.Array) (data, padding []float64) {
		each := len(a.Values) / len(mask.Values)
		for i, v := range a.Values {
			if mask.Values[i/each] == 1 {
				data = append(data, v)
			} else {
				padding = append(padding, v)
			}
		}
		return data, padding
	}
	eachLikelihood(t, func(t *testing.T, b *engine.Backend, l tested) {
		out, x := l.data(rng, batch, long)
		gradients := func(masked bool) func(inputs ...check.Array) []check.Array {
			return check.Compile(t, b, func(in []*graph.Node) []*graph.Node {
				y := l.logProb(masked)(in)
				return append([]*graph.Node{y}, graph.Gradient(graph.ReduceAllSum(y), in...)...)
			})
		}
		masked := gradients(true)
		filled := func(padding float64, mask check.Array) []check.Array {
			x := check.New(slices.Clone(x.Values), batch, long)
			for i, m := range mask.Values {
				if m == 0 {
					x.Values[i] = padding
				}
			}
			return masked(append([]check.Array{out, x, mask}, l.learned(long)...)...)
		}
		outShort, _ := split(out)
		xShort, _ := split(x)
		want := gradients(false)(append([]check.Array{
			check.New(outShort, batch, short, l.Outputs()), check.New(xShort, batch, short),
		}, l.learned(short)...)...)
		for _, padding := range []float64{0, 7, 1e300, math.Inf(-1), math.NaN()} {
			got := filled(padding, mask)
			near(t, fmt.Sprintf("log-likelihood with padding of %v", padding), got[0].Values, want[0].Values, 1e-12)
			for i, learned := range got[4:] {
				n := len(want[3+i].Values) // a parameter may have an element for every value
				near(t, "gradient of a parameter", learned.Values[:n], want[3+i].Values, 1e-12)
				near(t, "gradient of a parameter of padding", learned.Values[n:], make([]float64, len(learned.Values)-n), 0)
			}
			for input := 1; input <= 2; input++ {
				data, rest := split(got[input])
				near(t, "gradient of data", data, want[input].Values, 1e-12)
				near(t, "gradient of padding", rest, make([]float64, len(rest)), 0)
			}
		}
		none := filled(math.NaN(), repeat(0, batch, long))
		near(t, "log-likelihood of nothing", none[0].Values, make([]float64, batch), 0)
		near(t, "gradient of nothing", none[1].Values, make([]float64, len(out.Values)), 0)
	})
}

func TestShapesMustAgree(t *testing.T) {
	eachLikelihood(t, func(t *testing.T, b *engine.Backend, l tested) {
		n := l.Outputs()
		for name, c := range map[string]struct{ out, x, mask check.Array }{
			"one number too many for a value": {repeat(0, 2, 3, n+1), repeat(0, 2, 3), repeat(1, 2, 3)},
			"another event":                   {repeat(0, 2, 3, n), repeat(0, 2, 1), repeat(1, 2, 1)},
			"another mask":                    {repeat(0, 2, 3, n), repeat(0, 2, 3), repeat(1, 2, 1)},
		} {
			_, err := check.Try(b, func(in []*graph.Node) []*graph.Node {
				return []*graph.Node{l.logProb(true)(in)}
			}, append([]check.Array{c.out, c.x, c.mask}, l.learned(3)...)...)
			if err == nil {
				t.Errorf("%s: no error", name)
			}
		}
	})
}

func TestCheck(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	var everyByte []float32
	for v := range 256 {
		everyByte = append(everyByte, float32(v)/255)
	}
	for _, c := range []struct {
		likelihood dist.Likelihood
		values     []float32
		proper     bool
		err        string
	}{
		{dist.Bernoulli{}, []float32{0, 1, 1}, true, ""},
		{dist.Bernoulli{}, nil, true, ""},
		{dist.Bernoulli{}, []float32{0, 0.5, 1}, false, ""},
		{dist.Bernoulli{}, []float32{0, 255}, false, "dist.Bernoulli: value 1 is 255; it explains values from 0 to 1: scale the data, or take dist.Gaussian"},
		{dist.Bernoulli{}, []float32{-0.1}, false, "dist.Bernoulli: value 0 is -0.1"},
		{dist.Bernoulli{}, []float32{0, nan}, false, "dist.Bernoulli: value 1 is NaN"},
		{dist.Gaussian{}, []float32{-3, 0.5, 1e30}, true, ""},
		{dist.Gaussian{Sigma: dist.Optimal}, []float32{1, nan}, false, "dist.Gaussian: value 1 is NaN; mask it or leave the example out"},
		{dist.Gaussian{}, []float32{inf}, false, "dist.Gaussian: value 0 is +Inf"},
		{dist.Gaussian{Sigma: "best"}, nil, false, `dist.Gaussian: there is no Sigma "best"; it is Fixed, Learned, PerDimension, Predicted or Optimal`},
		{dist.Gaussian{Scale: -1}, nil, false, "dist.Gaussian: Scale is -1; it is positive (0 means 1)"},
		{dist.Gaussian{Scale: math.NaN()}, nil, false, "dist.Gaussian: Scale is NaN"},
		{dist.Gaussian{Sigma: dist.Learned, Scale: math.Inf(1)}, nil, false, "dist.Gaussian: Scale is +Inf"},
		{dist.Laplace{Sigma: dist.Optimal}, []float32{1e9, inf}, false, "dist.Laplace: value 1 is +Inf"},
		{dist.StudentT{}, []float32{-1e9}, true, ""},
		{dist.StudentT{Freedom: 1}, nil, false, "dist.StudentT: Freedom is 1; it is above 1 (0 means 4)"},
		{dist.StudentT{Freedom: math.Inf(1)}, nil, false, "for no limit take dist.Gaussian"},
		{dist.StudentT{Sigma: dist.Optimal}, nil, false, "dist.StudentT: Sigma is Optimal, for which it has no closed form; take Learned, PerDimension or Predicted"},
		{dist.ContinuousBernoulli{}, []float32{0, 0.3, 1}, true, ""},
		{dist.ContinuousBernoulli{}, []float32{0, 1.01}, false, "dist.ContinuousBernoulli: value 1 is 1.01; it explains values from 0 to 1"},
		{dist.DiscretisedLogistic{}, everyByte, true, ""},
		{dist.BetaBinomial{}, everyByte, true, ""},
		{dist.Categorical{Levels: 2}, []float32{0, 1}, true, ""},
		{dist.Categorical{Levels: 2}, everyByte, false, "dist.Categorical: value 1 is 0.003921569; it explains the 2 levels k/1 from 0 to 1: scale and round the data to them, set Levels, or take dist.Gaussian"},
		{dist.BetaBinomial{}, []float32{0, 0.5}, false, "dist.BetaBinomial: value 1 is 0.5; it explains the 256 levels k/255 from 0 to 1"},
		{dist.DiscretisedLogistic{Levels: 5}, []float32{0.25, 1.25}, false, "dist.DiscretisedLogistic: value 1 is 1.25"},
		{dist.DiscretisedLogistic{}, []float32{nan}, false, "dist.DiscretisedLogistic: value 0 is NaN"},
		{dist.DiscretisedLogistic{}, []float32{-1. / 255}, false, "dist.DiscretisedLogistic: value 0 is -0.003921569"},
		{dist.DiscretisedLogistic{Levels: 1}, nil, false, "dist.DiscretisedLogistic: Levels is 1; it is from 2 to 256 (0 means 256)"},
		{dist.Categorical{Levels: 65536}, nil, false, "dist.Categorical: Levels is 65536"},
		{dist.BetaBinomial{Levels: -2}, nil, false, "dist.BetaBinomial: Levels is -2"},
		{dist.DiscretisedLogistic{Components: -1}, nil, false, "dist.DiscretisedLogistic: Components is -1"},
	} {
		proper, err := c.likelihood.Check(c.values)
		if !agrees(err, c.err) || err == nil && proper != c.proper {
			t.Errorf("%#v of %v: proper %v, error %v; want %v, %q", c.likelihood, c.values, proper, err, c.proper, c.err)
		}
	}
}
