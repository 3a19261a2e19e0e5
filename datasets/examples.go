package datasets

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Examples is a [Resident] dataset: the reader's own arrays, or what was read
// into memory as a whole.
type Examples struct {
	what   string // for errors
	shape  []int
	n      int
	table  Table
	origin []string
}

// FromBytes returns the examples in values, [examples, shape...], where v stands
// for v/255. Labels has one for each example, or is nil. Values and labels are
// not copied.
func FromBytes(shape []int, values []uint8, labels []int) (*Examples, error) {
	return newExamples("datasets.FromBytes", shape, Table{Bytes: values, Labels: labels}, len(values))
}

// FromFloats returns the examples in values, [examples, shape...], which must be
// finite. Labels has one for each example, or is nil. Values and labels are not
// copied.
func FromFloats(shape []int, values []float32, labels []int) (*Examples, error) {
	if err := finite(values, max(Size(shape), 1), 0); err != nil {
		return nil, fmt.Errorf("datasets.FromFloats: %w", err)
	}
	return newExamples("datasets.FromFloats", shape, Table{Floats: values, Labels: labels}, len(values))
}

// finite returns an error that names the first of values, per to an example, that is
// a NaN or an infinity. They begin with the example called first.
func finite(values []float32, per, first int) error {
	for i, v := range values {
		if v-v != 0 {
			return fmt.Errorf("value %d of example %d is %v; a model learns from finite values only", i%per, first+i/per, v)
		}
	}
	return nil
}

// Hold reads all of data, as the first visit sees it, into memory.
func Hold(data Dataset) (*Examples, error) {
	b, err := All(data)
	if err != nil {
		return nil, err
	}
	e, err := newExamples("datasets.Hold", data.Shape(), Table{Floats: b.Values, Mask: b.Mask, Labels: b.Labels}, len(b.Values))
	if err != nil {
		return nil, err
	}
	e.origin = b.Origin
	return e, nil
}

func newExamples(what string, shape []int, table Table, values int) (*Examples, error) {
	per := 1
	for _, d := range shape {
		if d < 1 || per > math.MaxInt32/d {
			return nil, fmt.Errorf("%s: shape %v: an example needs dimensions of 1 or more and holds below 2³¹ values", what, shape)
		}
		per *= d
	}
	if values%per != 0 {
		return nil, fmt.Errorf("%s: %d values are no whole number of examples of shape %v, which have %d", what, values, shape, per)
	}
	n := values / per
	if labels := table.Labels; labels != nil && len(labels) != n {
		return nil, fmt.Errorf("%s: %d labels for %d examples; give one for each, or nil", what, len(labels), n)
	}
	return &Examples{what: what, shape: slices.Clone(shape), n: n, table: table}, nil
}

// Len is the number of examples.
func (e *Examples) Len() int { return e.n }

// Shape is the shape of one example.
func (e *Examples) Shape() []int { return slices.Clone(e.shape) }

// Labels returns one label for each example, nil where there are none. The
// caller must not change them.
func (e *Examples) Labels() []int { return e.table.Labels }

// Resident returns all examples, which are the same at every visit.
func (e *Examples) Resident(uint64) Table { return e.table }

// Read sets batch to the examples with the given indices.
func (e *Examples) Read(batch *Batch, _ uint64, indices []int) error {
	if err := checkIndices(e.what, indices, e.n); err != nil {
		return err
	}
	per := Size(e.shape)
	batch.reset(e.shape, len(indices), e.table.Labels != nil, e.table.Mask != nil, e.origin != nil)
	for i, from := range indices {
		to := batch.Values[i*per : (i+1)*per]
		if e.table.Bytes != nil {
			bytesToFloats(to, e.table.Bytes[from*per:(from+1)*per])
		} else {
			copy(to, e.table.Floats[from*per:])
		}
		if batch.Labels != nil {
			batch.Labels[i] = e.table.Labels[from]
		}
		if batch.Mask != nil {
			copy(batch.Mask[i*per:(i+1)*per], e.table.Mask[from*per:])
		}
		if batch.Origin != nil {
			batch.Origin[i] = e.origin[from]
		}
	}
	return nil
}

// ReadTable sets table to the examples with the given indices.
func (e *Examples) ReadTable(table *Table, _ uint64, indices []int) error {
	if err := checkIndices(e.what, indices, e.n); err != nil {
		return err
	}
	per := Size(e.shape)
	table.reset(e.table.Bytes != nil, e.table.Mask != nil, e.table.Labels != nil, len(indices), per)
	for i, from := range indices {
		if table.Labels != nil {
			table.Labels[i] = e.table.Labels[from]
		}
		to, from := i*per, from*per
		if table.Bytes != nil {
			copy(table.Bytes[to:to+per], e.table.Bytes[from:])
		} else {
			copy(table.Floats[to:to+per], e.table.Floats[from:])
		}
		if table.Mask != nil {
			copy(table.Mask[to:to+per], e.table.Mask[from:])
		}
	}
	return nil
}

// bytesToFloats sets to[i] to from[i]/255.
func bytesToFloats(to []float32, from []uint8) {
	for i, v := range from {
		to[i] = float32(v) / 255
	}
}

// reset makes room for n examples, in b's own memory where that is enough. The
// old values stay where nothing is written over them.
func (b *Batch) reset(shape []int, n int, labels, mask, origin bool) {
	per := Size(shape)
	b.Shape = slices.Clone(shape)
	b.Values = resized(b.Values, n*per, true)
	b.Labels = resized(b.Labels, n, labels)
	b.Mask = resized(b.Mask, n*per, mask)
	b.Origin = resized(b.Origin, n, origin)
}

// resized returns s with length n, or nil where it is not wanted.
func resized[T any](s []T, n int, wanted bool) []T {
	if !wanted {
		return nil
	}
	if s == nil {
		return make([]T, n)
	}
	return slices.Grow(s[:0], n)[:n]
}

// String says what e holds, such as "60000 examples of shape 28×28×1, 10 labels".
func (e *Examples) String() string { return describe(e.n, e.shape, e.table.Labels) }

func describe(n int, shape, labels []int) string {
	dims := make([]string, len(shape))
	for i, d := range shape {
		dims[i] = fmt.Sprint(d)
	}
	s := fmt.Sprintf("%d examples of shape %s", n, strings.Join(dims, "×"))
	seen := map[int]bool{}
	for _, l := range labels {
		seen[l] = true
	}
	if len(seen) > 0 {
		s += fmt.Sprintf(", %d labels", len(seen))
	}
	return s
}
