package dist_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/dist"
	"github.com/vaebook/vaebook/vaekit/internal/check"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
)

// likelihoods are all of them, with values for what they learn or keep.
var likelihoods = []struct {
	likelihood dist.Likelihood
	support    support
	params     []float64
}{
	{dist.Bernoulli{}, binary, nil},
	{dist.Gaussian{}, line, nil},
	{dist.Gaussian{Scale: 0.3}, line, nil},
	{dist.Gaussian{Sigma: dist.Learned}, line, []float64{0.2}},
	{dist.Gaussian{Sigma: dist.Learned, Scale: 0.5}, line, []float64{-0.4}},
	{dist.Gaussian{Sigma: dist.Optimal}, line, []float64{0.6, 20}},
}

// eachLikelihood runs test on every likelihood, in training and out of it.
func eachLikelihood(t *testing.T, test func(t *testing.T, b *engine.Backend, l tested)) {
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		for _, c := range likelihoods {
			for _, training := range []bool{true, false} {
				t.Run(fmt.Sprintf("%T%v,training=%v", c.likelihood, c.likelihood, training), func(t *testing.T) {
					test(t, b, tested{c.likelihood, c.support, c.params, training})
				})
			}
		}
	})
}

type tested struct {
	dist.Likelihood
	support  support
	params   []float64
	training bool
}

// learned are the parameters as inputs of a graph.
func (l tested) learned() (all []check.Array) {
	for _, v := range l.params {
		all = append(all, check.New([]float64{v}, 1))
	}
	return all
}

// logProb takes out, x, mask where it is not nil, and the parameters.
func (l tested) logProb(masked bool) func(in []*graph.Node) *graph.Node {
	return func(in []*graph.Node) *graph.Node {
		out, x, rest := in[0], in[1], in[2:]
		var mask *graph.Node
		if masked {
			mask, rest = graph.StopGradient(rest[0]), rest[1:]
		}
		values := map[string]*graph.Node{}
		for i, p := range l.Params(x.Shape().Dimensions[1:]) {
			values[p.Name] = rest[i]
		}
		y := l.LogProb(pass(l.training, values, nil), out, x, mask)
		y.AssertDims(x.Shape().Dimensions[0])
		return y
	}
}

// data draws what l may explain, with values between 0 and 1 for all.
func data(rng *rand.Rand, shape ...int) (out, x check.Array) {
	x = draw(rng, 0, 1, shape...)
	for i := range x.Values {
		x.Values[i] = rng.Float64()
	}
	return draw(rng, 0, 1, append(shape, 1)...), x
}

// What is drawn has the density that LogProb says, and Mean is its mean.
func TestLikelihoodsAreDensities(t *testing.T) {
	const samples, level = 20000, 0.4
	noise := draw(rand.New(rand.NewPCG(1, 2)), 0, 1, samples, 1)
	eachLikelihood(t, func(t *testing.T, b *engine.Backend, l tested) {
		if l.training {
			return // what fits the batch is no density of one value
		}
		n := len(l.support.points)
		got := check.Run(t, b, func(in []*graph.Node) []*graph.Node {
			values := map[string]*graph.Node{}
			for i, p := range l.Params([]int{1}) {
				values[p.Name] = in[3+i]
			}
			out := graph.BroadcastToDims(in[0], samples, 1, 1)
			p := pass(false, values, in[2])
			return []*graph.Node{
				l.LogProb(p, graph.BroadcastToDims(in[0], n, 1, 1), in[1], nil), l.Sample(p, out), l.Mean(p, out),
			}
		}, append([]check.Array{repeat(level, 1, 1, 1), check.New(l.support.points, n, 1), noise}, l.learned()...)...)
		assertDensity(t, l.support, got[0].Values, got[1].Values, got[2].Values[0])
	})
}

// LogProb sums over the values of an example; Mean and Sample have one for each.
func TestLikelihoodsSumOverTheEvent(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	const batch = 2
	eachLikelihood(t, func(t *testing.T, b *engine.Backend, l tested) {
		if l.Outputs() != 1 {
			t.Fatalf("wants %d numbers for a value", l.Outputs())
		}
		for _, values := range []int{1, 6} {
			out, x := data(rng, batch, values)
			n := len(x.Values)
			got := check.Run(t, b, func(in []*graph.Node) []*graph.Node {
				out, x, params := in[0], in[1], in[2:]
				kept := map[string]*graph.Node{}
				for i, p := range l.Params([]int{values}) {
					kept[p.Name] = params[i]
				}
				p := pass(l.training, kept, x)
				mean, sample := l.Mean(p, out), l.Sample(p, out)
				mean.AssertDims(batch, values)
				sample.AssertDims(batch, values)

				alone := append([]*graph.Node{graph.Reshape(out, n, 1, 1), graph.Reshape(x, n, 1)}, params...)
				return []*graph.Node{l.logProb(false)(in), l.logProb(false)(alone), mean, sample}
			}, append([]check.Array{out, x}, l.learned()...)...)
			each := got[1].Values
			near(t, fmt.Sprintf("%d values", values), got[0].Values, []float64{sum(each[:n/batch]), sum(each[n/batch:])}, 1e-12)
		}
	})
}

