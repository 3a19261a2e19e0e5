package vaekit_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit"
	"github.com/vaebook/vaebook/vaekit/dist"
	"github.com/vaebook/vaebook/vaekit/internal/check"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// With linear nets, a Gaussian likelihood and one latent every point of the curve has a
// closed form. A tempered posterior N(m, s²) costs ½(s² + m² − 1 − log s²) nats and explains
// x by b + w·z at |x − b − w·m|² + |w|²·s², in units of 2σ². And where training weighed the
// rate by β, a nat of rate buys β nats of distortion.
func TestRateCurveAgreesWithAlgebra(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, _ *engine.Backend) {
		const σ, β = 0.5, 4.0
		data := floats(t, 500)
		run := train(t, vaekit.Model{
			Encoder: nets.Net{}, Latent: 1, Decoder: nets.Net{}, Likelihood: dist.Gaussian{Scale: σ}, Objective: vaekit.ELBO{Beta: β},
		}, data, vaekit.Training{Epochs: 60, Batch: 20, Rate: 1e-2})
		f := must[vaekit.Figures](t)(run.Evaluate(data, vaekit.Evaluation{Curve: true}))
		near(t, "what a nat of rate buys", f.Slope, β, 0.15)
		if len(f.Diagnosis) != 1 || f.Diagnosis[0].Problem != "over-regularised" {
			t.Errorf("with β = 4 the diagnosis is %v", f.Diagnosis)
		}

		ends := must[*datasets.Batch](t)(run.Decode([]float32{0}, []float32{1}))
		l, all := must[*vaekit.Latents](t)(run.Encode(data)), must[*datasets.Batch](t)(datasets.All(data))
		for _, p := range f.Curve {
			var rate, distortion float64
			for i := range l.Len() {
				precision := 1 / float64(l.Sigma[i]*l.Sigma[i])
				s2 := 1 / (1 + p.T*(precision-1))
				m := s2 * p.T * precision * float64(l.Mean[i])
				rate += (s2 + m*m - 1 - math.Log(s2)) / 2
				for k, x := range all.Example(i) {
					b, w := float64(ends.Example(0)[k]), float64(ends.Example(1)[k]-ends.Example(0)[k])
					d := float64(x) - b - w*m
					distortion += math.Log(2*math.Pi*σ*σ)/2 + (d*d+w*w*s2)/(2*σ*σ)
				}
			}
			near(t, fmt.Sprint("rate at t = ", p.T), p.Rate, rate/500, 1e-3)
			near(t, fmt.Sprint("distortion at t = ", p.T), p.Distortion, distortion/500, 0.03*distortion/500)
		}
		if first, own := f.Curve[0], f.Curve[5]; first.Rate != 0 || own.T != 1 || math.Abs(own.Rate-f.Rate) > 1e-4 {
			t.Errorf("the curve begins with %+v and passes the model at %+v", first, own)
		}
		if s := f.String(); !strings.Contains(s, "one more nat of rate buys") || strings.Count(s, "\n") < 20 {
			t.Errorf("the report says\n%s", s)
		}
	})
}

// bare is a posterior that is a density and nothing more.
type bare struct{ dist.DiagonalGaussian }

func (b bare) Density(p *nets.Pass, out *graph.Node, latent int) dist.Density {
	return barely{b.DiagonalGaussian.Density(p, out, latent)}
}

type barely struct{ dist.Density }

func TestWithoutClosedForms(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, _ *engine.Backend) {
		m := barModel()
		m.Posterior = bare{}
		data := bars(t, 300)
		run := train(t, m, data, vaekit.Training{Epochs: 10, Batch: 50, Rate: 3e-3})
		f := must[vaekit.Figures](t)(run.Evaluate(data, vaekit.Evaluation{Curve: true}))
		if f.Curve != nil || !math.IsNaN(f.Slope) || !strings.Contains(f.String(), "no rate–distortion curve: a vaekit_test.bare tempered") {
			t.Errorf("a posterior that cannot be tempered has the curve %v\n%s", f.Curve, f)
		}
		if math.IsNaN(f.MutualInformation) || !math.IsNaN(f.TotalCorrelation) || strings.Contains(f.String(), "total corr.") {
			t.Errorf("without the densities of single latents the report says\n%s", f)
		}
	})
}
