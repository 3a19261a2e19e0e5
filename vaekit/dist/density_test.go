package dist_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/vaebook/vaebook/vaekit/dist"
	"github.com/vaebook/vaebook/vaekit/internal/check"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// densities are built of what the encoder says, [1 or batch, outputs], and parameters.
// A prior takes of the first only the type.
var densities = []struct {
	name      string
	posterior dist.Posterior // or
	prior     dist.Prior
	own       bool // log-densities are known of own draws alone
	chooses   bool // draws depend on choices, through which no gradient flows
}{
	{name: "DiagonalGaussian", posterior: dist.DiagonalGaussian{}},
	{name: "FullGaussian", posterior: dist.FullGaussian{}},
	{name: "planar flows", posterior: dist.FlowPosterior{Flows: []dist.Flow{dist.Planar{}, dist.Planar{}}}, own: true},
	{name: "IAF", posterior: dist.FlowPosterior{Flows: []dist.Flow{dist.IAF{Hidden: []int{5, 4}, Context: 2}, dist.IAF{Hidden: []int{3}}}}},
	{name: "IAF after FullGaussian", posterior: dist.FlowPosterior{Base: dist.FullGaussian{}, Flows: []dist.Flow{dist.IAF{Hidden: []int{3}, Context: 1}}}},
	{name: "coupling flow of the encoder", posterior: dist.FlowPosterior{Flows: []dist.Flow{dist.Coupling{Hidden: []int{3}, Context: 2}, dist.Coupling{Hidden: []int{3}}}}},
	{name: "StandardNormal", prior: dist.StandardNormal{}},
	{name: "MixtureOfGaussians", prior: dist.MixtureOfGaussians{Components: 3}, chooses: true},
	{name: "mixture of full Gaussians", prior: dist.MixtureOfGaussians{Components: 3, Full: true}, chooses: true},
	{name: "VampPrior", prior: dist.VampPrior{Components: 3}, chooses: true},
	{name: "RealNVP", prior: dist.FlowPrior{Flows: []dist.Flow{dist.Coupling{Hidden: []int{4}}, dist.Coupling{Hidden: []int{4}}, dist.Coupling{Hidden: []int{4}}}}},
	{name: "masked autoregressive flow", prior: dist.FlowPrior{Flows: []dist.Flow{dist.Reversed{Flow: dist.IAF{Hidden: []int{4}, Context: 1}}}}},
}

// A sketch is a density for so many latents, with values for all that it depends on.
type sketch struct {
	inputs []check.Array // what the encoder says, then the parameters
	build  func(in []*graph.Node) dist.Density
}

// sketched draws values for a density over latents, for a batch.
func sketched(rng *rand.Rand, posterior dist.Posterior, prior dist.Prior, batch, latent int) sketch {
	outputs, params := 1, []nets.Param(nil)
	if posterior != nil {
		outputs, params = posterior.Outputs(latent), posterior.Params(latent)
	} else {
		params = prior.Params(latent, []int{2 * latent}) // of VampPrior's pseudo-inputs
	}
	s := sketch{inputs: []check.Array{draw(rng, 0, 0.4, batch, outputs)}}
	for _, p := range params {
		s.inputs = append(s.inputs, draw(rng, 0, 0.4, p.Shape...))
	}
	s.build = func(in []*graph.Node) dist.Density {
		values := map[string]*graph.Node{}
		for i, p := range params {
			values[p.Name] = in[1+i]
		}
		p := nets.NewPass(true, values, nil)
		if posterior != nil {
			return posterior.Density(p, in[0], latent)
		}
		g := given(in[0], latent)
		g.Encode = func(x *graph.Node) dist.Density { return dist.DiagonalGaussian{}.Density(nil, x, latent) }
		return prior.Density(p, g)
	}
	return s
}

// What is drawn has the density that LogProb says, in one dimension and in two.
func TestDensities(t *testing.T) {
	const samples = 20000
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		for _, c := range densities {
			t.Run(c.name, func(t *testing.T) {
				rng := rand.New(rand.NewPCG(1, 1))
				if line := sketched(rng, c.posterior, c.prior, 1, 1); !c.own {
					integrates(t, b, line, samples)
				}
				fills(t, b, sketched(rng, c.posterior, c.prior, 1, 2), samples, c.own)
			})
		}
	})
}

// integrates asserts that a density over one latent integrates to 1 and has its samples' moments.
func integrates(t *testing.T, b *engine.Backend, s sketch, samples int) {
	t.Helper()
	n := len(s.inputs)
	got := check.Run(t, b, func(in []*graph.Node) []*graph.Node {
		d := s.build(in)
		z, _ := d.Draw(noise(in[0]), samples, 1, 1)
		return []*graph.Node{d.LogProb(graph.InsertAxes(in[n], 1)), z}
	}, append(s.inputs, check.New(line.points, len(line.points), 1))...)
	var mean float64
	for i, x := range line.points {
		mean += x * math.Exp(got[0].Values[i]) * line.measure[i]
	}
	assertDensity(t, line, got[0].Values, got[1].Values, mean)
}

