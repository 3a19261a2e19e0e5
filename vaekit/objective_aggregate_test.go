package vaekit

import (
	"math"
	"slices"
	"testing"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/dist"
	"github.com/vaebook/vaebook/vaekit/internal/check"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// normal is the density of N(μ, σ²) at z.
func normal(z, mu, logVar float64) float64 {
	return math.Exp(-0.5 * (math.Log(2*math.Pi) + logVar + (z-mu)*(z-mu)/math.Exp(logVar)))
}

// The three parts are those of the paper's formula, weighed, and add up to log q(z|x) − log p(z).
func TestTotalCorrelation(t *testing.T) {
	const batch, latent, examples = 4, 2, 1000
	noise, mu, logVar := gauss(1, 1, 1, batch, latent), gauss(2, batch, latent), gauss(3, batch, latent)
	weights := []TotalCorrelation{{}, {Alpha: 3}, {Beta: 3}, {Gamma: 3}, {Alpha: Nothing, Beta: 5, Gamma: 0.5}}
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		got := check.Run(t, b, func(in []*graph.Node) []*graph.Node {
			terms := bench(dist.Normal{Mu: in[1], LogVar: in[2]}, 0, in[0])
			out := []*graph.Node{terms.Distortion(), terms.LogPosterior, terms.LogPrior, terms.Z}
			for _, o := range weights {
				out = append(out, o.Loss(terms).Value)
			}
			return out
		}, noise, mu, logVar)
		var mutual, correlation, dimensions float64
		z := got[3].Values
		for i := range batch {
			var joint float64
			single := make([]float64, latent)
			for j := range batch {
				all := 1.0
				for l := range latent {
					density := normal(z[i*latent+l], mu.Values[j*latent+l], logVar.Values[j*latent+l])
					single[l] += density / (batch * examples)
					all *= density
				}
				joint += all / (batch * examples)
			}
			product := math.Log(single[0]) + math.Log(single[1])
			mutual += (got[1].Values[i] - math.Log(joint)) / batch
			correlation += (math.Log(joint) - product) / batch
			dimensions += (product - got[2].Values[i]) / batch
		}
		distortion := got[0].Values[0]
		for i, want := range []float64{
			mutual + correlation + dimensions,
			3*mutual + correlation + dimensions,
			mutual + 3*correlation + dimensions,
			mutual + correlation + 3*dimensions,
			5*correlation + 0.5*dimensions,
		} {
			near(t, "the loss", got[4+i].Values[0], distortion+want, 1e-11)
		}
	})
}

// Where the posterior has a full covariance, q(z) of one example is q(z|x), and not the
// product of what it says of each latent alone.
func TestTotalCorrelationOfAFullCovariance(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		got := check.Run(t, b, func(in []*graph.Node) []*graph.Node {
			q := dist.FullGaussian{}.Density(nil, in[1], 2)
			terms := &Terms{Z: in[0], Posterior: q, Examples: 1}
			joint, product := TotalCorrelation{}.aggregate(terms)
			return []*graph.Node{joint, product, q.LogProb(graph.Reshape(in[0], 1, 2))}
		}, gauss(1, 1, 1, 1, 2), check.New([]float64{0.1, -0.2, 0, 0, 3}, 1, 5))
		near(t, "log q(z)", got[0].Values[0], got[2].Values[0], 1e-12)
		if math.Abs(got[0].Values[0]-got[1].Values[0]) < 0.1 {
			t.Errorf("log q(z) is %g, as much as of independent latents", got[0].Values[0])
		}
	})
}

