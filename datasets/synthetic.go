package datasets

import (
	"fmt"
	"slices"
)

// Synthetic returns n examples of the given shape that are made whenever they are
// read: as many as are wanted need no more memory than a few.
//
// Example sets the values, which are all 0 when it is called, of example i. It must
// set the same ones each time, so what is random about them comes from i, as in
// rand.New(rand.NewPCG(seed, uint64(i))), and it is called by several goroutines at
// once. Values that are not finite, and a panic, are errors of Read.
func Synthetic(n int, shape []int, example func(i int, values []float32)) (*Made, error) {
	if n < 0 || example == nil {
		return nil, fmt.Errorf("datasets.Synthetic: %d examples and a function that makes them are asked for", n)
	}
	if _, err := newExamples("datasets.Synthetic", shape, Table{}, 0); err != nil {
		return nil, err
	}
	return &Made{n, slices.Clone(shape), example}, nil
}

// Made are examples that a function makes; see [Synthetic].
type Made struct {
	n       int
	shape   []int
	example func(i int, values []float32)
}

// Len is the number of examples.
func (m *Made) Len() int { return m.n }

// Shape is the shape of one example.
func (m *Made) Shape() []int { return slices.Clone(m.shape) }

// String says what is made, such as "10000000 examples of shape 28×28×1 that are made when they are read".
func (m *Made) String() string {
	return describe(m.n, m.shape, nil) + " that are made when they are read"
}

// Read sets batch to the examples with the given indices.
func (m *Made) Read(batch *Batch, _ uint64, indices []int) error {
	if err := checkIndices("datasets.Synthetic", indices, m.n); err != nil {
		return err
	}
	batch.reset(m.shape, len(indices), false, false, false)
	clear(batch.Values)
	return each(len(indices), func(i int) error {
		values := batch.Example(i)
		err := safely(func() error {
			m.example(indices[i], values)
			return nil
		})
		if err != nil {
			return fmt.Errorf("datasets.Synthetic: example %d: %w", indices[i], err)
		}
		if err := finite(values, len(values), indices[i]); err != nil {
			return fmt.Errorf("datasets.Synthetic: %w", err)
		}
		return nil
	})
}
