package plain

import (
	"math"
	"testing"
)

// The functions agree with those of package math, which differ in the last bits from
// machine to machine.
func TestMaths(t *testing.T) {
	softplus := func(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }
	for _, c := range []struct {
		name         string
		ours, theirs func(float64) float64
		from, to     float64
		within       float64 // of a value, or of 1 where it is smaller
	}{
		{"Exp", Exp, math.Exp, -50, 50, 1e-15},
		{"Sigmoid", Sigmoid, func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }, -40, 40, 1e-15},
		{"Tanh", Tanh, math.Tanh, -20, 20, 1e-15},
		{"Softplus", Softplus, softplus, -40, 40, 1e-15},
		{"Phi", Phi, func(x float64) float64 { return math.Erfc(-x/math.Sqrt2) / 2 }, -9, 9, 1e-12},
	} {
		last := math.Inf(-1)
		for i := range 100_001 {
			x := c.from + (c.to-c.from)*float64(i)/100_000
			got, want := c.ours(x), c.theirs(x)
			if !(math.Abs(got-want) <= c.within*max(1, math.Abs(want))) {
				t.Errorf("%s(%v) = %v, expected %v", c.name, x, got, want)
				break
			}
			if got < last-1e-15 {
				t.Errorf("%s falls at %v", c.name, x)
				break
			}
			last = got
		}
	}
	for x, want := range map[float64]float64{-1000: 0, -701: 0, 0: 1} {
		if got := Exp(x); got != want {
			t.Errorf("Exp(%v) = %v, expected %v", x, got, want)
		}
	}
	if Phi(-40) != 0 || Phi(40) != 1 || !math.IsNaN(Exp(math.NaN())) || math.IsInf(Exp(1e9), 0) {
		t.Error("the ends are wrong")
	}
}
