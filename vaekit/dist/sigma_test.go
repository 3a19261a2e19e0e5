package dist_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/vaebook/vaebook/vaekit/dist"
	"github.com/vaebook/vaebook/vaekit/internal/check"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
)

func agrees(err error, want string) bool {
	if want == "" {
		return err == nil
	}
	return err != nil && strings.Contains(err.Error(), want)
}

// explain is the summed log-likelihood of x under means out, by gonum.
func explain(out, x check.Array, σ []float64) (logProb float64) {
	for i, v := range x.Values {
		logProb += distuv.Normal{Mu: out.Values[i], Sigma: σ[i]}.LogProb(v)
	}
	return logProb
}

func rms(out, x check.Array) float64 {
	var squares float64
	for i, v := range x.Values {
		squares += (v - out.Values[i]) * (v - out.Values[i])
	}
	return math.Sqrt(squares / float64(len(x.Values)))
}

// Of every kind of σ, in and out of training.
func TestGaussianIsGonums(t *testing.T) {
	same := func(σ ...float64) []float64 { return slices.Repeat(σ, 12/len(σ)) }
	mean, x := draw(rand.New(rand.NewPCG(1, 1)), 0, 1, 1, 12, 1), draw(rand.New(rand.NewPCG(1, 2)), 0, 1, 1, 12)
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		for _, c := range []struct {
			g        dist.Gaussian
			params   [][]float64
			logσ     []float64 // that the decoder predicts
			training bool
			σ        []float64
		}{
			{dist.Gaussian{}, nil, nil, true, same(1)},
			{dist.Gaussian{Scale: 0.01}, nil, nil, true, same(0.01)},
			{dist.Gaussian{Sigma: dist.Learned}, [][]float64{{0}}, nil, true, same(1)},
			{dist.Gaussian{Sigma: dist.Learned, Scale: 0.3}, [][]float64{{0}}, nil, false, same(0.3)},
			{dist.Gaussian{Sigma: dist.Learned, Scale: 0.3}, [][]float64{{0.8}}, nil, true, same(0.3 * math.Exp(0.8))},
			{dist.Gaussian{Sigma: dist.PerDimension}, [][]float64{same(0.8, -1, 0)}, nil, true, same(math.Exp(0.8), math.Exp(-1), 1)},
			{dist.Gaussian{Sigma: dist.PerDimension, Scale: 2}, [][]float64{same(0.8, -1, 0)}, nil, false, same(2*math.Exp(0.8), 2*math.Exp(-1), 2)},
			{dist.Gaussian{Sigma: dist.Predicted}, nil, same(0.8, -1, 0), true, same(math.Exp(0.8), math.Exp(-1), 1)},
			{dist.Gaussian{Sigma: dist.Predicted, Scale: 0.1}, nil, same(0.8, -1, 0), false, same(0.1*math.Exp(0.8), 0.1*math.Exp(-1), 0.1)},
			{dist.Gaussian{Sigma: dist.Optimal}, [][]float64{{0.25}, {10}}, nil, false, same(math.Hypot(0.5, 0.0025))},
			{dist.Gaussian{Sigma: dist.Optimal}, [][]float64{{1}, {0}}, nil, false, same(math.Hypot(1, 0.0025))},
			{dist.Gaussian{Sigma: dist.Optimal}, [][]float64{{0.25}, {10}}, nil, true, same(math.Hypot(rms(mean, x), 0.0025))},
		} {
			out := mean
			if c.logσ != nil {
				out = check.New(nil, 1, 12, 2)
				for i, v := range c.logσ {
					out.Values = append(out.Values, mean.Values[i], v)
				}
			}
			l := tested{Likelihood: c.g, training: c.training}
			inputs := []check.Array{out, x}
			for _, p := range c.params {
				inputs = append(inputs, check.New(p, len(p)))
			}
			want := []float64{explain(mean, x, c.σ)}
			near(t, "float64", run(t, b, l.logProb(false), inputs...).Values, want, 1e-10)
			for i := range inputs {
				inputs[i] = inputs[i].In32()
			}
			near(t, "float32", run(t, b, l.logProb(false), inputs...).Values, want, 1e-5)
		}
	})
}

// No σ makes a batch more likely than the optimal one.
func TestOptimalSigmaIsOptimal(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		for _, spread := range []float64{0.1, 1, 30} {
			out, x := draw(rng, 0, 1, 4, 6, 1), draw(rng, 0, spread, 4, 6)
			var absolute float64
			for i, v := range x.Values {
				absolute += math.Abs(v-out.Values[i]) / 24
			}
			for _, c := range []struct {
				optimal dist.Likelihood
				fixed   func(factor float64) dist.Likelihood
			}{
				{dist.Gaussian{Sigma: dist.Optimal}, func(f float64) dist.Likelihood { return dist.Gaussian{Scale: f * rms(out, x)} }},
				{dist.Laplace{Sigma: dist.Optimal}, func(f float64) dist.Likelihood { return dist.Laplace{Scale: f * absolute} }},
			} {
				optimal := tested{Likelihood: c.optimal, params: []float64{9, 3}, training: true}
				best := sum(run(t, b, optimal.logProb(false), append([]check.Array{out, x}, optimal.learned(6)...)...).Values)
				explained := func(factor float64) float64 {
					return sum(run(t, b, tested{Likelihood: c.fixed(factor)}.logProb(false), out, x).Values)
				}
				near(t, fmt.Sprintf("log-likelihood by %T", c.optimal), []float64{best}, []float64{explained(1)}, 1e-3)
				for _, factor := range []float64{0.5, 0.9, 1.1, 2} {
					if other := explained(factor); !(other < best) {
						t.Errorf("%T: σ times %g explains the batch with %g nats, the optimal one with %g", c.optimal, factor, other, best)
					}
				}
			}
		}
	})
}

