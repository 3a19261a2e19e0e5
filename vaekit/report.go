package vaekit

import (
	"cmp"
	"fmt"
	"math"
	"strings"
)

// String is a short report.
func (f Figures) String() string {
	var s strings.Builder
	line := func(name string, nats float64, note string) {
		fmt.Fprintf(&s, "%-13s %9.2f   %s\n", name, math.Round(nats*100)/100+0, note) // −0.001 is 0
	}
	fmt.Fprintf(&s, "%d examples, means in nats\n", f.Examples)
	fmt.Fprintf(&s, "ELBO          %9.2f\n", f.ELBO)
	name := "distortion −log p(x|z)"
	if !f.Proper {
		name = cmp.Or(f.DistortionName, "distortion")
	}
	line("distortion", f.Distortion, name)
	line("rate", f.Rate, "KL(q(z|x) ‖ p(z))")
	least, most := "", ""
	if f.AtCeiling {
		least, most = fmt.Sprintf("; at least: %d examples show no more than log %[1]d", f.Mixed), "; at most"
	}
	if !math.IsNaN(f.MutualInformation) {
		line("  of it", f.MutualInformation, "I(x; z), what z tells of x"+least)
		line("  and", f.MarginalKL, "KL(q(z) ‖ p(z)), how far all z are from the prior"+most)
	}
	if !math.IsNaN(f.TotalCorrelation) {
		line("total corr.", f.TotalCorrelation, "how far they are from independent latents"+most)
	}
	if f.ImportanceSamples > 0 {
		what := "NLL"
		if !f.Proper {
			what = "tighter bound"
		}
		fmt.Fprintf(&s, "%-13s %9.2f ± %.2f with %d importance samples\n", what, f.NLL, f.NLLError, f.ImportanceSamples)
	}
	if f.Proper {
		fmt.Fprintf(&s, "bits per dim  %9.4f\n", f.BitsPerDim)
	}
	fmt.Fprintf(&s, "active units  %6d of %d", f.ActiveUnits, f.Latent)
	if len(f.Curve) > 0 {
		s.WriteString("\n\n    t       rate distortion")
		for _, p := range f.Curve {
			fmt.Fprintf(&s, "\n%5.2f %10.2f %10.2f", p.T, p.Rate, p.Distortion)
		}
		if !math.IsNaN(f.Slope) {
			fmt.Fprintf(&s, "\nat t = 1, the model as it is, one more nat of rate buys %.2f nats of distortion", f.Slope)
		}
	}
	if f.CurveNote != "" {
		fmt.Fprintf(&s, "\n(no rate–distortion curve: %s)", f.CurveNote)
	}
	if !f.Proper {
		fmt.Fprintf(&s, "\n(%s: compare them only with each other)", cmp.Or(f.Improper, "these are no likelihoods of such data"))
	}
	for _, finding := range f.Diagnosis {
		fmt.Fprintf(&s, "\n! %s", finding)
	}
	return s.String()
}