// fills asserts that as many samples of a density over two latents fall into each quadrant
// about their middle as the density says: by its integral or, where it is known of its
// own draws alone, by E[1/p(z)] over those in a part of the plane, which is its area.
func fills(t *testing.T, b *engine.Backend, s sketch, samples int, own bool) {
	t.Helper()
	const side, step = 250, 0.1
	n := len(s.inputs)
	grid := check.New(nil, side*side, 1, 2)
	for i := range side * side {
		grid.Values = append(grid.Values, (float64(i/side)-side/2)*step, (float64(i%side)-side/2)*step)
	}
	got := check.Run(t, b, func(in []*graph.Node) []*graph.Node {
		d := s.build(in)
		z, logProb := d.Draw(noise(in[0]), samples, 1, 2)
		if own {
			return []*graph.Node{z, logProb}
		}
		return []*graph.Node{z, logProb, d.LogProb(z), d.LogProb(in[n])}
	}, append(s.inputs, grid)...)
	z := got[0].Values
	middle := [2]float64{}
	for i := range z {
		middle[i%2] += z[i] / float64(samples)
	}
	for i, m := range middle {
		middle[i] = (math.Floor(m/step) + 0.5) * step // between points of the grid
	}
	quadrant := func(x, y float64) int {
		q := 0
		if x > middle[0] {
			q++
		}
		if y > middle[1] {
			q += 2
		}
		return q
	}
	var seen, area [4]float64
	var squares float64
	for i := range samples {
		x, y := z[2*i], z[2*i+1]
		seen[quadrant(x, y)]++
		if r := math.Hypot(x-middle[0], y-middle[1]); r < 0.5 {
			inverse := math.Exp(-got[1].Values[i])
			area[0] += inverse / float64(samples)
			squares += inverse * inverse / float64(samples)
		}
	}
	if own {
		deviation := math.Sqrt((squares - area[0]*area[0]) / float64(samples))
		if want := math.Pi / 4; math.Abs(area[0]-want) > 4*deviation {
			t.Errorf("draws within ½ of the middle say that a disc has an area of %.4f ± %.4f, not %.4f", area[0], deviation, want)
		}
		return
	}
	near(t, "log-density of a draw", got[1].Values, got[2].Values, 1e-9)
	var says [4]float64
	for i := range side * side {
		says[quadrant(grid.Values[2*i], grid.Values[2*i+1])] += math.Exp(got[3].Values[i]) * step * step
	}
	near(t, "integral over the plane", []float64{sum(says[:])}, []float64{1}, 1e-3)
	for q, p := range says {
		if deviation := math.Sqrt(p * (1 - p) / float64(samples)); math.Abs(seen[q]/float64(samples)-p) > 4*deviation+1e-3 {
			t.Errorf("quadrant %d: %.4f of the samples, %.4f of the density", q, seen[q]/float64(samples), p)
		}
	}
}

// Draws and log-densities have the shapes that are asked for, and right gradients.
func TestDensityGradients(t *testing.T) {
	const k, batch, latent = 2, 3, 3
	rng := rand.New(rand.NewPCG(9, 9))
	z := draw(rng, 0, 1, k, batch, latent)
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		for _, c := range densities {
			t.Run(c.name, func(t *testing.T) {
				s := sketched(rng, c.posterior, c.prior, batch, latent)
				n := len(s.inputs)
				inputs := append(s.inputs, z)
				if !c.chooses {
					check.Gradient(t, b, func(in []*graph.Node) *graph.Node {
						z, logProb := s.build(in).Draw(noise(in[0]), k, batch, latent)
						z.AssertDims(k, batch, latent)
						logProb.AssertDims(k, batch)
						return graph.Add(weightedSum(z), weightedSum(logProb))
					}, s.inputs...)
				}
				if c.own {
					return
				}
				check.Gradient(t, b, func(in []*graph.Node) *graph.Node {
					logProb := s.build(in).LogProb(in[n])
					logProb.AssertDims(k, batch)
					return logProb
				}, inputs...)
				check.Gradient(t, b, func(in []*graph.Node) *graph.Node { return s.build(in).Mean() }, s.inputs...)

				// Fixed changes no value; gradients reach z and not the parameters.
				got := check.Run(t, b, func(in []*graph.Node) []*graph.Node {
					free, fixed := s.build(in).LogProb(in[n]), s.build(in).Fixed().LogProb(in[n])
					all := []*graph.Node{free, fixed, graph.Gradient(graph.ReduceAllSum(free), in[n])[0], graph.Gradient(graph.ReduceAllSum(fixed), in[n])[0]}
					return append(all, graph.Gradient(graph.ReduceAllSum(fixed), in[:n]...)...)
				}, inputs...)
				near(t, "fixed log-density", got[1].Values, got[0].Values, 1e-12)
				near(t, "gradient of z", got[3].Values, got[2].Values, 1e-12)
				for i, of := range got[4:] {
					near(t, fmt.Sprint("gradient of what is fixed, ", i), of.Values, make([]float64, len(of.Values)), 0)
				}
			})
		}
	})
}

