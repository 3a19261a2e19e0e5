package nets_test

import (
	"math/rand/v2"
	"testing"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/internal/check"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// normal draws an array from N(0, 1).
func normal(rng *rand.Rand, shape ...int) check.Array {
	n := 1
	for _, d := range shape {
		n *= d
	}
	values := make([]float64, n)
	for i := range values {
		values[i] = rng.NormFloat64()
	}
	return check.New(values, shape...)
}

// inputs draws a batch of examples and the layer's parameters, biases too.
func inputs(rng *rand.Rand, layer nets.Layer, batch int, in []int) []check.Array {
	all := []check.Array{normal(rng, append([]int{batch}, in...)...)}
	for _, p := range layer.Params(in) {
		all = append(all, normal(rng, p.Shape...))
	}
	return all
}

// apply builds a layer on what inputs has drawn.
func apply(layer nets.Layer, in []int) func(nodes []*graph.Node) *graph.Node {
	return func(nodes []*graph.Node) *graph.Node {
		values := map[string]*graph.Node{}
		for i, p := range layer.Params(in) {
			values[p.Name] = nodes[i+1]
		}
		return layer.Apply(nets.NewPass(true, values, nil), nodes[0])
	}
}

func run(t *testing.T, b *engine.Backend, f func([]*graph.Node) *graph.Node, inputs ...check.Array) check.Array {
	t.Helper()
	return check.Run(t, b, func(nodes []*graph.Node) []*graph.Node { return []*graph.Node{f(nodes)} }, inputs...)[0]
}
