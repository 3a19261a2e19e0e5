// Package datasets reads the examples that a model learns from.
//
// A [Dataset] is a numbered collection that can be read in any order, so that
// it can be shuffled, split and read again exactly, whether it lies in memory
// or in ten thousand files. It knows nothing of models.
//
//	digits, err := datasets.MNIST()
//	batch, err := datasets.Read(digits.Train, 0, 1, 2) // three digits and their labels
//
// Files are looked for under $VAEKIT_DATA, else in the user's cache folder; see [Dir].
package datasets

import (
	"bytes"
	"fmt"
	"slices"
)

// A Dataset is a numbered collection of examples of one shape.
type Dataset interface {
	// Len is the number of examples.
	Len() int

	// Shape is the shape of one example, channels last: [28, 28, 1] for a
	// grey image of 28 by 28 pixels, [10000, 1] for 10,000 samples of mono sound.
	Shape() []int

	// Read sets batch to the examples with the given indices, in that order. What
	// it sets is the caller's, who may change it.
	//
	// Visit counts the passes over the data. A dataset that draws at random
	// (dynamic binarisation, random crops) draws from its seed, the visit and
	// the index alone: the same three give the same example, so a run that is
	// stopped and resumed sees what it would have seen.
	Read(batch *Batch, visit uint64, indices []int) error
}

// A Batch is a number of examples with what is known of each.
type Batch struct {
	Shape  []int     // of one example
	Values []float32 // [examples, Shape...], row-major
	Labels []int     // [examples], nil where there are no labels
	Mask   []uint8   // [examples, Shape...], 0 where a value is padding, 1 elsewhere; nil: no padding
	Origin []string  // [examples], where each comes from, such as "3_theo_7.wav@10000"; nil: from nowhere (a sample)
}

// Read returns the examples with the given indices, as the first visit sees them.
func Read(data Dataset, indices ...int) (*Batch, error) {
	var b Batch
	if err := readChecked(data, &b, 0, indices); err != nil {
		return nil, err
	}
	return &b, nil
}

// readChecked has data read what a batch is to be, and checks that it has.
func readChecked(data Dataset, batch *Batch, visit uint64, indices []int) error {
	if err := data.Read(batch, visit, indices); err != nil {
		return err
	}
	return batch.Check(data.Shape(), len(indices))
}

// All returns every example of data, as the first visit sees them. It needs memory for all.
func All(data Dataset) (*Batch, error) {
	return Read(data, upTo(data.Len())...)
}

// upTo are 0 … n−1.
func upTo(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// Len is the number of examples.
func (b *Batch) Len() int {
	if n := Size(b.Shape); n > 0 {
		return len(b.Values) / n
	}
	return 0
}

// Check returns an error where b is not n examples of the given shape: where a
// Dataset's Read has not done what it must.
func (b *Batch) Check(shape []int, n int) error {
	values := n * Size(shape)
	switch {
	case !slices.Equal(b.Shape, shape):
		return fmt.Errorf("datasets: Read set a batch of shape %v; the data set's is %v", b.Shape, shape)
	case len(b.Values) != values:
		return fmt.Errorf("datasets: Read set %d values for %d examples of shape %v; they have %d", len(b.Values), n, shape, values)
	case b.Mask != nil && len(b.Mask) != values:
		return fmt.Errorf("datasets: Read set a mask of %d for %d values", len(b.Mask), values)
	case b.Labels != nil && len(b.Labels) != n:
		return fmt.Errorf("datasets: Read set %d labels for %d examples", len(b.Labels), n)
	case b.Origin != nil && len(b.Origin) != n:
		return fmt.Errorf("datasets: Read set %d origins for %d examples", len(b.Origin), n)
	}
	return nil
}

// Append adds the examples of c, which have the same shape. Where only one of the two
// has a mask the other's values all count; labels and origins are kept where both
// have them.
func (b *Batch) Append(c *Batch) {
	if b.Mask != nil || c.Mask != nil {
		b.Mask = append(b.mask(), c.mask()...)
	}
	if b.Len() > 0 && (b.Labels == nil || c.Labels == nil) {
		b.Labels = nil
	} else {
		b.Labels = append(b.Labels, c.Labels...)
	}
	if b.Len() > 0 && (b.Origin == nil || c.Origin == nil) {
		b.Origin = nil
	} else {
		b.Origin = append(b.Origin, c.Origin...)
	}
	b.Values = append(b.Values, c.Values...)
}

// mask is the batch's mask, ones where it has none.
func (b *Batch) mask() []uint8 {
	if b.Mask == nil {
		return bytes.Repeat([]byte{1}, len(b.Values))
	}
	return b.Mask
}

// Example returns the values of example i, shaped b.Shape, without copying them.
func (b *Batch) Example(i int) []float32 {
	n := Size(b.Shape)
	return b.Values[i*n : (i+1)*n : (i+1)*n]
}

// Slice returns the examples from up to but not including to, sharing b's memory: what
// is appended to them does not lie there.
func (b *Batch) Slice(from, to int) *Batch {
	n := Size(b.Shape)
	s := &Batch{Shape: b.Shape, Values: b.Values[from*n : to*n : to*n]}
	if b.Labels != nil {
		s.Labels = b.Labels[from:to:to]
	}
	if b.Mask != nil {
		s.Mask = b.Mask[from*n : to*n : to*n]
	}
	if b.Origin != nil {
		s.Origin = b.Origin[from:to:to]
	}
	return s
}

// Size is the number of values of an example of the given shape.
func Size(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// checkIndices returns an error that names the first index outside [0, n).
func checkIndices(what string, indices []int, n int) error {
	for _, i := range indices {
		if i < 0 || i >= n {
			return fmt.Errorf("%s: example %d asked for; there are %d, numbered from 0", what, i, n)
		}
	}
	return nil
}
