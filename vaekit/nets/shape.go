package nets

import (
	"fmt"

	"github.com/gomlx/gomlx/core/graph"
)

// Flatten makes one vector of an example.
type Flatten struct{}

// Out is the number of values.
func (Flatten) Out(in []int) ([]int, error) { return []int{size(in)}, nil }

// Params is empty.
func (Flatten) Params([]int) []Param { return nil }

// Apply maps [batch, …] to [batch, values].
func (Flatten) Apply(_ *Pass, x *graph.Node) *graph.Node {
	dims := x.Shape().Dimensions
	return graph.Reshape(x, dims[0], size(dims[1:]))
}

// Reshape gives an example another shape with as many values.
type Reshape struct {
	Shape []int
}

// Out is Shape.
func (r Reshape) Out(in []int) ([]int, error) {
	for _, d := range r.Shape {
		if d <= 0 {
			return nil, fmt.Errorf("field Shape is %v; every axis must be positive", r.Shape)
		}
	}
	if size(in) != size(r.Shape) {
		return nil, fmt.Errorf("cannot make %v (%d values) of %v (%d values)", r.Shape, size(r.Shape), in, size(in))
	}
	return r.Shape, nil
}

// Params is empty.
func (Reshape) Params([]int) []Param { return nil }

// Apply maps [batch, …] to [batch, Shape...].
func (r Reshape) Apply(_ *Pass, x *graph.Node) *graph.Node {
	return graph.Reshape(x, append([]int{x.Shape().Dimensions[0]}, r.Shape...)...)
}

func size(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}