// Over all batches of three that can be drawn from a data set of five, the stratified
// estimate of q(z) at a draw of one of their examples is on average the mixture that it is.
// In each batch it is the mean of the paper's, 1/N q_own + 1/M Σ q_others + (N−M)/(NM)
// q_last with M others, over which of the others is last.
func TestStratifiedSamplingIsUnbiased(t *testing.T) {
	const n = 5
	mu, logVar := []float64{-1, 0.2, 0.9, 2, -0.4}, []float64{-1, 0.3, -0.5, 0, -2}
	const z = 0.1
	q := func(i int) float64 { return normal(z, mu[i], logVar[i]) }
	var exact float64
	for i := range n {
		exact += q(i) / n
	}
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		estimate := check.Compile(t, b, func(in []*graph.Node) []*graph.Node {
			terms := &Terms{Z: in[0], Posterior: dist.Normal{Mu: in[1], LogVar: in[2]}, Examples: n}
			joint, product := TotalCorrelation{Stratified: true}.aggregate(terms)
			return []*graph.Node{joint, product}
		})
		for own := range n {
			var mean float64
			batches := 0
			for a := range n {
				for c := range a {
					if a == own || c == own {
						continue
					}
					batch := []int{own, a, c}
					arrays := []check.Array{constants(z, 1, 1, 3, 1), constants(0, 3, 1), constants(0, 3, 1)}
					for i, of := range batch {
						arrays[1].Values[i], arrays[2].Values[i] = mu[of], logVar[of]
					}
					got := estimate(arrays...)
					const m = 2.0
					paper := q(own)/n + (q(a)/m+(n-m)/(n*m)*q(c)+q(c)/m+(n-m)/(n*m)*q(a))/2
					near(t, "q(z) from a batch", math.Exp(got[0].Values[0]), paper, 1e-12)
					near(t, "q(z) of one latent", got[1].Values[0], got[0].Values[0], 1e-12)
					mean += math.Exp(got[0].Values[0])
					batches++
				}
			}
			near(t, "q(z) on average", mean/float64(batches), exact, 1e-12)
		}
	})
}

// Four posteriors at (±1, ±1) have means with the identity as covariance, which costs
// nothing; to z they add their variance, ½. Drawn out and turned, both cost.
func TestDIP(t *testing.T) {
	square := []float64{1, 1, 1, -1, -1, 1, -1, -1}
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		for _, c := range []struct {
			o    DIP
			turn [4]float64
			want float64
		}{
			{DIP{OffDiagonal: 3, Diagonal: 5}, [4]float64{1, 0, 0, 1}, 0},
			{DIP{OffDiagonal: 3, Diagonal: 5, II: true}, [4]float64{1, 0, 0, 1}, 5 * 2 * 0.25},
			{DIP{OffDiagonal: 3, Diagonal: 5, II: true}, [4]float64{math.Sqrt(0.5), 0, 0, math.Sqrt(0.5)}, 0},
			// A = [[2 0] [1 1]]: covariance AᵀA = [[5 1] [1 1]]
			{DIP{OffDiagonal: 3, Diagonal: 5}, [4]float64{2, 0, 1, 1}, 3*2*1 + 5*16},
			{DIP{OffDiagonal: 3, Diagonal: 5, II: true}, [4]float64{2, 0, 1, 1}, 3*2*1 + 5*(4.5*4.5+0.5*0.5)},
		} {
			mu := constants(0, 4, 2)
			for i := range 4 {
				x, y := square[2*i], square[2*i+1]
				mu.Values[2*i], mu.Values[2*i+1] = 0.7+c.turn[0]*x+c.turn[2]*y, c.turn[1]*x+c.turn[3]*y
			}
			got := check.Run(t, b, func(in []*graph.Node) []*graph.Node {
				terms := bench(dist.Normal{Mu: in[1], LogVar: in[2]}, 0, in[0])
				return []*graph.Node{graph.Sub(c.o.Loss(terms).Value, ELBO{}.Loss(terms).Value)}
			}, gauss(4, 1, 1, 4, 2), mu, constants(-math.Ln2, 4, 2))
			near(t, "the penalty", got[0].Values[0], c.want, 1e-12)
		}
		// A posterior that is no Normal is seen by its draws: without noise, at its means.
		got := check.Run(t, b, func(in []*graph.Node) []*graph.Node {
			terms := bench(dist.Normal{Mu: in[1], LogVar: in[1]}, 0, in[0])
			terms.Posterior = joint{terms.Posterior}
			return []*graph.Node{DIP{II: true}.covariance(terms)}
		}, check.New(square, 1, 1, 4, 2), constants(0, 4, 2))
		for i, want := range []float64{1, 0, 0, 1} {
			near(t, "covariance of draws", got[0].Values[i], want, 1e-12)
		}
	})
}

