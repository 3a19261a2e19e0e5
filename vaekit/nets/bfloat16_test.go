package nets_test

import (
	"math"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/internal/check"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// Large layers in bfloat16 make what they make in float32, to two digits, and so do their
// gradients: a backend's kernels for large matrices are others than those for small ones.
func TestLargeLayersInBFloat16(t *testing.T) {
	const batch, units = 128, 256
	for name, c := range map[string]struct {
		layer nets.Layer
		in    []int
	}{
		"Dense":           {nets.Dense{Units: units}, []int{units}},
		"Conv2D":          {nets.Conv2D{Channels: 64}, []int{8, 8, 32}},
		"ConvTranspose2D": {nets.ConvTranspose2D{Channels: 64, Stride: 2}, []int{8, 8, 32}},
		"few out":         {nets.Conv2D{Channels: 1}, []int{16, 16, 64}},
		"many positions":  {nets.Dense{Units: 16}, []int{64, 16}},
		"Residual":        {nets.Residual{Net: nets.Net{nets.Dense{Units: units}}}, []int{2 * units}},
	} {
		t.Run(name, func(t *testing.T) {
			check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
				inputs := []check.Array{wavy(append([]int{batch}, c.in...)).In32()}
				for _, p := range c.layer.Params(c.in) {
					inputs = append(inputs, wavy(p.Shape).In32())
				}
				made := func(dtype dtypes.DType) []check.Array {
					return check.Run(t, b, func(in []*graph.Node) []*graph.Node {
						values := map[string]*graph.Node{}
						for i, p := range c.layer.Params(c.in) {
							values[p.Name] = in[1+i]
						}
						y := nets.NewPass(true, values, nil).As(dtype, in[0], c.layer.Apply)
						return append([]*graph.Node{y}, graph.Gradient(graph.ReduceAllSum(graph.Square(y)), in...)...)
					}, inputs...)
				}
				full, half := made(dtypes.Float32), made(dtypes.BFloat16)
				for i := range full {
					var error, size float64
					for k, v := range full[i].Values {
						error += math.Pow(half[i].Values[k]-v, 2)
						size += v * v
					}
					if off := math.Sqrt(error / size); !(off < 0.02) {
						t.Errorf("output %d of %d is off by %.3f of its size", i, len(full), off)
					}
				}
			})
		})
	}
}

// wavy is an array of values from 0 to 1 that do not repeat. All sums are large, so that what
// is lost in them shows, and nothing cancels.
func wavy(shape []int) check.Array {
	n := 1
	for _, d := range shape {
		n *= d
	}
	values := make([]float64, n)
	for i := range values {
		values[i] = (1 + math.Sin(float64(i)*(1+math.Sqrt2))) / 2
	}
	return check.New(values, shape...)
}
