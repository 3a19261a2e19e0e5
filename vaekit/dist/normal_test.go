package dist_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/vaebook/vaebook/vaekit/dist"
	"github.com/vaebook/vaebook/vaekit/internal/check"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
	"gonum.org/v1/gonum/stat/distuv"
)

func TestNormalIsGonums(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	mu, logVar, z := draw(rng, 0, 3, 5, 7), draw(rng, 0, 3, 5, 7), draw(rng, 0, 4, 5, 7)
	var want []float64
	for i := range z.Values {
		want = append(want, distuv.Normal{Mu: mu.Values[i], Sigma: math.Exp(logVar.Values[i] / 2)}.LogProb(z.Values[i]))
	}
	f := func(in []*graph.Node) *graph.Node { return dist.Normal{Mu: in[0], LogVar: in[1]}.LogProbEach(in[2]) }
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		near(t, "float64", run(t, b, f, mu, logVar, z).Values, want, 1e-11)
		near(t, "float32", run(t, b, f, mu.In32(), logVar.In32(), z.In32()).Values, want, 1e-5)
		check.Gradient(t, b, f, mu, logVar, z)
		check.Gradient(t, b, func(in []*graph.Node) *graph.Node {
			z, logProb := dist.Normal{Mu: in[0], LogVar: in[1]}.Draw(as(in[2]), 5, 7)
			return graph.Concatenate([]*graph.Node{z, graph.InsertAxes(logProb, -1)}, -1)
		}, mu, logVar, z)
	})
}

// pairs are q and p as μ and log σ² of each.
var pairs = [][4]float64{
	{0, 0, 0, 0}, {1, 0, 0, 0}, {-0.3, -1.2, 0, 0}, {2, 1.5, 0, 0}, {0.5, -3, -1, 0.7}, {-2, 0.2, 1, -1}, {3, 2, 3, 2},
}

func sides() (q, p [2]check.Array) {
	values := make([][]float64, 4)
	for _, pair := range pairs {
		for i, v := range pair {
			values[i] = append(values[i], v)
		}
	}
	array := func(i int) check.Array { return check.New(values[i], 1, len(pairs)) }
	return [2]check.Array{array(0), array(1)}, [2]check.Array{array(2), array(3)}
}

func divergence(in []*graph.Node) *graph.Node {
	return dist.KL(dist.Normal{Mu: in[0], LogVar: in[1]}, dist.Normal{Mu: in[2], LogVar: in[3]})
}

// KL is ∫ q(z) (log q(z) − log p(z)) dz, with the densities of gonum.
func TestKLIsItsIntegral(t *testing.T) {
	var want []float64
	for _, c := range pairs {
		q := distuv.Normal{Mu: c[0], Sigma: math.Exp(c[1] / 2)}
		p := distuv.Normal{Mu: c[2], Sigma: math.Exp(c[3] / 2)}
		var kl float64
		for i, z := range line.points {
			kl += q.Prob(z) * (q.LogProb(z) - p.LogProb(z)) * line.measure[i]
		}
		want = append(want, kl)
	}
	q, p := sides()
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		near(t, "float64", run(t, b, divergence, q[0], q[1], p[0], p[1]).Values, want, 1e-12)
		near(t, "float32", run(t, b, divergence, q[0].In32(), q[1].In32(), p[0].In32(), p[1].In32()).Values, want, 1e-6)
		check.Gradient(t, b, divergence, q[0], q[1], p[0], p[1])
	})
}

// KL is the mean of log q − log p over samples of q.
func TestKLIsItsMonteCarloEstimate(t *testing.T) {
	const samples = 20000
	noise := draw(rand.New(rand.NewPCG(4, 4)), 0, 1, samples, 1, len(pairs))
	q, p := sides()
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		got := check.Run(t, b, func(in []*graph.Node) []*graph.Node {
			q, p := dist.Normal{Mu: in[0], LogVar: in[1]}, dist.Normal{Mu: in[2], LogVar: in[3]}
			z, _ := q.Draw(as(in[4]), samples, 1, len(pairs))
			return []*graph.Node{dist.KL(q, p), graph.Sub(q.LogProbEach(z), p.LogProbEach(z))}
		}, q[0], q[1], p[0], p[1], noise)
		for i, kl := range got[0].Values {
			var sum, squares float64
			for s := range samples {
				r := got[1].Values[s*len(pairs)+i]
				sum += r
				squares += r * r
			}
			mean := sum / samples
			deviation := math.Sqrt(math.Max(0, squares/samples-mean*mean) / samples)
			if math.Abs(mean-kl) > 4*deviation+1e-12 {
				t.Errorf("%v: KL is %g, its estimate %g ± %g", pairs[i], kl, mean, deviation)
			}
		}
	})
}

