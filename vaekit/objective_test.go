package vaekit

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/dist"
	"github.com/vaebook/vaebook/vaekit/internal/check"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
	"github.com/vaebook/vaebook/vaekit/nets"
	"github.com/vaebook/vaebook/vaekit/optim"
)

// Objectives are one of each kind, for every test that all must pass.
var Objectives = map[string]Objective{
	"ELBO":          ELBO{},
	"β-VAE":         ELBO{Beta: 4, Schedule: optim.Linear{Steps: 100}},
	"MeansNotSums":  MeansNotSums{},
	"free bits":     FreeBits{Nats: 0.03},
	"free groups":   FreeBits{Nats: 0.03, Group: 2},
	"free for all":  FreeBits{Nats: 0.03, Group: 3},
	"capacity":      Capacity{Weight: 30, Nats: 5, Schedule: optim.Linear{Steps: 100}},
	"GECO":          GECO{Distortion: 2},
	"IWAE":          IWAE{K: 3},
	"MIWAE":         IWAE{K: 3, M: 2},
	"CIWAE":         IWAE{K: 3, Beta: 0.3},
	"PIWAE":         IWAE{K: 3, M: 2, Encoder: PIWAE},
	"DReG":          IWAE{K: 3, M: 2, Encoder: DReG},
	"CIWAE by DReG": IWAE{K: 3, Beta: 0.3, Encoder: DReG},
	"STL":           IWAE{K: 3, Encoder: STL},
	"β-TCVAE":       TotalCorrelation{Alpha: 2, Beta: 6, Gamma: Nothing},
	"stratified":    TotalCorrelation{Beta: 6, Stratified: true},
	"DIP-VAE-I":     DIP{OffDiagonal: 3, Diagonal: 5},
	"DIP-VAE-II":    DIP{OffDiagonal: 3, Diagonal: 5, II: true},
	"InfoVAE":       MMD{Alpha: 0.5, Lambda: 20},
	"WAE":           MMD{Alpha: 1, Lambda: 10, Kernel: InverseMultiquadratic{Scale: 3}},
}

var likelihoods = map[string]dist.Likelihood{
	"Bernoulli": dist.Bernoulli{},
	"fixed σ":   dist.Gaussian{Scale: 0.3},
	"learned σ": dist.Gaussian{Sigma: dist.Learned},
	"optimal σ": dist.Gaussian{Sigma: dist.Optimal},
}

// A trial is one step of a small model in every number of which gradients are checked.
type trial struct {
	names  []string
	inputs []check.Array // the batch, then the variables of these names
}

