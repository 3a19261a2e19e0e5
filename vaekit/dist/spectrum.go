package dist

import (
	"math"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// power is the power spectrum of sounds x [batch, length] in a window that moves by a
// quarter of itself, |X(m, k)|² / Σ w² with the X and the periodic Hann window w of
// audio.STFT, centred: [batch, frames, window/2+1]. White noise of variance σ² has the power
// σ². The window is a multiple of 4.
//
// The transform is made of products with matrices of cosines and sines, which every backend
// has and which have gradients. Of a window of N = a·b samples, with n = b·i + j and
// k = r + a·s (Cooley and Tukey, 1965),
//
//	X(r + a·s) = Σⱼ exp(−2πi·js/b) · exp(−2πi·jr/N) · Σᵢ exp(−2πi·ir/a) · x(b·i + j)
//
// two small matrices do a tenth of the work of one large one, which XLA takes minutes to
// compile. As x is real the second half of the r, mirrored, is the first.
func power(x *graph.Node, window int) *graph.Node {
	a := 2
	for n := 2; n*n <= window; n += 2 {
		if window%n == 0 {
			a = n
		}
	}
	b, half := window/a, a/2+1
	framed := frames(x, window)
	framed = graph.Mul(framed, graph.InsertAxes(constant(x, 1, window, func(_, n int) float64 { return hann(n, window) }), 0))
	batch, count := framed.Shape().Dimensions[0], framed.Shape().Dimensions[1]
	rows := batch * count

	turn := func(part, n, of int) float64 { // exp(−2πi·n/of), real part 0 or imaginary part 1
		sin, cos := math.Sincos(2 * math.Pi * float64(n%of) / float64(of))
		return [2]float64{cos, -sin}[part]
	}
	first := constant(x, 2*half, a, func(row, i int) float64 { return turn(row/half, i*(row%half), a) })
	z := graph.DotGeneral(first, []int{1}, nil, graph.Reshape(framed, rows, a, b), []int{1}, nil)
	z = graph.Reshape(z, 2, half, rows, b)

	re, im := graph.Slice(z, graph.AxisElem(0)), graph.Slice(z, graph.AxisElem(1)) // [1, half, rows, b]
	twiddle := func(part int) *graph.Node {
		t := constant(x, half, b, func(r, j int) float64 { return turn(part, j*r, window) })
		return graph.BroadcastToDims(graph.Reshape(t, 1, half, 1, b), 1, half, rows, b)
	}
	cos, sin := twiddle(0), twiddle(1)
	z = graph.Concatenate([]*graph.Node{
		graph.Sub(graph.Mul(re, cos), graph.Mul(im, sin)),
		graph.Add(graph.Mul(re, sin), graph.Mul(im, cos)),
	}, -1) // [1, half, rows, 2·b]

	second := constant(x, 2*b, 2*b, func(from, to int) float64 { // complex as real: [[re, im], [−im, re]]
		v := turn((from/b+to/b)%2, from%b*(to%b), b)
		if from >= b && to < b {
			return -v
		}
		return v
	})
	z = graph.MatMul(graph.Reshape(z, -1, 2*b), second)
	p := graph.Reshape(graph.ReduceSum(graph.Square(graph.Reshape(z, -1, 2, b)), 1), half, rows, b) // |X(r + a·s)|²
	if half > 2 {
		mirrored := graph.Slice(p, graph.AxisRange(1, half-1))
		p = graph.Concatenate([]*graph.Node{p, graph.Reverse(mirrored, 0, 2)}, 0)
	}
	p = graph.Reshape(graph.TransposeAllAxes(p, 1, 2, 0), batch, count, window) // s before r
	return graph.Slice(p, graph.AxisRange(), graph.AxisRange(), graph.AxisRange(0, window/2+1))
}

// hann is the periodic window, divided by the root of the sum of its squares.
func hann(n, window int) float64 {
	w := (1 - math.Cos(2*math.Pi*float64(n)/float64(window))) / 2
	return w / math.Sqrt(0.375*float64(window))
}

// constant is a matrix [rows, columns] of known numbers.
func constant(like *graph.Node, rows, columns int, value func(i, j int) float64) *graph.Node {
	values := make([]float64, 0, rows*columns)
	for i := range rows {
		for j := range columns {
			values = append(values, value(i, j))
		}
	}
	return graph.ConvertDType(graph.Const(like.Graph(), tensors.FromFlatDataAndDimensions(values, rows, columns)), like.DType())
}

// frames are what the window sees of x [batch, length], with silence before and after:
// [batch, frames, window].
func frames(x *graph.Node, window int) *graph.Node {
	dims, hop := x.Shape().Dimensions, window/4
	count := dims[1]/hop + 1
	x = graph.Pad(x, graph.ScalarZero(x.Graph(), x.DType()), compute.PadAxis{}, compute.PadAxis{Start: window / 2, End: (count+3)*hop - window/2 - dims[1]})
	x = graph.Reshape(x, dims[0], count+3, hop)
	quarters := make([]*graph.Node, 4)
	for i := range quarters {
		quarters[i] = graph.Slice(x, graph.AxisRange(), graph.AxisRange(i, i+count))
	}
	return graph.Concatenate(quarters, -1)
}
