package nets

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// Padding says what a convolution sees beyond the ends of its input, which is always
// zeros. With span = Dilation·(Kernel − 1) + 1, an input of length n becomes
//
//	         convolution                 transposed convolution
//	Same     ⌈n / Stride⌉                n · Stride
//	Valid    ⌊(n − span) / Stride⌋ + 1   (n − 1) · Stride + span
//	Causal   ⌈n / Stride⌉                n · Stride
type Padding string

const (
	Same   Padding = ""       // as many zeros on both sides as the sizes above need, an odd one at the end
	Valid  Padding = "valid"  // no zeros: only positions where the whole kernel fits
	Causal Padding = "causal" // zeros before the beginning only: nothing is heard before it happens; 1-D
)

// Conv1D is a convolution along sound or another series: activation(x ∗ weight + bias),
// from [length, channels] to [length', Channels]. Lengths are told by [Padding].
//
// As everywhere in machine learning the kernel is not turned round (it is a correlation).
type Conv1D struct {
	Channels   int // how many come out
	Kernel     int // taps; 0 means 3
	Stride     int // positions from one output to the next; 0 means 1
	Dilation   int // positions from one tap to the next; 0 means 1
	Padding    Padding
	Activation Activation
	Init       Init // of the weight; the zero value means GlorotUniform. The bias begins at 0
}

// Conv2D is a convolution over an image with a square kernel, from
// [height, width, channels] to [height', width', Channels]. Sizes are told by [Padding],
// which is Same or Valid.
type Conv2D struct {
	Channels   int // how many come out
	Kernel     int // taps along each side; 0 means 3
	Stride     int // pixels from one output to the next; 0 means 1
	Dilation   int // pixels from one tap to the next; 0 means 1
	Padding    Padding
	Activation Activation
	Init       Init // of the weight; the zero value means GlorotUniform. The bias begins at 0
}

// ConvTranspose1D is the transpose of a [Conv1D]: every input position adds its own copy
// of the kernel to the output, Stride positions from its neighbour's. It leads from
// [length, channels] to [length', Channels]; lengths are told by [Padding]. With Causal
// an input reaches no output before its own.
type ConvTranspose1D struct {
	Channels   int // how many come out
	Kernel     int // taps; 0 means 3
	Stride     int // output positions from one input to the next; 0 means 1
	Dilation   int // output positions from one tap to the next; 0 means 1
	Padding    Padding
	Activation Activation
	Init       Init // of the weight; the zero value means GlorotUniform. The bias begins at 0
}

// ConvTranspose2D is the transpose of a [Conv2D]: every pixel adds its own copy of the
// kernel to the output, Stride pixels from its neighbour's. It leads from
// [height, width, channels] to [height', width', Channels]; sizes are told by [Padding],
// which is Same or Valid.
type ConvTranspose2D struct {
	Channels   int // how many come out
	Kernel     int // taps along each side; 0 means 3
	Stride     int // output pixels from one input to the next; 0 means 1
	Dilation   int // output pixels from one tap to the next; 0 means 1
	Padding    Padding
	Activation Activation
	Init       Init // of the weight; the zero value means GlorotUniform. The bias begins at 0
}

// Out is [length', Channels].
func (c Conv1D) Out(in []int) ([]int, error) { return conv(c).out(in, 1, false) }

// Params are a weight [Kernel, in, Channels] and a bias [Channels].
func (c Conv1D) Params(in []int) []Param { return conv(c).params(in) }

// Apply maps [batch, length, channels] to [batch, length', Channels].
func (c Conv1D) Apply(p *Pass, x *graph.Node) *graph.Node { return conv(c).apply(p, x, false) }

// Out is [height', width', Channels].
func (c Conv2D) Out(in []int) ([]int, error) { return conv(c).out(in, 2, false) }

// Params are a weight [Kernel, Kernel, in, Channels] and a bias [Channels].
func (c Conv2D) Params(in []int) []Param { return conv(c).params(in) }

