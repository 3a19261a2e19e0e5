package engine

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// A Tensor is a named array in Go's memory: []float32, []float64, []int32, []uint8
// or []uint64 in row-major order.
type Tensor struct {
	Name  string
	Shape []int
	Data  any
}

// A Variable is a tensor that a model keeps: learned by gradients, or state.
type Variable struct {
	Name    string
	Shape   []int
	Learned bool
	Value   []float32
}

// Floats are the values of a float32 tensor.
func (t Tensor) Floats() []float32 { return t.Data.([]float32) }

// place copies a tensor to a device.
func (b *Backend) place(t Tensor, device int) (placed *tensors.Tensor, err error) {
	defer caught(&err)
	switch data := t.Data.(type) {
	case []float32:
		placed = tensors.FromFlatDataAndDimensions(data, t.Shape...)
	case []float64:
		placed = tensors.FromFlatDataAndDimensions(data, t.Shape...)
	case []int32:
		placed = tensors.FromFlatDataAndDimensions(data, t.Shape...)
	case []uint8:
		placed = tensors.FromFlatDataAndDimensions(data, t.Shape...)
	case []uint64:
		placed = tensors.FromFlatDataAndDimensions(data, t.Shape...)
	default:
		return nil, fmt.Errorf("tensor %s: element type %T has no place on a backend", t.Name, t.Data)
	}
	return placed, placed.ToDevice(b.Backend, compute.DeviceNum(device))
}

// donated are tensors on a device as inputs of a program that may write over them.
func (b *Backend) donated(placed []*tensors.Tensor, device int) ([]any, error) {
	inputs := make([]any, len(placed))
	for i, p := range placed {
		var err error
		if inputs[i], err = graph.DonateTensorBuffer(p, b.Backend, compute.DeviceNum(device)); err != nil {
			return nil, err
		}
	}
	return inputs, nil
}

// fetch copies a tensor from the backend.
func fetch(name string, placed *tensors.Tensor) (t Tensor, err error) {
	defer caught(&err)
	t = Tensor{Name: name, Shape: placed.Shape().Dimensions}
	placed.MustConstFlatData(func(flat any) {
		switch data := flat.(type) {
		case []float32:
			t.Data = append([]float32(nil), data...)
		case []float64:
			t.Data = append([]float64(nil), data...)
		default:
			err = fmt.Errorf("tensor %s: element type %T does not come back from a backend", name, flat)
		}
	})
	return t, err
}

// caught turns a panic of GoMLX into an error. Graph building reports that way.
func caught(err *error) {
	switch r := recover().(type) {
	case nil:
		*err = plain(*err)
	case error:
		*err = plain(r)
	default:
		*err = fmt.Errorf("%v", r)
	}
}

// plain is the last cause in GoMLX's chain of messages: what this project's own
// code said in a panic, without the names of the functions it went through.
func plain(err error) error {
	if err == nil {
		return nil
	}
	if _, cause, ok := strings.Cut(err.Error(), " panicked: "); ok {
		return errors.New(cause)
	}
	return err
}
