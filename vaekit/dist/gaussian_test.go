package dist_test

import (
	"math"
	"math/rand/v2"
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
func explain(out, x check.Array, σ float64) (logProb float64) {
	for i, v := range x.Values {
		logProb += distuv.Normal{Mu: out.Values[i], Sigma: σ}.LogProb(v)
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

func TestGaussianIsGonums(t *testing.T) {
	out, x := data(rand.New(rand.NewPCG(1, 1)), 1, 12)
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		for _, c := range []struct {
			g        dist.Gaussian
			params   []float64
			training bool
			σ        float64
		}{
			{dist.Gaussian{}, nil, true, 1},
			{dist.Gaussian{Scale: 0.01}, nil, true, 0.01},
			{dist.Gaussian{Sigma: dist.Learned}, []float64{0}, true, 1},
			{dist.Gaussian{Sigma: dist.Learned, Scale: 0.3}, []float64{0}, false, 0.3},
			{dist.Gaussian{Sigma: dist.Learned, Scale: 0.3}, []float64{0.8}, true, 0.3 * math.Exp(0.8)},
			{dist.Gaussian{Sigma: dist.Optimal}, []float64{0.25, 10}, false, 0.5},
			{dist.Gaussian{Sigma: dist.Optimal}, []float64{1, 0}, false, 1},
			{dist.Gaussian{Sigma: dist.Optimal}, []float64{0.25, 10}, true, rms(out, x)},
		} {
			σ := c.σ
			if c.g.Sigma != dist.Fixed {
				σ = math.Hypot(σ, 0.0025)
			}
			l := tested{c.g, line, c.params, c.training}
			inputs := append([]check.Array{out, x}, l.learned()...)
			near(t, "float64", run(t, b, l.logProb(false), inputs...).Values, []float64{explain(out, x, σ)}, 1e-10)
			for i := range inputs {
				inputs[i] = inputs[i].In32()
			}
			near(t, "float32", run(t, b, l.logProb(false), inputs...).Values, []float64{explain(out, x, σ)}, 1e-5)
		}
	})
}

// No σ makes a batch more likely than the optimal one.
func TestOptimalSigmaIsOptimal(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	optimal := tested{dist.Gaussian{Sigma: dist.Optimal}, line, []float64{9, 3}, true}
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		for _, spread := range []float64{0.1, 1, 30} {
			out, x := draw(rng, 0, 1, 4, 6, 1), draw(rng, 0, spread, 4, 6)
			best := sum(run(t, b, optimal.logProb(false), append([]check.Array{out, x}, optimal.learned()...)...).Values)
			σ := rms(out, x)
			near(t, "log-likelihood", []float64{best}, []float64{explain(out, x, σ)}, 1e-6)
			for _, factor := range []float64{0.5, 0.99, 1.01, 2} {
				fixed := tested{dist.Gaussian{Scale: factor * σ}, line, nil, true}
				if other := sum(run(t, b, fixed.logProb(false), out, x).Values); !(other < best) {
					t.Errorf("σ times %g explains the batch with %g nats, the optimal one with %g", factor, other, best)
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
			{dist.Gaussian{Sigma: dist.Optimal}, line, []float64{1, 0}, true},
			{dist.Gaussian{Sigma: dist.Optimal}, line, []float64{0, 5}, false},
			{dist.Gaussian{Sigma: dist.Learned}, line, []float64{-1e4}, true},
		} {
			inputs := append([]check.Array{check.New(x.Values, 2, 3, 1).In32(), x.In32()}, l.learned()...)
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
