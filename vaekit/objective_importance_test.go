package vaekit

import (
	"math"
	"testing"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/dist"
	"github.com/vaebook/vaebook/vaekit/internal/check"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
	"github.com/vaebook/vaebook/vaekit/optim"
)

// The relatives of IWAE are what their papers say of the same log weights.
func TestImportanceWeightedBounds(t *testing.T) {
	const k, m, batch = 4, 3, 5
	var family = []IWAE{
		{K: k, M: m},
		{K: k, M: m, Beta: 1},
		{K: k, M: m, Beta: 0.25},
		{K: k, M: m, Encoder: PIWAE},
		{K: k, M: m, Encoder: DReG},
	}
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		got := check.Run(t, b, func(in []*graph.Node) []*graph.Node {
			terms := bench(dist.Normal{Mu: in[1], LogVar: in[2]}, 0.7, in[0])
			out := []*graph.Node{terms.LogWeight()}
			for _, o := range family {
				out = append(out, o.Loss(terms).Value)
			}
			return append(out, family[3].Loss(terms).Encoder)
		}, gauss(1, k, m, batch, 2), gauss(2, batch, 2), gauss(3, batch, 2))
		// over is log 1/n Σ w over n draws of an example, the first at from.
		logW := got[0].Values
		over := func(from, step, n int) float64 {
			var sum float64
			for i := range n {
				sum += math.Exp(logW[from+i*step])
			}
			return math.Log(sum / float64(n))
		}
		var elbo, iwae, miwae float64
		for i := range batch {
			iwae += over(i, batch, k*m) / batch
			for j := range m {
				miwae += over(j*batch+i, m*batch, k) / (m * batch)
			}
		}
		for _, w := range logW {
			elbo += w / (k * m * batch)
		}
		near(t, "MIWAE", got[1].Values[0], -miwae, 1e-12)
		near(t, "CIWAE with β = 1", got[2].Values[0], -elbo, 1e-12)
		near(t, "CIWAE", got[3].Values[0], -(elbo+3*miwae)/4, 1e-12)
		near(t, "PIWAE for the decoder", got[4].Values[0], -iwae, 1e-12)
		near(t, "PIWAE for the encoder", got[6].Values[0], -miwae, 1e-12)
		near(t, "DReG for the decoder", got[5].Values[0], -miwae, 1e-12)
	})
}

// With more draws the bound rises from the ELBO towards log p(x), here that of N(0, 2), and
// never above it.
func TestTheBoundRisesWithK(t *testing.T) {
	const batch, x, mu, logVar = 20000, 1.0, -0.2, 0.3
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		got := check.Run(t, b, func(in []*graph.Node) []*graph.Node {
			q := dist.Normal{Mu: in[1], LogVar: in[2]}
			var out []*graph.Node
			for _, k := range []int{1, 4, 16} {
				noise := graph.Slice(in[0], graph.AxisRange(0, k))
				out = append(out, IWAE{K: k}.Loss(bench(q, x, noise)).Value)
			}
			return append(out, ELBO{}.Loss(bench(q, x, graph.Slice(in[0], graph.AxisRange(0, 1)))).Value)
		}, gauss(4, 16, 1, batch, 1), constants(mu, batch, 1), constants(logVar, batch, 1))
		one, four, many := -got[0].Values[0], -got[1].Values[0], -got[2].Values[0]
		exact := -0.5*math.Log(2*math.Pi*2) - x*x/4
		near(t, "the bound of one draw", one, -got[3].Values[0], 0.02)
		if !(one+0.1 < four && four+0.02 < many && many < exact+0.01 && exact < many+0.1) {
			t.Errorf("1, 4 and 16 draws bound log p(x) = %.4f by %.4f, %.4f, %.4f", exact, one, four, many)
		}
	})
}

// rows are the gradients for μ and log σ² of every example's own loss, in examples that
// differ by their noise alone, of the bound and of what the encoder lowers instead. The
// prior looks at the encoder by so much of its μ.
func rows(o IWAE, x, looks float64) func(in []*graph.Node) []*graph.Node {
	return func(in []*graph.Node) []*graph.Node {
		terms := bench(dist.Normal{Mu: in[1], LogVar: in[2]}, x, in[0])
		terms.Prior = dist.Normal{Mu: graph.MulScalar(in[1], looks), LogVar: graph.ZerosLike(in[2])}
		terms.LogPrior = terms.Prior.LogProb(terms.Z)
		loss := o.Loss(terms)
		each := func(loss *graph.Node) []*graph.Node {
			return graph.Gradient(graph.MulScalar(loss, float64(in[1].Shape().Dimensions[0])), in[1], in[2])
		}
		return append(each(loss.Value), each(loss.Encoder)...)
	}
}

// DReG, and STL where K is 1, have the mean of the bound's own gradient, also where the
// prior looks at the encoder, and less noise.
func TestEncoderGradientsAreUnbiased(t *testing.T) {
	const batch = 20000
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		for _, o := range []IWAE{
			{K: 8, Encoder: DReG},
			{K: 4, M: 2, Beta: 0.3, Encoder: DReG},
			{Encoder: STL},
			{Encoder: STL, Schedule: optim.Linear{From: 0.4, To: 0.4}},
			{K: 4, M: 2, Beta: 0.3, Encoder: DReG, Schedule: optim.Linear{From: 0.4, To: 0.4}},
		} {
			k, m := o.Samples()
			for _, looks := range []float64{0, 0.5} {
				got := check.Run(t, b, rows(o, 1, looks), gauss(5, k, m, batch, 1), constants(0.3, batch, 1), constants(-0.5, batch, 1))
				for i, of := range []string{"μ", "log σ²"} {
					plain, other := got[i].Values, got[2+i].Values
					difference := make([]float64, batch)
					for j := range difference {
						difference[j] = other[j] - plain[j]
					}
					mean, err, _ := moment(difference)
					near(t, string(o.Encoder)+"'s gradient of "+of+" less that of the bound", mean, 0, 4*err)
					_, _, before := moment(plain)
					if _, _, after := moment(other); looks == 0 && !(after < 0.9*before) {
						t.Errorf("%+v: variance of the gradient of %s is %.3g, that of the bound's %.3g", o, of, after, before)
					}
				}
			}
		}
	})
}

// Where the posterior is exact, here N(x/2, 1/2), every draw has the same weight, and
// nothing is left of the encoder's gradient but in the bound's own.
func TestNoNoiseAtTheExactPosterior(t *testing.T) {
	const batch = 100
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		for _, o := range []IWAE{{Encoder: STL}, {K: 5, Encoder: STL}, {K: 5, Encoder: DReG}} {
			k, m := o.Samples()
			got := check.Run(t, b, rows(o, 1, 0), gauss(6, k, m, batch, 1), constants(0.5, batch, 1), constants(-math.Ln2, batch, 1))
			for i := range 2 {
				for _, v := range got[2+i].Values {
					near(t, "gradient at the exact posterior", v, 0, 1e-12)
				}
				if _, _, variance := moment(got[i].Values); variance < 0.01 {
					t.Errorf("the bound's own gradient has variance %g", variance)
				}
			}
		}
	})
}
