package nets

import (
	"cmp"
	"fmt"

	"github.com/vaebook/vaebook/vaekit/internal/describe"
)

// A Sliding layer does the same everywhere along sound or another series, [length,
// channels]: what it makes at a position depends on the positions near it and not on where
// in the series it lies. A net of such layers can be sent along a series of any length, window
// by window.
type Sliding interface {
	Layer

	// Sees is the first and the last position of the input that the outputs from first to
	// last depend on, in a series without ends whose length every stride divides. Where the
	// answer is the whole series, as of a layer inside this one, the error says why.
	Sees(first, last int) (from, to int, err error)
}

// Sees goes back from the last layer to the first.
func (n Net) Sees(first, last int) (from, to int, err error) {
	for i := len(n) - 1; i >= 0; i-- {
		layer, ok := n[i].(Sliding)
		if !ok {
			return 0, 0, fmt.Errorf("layer %d (%s) looks at the whole example", i, describe.Name(n[i]))
		}
		if first, last, err = layer.Sees(first, last); err != nil {
			return 0, 0, fmt.Errorf("layer %d (%s): %w", i, describe.Name(n[i]), err)
		}
	}
	return first, last, nil
}

// Sees is what the kernel covers.
func (c Conv1D) Sees(first, last int) (from, to int, err error) {
	s, err := conv(c).anywhere(false)
	return s.stride*first - s.low, s.stride*last - s.low + s.reach(), err
}

// Sees is every position whose copy of the kernel reaches these.
func (c ConvTranspose1D) Sees(first, last int) (from, to int, err error) {
	s, err := conv(c).anywhere(true)
	from, to = -floorDiv(s.reach()-first-s.low, s.stride), floorDiv(last+s.low, s.stride)
	return min(from, to), max(from, to), err // none, where a stride leaves gaps
}

// anywhere is the sweep along a series whose length the stride divides.
func (c conv) anywhere(transposed bool) (sweep, error) {
	if c.Padding == Valid {
		return sweep{stride: 1}, fmt.Errorf("with Valid padding the ends of a window are lost; take Same or Causal")
	}
	c = c.filled()
	return c.sweep(c.Stride, transposed), nil
}

// Sees is what the net sees, and the input that it is added to.
func (r Residual) Sees(first, last int) (from, to int, err error) {
	from, to, err = r.Net.Sees(first, last)
	return min(from, first), max(to, last), err
}

// Sees is the position itself: the layer looks along the last axis.
func (Dense) Sees(first, last int) (from, to int, err error) { return first, last, nil }

// Sees is the position itself: the layer looks along the last axis.
func (Gated) Sees(first, last int) (from, to int, err error) { return first, last, nil }

// Sees is the position itself: the layer looks along the last axis.
func (LayerNorm) Sees(first, last int) (from, to int, err error) { return first, last, nil }

// Sees is the position that is repeated.
func (u Upsample) Sees(first, last int) (from, to int, err error) {
	factor := cmp.Or(u.Factor, 2)
	return floorDiv(first, factor), floorDiv(last, factor), nil
}

// Sees is the positions whose mean is taken.
func (d Downsample) Sees(first, last int) (from, to int, err error) {
	factor := cmp.Or(d.Factor, 2)
	return factor * first, factor*last + factor - 1, nil
}
