package vaekit

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/dist"
	"github.com/vaebook/vaebook/vaekit/internal/check"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// Partial sums of weights of e^±10000 are joined as if numbers had no end.
func TestSumsOfWeightsDoNotOverflow(t *testing.T) {
	weights := check.New([]float64{1e4, -1e4, 1e4 - 1, -1e4, 2e4, -1e4}, 3, 2).In32()
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		got := check.Run(t, b, func(in []*graph.Node) []*graph.Node {
			counts := graph.LessThan(graph.Iota(in[0].Graph(), in[0].Shape(), 0), graph.AddScalar(graph.ZerosLike(in[0]), 2))
			return []*graph.Node{dist.LogSumExp(only(in[0], counts), 0)}
		}, weights)[0].Values
		for i, want := range []float64{1e4 + math.Log1p(math.Exp(-1)), -1e4 + math.Log(2)} {
			joined := logAddExp(logAddExp(math.Inf(-1), got[i]), want)
			if want += math.Ln2; !(math.Abs(joined-want) <= 1e-7*math.Abs(want)) {
				t.Errorf("log Σ of weights e^%v… is %v, want %v", weights.Values[i], joined, want)
			}
		}
	})
}

// mixed is an aggregate of n examples whose posteriors are the given Gaussians in turn,
// with draws from them.
func mixed(n int, mu, sigma [][2]float64) *aggregate {
	rng := rand.New(rand.NewPCG(7, 8))
	a := &aggregate{}
	for i := range n {
		m, s := mu[i%len(mu)], sigma[i%len(mu)]
		numbers, z, log := make([]float32, 4), make([]float32, 2), 0.0
		for j := range 2 {
			ε := rng.NormFloat64()
			numbers[j], numbers[2+j], z[j] = float32(m[j]), float32(2*math.Log(s[j])), float32(m[j]+s[j]*ε)
			log += logNormal(m[j]+s[j]*ε, m[j], s[j])
		}
		a.add(i, n, numbers, z, log)
	}
	return a
}

func logNormal(x, mu, sigma float64) float64 {
	d := (x - mu) / sigma
	return -0.5*(d*d+math.Log(2*math.Pi)) - math.Log(sigma)
}

// On a grid, I(x; z) and the total correlation of a mixture of Gaussians in two dimensions
// are sums.
func onAGrid(mu, sigma [][2]float64) (mutual, correlation float64) {
	const from, step, n = -8, 0.04, 400
	at := func(k int) float64 { return from + step*(float64(k)+0.5) }
	var alone [2][n]float64
	for k := range n {
		for i := range mu {
			for j := range 2 {
				alone[j][k] += math.Exp(logNormal(at(k), mu[i][j], sigma[i][j])) / float64(len(mu))
			}
		}
	}
	for k := range n {
		for l := range n {
			q := 0.0
			each := make([]float64, len(mu))
			for i := range mu {
				each[i] = logNormal(at(k), mu[i][0], sigma[i][0]) + logNormal(at(l), mu[i][1], sigma[i][1])
				q += math.Exp(each[i]) / float64(len(mu))
			}
			for _, log := range each {
				mutual += step * step * math.Exp(log) / float64(len(mu)) * (log - math.Log(q))
			}
			correlation += step * step * q * math.Log(q/(alone[0][k]*alone[1][l]))
		}
	}
	return mutual, correlation
}

