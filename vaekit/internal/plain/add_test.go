package plain

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// Whatever the processor does at a time, the bits are those of one output after the other.
func TestAddIsScalar(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 1))
	for n := range 70 {
		y, w := make([]float32, n), make([]float32, n+3)
		for i := range w {
			w[i] = float32(random.NormFloat64())
		}
		for i := range y {
			y[i] = float32(random.NormFloat64())
		}
		want := slices.Clone(y)
		for range 10 {
			v := float32(random.NormFloat64())
			add(y, v, w)
			addScalar(want, v, w)
		}
		if !slices.Equal(y, want) {
			t.Fatalf("%d outputs: %v, one after the other %v", n, y, want)
		}
	}
}