// MMD² of draws from N(μ, s²) and the prior N(0, 1), two latents each, is on average
// what integrals of the kernel exp(−d²/c) say: for a difference N(δ, v) in each latent,
// c/(c+2v) · exp(−|δ|²/(c+2v)). It is 0 where q(z) is the prior.
func TestMMD(t *testing.T) {
	const batch, runs, c = 50, 200, 4
	mean := func(shift, v float64) float64 { return c / (c + 2*v) * math.Exp(-2*shift*shift/(c+2*v)) }
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		for _, kernel := range []Kernel{nil, InverseMultiquadratic{}} {
			estimate := check.Compile(t, b, func(in []*graph.Node) []*graph.Node {
				terms := bench(dist.Normal{Mu: in[2], LogVar: in[3]}, 0, in[0])
				terms.pass = nets.NewPass(true, nil, func(string, ...int) *graph.Node { return in[1] })
				return []*graph.Node{MMD{Kernel: kernel}.discrepancy(terms)}
			})
			of := func(mu, logVar float64) (float64, float64) {
				var all []float64
				for run := range uint64(runs) {
					all = append(all, estimate(gauss(2*run, 1, 1, batch, 2), gauss(2*run+1, 1, 1, batch, 2),
						constants(mu, batch, 2), constants(logVar, batch, 2))[0].Values[0])
				}
				mean, err, _ := moment(all)
				return mean, err
			}
			same, err := of(0, 0)
			near(t, "MMD² of the prior and itself", same, 0, 4*err)
			other, err := of(0.6, math.Log(0.25))
			if kernel == nil {
				near(t, "MMD²", other, mean(0, 2)+mean(0, 0.5)-2*mean(0.6, 1.25), 4*err)
			} else if other < 10*err {
				t.Errorf("MMD² of N(0.6, ½) is %g ± %g", other, err)
			}
		}
	})
}

// What fills up a batch of held-out data changes nothing that objectives make of the rest.
func TestFilledUpBatchesAreMeasuredExactly(t *testing.T) {
	const rows, batch, latent = 3, 7, 2
	noise, mu, logVar, prior := gauss(7, 1, 1, rows, latent), gauss(8, rows, latent), gauss(9, rows, latent), gauss(10, 1, 1, rows, latent)
	fill := func(a check.Array, shape ...int) check.Array {
		values := slices.Clone(a.Values)
		for len(values) < batch*latent {
			values = append(values, values[:min(rows*latent, batch*latent-len(values))]...)
		}
		return check.New(values, shape...)
	}
	all := []Objective{
		FreeBits{Nats: 0.3}, Capacity{Nats: 2}, IWAE{}, TotalCorrelation{Beta: 3}, TotalCorrelation{Beta: 3, Stratified: true},
		DIP{OffDiagonal: 2, Diagonal: 3}, DIP{OffDiagonal: 2, Diagonal: 3, II: true},
		MMD{Alpha: 0.5, Lambda: 9},
	}
	losses := func(counting bool) func(in []*graph.Node) []*graph.Node {
		return func(in []*graph.Node) (out []*graph.Node) {
			terms := bench(dist.Normal{Mu: in[1], LogVar: in[2]}, 0.3, in[0])
			terms.pass = nets.NewPass(true, nil, func(string, ...int) *graph.Node { return in[3] })
			if counting {
				terms.counts = graph.ConvertDType(graph.Const(in[0].Graph(), []float64{1, 1, 1, 0, 0, 0, 0}), in[0].DType())
			}
			for _, o := range all {
				out = append(out, o.Loss(terms).Value)
			}
			return out
		}
	}
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		want := check.Run(t, b, losses(false), noise, mu, logVar, prior)
		got := check.Run(t, b, losses(true), fill(noise, 1, 1, batch, latent), fill(mu, batch, latent), fill(logVar, batch, latent), fill(prior, 1, 1, batch, latent))
		for i := range all {
			near(t, "a loss with examples that do not count", got[i].Values[0], want[i].Values[0], 1e-12)
		}
	})
}
