package dist_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/vaebook/vaebook/vaekit/dist"
	"github.com/vaebook/vaebook/vaekit/internal/check"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
	"gonum.org/v1/gonum/mat"
)

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
