package nets

import (
	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
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

// oneTap says that y at a position is made of x at a single one.
func (w window) oneTap() bool {
	for _, s := range w {
		if s.taps > 1 {
			return false
		}
	}
	return true
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

// A phase is the part of a window that lies a fixed way behind the multiples of its
// strides: a window without strides, and the taps that belong to it.
type phase struct {
	window
	taps []graph.SliceAxisSpec // of the kernel's axes
	none bool                  // no tap falls here
}

// phases are one window for every position that x can have between the multiples of the
// strides, the last axis first to change. All are of one size, that of the first.
func (w window) phases() []phase {
	all := []phase{{}}
	for _, s := range w {
		var more []phase
		for _, p := range all {
			for behind := range s.stride {
				part, taps, none := s.phase(behind)
				more = append(more, phase{append(p.window[:len(p.window):len(p.window)], part), append(p.taps[:len(p.taps):len(p.taps)], taps), p.none || none})
			}
		}
		all = more
	}
	return all
}

// phase is how the taps go that look at positions behind a multiple of stride.
func (s sweep) phase(behind int) (part sweep, taps graph.SliceAxisSpec, none bool) {
	first := 0
	for first < s.taps && mod(s.dilation*first-s.low-behind, s.stride) != 0 {
		first++
	}
	common := gcd(s.stride, s.dilation)
	every := s.stride / common // taps from one of the phase to the next
	part = sweep{
		in: ceilDiv(s.in, s.stride), out: s.out, taps: ceilDiv(s.taps-first, every),
		stride: 1, dilation: s.dilation / common,
		low: -(s.dilation*first - s.low - behind) / s.stride,
	}
	return part, graph.AxisRange(first).Stride(every), first == s.taps
}

// interleaved is x [batch, in..., c] of its phases, each [batch, ⌈in/stride⌉..., c].
func (w window) interleaved(phases []*graph.Node) *graph.Node {
	n := len(w)
	x := joined(phases, n+1)
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

// columns are what the taps see in x [batch, in..., c], side by side: [batch·out, taps·c].
func (w window) columns(x *graph.Node) *graph.Node {
	c := channels(x)
	x = placed(x, w.sizes(func(s sweep) int { return s.low }), w.sizes(func(s sweep) int { return s.stride*(s.out-1) + s.reach() + 1 }))
	if !onXLA(x) && !(w.oneTap() && !w.strided()) {
		return w.gathered(x)
	}
	var taps []*graph.Node
	for _, shift := range w.shifts() {
		axes := []graph.SliceAxisSpec{graph.AxisRange()}
		for i, s := range w {
			axes = append(axes, graph.AxisRange(shift[i], shift[i]+s.stride*(s.out-1)+1).Stride(s.stride))
		}
		taps = append(taps, graph.Reshape(graph.Slice(x, axes...), -1, c))
	}
	return joined(taps, 1)
}

// gathered are the columns of x, which has its padding. It is for the Go backend, which
// slices number by number and gathers many numbers at once: those of the taps that lie
// side by side along the last axis.
func (w window) gathered(x *graph.Node) *graph.Node {
	dims, c := x.Shape().Dimensions, channels(x)
	under := func(starts []int32, size, count, step int) (all []int32) { // count places of every start
		for _, start := range starts {
			for i := range count {
				all = append(all, start*int32(size)+int32(i*step))
			}
		}
		return all
	}
	positions, shifts, run := under([]int32{0}, 1, dims[0], 1), []int32{0}, 1
	for i, s := range w {
		taps := s.taps
		if i == len(w)-1 && s.dilation == 1 {
			taps, run = 1, s.taps
		}
		positions = under(positions, dims[1+i], s.out, s.stride)
		shifts = under(shifts, dims[1+i], taps, s.dilation)
	}
	rows := len(positions)
	var starts []int32
	for _, p := range positions {
		for _, shift := range shifts {
			starts = append(starts, p+shift)
		}
	}
	places := graph.Const(x.Graph(), tensors.FromFlatDataAndDimensions(starts, len(starts), 1))
	y := graph.GatherSlices(graph.Reshape(x, -1, c), []int{0}, places, []int{run}, true)
	return graph.Reshape(y, rows, -1)
}

// padded is x [batch, in..., c] with the zeros that the taps of a window without strides see.
func (w window) padded(x *graph.Node) *graph.Node {
	return placed(x, w.sizes(func(s sweep) int { return s.low }), w.sizes(func(s sweep) int { return s.out + s.reach() }))
}

// placed is x [batch, sizes..., c] at low among zeros, cut off before 0 and at total.
func placed(x *graph.Node, low, total []int) *graph.Node {
	from, to := make([]int, len(low)), make([]int, len(low))
	pads := make([]compute.PadAxis, x.Rank())
	pad := false
	for i := range low {
		from[i] = max(-low[i], 0)
		to[i] = min(x.Shape().Dimensions[1+i], total[i]-low[i])
		if to[i] <= from[i] { // all of x is cut off
			return graph.BroadcastToDims(zero(x), with(with(x.Shape().Dimensions[:1], total...), channels(x))...)
		}
		start := max(low[i], 0)
		pads[1+i] = compute.PadAxis{Start: start, End: total[i] - start - (to[i] - from[i])}
		pad = pad || to[i]-from[i] < total[i]
	}
	if x = cut(x, 1, from, to); pad {
		x = graph.Pad(x, zero(x), pads...)
	}
	return x
}

// cut is x between from and to, along the axes from the one called first.
func cut(x *graph.Node, first int, from, to []int) *graph.Node {
	whole := true
	axes := make([]graph.SliceAxisSpec, first, first+len(from))
	for i := range axes {
		axes[i] = graph.AxisRange()
	}
	for i := range from {
		axes = append(axes, graph.AxisRange(from[i], to[i]))
		whole = whole && from[i] == 0 && to[i] == x.Shape().Dimensions[first+i]
	}
	if whole {
		return x
	}
	return graph.Slice(x, axes...)
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

// onXLA says for which backend a graph is.
func onXLA(x *graph.Node) bool { return x.Graph().Backend().Name() == "xla" }

func channels(x *graph.Node) int { return x.Shape().Dimensions[x.Rank()-1] }

func zero(x *graph.Node) *graph.Node { return graph.ScalarZero(x.Graph(), x.DType()) }

func mod(a, b int) int { return (a%b + b) % b }

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }

// with is a copy of a list with more behind it.
func with(list []int, more ...int) []int { return append(append([]int{}, list...), more...) }
