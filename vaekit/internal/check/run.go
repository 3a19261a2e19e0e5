package check

import (
	"fmt"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/vaebook/vaebook/vaekit/internal/engine"
)

// An Array is what goes into a graph and comes out of it, tied to no backend.
type Array struct {
	Values  []float64 // row by row
	Shape   []int
	Float32 bool // the element type in a graph; float64 where false
}

// New is an array in float64.
func New(values []float64, shape ...int) Array { return Array{Values: values, Shape: shape} }

// In32 is the array as a graph gets it in training, in float32.
func (a Array) In32() Array { return Array{a.Values, a.Shape, true} }

// Build makes a graph's outputs of its inputs.
type Build = func(inputs []*graph.Node) []*graph.Node

// Run builds a graph, runs it once and returns its outputs.
func Run(t testing.TB, b *engine.Backend, build Build, inputs ...Array) []Array {
	t.Helper()
	return Compile(t, b, build)(inputs...)
}

// Compile is [Run] for many inputs; those of one shape compile once.
func Compile(t testing.TB, b *engine.Backend, build Build) func(inputs ...Array) []Array {
	t.Helper()
	exec, err := graph.NewExec(b.Backend, build)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(exec.Finalize)
	return func(inputs ...Array) []Array {
		t.Helper()
		outputs, err := call(exec, inputs)
		if err != nil {
			t.Fatal(err)
		}
		return outputs
	}
}

// Try is [Run] for graphs that may not build: a panic becomes an error.
func Try(b *engine.Backend, build Build, inputs ...Array) (outputs []Array, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	exec, err := graph.NewExec(b.Backend, build)
	if err != nil {
		return nil, err
	}
	defer exec.Finalize()
	return call(exec, inputs)
}

func call(exec *graph.Exec, inputs []Array) ([]Array, error) {
	args := make([]any, len(inputs))
	for i, x := range inputs {
		args[i] = x.tensor()
	}
	results, err := exec.Call(args...)
	if err != nil {
		return nil, err
	}
	outputs := make([]Array, len(results))
	for i, y := range results {
		outputs[i] = array(y)
	}
	return outputs, nil
}

func (a Array) tensor() *tensors.Tensor {
	if !a.Float32 {
		return tensors.FromFlatDataAndDimensions(a.Values, a.Shape...)
	}
	narrow := make([]float32, len(a.Values))
	for i, v := range a.Values {
		narrow[i] = float32(v)
	}
	return tensors.FromFlatDataAndDimensions(narrow, a.Shape...)
}

func array(x *tensors.Tensor) Array {
	a := Array{Shape: x.Shape().Dimensions}
	x.MustConstFlatData(func(flat any) {
		switch flat := flat.(type) {
		case []float64:
			a.Values = append(a.Values, flat...)
		case []float32:
			a.Float32 = true
			for _, v := range flat {
				a.Values = append(a.Values, float64(v))
			}
		default:
			panic(fmt.Sprintf("check: a graph returned %s; convert it to float32 or float64", x.Shape()))
		}
	})
	return a
}
