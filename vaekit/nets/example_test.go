package nets_test

import (
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/nets"
)

// Fork adds up what two nets make of the same input.
type Fork struct {
	Left, Right nets.Net
}

// Out is the shape that both nets make.
func (f Fork) Out(in []int) ([]int, error) {
	left, err := f.Left.Out(in)
	if err != nil {
		return nil, err
	}
	right, err := f.Right.Out(in)
	if err == nil && !slices.Equal(left, right) {
		err = fmt.Errorf("the nets make %v and %v of %v; they must make the same shape", left, right, in)
	}
	return right, err
}

// Params are those of both nets.
func (f Fork) Params(in []int) []nets.Param {
	var all []nets.Param
	for i, net := range []nets.Net{f.Left, f.Right} {
		for _, p := range net.Params(in) {
			p.Name = fmt.Sprintf("%d.%s", i, p.Name)
			all = append(all, p)
		}
	}
	return all
}

// Apply is left(x) + right(x).
func (f Fork) Apply(p *nets.Pass, x *graph.Node) *graph.Node {
	return graph.Add(f.Left.Apply(p.In("0"), x), f.Right.Apply(p.In("1"), x))
}

// A layer of one's own is a struct with three methods; it may hold other layers.
func ExampleLayer() {
	encoder := nets.Net{
		nets.Flatten{},
		Fork{nets.MLP(16), nets.Net{nets.Gated{Units: 16}}},
	}
	out, err := encoder.Out([]int{28, 28})
	fmt.Println(out, err)
	for _, p := range encoder.Params([]int{28, 28}) {
		fmt.Println(p.Name, p.Shape)
	}

	_, err = nets.Net{nets.Flatten{}, Fork{nets.MLP(10), nets.MLP(9)}}.Out([]int{28, 28})
	fmt.Println(err)
	// Output:
	// [16] <nil>
	// 1.0.1.weight [784 16]
	// 1.0.1.bias [16]
	// 1.1.0.value.weight [784 16]
	// 1.1.0.value.bias [16]
	// 1.1.0.gate.weight [784 16]
	// 1.1.0.gate.bias [16]
	// layer 1 (nets_test.Fork): the nets make [10] and [9] of [784]; they must make the same shape
}

// Convolutions halve an image with Stride: 2, and their transposes double it.
func ExampleConv2D() {
	down := nets.Net{
		nets.Conv2D{Channels: 32, Stride: 2, Activation: nets.ReLU},
		nets.Residual{Net: nets.Net{nets.GroupNorm{Groups: 8}, nets.Conv2D{Channels: 32, Activation: nets.SiLU}}},
		nets.Conv2D{Channels: 64, Stride: 2, Activation: nets.ReLU},
	}
	up := nets.Net{
		nets.ConvTranspose2D{Channels: 32, Stride: 2, Activation: nets.ReLU},
		nets.ConvTranspose2D{Channels: 1, Stride: 2},
	}
	small, _ := down.Out([]int{28, 28, 1})
	large, _ := up.Out(small)
	fmt.Println(small, large)
	fmt.Println(down)
	// Output:
	// [7 7 64] [28 28 1]
	// [Conv2D 32 3×3 /2 relu Residual of 2 layers Conv2D 64 3×3 /2 relu]
}

// The same few words make an encoder for vectors, images or sound.
func ExampleMLP() {
	net := nets.MLP(256, 128)
	out, _ := net.Out([]int{28, 28, 1})
	fmt.Println(out, len(net.Params([]int{28, 28, 1})))
	// Output: [128] 4
}