// with is what an objective makes of the small model.
func (tr *trial) with(t *testing.T, o Objective, l dist.Likelihood) func(in []*graph.Node) (*Terms, Loss) {
	t.Helper()
	b, err := Model{
		Encoder: nets.MLPWith(nets.Tanh, 4), Latent: 3, Decoder: nets.MLPWith(nets.Tanh, 3), Likelihood: l, Objective: o,
	}.build([]int{3})
	if err != nil {
		t.Fatal(err)
	}
	vars, err := variables(b.params(), 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	if tr.inputs == nil {
		tr.inputs = []check.Array{check.New([]float64{0.2, 0.9, 0.4, 0.7, 0.1, 0.5, 0.6, 0.3, 0.8}, 3, 3)}
	}
	for _, v := range vars {
		if slices.Contains(tr.names, v.Name) {
			continue
		}
		values := make([]float64, len(v.Value))
		for i, x := range v.Value {
			values[i] = float64(x)
		}
		tr.names, tr.inputs = append(tr.names, v.Name), append(tr.inputs, check.New(values, v.Shape...))
	}
	return func(in []*graph.Node) (*Terms, Loss) {
		values := map[string]*graph.Node{}
		for i, name := range tr.names {
			values[name] = in[1+i]
		}
		pass := nets.NewPass(true, values, check.Noise(in[0]))
		return b.objective(pass, in[0], nil, nil, graph.Const(in[0].Graph(), float32(30)), 1000)
	}
}

// The gradient of every objective through a whole model (encoder, a draw from the
// posterior, decoder, likelihood) agrees with finite differences in every parameter. The
// Go backend takes each with every likelihood; XLA, which takes a second to compile one,
// sums of them, each with a few.
func TestGradientsOfObjectives(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, backend *engine.Backend) {
		for i, likelihood := range slices.Sorted(maps.Keys(likelihoods)) {
			sum := &trial{}
			var summed []func(in []*graph.Node) (*Terms, Loss)
			for j, name := range slices.Sorted(maps.Keys(Objectives)) {
				if backend.Kind != "go" {
					if name == "ELBO" || j%len(likelihoods) == i {
						summed = append(summed, sum.with(t, Objectives[name], likelihoods[likelihood]))
					}
					continue
				}
				t.Run(likelihood+", "+name, func(t *testing.T) {
					one := &trial{}
					loss := one.with(t, Objectives[name], likelihoods[likelihood])
					check.Gradient(t, backend, func(in []*graph.Node) *graph.Node {
						_, l := loss(in)
						return l.Value
					}, one.inputs...)
				})
			}
			if summed == nil {
				continue
			}
			t.Run(likelihood, func(t *testing.T) {
				check.Gradient(t, backend, func(in []*graph.Node) *graph.Node {
					var losses []*graph.Node
					for _, loss := range summed {
						_, l := loss(in)
						losses = append(losses, l.Value)
					}
					return graph.Stack(losses, 0)
				}, sum.inputs...)
			})
		}
	})
}

// What the encoder lowers instead has the gradient of its definition: of the bound for PIWAE;
// for DReG and STL of the log weights with the density of the posterior as it was, each
// times what its share of the weights was, squared for DReG. What "was" is here are
// constants, so finite differences see what the gradient sees.
func TestGradientsForTheEncoder(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, backend *engine.Backend) {
		for name, power := range map[string]float64{"PIWAE": 0, "DReG": 2, "STL": 1} {
			t.Run(name, func(t *testing.T) {
				tr := &trial{}
				objective := Objectives[name].(IWAE)
				built := tr.with(t, objective, dist.Gaussian{Scale: 0.3})
				encoder := func(in []*graph.Node) *graph.Node {
					_, l := built(in)
					return l.Encoder
				}
				if power == 0 {
					check.Gradient(t, backend, encoder, tr.inputs...)
					return
				}
				k, m := objective.Samples()
				was := check.Run(t, backend, func(in []*graph.Node) []*graph.Node {
					terms, _ := built(in)
					q := terms.Posterior.(dist.Normal)
					return []*graph.Node{terms.LogWeight(), q.Mu, q.LogVar}
				}, tr.inputs...)
				shares := make([]float64, len(was[0].Values))
				for i := range shares {
					var sum float64
					for j := i % (3 * m); j < len(shares); j += 3 * m {
						sum += math.Exp(was[0].Values[j] - was[0].Values[i])
					}
					shares[i] = math.Pow(1/sum, power)
				}
				defined := func(in []*graph.Node) *graph.Node {
					constant := func(values []float64, dims ...int) *graph.Node {
						return check.Constant(check.New(values, dims...), in[0])
					}
					terms, _ := built(in)
					q := dist.Normal{Mu: constant(was[1].Values, 3, 3), LogVar: constant(was[2].Values, 3, 3)}
					logW := graph.Sub(graph.Add(terms.LogLikelihood, terms.LogPrior), q.LogProb(terms.Z))
					return graph.DivScalar(graph.ReduceAllSum(graph.Mul(constant(shares, k, m, 3), logW)), -float64(m*3))
				}
				check.Gradient(t, backend, defined, tr.inputs...)
				gradient := func(f func(in []*graph.Node) *graph.Node) []check.Array {
					return check.Run(t, backend, func(in []*graph.Node) []*graph.Node { return graph.Gradient(f(in), in...) }, tr.inputs...)
				}
				want := gradient(defined)
				for i, got := range gradient(encoder) {
					for j, v := range got.Values {
						if math.Abs(v-want[i].Values[j]) > 1e-10*(1+math.Abs(v)) {
							t.Errorf("input %d, element %d: gradient %.10g, by definition %.10g", i, j, v, want[i].Values[j])
						}
					}
				}
			})
		}
	})
}

