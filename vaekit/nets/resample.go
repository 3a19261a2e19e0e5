package nets

import (
	"cmp"
	"fmt"

	"github.com/gomlx/gomlx/core/graph"
)

// Upsample repeats every position Factor times along each axis but the channels', as the
// nearest neighbour does: from [length, channels] or [height, width, channels] to Factor
// times the length, or height and width.
type Upsample struct {
	Factor int // 0 means 2
}

// Downsample takes the mean of every Factor positions along each axis but the channels',
// from [length, channels] or [height, width, channels] to a length, or height and width,
// Factor times smaller. Factor must divide them.
type Downsample struct {
	Factor int // 0 means 2
}

// Out is [Factor·length, channels] or [Factor·height, Factor·width, channels].
func (u Upsample) Out(in []int) ([]int, error) {
	out, err := resampled(in, u.Factor)
	if err != nil {
		return nil, err
	}
	for i := range out[:len(out)-1] {
		out[i] *= cmp.Or(u.Factor, 2)
	}
	return out, nil
}

// Out is [length/Factor, channels] or [height/Factor, width/Factor, channels].
func (d Downsample) Out(in []int) ([]int, error) {
	out, err := resampled(in, d.Factor)
	if err != nil {
		return nil, err
	}
	factor := cmp.Or(d.Factor, 2)
	for i, n := range out[:len(out)-1] {
		if n%factor != 0 {
			return nil, fmt.Errorf("the factor %d does not divide %d of the input %v; a convolution with Stride: %d takes any size", factor, n, in, factor)
		}
		out[i] = n / factor
	}
	return out, nil
}

// resampled is a copy of a shape that can be resampled.
func resampled(in []int, factor int) ([]int, error) {
	if factor < 0 {
		return nil, fmt.Errorf("field Factor is %d; it counts positions and must be positive", factor)
	}
	if len(in) == 2 || len(in) == 3 {
		return with(in), nil
	}
	return nil, fmt.Errorf("needs [length, channels] or [height, width, channels], the input is %v", in)
}

// Params is empty.
func (Upsample) Params([]int) []Param { return nil }

// Params is empty.
func (Downsample) Params([]int) []Param { return nil }

// Apply maps [batch, length, channels] or [batch, height, width, channels].
func (u Upsample) Apply(_ *Pass, x *graph.Node) *graph.Node {
	factor := cmp.Or(u.Factor, 2)
	dims := x.Shape().Dimensions
	one, many, out := dims[:1:1], dims[:1:1], dims[:1:1]
	for _, n := range dims[1 : len(dims)-1] {
		one, many, out = append(one, n, 1), append(many, n, factor), append(out, n*factor)
	}
	c := channels(x)
	x = graph.BroadcastToDims(graph.Reshape(x, append(one, c)...), append(many, c)...)
	return graph.Reshape(x, append(out, c)...)
}

// Apply maps [batch, length, channels] or [batch, height, width, channels].
func (d Downsample) Apply(_ *Pass, x *graph.Node) *graph.Node {
	factor := cmp.Or(d.Factor, 2)
	dims := x.Shape().Dimensions
	apart, axes := dims[:1:1], []int{}
	for i, n := range dims[1 : len(dims)-1] {
		apart, axes = append(apart, n/factor, factor), append(axes, 2+2*i)
	}
	return graph.ReduceMean(graph.Reshape(x, append(apart, channels(x))...), axes...)
}

// String is short, for summaries.
func (u Upsample) String() string { return fmt.Sprintf("Upsample ×%d", cmp.Or(u.Factor, 2)) }

// String is short, for summaries.
func (d Downsample) String() string { return fmt.Sprintf("Downsample /%d", cmp.Or(d.Factor, 2)) }