// A model that explains its data perfectly, or whose σ is driven to nothing, keeps a finite density.
func TestGaussianWithoutError(t *testing.T) {
	x := draw(rand.New(rand.NewPCG(3, 3)), 0, 1, 2, 3)
	want := 3 * distuv.Normal{Sigma: 0.0025}.LogProb(0)
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		for _, l := range []tested{
			{Likelihood: dist.Gaussian{Sigma: dist.Optimal}, params: []float64{1, 0}, training: true},
			{Likelihood: dist.Gaussian{Sigma: dist.Optimal}, params: []float64{0, 5}},
			{Likelihood: dist.Gaussian{Sigma: dist.Learned}, params: []float64{-1e7}, training: true},
		} {
			inputs := append([]check.Array{check.New(x.Values, 2, 3, 1).In32(), x.In32()}, l.learned(3)...)
			for i := range inputs {
				inputs[i] = inputs[i].In32()
			}
			got := check.Run(t, b, func(in []*graph.Node) []*graph.Node {
				y := l.logProb(false)(in)
				return append([]*graph.Node{y}, graph.Gradient(graph.ReduceAllSum(y), in...)...)
			}, inputs...)
			near(t, "log-likelihood", got[0].Values, []float64{want, want}, 1e-5)
			for i, gradient := range got[1:] {
				for _, v := range gradient.Values {
					if math.IsNaN(v) || math.IsInf(v, 0) {
						t.Errorf("%v: gradient of input %d is %v", l.Likelihood, i, gradient.Values)
						break
					}
				}
			}
		}
	})
}

// The running mean is the plain mean of the first hundred batches, then moves by a
// hundredth; a pass that only looks leaves it alone.
func TestOptimalSigmaKeepsARunningMean(t *testing.T) {
	g := dist.Gaussian{Sigma: dist.Optimal}
	errors := []float64{0.5, 2, 1, 3}
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		step := func(training bool, mean, batches, wrongBy float64) (changed int, next [2]float64) {
			got := check.Run(t, b, func(in []*graph.Node) []*graph.Node {
				p := pass(training, map[string]*graph.Node{"mean_squared_error": in[2], "batches": in[3]}, nil)
				outputs := []*graph.Node{g.LogProb(p, in[0], in[1], nil)}
				changed = len(p.Changed())
				if training {
					outputs = append(outputs, p.Changed()["mean_squared_error"], p.Changed()["batches"])
				}
				return outputs
			}, repeat(wrongBy, 2, 3, 1), repeat(0, 2, 3), check.New([]float64{mean}, 1), check.New([]float64{batches}, 1))
			if training {
				next = [2]float64{got[1].Values[0], got[2].Values[0]}
			}
			return changed, next
		}
		state := [2]float64{1, 0}
		var squares float64
		for i, wrongBy := range errors {
			_, state = step(true, state[0], state[1], wrongBy)
			squares += wrongBy * wrongBy
			near(t, "state", state[:], []float64{squares / float64(i+1), float64(i + 1)}, 1e-12)
		}
		_, late := step(true, 4, 1000, 2.5)
		near(t, "state after a thousand batches", late[:], []float64{4 + 0.01*(6.25-4), 1001}, 1e-12)
		if changed, _ := step(false, 4, 10, 2.5); changed != 0 {
			t.Errorf("a pass that only looks changes %d values", changed)
		}
	})
	params := g.Params([]int{3})
	for _, p := range params {
		if !p.State {
			t.Errorf("%s is learned; it is kept", p.Name)
		}
	}
	if values, err := params[0].Init.Values(nil, params[0].Shape); err != nil || values[0] != 1 {
		t.Errorf("σ² begins at %v (error %v), want 1", values, err)
	}
}

func TestGaussianFieldsAreChecked(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		for want, g := range map[string]dist.Gaussian{
			`there is no Sigma "best"`: {Sigma: "best"},
			"Scale is -2":              {Scale: -2},
		} {
			_, err := check.Try(b, func(in []*graph.Node) []*graph.Node {
				return []*graph.Node{g.LogProb(pass(true, nil, nil), in[0], in[1], nil)}
			}, repeat(0, 1, 2, 1), repeat(0, 1, 2))
			if !agrees(err, want) {
				t.Errorf("%v: error %v", g, err)
			}
		}
	})
}
