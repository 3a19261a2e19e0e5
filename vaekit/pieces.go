package vaekit

import (
	"fmt"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
)

// pieces reads a data set from front to back, lookRows examples at a time. Where few
// would be left over for the last piece, and ask for a program of their own, the one
// before leaves it some of its own.
func pieces(data datasets.Dataset, visit uint64, f func(from int, b *datasets.Batch) error) error {
	for from, n := 0, 0; from < data.Len(); from += n {
		left := data.Len() - from
		n = min(left, lookRows)
		if rest := left - n; rest > 0 && rest <= fewRows {
			n -= fewRows
		}
		indices := firstIndices(n, n)
		for i := range indices {
			indices[i] += from
		}
		b := &datasets.Batch{}
		err := data.Read(b, visit, indices)
		if err == nil {
			err = b.Check(data.Shape(), len(indices))
		}
		if err != nil {
			return fmt.Errorf("vaekit: reading the data: %w", err)
		}
		if err := f(from, b); err != nil {
			return err
		}
	}
	return nil
}

// inputs are a batch's values and, where it has one, its mask, a row for each example.
func inputs(b *datasets.Batch) []engine.Tensor {
	shape := []int{datasets.Size(b.Shape)}
	in := []engine.Tensor{{Name: "x", Shape: shape, Data: b.Values}}
	if b.Mask != nil {
		mask := make([]float32, len(b.Mask))
		for i, v := range b.Mask {
			mask[i] = float32(v)
		}
		in = append(in, engine.Tensor{Name: "mask", Shape: shape, Data: mask})
	}
	return in
}

// rowsOf is a tensor of n examples, of which t gives the name and the shape of one.
func rowsOf(t engine.Tensor, n int, values []float32) engine.Tensor {
	return engine.Tensor{Name: t.Name, Shape: append([]int{n}, t.Shape...), Data: values}
}

// at is in[i], or nil where there are not as many.
func at(in []*graph.Node, i int) *graph.Node {
	if i < len(in) {
		return in[i]
	}
	return nil
}
