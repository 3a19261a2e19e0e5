package dist_test

import (
	"math"
	"testing"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/dist"
	"github.com/vaebook/vaebook/vaekit/internal/check"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
)

func bernoulli(in []*graph.Node) *graph.Node {
	return dist.Bernoulli{}.LogProb(pass(true, nil, nil), in[0], in[1], nil)
}

// From SciPy 1.17.1: special.log_expit(−l) for x = 0, log_expit(l) for x = 1, and
// the cross-entropy 0.25·log_expit(l) + 0.75·log_expit(−l) for x = 0.25.
func TestBernoulliIsSciPys(t *testing.T) {
	var logits, x, want []float64
	for _, c := range []struct{ logit, zero, one, quarter float64 }{
		{-30, -9.357622968839737e-14, -30.000000000000092, -7.500000000000093},
		{-3.5, -0.029750418272620566, -3.5297504182726205, -0.9047504182726206},
		{-0.7, -0.4031860488854579, -1.103186048885458, -0.5781860488854579},
		{0, -0.6931471805599453, -0.6931471805599453, -0.6931471805599453},
		{0.2, -0.7981388693815918, -0.5981388693815918, -0.7481388693815918},
		{2.5, -2.5788897342925496, -0.07888973429254963, -1.9538897342925496},
		{17, -17.000000041399375, -4.139937633089748e-08, -12.750000041399375},
	} {
		logits = append(logits, c.logit, c.logit, c.logit)
		x = append(x, 0, 1, 0.25)
		want = append(want, c.zero, c.one, c.quarter)
	}
	n := len(x)
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		out, x := check.New(logits, n, 1, 1), check.New(x, n, 1)
		near(t, "float64", run(t, b, bernoulli, out, x).Values, want, 1e-14)
		near(t, "float32", run(t, b, bernoulli, out.In32(), x.In32()).Values, want, 1e-6)
	})
}

// The slope is x − mean, also where exp would overflow.
func TestBernoulliAtExtremeLogits(t *testing.T) {
	out := check.New([]float64{-1e4, 1e4, -1e4, 1e4}, 4, 1, 1).In32()
	x := check.New([]float64{0, 0, 1, 1}, 4, 1).In32()
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		got := check.Run(t, b, func(in []*graph.Node) []*graph.Node {
			y := bernoulli(in)
			return append(graph.Gradient(graph.ReduceAllSum(y), in[0]), y)
		}, out, x)
		near(t, "slope", got[0].Values, []float64{0, -1, 1, 0}, 1e-30) // a sigmoid may end in the smallest numbers
		near(t, "log-likelihood", got[1].Values, []float64{0, -1e4, -1e4, 0}, 0)
	})
}

// A draw is 1 where Φ(noise) is below the mean: always where the event is certain,
// never where it is impossible, however far out the noise is.
func TestBernoulliSampleFollowsTheNoise(t *testing.T) {
	var logits, noise, want []float64
	for _, c := range []struct{ logit, noise, want float64 }{
		{1e4, -40, 1}, {1e4, 0, 1}, {1e4, 40, 1}, {-1e4, -40, 0}, {-1e4, 0, 0}, {-1e4, 40, 0},
		{0, -1e-3, 1}, {0, 1e-3, 0}, {math.Log(3), 0.67, 1}, {math.Log(3), 0.68, 0}, // Φ(0.6745) = ¾
	} {
		logits, noise, want = append(logits, c.logit), append(noise, c.noise), append(want, c.want)
	}
	n := len(want)
	f := func(in []*graph.Node) *graph.Node { return dist.Bernoulli{}.Sample(pass(false, nil, in[1]), in[0]) }
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		out, noise := check.New(logits, n, 1, 1), check.New(noise, n, 1)
		near(t, "float64", run(t, b, f, out, noise).Values, want, 0)
		near(t, "float32", run(t, b, f, out.In32(), noise.In32()).Values, want, 0)
	})
}
