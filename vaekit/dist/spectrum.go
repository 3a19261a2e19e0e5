package dist

import (
	"math"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// power is the power spectrum of sounds x [batch, length] in a window that moves by a
// quarter of itself, |X(m, k)|² / Σ w² with the X and the periodic Hann window w of
// audio.STFT, centred: [batch, frames, window/2+1]. White noise of variance σ² has the power σ².
//
// The transform is a product with a matrix of cosines and sines, which every backend has
// and which has a gradient.
func power(x *graph.Node, window int) *graph.Node {
	framed := frames(x, window)
	batch, count := framed.Shape().Dimensions[0], framed.Shape().Dimensions[1]
	bins := window/2 + 1
	spectrum := graph.MatMul(graph.Reshape(framed, -1, window), fourier(x, window)) // [batch·frames, 2·bins]
	squares := graph.Reshape(graph.Square(spectrum), batch, count, 2, bins)
	return graph.ReduceSum(squares, 2)
}

// frames are what the window sees of x [batch, length], with silence before and after:
// [batch, frames, window]. The window is a multiple of 4.
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

// fourier is the matrix [window, 2·bins] of the windowed transform, cosines and then
// sines, divided by the root of Σ w².
func fourier(like *graph.Node, window int) *graph.Node {
	bins := window/2 + 1
	cos, sin, hann, energy := make([]float64, window), make([]float64, window), make([]float64, window), 0.0
	for n := range window {
		sin[n], cos[n] = math.Sincos(2 * math.Pi * float64(n) / float64(window))
		hann[n] = (1 - cos[n]) / 2
		energy += hann[n] * hann[n]
	}
	values := make([]float64, window*2*bins)
	for n := range window {
		w := hann[n] / math.Sqrt(energy)
		for k := range bins {
			values[n*2*bins+k] = w * cos[n*k%window]
			values[n*2*bins+bins+k] = -w * sin[n*k%window]
		}
	}
	if like.DType() == dtypes.Float64 {
		return graph.Const(like.Graph(), tensors.FromFlatDataAndDimensions(values, window, 2*bins))
	}
	narrow := make([]float32, len(values))
	for i, v := range values {
		narrow[i] = float32(v)
	}
	return graph.Const(like.Graph(), tensors.FromFlatDataAndDimensions(narrow, window, 2*bins))
}
