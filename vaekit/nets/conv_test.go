package nets_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/vaebook/vaebook/vaekit/internal/check"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// convolutions reach every form that convolve.go chooses from: few and many channels on
// either side, of images and sound, with and without stride.
var convolutions = []struct {
	layer   nets.Layer
	in, out []int
}{
	{nets.Conv1D{Channels: 5}, []int{9, 6}, []int{9, 5}},
	{nets.Conv1D{Channels: 2, Kernel: 5}, []int{7, 7}, []int{7, 2}},
	{nets.Conv1D{Channels: 6, Kernel: 4}, []int{6, 5}, []int{6, 6}},
	{nets.Conv1D{Channels: 6, Kernel: 1}, []int{6, 5}, []int{6, 6}},
	{nets.Conv1D{Channels: 3, Kernel: 9, Stride: 4}, []int{21, 1}, []int{6, 3}},
	{nets.Conv1D{Channels: 6, Kernel: 2, Stride: 3}, []int{11, 2}, []int{4, 6}},
	{nets.Conv1D{Channels: 2, Kernel: 1, Stride: 2}, []int{5, 3}, []int{3, 2}},
	{nets.Conv1D{Channels: 5, Dilation: 2}, []int{8, 6}, []int{8, 5}},
	{nets.Conv1D{Channels: 2, Kernel: 4, Dilation: 3}, []int{11, 5}, []int{11, 2}},
	{nets.Conv1D{Channels: 5, Kernel: 3, Stride: 2, Dilation: 3}, []int{10, 2}, []int{5, 5}},
	{nets.Conv1D{Channels: 5, Kernel: 4, Padding: nets.Valid}, []int{9, 6}, []int{6, 5}},
	{nets.Conv1D{Channels: 2, Kernel: 4, Stride: 3, Padding: nets.Valid}, []int{12, 3}, []int{3, 2}},
	{nets.Conv1D{Channels: 2, Kernel: 2, Stride: 4, Dilation: 5, Padding: nets.Valid}, []int{17, 2}, []int{3, 2}},
	{nets.Conv1D{Channels: 5, Kernel: 4, Padding: nets.Causal}, []int{7, 6}, []int{7, 5}},
	{nets.Conv1D{Channels: 1, Kernel: 2, Dilation: 4, Padding: nets.Causal}, []int{9, 5}, []int{9, 1}},
	{nets.Conv1D{Channels: 3, Kernel: 5, Stride: 3, Padding: nets.Causal}, []int{11, 2}, []int{4, 3}},
	{nets.Conv1D{Channels: 2, Kernel: 3, Stride: 2, Padding: nets.Causal}, []int{2, 3}, []int{1, 2}}, // a tap sees nothing
	{nets.Conv1D{Channels: 2, Kernel: 3, Stride: 2, Dilation: 5, Padding: nets.Causal}, []int{4, 3}, []int{2, 2}},

	{nets.Conv2D{Channels: 5}, []int{5, 4, 6}, []int{5, 4, 5}},
	{nets.Conv2D{Channels: 2}, []int{4, 5, 1}, []int{4, 5, 2}},
	{nets.Conv2D{Channels: 1, Kernel: 2}, []int{4, 3, 6}, []int{4, 3, 1}},
	{nets.Conv2D{Channels: 5, Kernel: 4}, []int{4, 5, 6}, []int{4, 5, 5}},
	{nets.Conv2D{Channels: 5, Kernel: 1}, []int{3, 4, 6}, []int{3, 4, 5}},
	{nets.Conv2D{Channels: 3, Stride: 2}, []int{6, 5, 1}, []int{3, 3, 3}},
	{nets.Conv2D{Channels: 6, Kernel: 4, Stride: 2}, []int{5, 6, 5}, []int{3, 3, 6}},
	{nets.Conv2D{Channels: 2, Kernel: 5, Stride: 3}, []int{7, 6, 2}, []int{3, 2, 2}},
	{nets.Conv2D{Channels: 5, Dilation: 2}, []int{6, 5, 6}, []int{6, 5, 5}},
	{nets.Conv2D{Channels: 2, Kernel: 2, Stride: 2, Dilation: 3}, []int{5, 6, 2}, []int{3, 3, 2}},
	{nets.Conv2D{Channels: 5, Kernel: 2, Padding: nets.Valid}, []int{4, 5, 6}, []int{3, 4, 5}},
	{nets.Conv2D{Channels: 2, Stride: 2, Padding: nets.Valid}, []int{6, 7, 2}, []int{2, 3, 2}},

	{nets.ConvTranspose1D{Channels: 5}, []int{7, 6}, []int{7, 5}},
	{nets.ConvTranspose1D{Channels: 1, Kernel: 9, Stride: 4}, []int{4, 6}, []int{16, 1}},
	{nets.ConvTranspose1D{Channels: 6, Kernel: 4, Stride: 2}, []int{5, 2}, []int{10, 6}},
	{nets.ConvTranspose1D{Channels: 2, Kernel: 2, Stride: 3}, []int{4, 5}, []int{12, 2}},
	{nets.ConvTranspose1D{Channels: 5, Kernel: 4, Dilation: 2}, []int{8, 6}, []int{8, 5}},
	{nets.ConvTranspose1D{Channels: 2, Kernel: 3, Stride: 2, Dilation: 3}, []int{5, 2}, []int{10, 2}},
	{nets.ConvTranspose1D{Channels: 5, Kernel: 4, Padding: nets.Valid}, []int{5, 6}, []int{8, 5}},
	{nets.ConvTranspose1D{Channels: 2, Kernel: 5, Stride: 3, Padding: nets.Valid}, []int{4, 3}, []int{14, 2}},
	{nets.ConvTranspose1D{Channels: 2, Kernel: 2, Stride: 3, Padding: nets.Valid}, []int{3, 3}, []int{8, 2}},
	{nets.ConvTranspose1D{Channels: 5, Kernel: 3, Padding: nets.Causal}, []int{6, 6}, []int{6, 5}},
	{nets.ConvTranspose1D{Channels: 2, Kernel: 5, Stride: 2, Padding: nets.Causal}, []int{5, 2}, []int{10, 2}},

	{nets.ConvTranspose2D{Channels: 5}, []int{4, 5, 6}, []int{4, 5, 5}},
	{nets.ConvTranspose2D{Channels: 1}, []int{4, 5, 6}, []int{4, 5, 1}},
	{nets.ConvTranspose2D{Channels: 5, Stride: 2}, []int{3, 2, 6}, []int{6, 4, 5}},
	{nets.ConvTranspose2D{Channels: 2, Kernel: 4, Stride: 2}, []int{2, 3, 2}, []int{4, 6, 2}},
	{nets.ConvTranspose2D{Channels: 2, Kernel: 2, Stride: 3}, []int{2, 2, 3}, []int{6, 6, 2}},
	{nets.ConvTranspose2D{Channels: 3, Kernel: 2, Stride: 2, Dilation: 2, Padding: nets.Valid}, []int{2, 3, 2}, []int{5, 7, 3}},
	{nets.ConvTranspose2D{Channels: 5, Kernel: 2, Dilation: 2, Padding: nets.Valid}, []int{2, 3, 5}, []int{4, 5, 5}},
}

