package nets

import (
	"slices"

	"github.com/gomlx/gomlx/core/graph"
)

// A convolution, its transpose and their gradients are one formula. With x on the fine
// grid, y on the coarse one, and a kernel k,
//
//	B(x, k, y) = Σ y[q, o] · x[stride·q + dilation·t − low, c] · k[t, c, o]
//
// over positions q, taps t and channels c and o, x being 0 where it is not defined. It is
// linear in all three, so each is the gradient with respect to one of them:
//
//	∂B/∂y = correlate(x, k)    a convolution
//	∂B/∂x = spread(y, k)       a transposed convolution
//	∂B/∂k = kernelSlope(x, y)  the kernel's gradient in either
//
// A convolution's gradients are therefore spread and kernelSlope, a transposed
// convolution's are correlate and kernelSlope, and what is wrong in one shows in a test
// of the other. GoMLX's own gradients are not asked: that of a convolution with an even
// kernel is wrong, that of one with a dilated input is missing.
//
// The same sums can be had in several ways, and they differ by ten times and more. The
// fastest found on XLA's CPU (128 images or 16 sounds; GFLOP/s on two cores that multiply
// matrices at 190):
//
//   - Its own convolution, without strides, for correlate: 130 to 195 with many channels.
//   - With up to 4 channels in, that falls to 20 to 50 for a sound, and to 30 for an image
//     of 3. Columns (what the taps see, side by side) times the kernel make 55 to 105.
//   - With as few channels out of a sound, 10 to 25: the products with every tap, added up
//     where they belong, make 40 to 80.
//   - With strides, columns again. A stride can also be made channels, blocks of 2×2 pixels
//     for a stride of 2, but then 7 of 16 places in the blocks of a 3×3 kernel are zeros.
//   - spread with strides is one correlate without strides for every phase, that is for
//     all positions of x that lie the same way between multiples of the stride. Each has
//     taps of its own, so none is multiplied by zeros that lie between the values of y.
//   - kernelSlope is a product of columns and y, 60 to 100, as it adds over the first axis
//     of both. As a convolution, the way GoMLX and JAX have it, it falls to 1 inside a While
//     loop. Where y has few channels and x has many, they are columns of y.
//
// The Go backend's own convolution takes minutes for what this does in a second; there it
// is columns throughout.

// few is up to how many channels a convolution of XLA's is slower than other forms.
const few = 4

// convolve is correlate with its gradients.
func convolve(x, k *graph.Node, w window) *graph.Node {
	return withSlopes(x, k, func(x, k *graph.Node) *graph.Node { return correlate(x, k, w) },
		func(v *graph.Node) (dx, dk *graph.Node) { return spread(v, k, w), kernelSlope(x, v, w) })
}

// convolveTransposed is spread with its gradients.
func convolveTransposed(y, k *graph.Node, w window) *graph.Node {
	return withSlopes(y, k, func(y, k *graph.Node) *graph.Node { return spread(y, k, w) },
		func(v *graph.Node) (dy, dk *graph.Node) { return correlate(v, k, w), kernelSlope(v, y, w) })
}

// withSlopes is f(a, b) with the gradients that slopes(v) says for the gradient v of the
// result, in place of f's. It is [withSlope] for two inputs: GoMLX comes to the output
// first, which leaves for the inputs what they are to return.
func withSlopes(a, b *graph.Node, f func(a, b *graph.Node) *graph.Node, slopes func(v *graph.Node) (da, db *graph.Node)) *graph.Node {
	var da, db *graph.Node
	inA := graph.IdentityWithCustomGradient(a, func(_, _ *graph.Node) *graph.Node { return da })
	inB := graph.IdentityWithCustomGradient(b, func(_, _ *graph.Node) *graph.Node { return db })
	return graph.IdentityWithCustomGradient(f(inA, inB), func(_, v *graph.Node) *graph.Node {
		da, db = slopes(v)
		return v
	})
}

// correlate is y of x [batch, in..., c] and k [taps..., c, o]: [batch, out..., o].
func correlate(x, k *graph.Node, w window) *graph.Node {
	c, o := channels(x), channels(k)
	sound := len(w) == 1
	switch {
	case w.oneTap() || w.strided() || c <= few:
	case o <= few && (sound || !onXLA(x)):
		return addTaps(x, k, w)
	case onXLA(x):
		return native(x, k, w)
	}
	y := times(w.columns(x), graph.Reshape(k, -1, o))
	return graph.Reshape(y, with(with(x.Shape().Dimensions[:1], w.out()...), o)...)
}

