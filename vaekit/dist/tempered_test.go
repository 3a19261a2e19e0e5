package dist_test

import (
	"testing"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/dist"
	"github.com/vaebook/vaebook/vaekit/internal/check"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
)

// Log q_t(z) − t log q(z) − (1−t) log p(z) is the same at every z: q_t ∝ q^t p^(1−t). A
// latent that is wider than its prior, here the third, is not tempered beyond t = 1.
func TestTempered(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		mu, logVar := check.New([]float64{0.5, -2, 1, 0, 3, -1}, 2, 3), check.New([]float64{-1, -4, 0.7, 0, -0.3, 1.5}, 2, 3)
		prior, priorLogVar := check.New([]float64{0, 0.2, -0.4}, 1, 3), check.New([]float64{0, 0.5, 0.1}, 1, 3)
		z := check.New([]float64{0, 0, 0, 1, 1, 1, 2, -1, 0.5, -3, 0.1, 4, -0.2, 2, 1, 1, -2, -1}, 3, 2, 3)
		for _, at := range []float64{0, 0.3, 1, 2} {
			out := check.Run(t, b, func(in []*graph.Node) []*graph.Node {
				q, p := dist.Normal{Mu: in[0], LogVar: in[1]}, dist.Normal{Mu: in[2], LogVar: in[3]}
				tempered := dist.Tempered(q, p, in[5]).(dist.Normal)
				return []*graph.Node{tempered.LogProbEach(in[4]), q.LogProbEach(in[4]), p.LogProbEach(in[4])}
			}, mu, logVar, prior, priorLogVar, z, check.New([]float64{at, at}, 2, 1))
			for k := range 6 {
				at := at
				if k%3 == 2 {
					at = min(at, 1)
				}
				constant := func(draw int) float64 {
					i := draw*6 + k
					return out[0].Values[i] - at*out[1].Values[i] - (1-at)*out[2].Values[i]
				}
				for draw := 1; draw < 3; draw++ {
					if d := constant(draw) - constant(0); !(d < 1e-9 && d > -1e-9) {
						t.Errorf("t = %g, latent %d: log q_t is off by %g between two z", at, k, d)
					}
				}
			}
		}
	})
}