// A bench is Gaussian data with one Gaussian cause: z ~ N(0, 1), x|z ~ N(z, 1), where
// everything is known, with z drawn by noise [K, M, batch, latent] from q.
func bench(q dist.Normal, x float64, noise *graph.Node) *Terms {
	g := noise.Graph()
	like := func(v float64) *graph.Node { return graph.AddScalar(graph.ZerosLike(q.Mu), v) }
	prior := dist.Normal{Mu: like(0), LogVar: like(0)}
	z, logPosterior := q.Draw(func(string, ...int) *graph.Node { return noise }, noise.Shape().Dimensions...)
	return &Terms{
		LogLikelihood: dist.Normal{Mu: like(x), LogVar: like(0)}.LogProb(z),
		LogPrior:      prior.LogProb(z), LogPosterior: logPosterior, KL: q.KL(prior),
		Z: z, Posterior: q, Prior: prior, Step: graph.Const(g, float32(0)), Examples: 1000, pass: nets.NewPass(true, nil, nil),
	}
}

// gauss is standard normal noise.
func gauss(seed uint64, dims ...int) check.Array {
	n := 1
	for _, d := range dims {
		n *= d
	}
	rng := rand.New(rand.NewPCG(seed, 0))
	values := make([]float64, n)
	for i := range values {
		values[i] = rng.NormFloat64()
	}
	return check.New(values, dims...)
}

func constants(v float64, dims ...int) check.Array {
	a := gauss(0, dims...)
	for i := range a.Values {
		a.Values[i] = v
	}
	return a
}

// moment is the mean of values, its standard error and their variance.
func moment(values []float64) (mean, err, variance float64) {
	var m moments
	for _, v := range values {
		m.add(v)
	}
	return m.mean, math.Sqrt(m.variance() / m.n), m.variance()
}

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s is %.9g, want %.9g ± %.2g", what, got, want, tolerance)
	}
}

// An objective with no field set is the ELBO, with the rate in closed form or by the draw.
func TestZeroValuesAreTheELBO(t *testing.T) {
	closed := []Objective{FreeBits{}, Capacity{}, GECO{}, DIP{}, MMD{}}
	drawn := []Objective{IWAE{}, IWAE{Encoder: STL}, TotalCorrelation{}, TotalCorrelation{Stratified: true}}
	check.EachBackend(t, func(t *testing.T, backend *engine.Backend) {
		tr := &trial{}
		var build []func(in []*graph.Node) (*Terms, Loss)
		for _, o := range append(append([]Objective{ELBO{}}, closed...), drawn...) {
			build = append(build, tr.with(t, o, dist.Bernoulli{}))
		}
		got := check.Run(t, backend, func(in []*graph.Node) []*graph.Node {
			terms, _ := build[0](in)
			out := []*graph.Node{graph.Neg(terms.BatchMean(terms.LogWeight()))}
			for _, b := range build {
				_, loss := b(in)
				out = append(out, loss.Value)
			}
			return out
		}, tr.inputs...)
		for i, o := range closed {
			near(t, fmt.Sprintf("%+v", o), got[2+i].Values[0], got[1].Values[0], 1e-12)
		}
		for i, o := range drawn {
			near(t, fmt.Sprintf("%+v", o), got[2+len(closed)+i].Values[0], got[0].Values[0], 1e-12)
		}
	})
}