// Apply maps [batch, height, width, channels] to [batch, height', width', Channels].
func (c Conv2D) Apply(p *Pass, x *graph.Node) *graph.Node { return conv(c).apply(p, x, false) }

// Out is [length', Channels].
func (c ConvTranspose1D) Out(in []int) ([]int, error) { return conv(c).out(in, 1, true) }

// Params are a weight [Kernel, in, Channels] and a bias [Channels].
func (c ConvTranspose1D) Params(in []int) []Param { return conv(c).params(in) }

// Apply maps [batch, length, channels] to [batch, length', Channels].
func (c ConvTranspose1D) Apply(p *Pass, x *graph.Node) *graph.Node { return conv(c).apply(p, x, true) }

// Out is [height', width', Channels].
func (c ConvTranspose2D) Out(in []int) ([]int, error) { return conv(c).out(in, 2, true) }

// Params are a weight [Kernel, Kernel, in, Channels] and a bias [Channels].
func (c ConvTranspose2D) Params(in []int) []Param { return conv(c).params(in) }

// Apply maps [batch, height, width, channels] to [batch, height', width', Channels].
func (c ConvTranspose2D) Apply(p *Pass, x *graph.Node) *graph.Node { return conv(c).apply(p, x, true) }

// String is short, for summaries: "Conv1D 64 k9 /4 relu".
func (c Conv1D) String() string { return conv(c).words("Conv1D", "k%d") }

// String is short, for summaries: "Conv2D 64 3×3 /2 relu".
func (c Conv2D) String() string { return conv(c).words("Conv2D", "%[1]d×%[1]d") }

// String is short, for summaries: "ConvTranspose1D 64 k9 ×4 relu".
func (c ConvTranspose1D) String() string { return conv(c).words("ConvTranspose1D", "k%d") }

// String is short, for summaries: "ConvTranspose2D 64 3×3 ×2 relu".
func (c ConvTranspose2D) String() string { return conv(c).words("ConvTranspose2D", "%[1]d×%[1]d") }

// conv is what the four have in common: their fields.
type conv Conv1D

func (c conv) filled() conv {
	c.Kernel, c.Stride, c.Dilation = cmp.Or(c.Kernel, 3), cmp.Or(c.Stride, 1), cmp.Or(c.Dilation, 1)
	c.Init = cmp.Or(c.Init, GlorotUniform)
	return c
}

// out checks the fields and the input's shape, [axes..., channels].
func (c conv) out(in []int, axes int, transposed bool) ([]int, error) {
	c = c.filled()
	for _, field := range []struct {
		name, counts string
		value        int
	}{
		{"Channels", "outputs", c.Channels},
		{"Kernel", "taps", c.Kernel},
		{"Stride", "positions", c.Stride},
		{"Dilation", "positions", c.Dilation},
	} {
		if field.value < 1 {
			return nil, fmt.Errorf("field %s is %d; it counts %s and must be positive", field.name, field.value, field.counts)
		}
	}
	switch {
	case c.Padding != Same && c.Padding != Valid && c.Padding != Causal:
		return nil, fmt.Errorf("there is no padding %q; see the constants of type nets.Padding", string(c.Padding))
	case c.Padding == Causal && axes != 1:
		return nil, fmt.Errorf("field Padding is causal, which an image has no time for; take Same or Valid")
	}
	if err := grid(in, axes); err != nil {
		return nil, err
	}
	var out []int
	for _, n := range in[:axes] {
		s := c.sweep(n, transposed)
		if span := s.reach() + 1; !transposed && s.out < 1 {
			return nil, fmt.Errorf("the kernel spans %d of an input of %v; with Valid padding it must fit: take a smaller one, or Padding: nets.Same", span, in)
		}
		if transposed {
			out = append(out, s.in)
		} else {
			out = append(out, s.out)
		}
	}
	return append(out, c.Channels), nil
}

// grid is an error where a shape is not [axes..., channels].
func grid(in []int, axes int) error {
	if len(in) == axes+1 {
		return nil
	}
	if axes == 1 {
		return fmt.Errorf("needs [length, channels], the input is %v; nets.Reshape{} makes one of the other", in)
	}
	return fmt.Errorf("needs [height, width, channels], the input is %v; nets.Reshape{} makes one of the other", in)
}

