package engine_test

import (
	"slices"
	"sync"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/internal/check"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
)

// The first calls of a function may come all at once, from a server say. Products of uint64
// are what GoMLX's Go backend multiplies without SIMD, and noise is made of them.
func TestFirstCallsAtOnce(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		rounds := 2 // what compiles takes its time
		if b.Kind == "go" {
			rounds = 1000
		}
		weights, err := b.Place(nil)
		if err != nil {
			t.Fatal(err)
		}
		for range rounds {
			f, err := b.NewFunction(nil, func(_ map[string]*graph.Node, in []*graph.Node) []*graph.Node {
				return []*graph.Node{engine.Normal(graph.Reshape(in[0]), "a", dtypes.Float32, 64)}
			})
			if err != nil {
				t.Fatal(err)
			}
			var group sync.WaitGroup
			got := make([][]float32, 16)
			for i := range got {
				group.Go(func() {
					out, err := f.Call(weights, engine.Tensor{Shape: []int{1}, Data: []uint64{7}})
					if err != nil {
						t.Error(err)
						return
					}
					got[i] = out[0].Data.([]float32)
				})
			}
			group.Wait()
			if t.Failed() {
				t.FailNow()
			}
			for _, values := range got {
				if !slices.Equal(values, got[0]) {
					t.Fatalf("one function of one input is %v and %v", got[0], values)
				}
			}
		}
	})
}
