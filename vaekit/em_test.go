package vaekit

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// Points drawn from a mixture are as likely under the one that is fitted as under their
// own, and its weights and means are found.
func TestFitMixtureFindsItsOwn(t *testing.T) {
	const dim, n = 2, 20_000
	own := &mixture{
		dim:       dim,
		full:      true,
		logWeight: []float64{math.Log(0.5), math.Log(0.3), math.Log(0.2)},
		mean:      [][]float64{{0, 0}, {4, 1}, {-3, 3}},
		lower:     [][]float64{{1, 0, 0.8, 0.5}, {0.3, 0, 0, 0.3}, {0.5, 0, -0.6, 0.7}},
	}
	rng := rand.New(rand.NewPCG(1, 1))
	var points []float64
	for range n {
		c, u := 0, rng.Float64()
		for ; c < 2 && u > math.Exp(own.logWeight[c]); c++ {
			u -= math.Exp(own.logWeight[c])
		}
		a, b, l := rng.NormFloat64(), rng.NormFloat64(), own.lower[c]
		points = append(points, own.mean[c][0]+l[0]*a, own.mean[c][1]+l[2]*a+l[3]*b)
	}
	full, err := fitMixture(rng, points, dim, 3, true)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := full.logProb(points), own.logProb(points); math.Abs(got-want) > 5e-3 {
		t.Errorf("mean log-probability %.4f, under the mixture that drew the points %.4f", got, want)
	}
	for c, mean := range own.mean {
		nearest := slices.MinFunc(full.mean, func(a, b []float64) int {
			return int(math.Copysign(1, squaredDistance(a, mean)-squaredDistance(b, mean)))
		})
		if squaredDistance(nearest, mean) > 0.01 {
			t.Errorf("nothing was found at %v, component %d", mean, c)
		}
	}
	diagonal, err := fitMixture(rng, points, dim, 3, false)
	if err != nil {
		t.Fatal(err)
	}
	if got := diagonal.logProb(points); got > full.logProb(points)-0.1 {
		t.Errorf("diagonal covariances, %.4f, explain what is correlated as well as full ones", got)
	}
	if l := diagonal.lower[0]; l[2] != 0 {
		t.Errorf("a diagonal covariance has the factor %v", l)
	}
	if _, err := fitMixture(rng, points[:4], dim, 3, true); err == nil {
		t.Error("three components are fitted to two points")
	}
}