// spread is x of y [batch, out..., o] and k [taps..., c, o]: [batch, in..., c].
func spread(y, k *graph.Node, w window) *graph.Node {
	if !w.strided() {
		return correlate(y, turned(k), w.turned())
	}
	var parts []*graph.Node
	for _, p := range w.phases() {
		if p.none {
			dims := with(with(y.Shape().Dimensions[:1], p.in()...), k.Shape().Dimensions[len(w)])
			parts = append(parts, graph.BroadcastToDims(zero(y), dims...))
			continue
		}
		parts = append(parts, correlate(y, turned(graph.Slice(k, p.taps...)), p.window.turned()))
	}
	return w.interleaved(parts)
}

// kernelSlope is k of x [batch, in..., c] and y [batch, out..., o]: [taps..., c, o].
func kernelSlope(x, y *graph.Node, w window) *graph.Node {
	c, o := channels(x), channels(y)
	if o <= few && o < c && !w.strided() {
		k := product(w.turned().columns(y), graph.Reshape(x, -1, c))
		return turned(graph.Reshape(k, with(w.taps(), o, c)...))
	}
	return graph.Reshape(product(w.columns(x), graph.Reshape(y, -1, o)), with(w.taps(), c, o)...)
}

// product is aᵀ · b. It turns the narrower one itself, as the Go backend would turn both.
func product(a, b *graph.Node) *graph.Node {
	if channels(a) <= channels(b) {
		return times(graph.Transpose(a, 0, 1), b)
	}
	return graph.Transpose(times(graph.Transpose(b, 0, 1), a), 0, 1)
}

// addTaps is correlate, without strides, as the sum over taps of what each makes of all of x, cut out where it belongs.
func addTaps(x, k *graph.Node, w window) *graph.Node {
	n, c, o := len(w), channels(x), channels(k)
	x = w.padded(x)
	dims := x.Shape().Dimensions[:n+1]
	taps := graph.Reshape(graph.Transpose(graph.Reshape(k, -1, c, o), 1, 2), -1, c) // [taps·o, c]
	z := asFloat32OnGo(func(a, b *graph.Node) *graph.Node {
		return graph.DotGeneral(a, []int{1}, nil, b, []int{1}, nil)
	}, taps, graph.Reshape(x, -1, c))
	z = graph.Reshape(z, append([]int{-1, o}, dims...)...) // the last axis is not the short one
	var sum *graph.Node
	for t, shift := range w.shifts() {
		to := w.out()
		for i := range to {
			to[i] += shift[i]
		}
		y := cut(graph.Slice(z, graph.AxisElem(t)), 3, shift, to)
		if sum == nil {
			sum = y
		} else {
			sum = graph.Add(sum, y)
		}
	}
	sum = graph.Reshape(sum, append([]int{o, dims[0]}, w.out()...)...)
	axes := []int{}
	for i := range n + 1 {
		axes = append(axes, 1+i)
	}
	return graph.TransposeAllAxes(sum, append(axes, 0)...)
}

// native is correlate, without strides, as one operation. GoMLX would build that operation's gradient although
// withSlopes has another, and panics over some even kernels. So no gradient goes through
// it; the zero is there for the one that goes to x and k, and XLA drops it.
func native(x, k *graph.Node, w window) *graph.Node {
	var pads [][2]int
	for _, s := range w {
		pads = append(pads, [2]int{s.low, s.high()})
	}
	if slices.ContainsFunc(w, func(s sweep) bool { return min(s.low, s.high()) < 0 }) {
		x, pads = w.padded(x), make([][2]int, len(w))
	}
	dilations := w.sizes(func(s sweep) int { return s.dilation })
	y := graph.Convolve(graph.StopGradient(x), graph.StopGradient(k)).PaddingPerDim(pads).DilationPerAxis(dilations...).Done()
	first := func(x *graph.Node) *graph.Node {
		corner := make([]graph.SliceAxisSpec, x.Rank())
		for i := range corner {
			corner[i] = graph.AxisElem(0)
		}
		return graph.Reshape(graph.Slice(x, corner...))
	}
	never := graph.Const(x.Graph(), false)
	return graph.Add(y, graph.Where(never, graph.Add(first(x), first(k)), zero(x)))
}
