package engine_test

import (
	"math"
	"slices"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"gonum.org/v1/gonum/stat"

	"github.com/vaebook/vaebook/vaekit/internal/check"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
)

// Neighbouring steps and different names give noise that has nothing in common.
func TestStreamsAreIndependent(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		const n = 1 << 14
		f, err := b.NewFunction(nil, func(_ map[string]*graph.Node, in []*graph.Node) []*graph.Node {
			key := graph.Reshape(in[0])
			return []*graph.Node{
				engine.Normal(key, "a", dtypes.Float32, n),
				engine.Normal(key, "b", dtypes.Float32, n),
				engine.Normal(key, "a", dtypes.Float32, n),
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		draw := func(count uint64) [3][]float64 {
			out, err := f.Call(&engine.Weights{}, engine.Tensor{Shape: []int{1}, Data: []uint64{engine.Key(1, "test", count)}})
			if err != nil {
				t.Fatal(err)
			}
			var draws [3][]float64
			for i := range draws {
				for _, v := range out[i].Floats() {
					draws[i] = append(draws[i], float64(v))
				}
			}
			return draws
		}
		one, two := draw(1), draw(2)
		if !slices.Equal(one[0], one[2]) || !slices.Equal(one[0], draw(1)[0]) {
			t.Error("one name of one step gives two draws")
		}
		tolerance := 5 / math.Sqrt(n) // five standard errors
		for name, r := range map[string]float64{
			"two names":       stat.Correlation(one[0], one[1], nil),
			"two steps":       stat.Correlation(one[0], two[0], nil),
			"neighbours":      stat.Correlation(one[0][1:], one[0][:n-1], nil),
			"steps and names": stat.Correlation(one[1], two[0], nil),
		} {
			if math.Abs(r) > tolerance {
				t.Errorf("%s are correlated: %.4f", name, r)
			}
		}
		mean, deviation := stat.MeanStdDev(one[0], nil)
		if math.Abs(mean) > tolerance || math.Abs(deviation-1) > tolerance {
			t.Errorf("noise has mean %.4f and standard deviation %.4f", mean, deviation)
		}
	})
}

func TestKeysDiffer(t *testing.T) {
	seen := map[uint64]bool{}
	for seed := range uint64(30) {
		for _, name := range []string{"a", "b", "ab"} {
			for count := range uint64(30) {
				key := engine.Key(seed, name, count)
				if seen[key] {
					t.Fatalf("seed %d, %s, %d has the key of another moment", seed, name, count)
				}
				seen[key] = true
			}
		}
	}
}