// With a mask, gradients are those of a shorter event: see TestMaskLeavesPaddingOut.
func TestLikelihoodGradients(t *testing.T) {
	out, x := data(rand.New(rand.NewPCG(5, 6)), 3, 4)
	eachLikelihood(t, func(t *testing.T, b *engine.Backend, l tested) {
		check.Gradient(t, b, l.logProb(false), append([]check.Array{out, x}, l.learned()...)...)
	})
}

// Padding may hold anything: the log-likelihood and its gradients are those of the
// event without it, and no gradient reaches it.
func TestMaskLeavesPaddingOut(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	const batch, long, short = 3, 5, 2
	out, x := data(rng, batch, long)
	mask := repeat(0, batch, long)
	var outShort, xShort []float64
	for i := range batch {
		for j := range short {
			mask.Values[i*long+j] = 1
			outShort = append(outShort, out.Values[i*long+j])
			xShort = append(xShort, x.Values[i*long+j])
		}
	}
	fill := func(with float64) check.Array {
		filled := check.New(slices.Clone(x.Values), batch, long)
		for i, m := range mask.Values {
			if m == 0 {
				filled.Values[i] = with
			}
		}
		return filled
	}
	eachLikelihood(t, func(t *testing.T, b *engine.Backend, l tested) {
		gradients := func(masked bool) func(inputs ...check.Array) []check.Array {
			f := check.Compile(t, b, func(in []*graph.Node) []*graph.Node {
				y := l.logProb(masked)(in)
				return append([]*graph.Node{y}, graph.Gradient(graph.ReduceAllSum(y), in...)...)
			})
			return func(inputs ...check.Array) []check.Array { return f(append(inputs, l.learned()...)...) }
		}
		masked := gradients(true)
		want := gradients(false)(check.New(outShort, batch, short, 1), check.New(xShort, batch, short))
		for _, padding := range []float64{0, 7, 1e300, math.Inf(-1), math.NaN()} {
			got := masked(out, fill(padding), mask)
			near(t, fmt.Sprintf("log-likelihood with padding of %v", padding), got[0].Values, want[0].Values, 1e-12)
			for i, learned := range got[4:] {
				near(t, "gradient of a parameter", learned.Values, want[3+i].Values, 1e-12)
			}
			for input := 1; input <= 2; input++ {
				var kept, rest []float64
				for i, m := range mask.Values {
					if v := got[input].Values[i]; m == 1 {
						kept = append(kept, v)
					} else {
						rest = append(rest, v)
					}
				}
				near(t, "gradient of data", kept, want[input].Values, 1e-12)
				near(t, "gradient of padding", rest, make([]float64, len(rest)), 0)
			}
		}
		none := masked(out, fill(math.NaN()), repeat(0, batch, long))
		near(t, "log-likelihood of nothing", none[0].Values, make([]float64, batch), 0)
		near(t, "gradient of nothing", none[1].Values, make([]float64, batch*long), 0)
	})
}

func TestShapesMustAgree(t *testing.T) {
	eachLikelihood(t, func(t *testing.T, b *engine.Backend, l tested) {
		for name, c := range map[string]struct{ out, x, mask check.Array }{
			"two numbers for a value": {repeat(0, 2, 3, 2), repeat(0, 2, 3), repeat(1, 2, 3)},
			"another event":           {repeat(0, 2, 3, 1), repeat(0, 2, 1), repeat(1, 2, 1)},
			"another mask":            {repeat(0, 2, 3, 1), repeat(0, 2, 3), repeat(1, 2, 1)},
		} {
			_, err := check.Try(b, func(in []*graph.Node) []*graph.Node {
				return []*graph.Node{l.logProb(true)(in)}
			}, append([]check.Array{c.out, c.x, c.mask}, l.learned()...)...)
			if err == nil {
				t.Errorf("%s: no error", name)
			}
		}
	})
}

func TestCheck(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
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
		{dist.Gaussian{Sigma: "best"}, nil, false, `dist.Gaussian: there is no Sigma "best"; it is Fixed, Learned or Optimal`},
		{dist.Gaussian{Scale: -1}, nil, false, "dist.Gaussian: Scale is -1; a standard deviation is positive"},
		{dist.Gaussian{Scale: math.NaN()}, nil, false, "dist.Gaussian: Scale is NaN"},
		{dist.Gaussian{Sigma: dist.Learned, Scale: math.Inf(1)}, nil, false, "dist.Gaussian: Scale is +Inf"},
	} {
		proper, err := c.likelihood.Check(c.values)
		if !agrees(err, c.err) || err == nil && proper != c.proper {
			t.Errorf("%#v of %v: proper %v, error %v; want %v, %q", c.likelihood, c.values, proper, err, c.proper, c.err)
		}
	}
}