// weightedSum tells apart what a plain sum would not.
func weightedSum(x *graph.Node) *graph.Node {
	return graph.ReduceAllSum(graph.Mul(x, graph.Sin(graph.ConvertDType(graph.IotaFull(x.Graph(), shapes.Make(dtypes.Int32, x.Shape().Dimensions...)), x.DType()))))
}

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

// A FullGaussian has the density of its covariance, and its KL is the mean of log q − log p over
// draws, and that of a diagonal one where L is.
func TestFullGaussian(t *testing.T) {
	const latent, samples = 3, 40000
	rng := rand.New(rand.NewPCG(11, 1))
	out, z := draw(rng, 0, 0.7, 1, dist.FullGaussian{}.Outputs(latent)), draw(rng, 0, 2, 5, latent)
	σ := make([]float64, latent)
	for i := range σ {
		σ[i] = math.Exp(out.Values[latent+i] / 2)
	}
	o := out.Values[2*latent:]
	row := func(i int, o float64) float64 { return σ[i] * o / math.Sqrt(latent) }
	l := mat.NewTriDense(latent, mat.Lower, []float64{σ[0], 0, 0, row(1, o[0]), σ[1], 0, row(2, o[1]), row(2, o[2]), σ[2]})
	var covariance mat.SymDense
	covariance.SymOuterK(1, l)
	var inverse mat.Dense
	if err := inverse.Inverse(&covariance); err != nil {
		t.Fatal(err)
	}
	logDet, _ := mat.LogDet(&covariance)
	var want []float64
	for i := range 5 {
		d := mat.NewVecDense(latent, slices.Clone(z.Values[i*latent:(i+1)*latent]))
		d.SubVec(d, mat.NewVecDense(latent, out.Values[:latent]))
		want = append(want, -(mat.Inner(d, &inverse, d)+logDet+latent*math.Log(2*math.Pi))/2)
	}
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		got := check.Run(t, b, func(in []*graph.Node) []*graph.Node {
			q := dist.FullGaussian{}.Density(nil, in[0], latent)
			p := dist.Normal{Mu: graph.AddScalar(graph.ZerosLike(q.Mean()), 0.3), LogVar: graph.AddScalar(graph.ZerosLike(q.Mean()), 0.5)}
			draws, logProb := q.Draw(noise(in[0]), samples, 1, latent)
			diagonal := graph.Mul(in[0], graph.Const(in[0].Graph(), [][]float64{{1, 1, 1, 1, 1, 1, 0, 0, 0}}))
			alone := dist.FullGaussian{}.Density(nil, diagonal, latent)
			return []*graph.Node{
				q.LogProb(graph.InsertAxes(in[1], 1)), dist.KL(q, p), graph.Sub(logProb, p.LogProb(draws)),
				dist.KL(alone, p), dist.KL(dist.Normal{Mu: alone.Mean(), LogVar: alone.(dist.Correlated).LogVar}, p),
				q.(dist.Correlated).Sigma(),
			}
		}, out, z)
		near(t, "log-density", got[0].Values, want, 1e-12)
		ratios := got[2].Values
		mean, deviation := sum(ratios)/samples, 0.0
		for _, r := range ratios {
			deviation += (r - mean) * (r - mean) / samples
		}
		deviation = math.Sqrt(deviation / samples)
		if kl := sum(got[1].Values); math.Abs(mean-kl) > 4*deviation {
			t.Errorf("KL is %g, the mean of log q − log p %g ± %g", kl, mean, deviation)
		}
		near(t, "KL where L is diagonal", got[3].Values, got[4].Values, 1e-12)
		for i, s := range got[5].Values {
			near(t, "σ", []float64{s}, []float64{math.Sqrt(covariance.At(i, i))}, 1e-12)
		}
		check.Gradient(t, b, func(in []*graph.Node) *graph.Node {
			return dist.KL(dist.FullGaussian{}.Density(nil, in[0], latent), dist.StandardNormal{}.Density(nil, given(in[0], latent)))
		}, out)
	})
}

// Whatever the encoder says, a planar flow moves z by little where w is small, and has a
// determinant above 0, also in float32.
func TestPlanarFlowsStayInvertible(t *testing.T) {
	contexts := check.New([]float64{
		-4, 0, 4.5, 0, 0, // wᵀu = −18
		0, 0, 1e-3, 0, 1, // w near 0
		0, 0, 0, 0, 1,
		-30, 40, 50, -20, 3,
	}, 4, 5).In32()
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		got := check.Run(t, b, func(in []*graph.Node) []*graph.Node {
			y, logDet := dist.Planar{}.Forward(nil, in[1], in[0])
			return []*graph.Node{y, logDet, graph.Gradient(graph.ReduceAllSum(logDet), in[0])[0]}
		}, contexts, repeat(0, 4, 2).In32())
		for i, v := range slices.Concat(got[1].Values, got[2].Values) {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Errorf("log-determinant or gradient %d is %v", i, v)
			}
		}
		for i := 2; i < 6; i++ {
			if math.Abs(got[0].Values[i]) > 5 {
				t.Errorf("a flow with w near 0 moves z from 0 to %v", got[0].Values[i])
			}
		}
	})
}
