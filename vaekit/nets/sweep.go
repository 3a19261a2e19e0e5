package nets

import (
	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
)

// A sweep is how a kernel goes along one axis: tap t at position q < out looks at
// position stride·q + dilation·t − low < in.
type sweep struct{ in, out, taps, stride, dilation, low int }

// reach is how far the last tap is from the first.
func (s sweep) reach() int { return s.dilation * (s.taps - 1) }

// high is how many positions the last tap looks beyond the end, in a sweep without stride.
func (s sweep) high() int { return s.out + s.reach() - s.low - s.in }

// A window is a sweep along every axis between batch and channels.
type window []sweep

func (w window) strided() bool {
	for _, s := range w {
		if s.stride > 1 {
			return true
		}
	}
	return false
}

// sizes are a number of every sweep.
func (w window) sizes(of func(s sweep) int) []int {
	all := make([]int, len(w))
	for i, s := range w {
		all[i] = of(s)
	}
	return all
}

func (w window) in() []int   { return w.sizes(func(s sweep) int { return s.in }) }
func (w window) out() []int  { return w.sizes(func(s sweep) int { return s.out }) }
func (w window) taps() []int { return w.sizes(func(s sweep) int { return s.taps }) }

// turned is the window of the kernel turned round that leads from out to in, without strides.
func (w window) turned() window {
	back := make(window, len(w))
	for i, s := range w {
		back[i] = sweep{s.out, s.in, s.taps, s.stride, s.dilation, s.reach() - s.low}
	}
	return back
}

// blocked is the window over blocks of stride positions.
func (w window) blocked() window {
	over := make(window, len(w))
	for i, s := range w {
		low := ceilDiv(s.low, s.stride)
		last := (s.reach() - s.low) / s.stride // how many blocks after its position's the last tap's is
		in := min(ceilDiv(s.in, s.stride), s.out+last)
		over[i] = sweep{in, s.out, low + last + 1, 1, 1, low}
	}
	return over
}

// shifts are where the taps look, in the order of the kernel's values.
func (w window) shifts() [][]int {
	all := [][]int{nil}
	for _, s := range w {
		var longer [][]int
		for _, shift := range all {
			for t := range s.taps {
				longer = append(longer, with(shift, s.dilation*t))
			}
		}
		all = longer
	}
	return all
}

// blocks makes one position of every stride positions of x [batch, in..., c], with the
// channels of all: [batch, blocks..., strides·c].
func (w window) blocks(x *graph.Node) *graph.Node {
	over := w.blocked()
	total := make([]int, len(w))
	for i, s := range w {
		total[i] = s.stride * over[i].in
	}
	x = split(placed(x, make([]int, len(w)), total), w)
	n := len(w)
	axes := []int{0}
	for i := range n {
		axes = append(axes, 1+2*i)
	}
	for i := range n {
		axes = append(axes, 2+2*i)
	}
	x = graph.TransposeAllAxes(x, append(axes, 2*n+1)...)
	return graph.Reshape(x, with(with(x.Shape().Dimensions[:1], over.in()...), -1)...)
}

// unblocked is x [batch, in..., c] of its blocks.
func (w window) unblocked(x *graph.Node) *graph.Node {
	n := len(w)
	dims := x.Shape().Dimensions
	apart := with(dims[:n+1], w.sizes(func(s sweep) int { return s.stride })...)
	x = graph.Reshape(x, with(apart, -1)...)
	axes, whole := []int{0}, []int{dims[0]}
	for i, s := range w {
		axes = append(axes, 1+i, 1+n+i)
		whole = append(whole, dims[1+i]*s.stride)
	}
	x = graph.Reshape(graph.TransposeAllAxes(x, append(axes, 2*n+1)...), with(whole, -1)...)
	return placed(x, make([]int, n), w.in())
}

// kernelBlocks cuts k [taps..., c, o] as blocks cuts x: [blocked taps..., strides·c, o].
func (w window) kernelBlocks(k *graph.Node) *graph.Node {
	n := len(w)
	over := w.blocked()
	pads := make([]compute.PadAxis, n+2)
	var apart, axes, inner []int
	for i, s := range w {
		start := s.stride*over[i].low - s.low
		pads[i] = compute.PadAxis{Start: start, End: s.stride*over[i].taps - start - s.reach() - 1, Interior: s.dilation - 1}
		apart = append(apart, over[i].taps, s.stride)
		axes, inner = append(axes, 2*i), append(inner, 2*i+1)
	}
	k = graph.Pad(k, zero(k), pads...)
	c, o := k.Shape().Dimensions[n], channels(k)
	k = graph.TransposeAllAxes(graph.Reshape(k, with(apart, c, o)...), with(with(axes, inner...), 2*n, 2*n+1)...)
	return graph.Reshape(k, with(over.taps(), -1, o)...)
}

