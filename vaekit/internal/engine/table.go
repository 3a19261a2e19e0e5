package engine

import (
	"fmt"

	"github.com/gomlx/gomlx/core/tensors"
)

// A Table is data on the device and the order in which steps see it.
type Table struct {
	values  *tensors.Tensor // [examples, values], bytes (v stands for v/255) or float32
	mask    *tensors.Tensor // like values, bytes 0 or 1; nil: nothing is padding
	indices *tensors.Tensor // int32 [steps, batch]
}

// NewTable places examples of n values on the backend: []uint8 or []float32, and a
// mask or nil.
func (b *Backend) NewTable(n int, values any, mask []uint8) (*Table, error) {
	var length int
	switch data := values.(type) {
	case []uint8:
		length = len(data)
	case []float32:
		length = len(data)
	}
	if n < 1 || length == 0 || length%n != 0 || mask != nil && len(mask) != length {
		return nil, fmt.Errorf("engine: %d values and %d of a mask are no examples of %d values", length, len(mask), n)
	}
	dims := []int{length / n, n}
	t := &Table{}
	var err error
	if t.values, err = b.place(Tensor{"values", dims, values}); err != nil {
		return nil, err
	}
	if mask != nil {
		if t.mask, err = b.place(Tensor{"mask", dims, mask}); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// Order sets which examples each step sees: indices are [steps, batch], in one slice.
func (t *Table) Order(b *Backend, indices []int32, batch int) (err error) {
	if t.indices != nil {
		t.indices.MustFinalizeAll()
	}
	t.indices, err = b.place(Tensor{"indices", []int{len(indices) / batch, batch}, indices})
	return err
}

// Free gives the table's memory back at once.
func (t *Table) Free() {
	for _, placed := range []*tensors.Tensor{t.values, t.mask, t.indices} {
		if placed != nil {
			placed.MustFinalizeAll()
		}
	}
}