// KL is never below 0 and is 0 where the two are the same, also in float32.
func TestKLIsNotNegative(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	const batch, latent = 200, 5
	mu, logVar := draw(rng, 0, 2, batch, latent), draw(rng, 0, 3, batch, latent)
	close, closeVar := draw(rng, 0, 1e-3, batch, latent), draw(rng, 0, 1e-3, batch, latent)
	for i := range mu.Values {
		close.Values[i] += mu.Values[i]
		closeVar.Values[i] += logVar.Values[i]
	}
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		same := func(in []*graph.Node) *graph.Node { return divergence([]*graph.Node{in[0], in[1], in[0], in[1]}) }
		near(t, "KL of equals", run(t, b, same, mu, logVar).Values, make([]float64, batch*latent), 0)
		near(t, "KL of equals in float32", run(t, b, same, mu.In32(), logVar.In32()).Values, make([]float64, batch*latent), 0)
		for rounding, inputs := range map[float64][]check.Array{
			1e-14: {mu, logVar, close, closeVar},
			1e-6:  {mu.In32(), logVar.In32(), close.In32(), closeVar.In32()},
		} {
			for i, kl := range run(t, b, divergence, inputs...).Values {
				if !(kl >= -rounding) {
					t.Errorf("KL is %g at μ %g, log σ² %g", kl, mu.Values[i], logVar.Values[i])
				}
			}
		}
	})
}

// Either side may have one row that all examples share.
func TestKLSharesParameters(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 6))
	one, many := draw(rng, 0, 1, 1, 3), draw(rng, 0, 1, 4, 3)
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		f := func(in []*graph.Node) []*graph.Node {
			shared, each := dist.Normal{Mu: in[0], LogVar: in[0]}, dist.Normal{Mu: in[1], LogVar: in[1]}
			repeated := graph.BroadcastToDims(in[0], 4, 3)
			same := dist.Normal{Mu: repeated, LogVar: repeated}
			return []*graph.Node{dist.KL(shared, each), dist.KL(same, each), dist.KL(each, shared), dist.KL(each, same)}
		}
		got := check.Run(t, b, f, one, many)
		near(t, "shared q", got[0].Values, got[1].Values, 1e-14)
		near(t, "shared p", got[2].Values, got[3].Values, 1e-14)
		check.Gradient(t, b, func(in []*graph.Node) *graph.Node { return f(in)[0] }, one, many)
	})
}

// mixture is a density that is no Normal.
type mixture struct{ dist.Density }

func TestKLWithoutClosedForm(t *testing.T) {
	if dist.KL(mixture{}, dist.Normal{}) != nil || dist.KL(dist.Normal{}, mixture{}) != nil {
		t.Error("KL gives a closed form where there is none")
	}
}

// The log-variance is the encoder's up to ±10, bounded beyond, and never flat.
func TestLogVarianceIsBent(t *testing.T) {
	usual := []float64{-9.9, -4.9, -1e-3, 0, 0.3, 4.9, 9.9}
	extreme := []float64{-1e4, -300, -20, 20, 300, 1e4}
	bent := func(in []*graph.Node) *graph.Node {
		out := graph.Concatenate([]*graph.Node{graph.ZerosLike(in[0]), in[0]}, 1)
		return dist.DiagonalGaussian{}.Density(nil, out, in[0].Shape().Dimensions[1]).(dist.Normal).LogVar
	}
	slopes := func(in []*graph.Node) []*graph.Node {
		y := bent(in)
		return []*graph.Node{y, graph.Gradient(graph.ReduceAllSum(y), in[0])[0]}
	}
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		check.Gradient(t, b, bent, check.New([]float64{-300, -20, -10.5, -9.5, 0, 9.5, 10.5, 20, 300}, 1, 9))
		near(t, "far out, nearly flat", check.Run(t, b, slopes, check.New([]float64{1e4}, 1, 1))[1].Values, []float64{math.Pow(1+9990./5, -2)}, 1e-12)
		for _, narrow := range []bool{false, true} {
			array := func(values []float64) check.Array {
				return check.Array{Values: values, Shape: []int{1, len(values)}, Float32: narrow}
			}
			near(t, "usual values", run(t, b, bent, array(usual)).Values, usual, 1e-6)
			got := check.Run(t, b, slopes, array(append(append(append([]float64{}, extreme[:3]...), usual...), extreme[3:]...)))
			for i, y := range got[0].Values {
				if !(math.Abs(y) <= 15) || i > 0 && y <= got[0].Values[i-1] {
					t.Errorf("log-variances %v do not rise within ±15", got[0].Values)
					break
				}
			}
			for i, slope := range got[1].Values {
				if !(slope > 0 && slope <= 1) {
					t.Errorf("slope %d is %g", i, slope)
				}
			}
			for _, y := range check.Run(t, b, slopes, array([]float64{-1e30, 1e30})) {
				for _, v := range y.Values {
					if math.IsNaN(v) || math.IsInf(v, 0) {
						t.Errorf("at ±1e30: %v", y.Values)
					}
				}
			}
		}
	})
}

func TestDiagonalGaussianWantsPairs(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		_, err := check.Try(b, func(in []*graph.Node) []*graph.Node {
			return []*graph.Node{dist.DiagonalGaussian{}.Density(nil, in[0], 2).Mean()}
		}, repeat(0, 2, 5))
		if err == nil {
			t.Error("5 numbers are no pairs of μ and log σ², and are taken")
		}
	})
	if got := (dist.DiagonalGaussian{}).Outputs(8); got != 16 {
		t.Errorf("8 latents want %d numbers", got)
	}
}
