package engine

import (
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/core/tensors"
)

// A Table is data on the devices and the order in which steps see it.
type Table struct {
	on []tablePart // each device's
}

// A tablePart has all the data, and of each step its device's part of the batch.
type tablePart struct {
	values  *tensors.Tensor // [examples, values], bytes (v stands for v/255) or float32
	mask    *tensors.Tensor // like values, bytes 0 or 1; nil: nothing is padding
	labels  *tensors.Tensor // int32 [examples]; nil: the model does not ask
	indices *tensors.Tensor // int32 [steps, batch / devices]
}

// NewTable places examples of n values on the backend: []uint8 or []float32, a mask or
// nil, and labels or nil.
func (b *Backend) NewTable(n int, values any, mask []uint8, labels []int32) (*Table, error) {
	var length int
	switch data := values.(type) {
	case []uint8:
		length = len(data)
	case []float32:
		length = len(data)
	}
	if n < 1 || length == 0 || length%n != 0 || mask != nil && len(mask) != length || labels != nil && len(labels) != length/n {
		return nil, fmt.Errorf("engine: %d values, %d of a mask and %d labels are no examples of %d values", length, len(mask), len(labels), n)
	}
	dims := []int{length / n, n}
	t := &Table{on: make([]tablePart, b.devices)}
	for device := range t.on {
		part := &t.on[device]
		var err error
		if part.values, err = b.place(Tensor{"values", dims, values}, device); err != nil {
			return nil, err
		}
		if mask != nil {
			if part.mask, err = b.place(Tensor{"mask", dims, mask}, device); err != nil {
				return nil, err
			}
		}
		if labels != nil {
			if part.labels, err = b.place(Tensor{"labels", dims[:1], labels}, device); err != nil {
				return nil, err
			}
		}
	}
	return t, nil
}

// Order sets which examples each step sees: indices are [steps, batch], in one slice.
// Every device gets as many of a batch.
func (t *Table) Order(b *Backend, indices []int32, batch int) error {
	each := batch / len(t.on)
	for device := range t.on {
		part := &t.on[device]
		if part.indices != nil {
			part.indices.MustFinalizeAll()
		}
		mine := indices
		if each < batch {
			mine = nil
			for row := range slices.Chunk(indices, batch) {
				mine = append(mine, row[device*each:(device+1)*each]...)
			}
		}
		var err error
		if part.indices, err = b.place(Tensor{"indices", []int{len(mine) / each, each}, mine}, device); err != nil {
			return err
		}
	}
	return nil
}

// Free gives the table's memory back at once.
func (t *Table) Free() {
	for _, part := range t.on {
		for _, placed := range []*tensors.Tensor{part.values, part.mask, part.labels, part.indices} {
			if placed != nil {
				placed.MustFinalizeAll()
			}
		}
	}
}
