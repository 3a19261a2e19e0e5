package nets_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/internal/check"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// What a layer says that it sees is what changes its outputs: every position that does lies
// within, and the first and the last of them do.
func TestSees(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		for _, c := range []struct {
			layer    nets.Sliding
			up, down int // down positions become up
		}{
			{nets.Conv1D{Channels: 2, Kernel: 5}, 1, 1},
			{nets.Conv1D{Channels: 2, Kernel: 4, Dilation: 3}, 1, 1},
			{nets.Conv1D{Channels: 2, Kernel: 7, Stride: 4}, 1, 4},
			{nets.Conv1D{Channels: 2, Kernel: 2, Stride: 4}, 1, 4},
			{nets.Conv1D{Channels: 2, Kernel: 6, Stride: 3, Padding: nets.Causal}, 1, 3},
			{nets.ConvTranspose1D{Channels: 2, Kernel: 8, Stride: 4}, 4, 1},
			{nets.ConvTranspose1D{Channels: 2, Kernel: 5, Stride: 2, Dilation: 2}, 2, 1},
			{nets.ConvTranspose1D{Channels: 2, Kernel: 7, Stride: 3, Padding: nets.Causal}, 3, 1},
			{nets.Residual{Net: nets.Net{nets.Conv1D{Channels: 3, Dilation: 2, Padding: nets.Causal}, nets.LayerNorm{}}}, 1, 1},
			{nets.Net{nets.Dense{Units: 3}, nets.Upsample{Factor: 3}, nets.Gated{Units: 2}}, 3, 1},
			{nets.Net{nets.Downsample{Factor: 4}, nets.Conv1D{Channels: 2}}, 1, 4},
			{nets.Net{
				nets.Conv1D{Channels: 2, Kernel: 8, Stride: 4},
				nets.Residual{Net: nets.Net{nets.Conv1D{Channels: 2, Dilation: 3}}},
				nets.Conv1D{Channels: 2, Kernel: 4, Stride: 2},
				nets.ConvTranspose1D{Channels: 2, Kernel: 4, Stride: 2},
			}, 1, 4},
		} {
			const groups = 20
			rng := rand.New(rand.NewPCG(8, 8))
			in := []int{groups * c.down, 2}
			all := inputs(rng, c.layer, 1, in)
			f := check.Compile(t, b, func(nodes []*graph.Node) []*graph.Node { return []*graph.Node{apply(c.layer, in)(nodes)} })
			before := f(all...)[0]
			channels := before.Shape[2]
			for output := groups / 2 * c.up; output < (groups/2+1)*c.up; output++ {
				from, to, err := c.layer.Sees(output, output)
				if err != nil || from < 0 || to >= in[0] {
					t.Fatalf("%v sees %d to %d of %d (%v); the test wants it in the middle", c.layer, from, to, in[0], err)
				}
				first, last := in[0], -1
				for position := range in[0] {
					x := all[0]
					x.Values = append([]float64(nil), x.Values...)
					x.Values[2*position]++
					x.Values[2*position+1] -= 3
					after := f(append([]check.Array{x}, all[1:]...)...)[0]
					for i := range channels {
						if at := output*channels + i; after.Values[at] != before.Values[at] {
							first, last = min(first, position), max(last, position)
						}
					}
				}
				if last >= 0 && (first != from || last != to) {
					t.Errorf("%v: output %d depends on %d to %d; Sees says %d to %d", c.layer, output, first, last, from, to)
				}
			}
		}
	})
}

// What looks at the whole example is named.
func TestSeesNot(t *testing.T) {
	for _, net := range []nets.Net{
		{nets.Conv1D{Channels: 2}, nets.GroupNorm{}},
		{nets.Residual{Net: nets.Net{nets.GroupNorm{}}}},
		{nets.Conv1D{Channels: 2, Padding: nets.Valid}},
		{nets.Flatten{}},
	} {
		if _, _, err := net.Sees(0, 0); err == nil || !strings.Contains(err.Error(), "layer ") {
			t.Errorf("%v is said to slide (%v)", net, err)
		}
	}
}