// columns are what the taps see in x [batch, in..., c], side by side: [batch·out, taps·c].
// The window has no strides.
func (w window) columns(x *graph.Node) *graph.Node {
	c := channels(x)
	x = w.padded(x)
	var taps []*graph.Node
	for _, shift := range w.shifts() {
		taps = append(taps, graph.Reshape(cut(x, 1, shift, w.out()), -1, c))
	}
	return joined(taps, 1)
}

// rows are what the taps see in x [batch, in..., c], one after the other: [taps·c, batch·out].
func (w window) rows(x *graph.Node) *graph.Node {
	n, c := len(w), channels(x)
	low, total := make([]int, n), make([]int, n)
	outer, inner := []int{2*n + 1, 0}, []int{}
	for i, s := range w {
		low[i], total[i] = s.low, s.stride*(s.out+s.reach()/s.stride)
		outer, inner = append(outer, 1+2*i), append(inner, 2+2*i)
	}
	x = graph.TransposeAllAxes(split(placed(x, low, total), w), append(inner, outer...)...) // [strides..., c, batch, blocks...]
	var taps []*graph.Node
	for _, shift := range w.shifts() {
		phase, block := make([]int, n), make([]int, n)
		for i, s := range w {
			phase[i], block[i] = shift[i]%s.stride, shift[i]/s.stride
		}
		ones := w.sizes(func(sweep) int { return 1 })
		taps = append(taps, graph.Reshape(cut(cut(x, 0, phase, ones), n+2, block, w.out()), c, -1))
	}
	return joined(taps, 0)
}

// padded is x [batch, in..., c] with the zeros that the taps of a window without strides see.
func (w window) padded(x *graph.Node) *graph.Node {
	return placed(x, w.sizes(func(s sweep) int { return s.low }), w.sizes(func(s sweep) int { return s.out + s.reach() }))
}

// placed is x [batch, sizes..., c] at low among zeros, cut off at total.
func placed(x *graph.Node, low, total []int) *graph.Node {
	sizes := make([]int, len(low))
	pads := make([]compute.PadAxis, x.Rank())
	pad, crop := false, false
	for i := range low {
		size := x.Shape().Dimensions[1+i]
		sizes[i] = min(size, total[i]-low[i])
		pads[1+i] = compute.PadAxis{Start: low[i], End: total[i] - low[i] - sizes[i]}
		pad, crop = pad || sizes[i] < total[i], crop || sizes[i] < size
	}
	if crop {
		x = cut(x, 1, make([]int, len(low)), sizes)
	}
	if pad {
		x = graph.Pad(x, zero(x), pads...)
	}
	return x
}

// cut takes sizes from x at shift, along the axes from the one called first.
func cut(x *graph.Node, first int, shift, sizes []int) *graph.Node {
	whole := true
	axes := make([]graph.SliceAxisSpec, first, first+len(shift))
	for i := range axes {
		axes[i] = graph.AxisRange()
	}
	for i, from := range shift {
		axes = append(axes, graph.AxisRange(from, from+sizes[i]))
		whole = whole && from == 0 && sizes[i] == x.Shape().Dimensions[first+i]
	}
	if whole {
		return x
	}
	return graph.Slice(x, axes...)
}

// split is x [batch, sizes..., c] with every size as [blocks, stride].
func split(x *graph.Node, w window) *graph.Node {
	dims := x.Shape().Dimensions
	apart := []int{dims[0]}
	for i, s := range w {
		apart = append(apart, dims[1+i]/s.stride, s.stride)
	}
	return graph.Reshape(x, append(apart, channels(x))...)
}

// turned is the kernel [taps..., c, o] turned round, from o to c: [taps..., o, c].
func turned(k *graph.Node) *graph.Node {
	n := k.Rank() - 2
	axes := make([]int, n)
	for i := range axes {
		axes[i] = i
	}
	return graph.Transpose(graph.Reverse(k, axes...), n, n+1)
}

func joined(parts []*graph.Node, axis int) *graph.Node {
	if len(parts) == 1 {
		return parts[0]
	}
	return graph.Concatenate(parts, axis)
}

func channels(x *graph.Node) int { return x.Shape().Dimensions[x.Rank()-1] }

func zero(x *graph.Node) *graph.Node { return graph.ScalarZero(x.Graph(), x.DType()) }

func ceilDiv(a, b int) int { return (a + b - 1) / b }

// with is a copy of a list with more behind it.
func with(list []int, more ...int) []int { return append(append([]int{}, list...), more...) }