func TestConvolutions(t *testing.T) {
	const batch = 2
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		for _, c := range convolutions {
			t.Run(fmt.Sprintf("%T%v of %v", c.layer, c.layer, c.in), func(t *testing.T) {
				out, err := c.layer.Out(c.in)
				if err != nil || !equal(out, c.out) {
					t.Fatalf("Out(%v) is %v (error %v), want %v", c.in, out, err, c.out)
				}
				all := inputs(rand.New(rand.NewPCG(3, 3)), c.layer, batch, c.in)
				f := apply(c.layer, c.in)
				near(t, "output", run(t, b, f, all...).Values, slowly(c.layer, all[0], all[1], all[2], c.out))
				check.GradientOnEach(t, b, f, all...)
			})
		}
	})
}

// slowly is a convolution as its definition says it, one product after another, in which
// nothing is shared with the package but the layer's fields.
func slowly(layer nets.Layer, x, weight, bias check.Array, out []int) []float64 {
	var l nets.Conv2D
	transposed := false
	switch layer := layer.(type) {
	case nets.Conv1D:
		l = nets.Conv2D(layer)
	case nets.Conv2D:
		l = layer
	case nets.ConvTranspose1D:
		l, transposed = nets.Conv2D(layer), true
	case nets.ConvTranspose2D:
		l, transposed = nets.Conv2D(layer), true
	}
	stride, dilation := max(l.Stride, 1), max(l.Dilation, 1)
	in := x.Shape[1:]
	k := weight.Shape[:len(weight.Shape)-2]
	if len(in) == 2 { // a sound is an image one pixel high
		in, out, k = append([]int{1}, in...), append([]int{1}, out...), append([]int{1}, k...)
	}
	ci, co := in[2], out[2]

	// before is how many zeros stand before the fine side: its own axis where the
	// convolution strides over it, the output's where it is transposed.
	before := func(axis int) int {
		coarse, fine := out[axis], in[axis]
		if transposed {
			coarse, fine = fine, coarse
		}
		reach := dilation * (k[axis] - 1)
		switch {
		case k[axis] == 1 && len(x.Shape) == 3 && axis == 0, l.Padding == nets.Valid:
			return 0
		case l.Padding == nets.Causal && transposed:
			return 0
		case l.Padding == nets.Causal:
			return reach
		}
		return max((coarse-1)*stride+reach+1-fine, 0) / 2
	}
	y := make([]float64, x.Shape[0]*out[0]*out[1]*co)
	for n := range x.Shape[0] {
		for i := range y[:out[0]*out[1]*co] {
			y[n*out[0]*out[1]*co+i] = bias.Values[i%co]
		}
		coarse := out
		if transposed {
			coarse = in
		}
		for a := range coarse[0] {
			for b := range coarse[1] {
				for ta := range k[0] {
					for tb := range k[1] {
						sa, sb := stride, stride
						if len(x.Shape) == 3 {
							sa = 1
						}
						fa, fb := sa*a+dilation*ta-before(0), sb*b+dilation*tb-before(1)
						ia, ib, oa, ob := fa, fb, a, b
						if transposed {
							ia, ib, oa, ob = a, b, fa, fb
						}
						if min(ia, ib, oa, ob) < 0 || ia >= in[0] || ib >= in[1] || oa >= out[0] || ob >= out[1] {
							continue
						}
						for c := range ci {
							for o := range co {
								y[((n*out[0]+oa)*out[1]+ob)*co+o] +=
									x.Values[((n*in[0]+ia)*in[1]+ib)*ci+c] *
										weight.Values[((ta*k[1]+tb)*ci+c)*co+o]
							}
						}
					}
				}
			}
		}
	}
	return y
}