// sweep is how the kernel goes along an axis of length n. In a transposed convolution
// that is the coarse side, called out.
func (c conv) sweep(n int, transposed bool) sweep {
	s := sweep{in: n, taps: c.Kernel, stride: c.Stride, dilation: c.Dilation}
	span := s.reach() + 1
	if transposed {
		s.in, s.out = n*c.Stride, n
		if c.Padding == Valid {
			s.in = (n-1)*c.Stride + span
		}
	} else if s.out = ceilDiv(n, c.Stride); c.Padding == Valid {
		s.out = floorDiv(n-span, c.Stride) + 1
	}
	switch c.Padding {
	case Same:
		s.low = max((s.out-1)*c.Stride+span-s.in, 0) / 2
	case Causal:
		if !transposed {
			s.low = s.reach()
		}
	}
	return s
}

func (c conv) words(name, kernel string) string {
	c = c.filled()
	stride, dilation := "", ""
	if c.Stride > 1 {
		stride = fmt.Sprintf("/%d", c.Stride)
		if strings.HasPrefix(name, "ConvTranspose") {
			stride = fmt.Sprintf("×%d", c.Stride)
		}
	}
	if c.Dilation > 1 {
		dilation = fmt.Sprintf("dilated %d", c.Dilation)
	}
	return spaced(name, fmt.Sprint(c.Channels), fmt.Sprintf(kernel, c.Kernel), stride, dilation, string(c.Padding), string(c.Activation))
}

func floorDiv(a, b int) int {
	if a < 0 {
		return -ceilDiv(-a, b)
	}
	return a / b
}

func (c conv) params(in []int) []Param {
	c = c.filled()
	var shape []int
	for range in[1:] {
		shape = append(shape, c.Kernel)
	}
	return []Param{
		{Name: "weight", Shape: append(shape, in[len(in)-1], c.Channels), Init: c.Init},
		{Name: "bias", Shape: []int{c.Channels}},
	}
}

func (c conv) apply(p *Pass, x *graph.Node, transposed bool) *graph.Node {
	c = c.filled()
	var w window
	for _, n := range x.Shape().Dimensions[1 : x.Rank()-1] {
		w = append(w, c.sweep(n, transposed))
	}
	weight := p.Param("weight") // [taps..., in, out]
	var y *graph.Node
	if transposed {
		y = convolveTransposed(x, graph.Transpose(weight, -2, -1), w)
	} else {
		y = convolve(x, weight, w)
	}
	return c.Activation.Apply(biased(p, y))
}

// biased is y [batch, ..., channels] plus the layer's bias [channels].
func biased(p *Pass, y *graph.Node) *graph.Node {
	dims := y.Shape().Dimensions
	bias := p.Param("bias")
	if y.DType() == dtypes.BFloat16 {
		return addedUp(y, bias)
	}
	if channels(y) == 1 { // flat, where XLA's loops over an axis of one are slow
		return graph.Reshape(graph.Add(graph.Reshape(y, dims[0], -1), graph.Reshape(bias, 1, 1)), dims...)
	}
	return graph.Add(y, graph.ExpandLeftToRank(bias, y.Rank()))
}

// addedUp is y [..., n] plus a bias [n] of bfloat16, whose three digits cannot add up the
// thousands of numbers that the bias's gradient is a sum of: that is done in float32.
func addedUp(y, bias *graph.Node) *graph.Node {
	return withSlopes(y, bias, func(y, bias *graph.Node) *graph.Node {
		return graph.Add(y, graph.ExpandLeftToRank(bias, y.Rank()))
	}, func(v *graph.Node) (dy, dbias *graph.Node) {
		all := graph.Reshape(graph.ConvertDType(v, dtypes.Float32), -1, channels(v))
		return v, graph.ConvertDType(graph.ReduceSum(all, 0), dtypes.BFloat16)
	})
}