func TestAggregatePosterior(t *testing.T) {
	mu := [][2]float64{{-1, -1.2}, {0, 0.3}, {0.5, 0}, {1.5, 1.2}, {2, 1}}
	sigma := [][2]float64{{0.5, 0.4}, {1, 0.3}, {0.7, 0.7}, {0.3, 0.8}, {0.6, 0.5}}
	mutual, correlation := onAGrid(mu, sigma)
	check.EachBackend(t, func(t *testing.T, backend *engine.Backend) {
		run, l := posteriorsOnly(t, backend, nil)

		// Every block of draws and of posteriors gives log q(z) as it is.
		a := mixed(9000, mu, sigma)
		if len(a.z) != 1000 || len(a.numbers) != 9000 {
			t.Fatalf("%d draws from %d posteriors", len(a.z), len(a.numbers))
		}
		logs, err := a.logProb(l, run)
		if err != nil {
			t.Fatal(err)
		}
		for i, z := range a.z {
			var q float64
			var alone [2]float64
			for k := range mu {
				p := [2]float64{math.Exp(logNormal(float64(z[0]), mu[k][0], sigma[k][0])), math.Exp(logNormal(float64(z[1]), mu[k][1], sigma[k][1]))}
				q += p[0] * p[1] / 5
				alone[0], alone[1] = alone[0]+p[0]/5, alone[1]+p[1]/5
			}
			for j, p := range []float64{q, alone[0], alone[1]} {
				if !(math.Abs(logs[i][j]-math.Log(p)) < 2e-4) {
					t.Fatalf("draw %d: log q(z) and that of each latent are %v; number %d is to be %v", i, logs[i], j, math.Log(p))
				}
			}
		}

		// Their means over a thousand draws are the integrals, to three standard errors.
		gotMutual, gotCorrelation, err := a.figures(l, run)
		if err != nil {
			t.Fatal(err)
		}
		if !(math.Abs(gotMutual-mutual) < 0.08 && math.Abs(gotCorrelation-correlation) < 0.08) {
			t.Errorf("I(x; z) is %.3f and the total correlation %.3f; integrated, %.3f and %.3f", gotMutual, gotCorrelation, mutual, correlation)
		}
	})
}

// Of 20 examples that are far apart, log 20 nats can be seen, and the report says so.
func TestInformationHasACeiling(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, backend *engine.Backend) {
		run, l := posteriorsOnly(t, backend, nil)
		var mu, sigma [][2]float64
		for i := range 20 {
			mu, sigma = append(mu, [2]float64{float64(i), 0}), append(sigma, [2]float64{0.01, 0.01})
		}
		mutual, _, err := mixed(20, mu, sigma).figures(l, run)
		if err != nil || !(math.Abs(mutual-math.Log(20)) < 1e-3) {
			t.Errorf("I(x; z) of 20 examples far apart is %v, want %v; %v", mutual, math.Log(20), err)
		}
	})
	if s := (Figures{Mixed: 20, AtCeiling: true}).String(); !strings.Contains(s, "at least: 20 examples show no more than log 20") || !strings.Contains(s, "at most") {
		t.Errorf("a report at the ceiling says\n%s", s)
	}
}

// mute is a posterior that knows the density of its own draws alone, as that of some flows.
type mute struct{ dist.DiagonalGaussian }

func (m mute) Density(p *nets.Pass, out *graph.Node, latent int) dist.Density {
	return muted{m.DiagonalGaussian.Density(p, out, latent)}
}

type muted struct{ dist.Density }

func (muted) LogProb(*graph.Node) *graph.Node { panic(fmt.Errorf("muted: %w", dist.ErrOwnDrawsOnly)) }

func TestAPosteriorThatDoesNotTell(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, backend *engine.Backend) {
		run, l := posteriorsOnly(t, backend, mute{})
		mutual, correlation, err := mixed(40, [][2]float64{{0, 0}}, [][2]float64{{1, 1}}).figures(l, run)
		if err != nil || !math.IsNaN(mutual) || !math.IsNaN(correlation) {
			t.Errorf("figures that cannot be known are %v and %v, %v", mutual, correlation, err)
		}
	})
	if s := (Figures{MutualInformation: math.NaN(), TotalCorrelation: math.NaN()}).String(); strings.Contains(s, "NaN") || strings.Contains(s, "I(x; z)") {
		t.Errorf("a report without them says\n%s", s)
	}
}

// posteriorsOnly is what looks at a model of two latents, and weights for it.
func posteriorsOnly(t *testing.T, backend *engine.Backend, q dist.Posterior) (*engine.Weights, *looker) {
	t.Helper()
	b, err := Model{Latent: 2, Posterior: q}.build([]int{3})
	if err != nil {
		t.Fatal(err)
	}
	vars, err := variables(b.params(), 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	var values []engine.Tensor
	for _, v := range vars {
		values = append(values, engine.Tensor{Name: v.Name, Shape: v.Shape, Data: v.Value})
	}
	w, err := backend.Place(values)
	if err != nil {
		t.Fatal(err)
	}
	return w, newLooker(backend, b)
}
