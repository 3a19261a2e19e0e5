package nets_test

import (
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/nets"
)

// Residual adds to x what a net makes of it (He et al., 2015).
type Residual struct {
	Net nets.Net
}

// Out is the shape that comes in, which the net must keep.
func (r Residual) Out(in []int) ([]int, error) {
	out, err := r.Net.Out(in)
	if err == nil && !slices.Equal(out, in) {
		err = fmt.Errorf("the net makes %v of %v; a residual needs the same shape", out, in)
	}
	return out, err
}

// Params are the net's.
func (r Residual) Params(in []int) []nets.Param { return r.Net.Params(in) }

// Apply is x + net(x).
func (r Residual) Apply(p *nets.Pass, x *graph.Node) *graph.Node {
	return graph.Add(x, r.Net.Apply(p, x))
}

// A layer of one's own is a struct with three methods; it may hold other layers.
func ExampleLayer() {
	encoder := nets.Net{
		nets.Flatten{},
		nets.Dense{Units: 64, Activation: nets.ReLU},
		Residual{nets.MLP(32, 64)},
	}
	out, err := encoder.Out([]int{28, 28})
	fmt.Println(out, err)
	for _, p := range encoder.Params([]int{28, 28}) {
		fmt.Println(p.Name, p.Shape)
	}

	_, err = nets.Net{nets.Flatten{}, Residual{nets.MLP(10)}}.Out([]int{28, 28})
	fmt.Println(err)
	// Output:
	// [64] <nil>
	// 1.weight [784 64]
	// 1.bias [64]
	// 2.1.weight [64 32]
	// 2.1.bias [32]
	// 2.2.weight [32 64]
	// 2.2.bias [64]
	// layer 1 (nets_test.Residual): the net makes [10] of [784]; a residual needs the same shape
}

// The same few words make an encoder for vectors, images or sound.
func ExampleMLP() {
	net := nets.MLP(256, 128)
	out, _ := net.Out([]int{28, 28, 1})
	fmt.Println(out, len(net.Params([]int{28, 28, 1})))
	// Output: [128] 4
}
