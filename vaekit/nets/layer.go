package nets

import (
	"fmt"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/internal/describe"
)

// A Layer is one step of a net.
type Layer interface {
	// Out is the shape the layer makes of an example of shape in, or an error
	// that says why it cannot.
	Out(in []int) ([]int, error)

	// Params lists what the layer keeps for examples of shape in.
	Params(in []int) []Param

	// Apply adds the layer to x's graph: from [batch, in...] to [batch, out...].
	Apply(p *Pass, x *graph.Node) *graph.Node
}

// A Param is a tensor that a layer keeps: a weight that is learned, or state.
type Param struct {
	Name  string
	Shape []int
	Init  Init
	// State marks what training carries along but no gradient touches, such as
	// a running mean; a pass changes it with [Pass.Set].
	State bool
}

// A Net is a list of layers, applied in order. It is itself a layer.
type Net []Layer

// Out is the shape after the last layer. The error names the layer that does not fit.
func (n Net) Out(in []int) ([]int, error) {
	for i := range n {
		out, err := n.layerOut(i, in)
		if err != nil {
			return nil, err
		}
		in = out
	}
	return in, nil
}

func (n Net) layerOut(i int, in []int) ([]int, error) {
	if n[i] == nil {
		return nil, fmt.Errorf("layer %d is nil; leave it out or give it a layer", i)
	}
	out, err := n[i].Out(in)
	if err != nil {
		return nil, fmt.Errorf("layer %d (%s): %w", i, describe.Name(n[i]), err)
	}
	return out, nil
}

// Params lists the parameters of all layers, named "0.weight", "0.bias", "1.weight", …
// For shapes that do not fit it lists those of the layers before.
func (n Net) Params(in []int) []Param {
	var all []Param
	for i, layer := range n {
		out, err := n.layerOut(i, in)
		if err != nil {
			return all
		}
		all = append(all, Within(fmt.Sprint(i), layer.Params(in))...)
		in = out
	}
	return all
}

// Apply adds all layers to x's graph.
func (n Net) Apply(p *Pass, x *graph.Node) *graph.Node {
	for i, layer := range n {
		in := x.Shape().Dimensions
		out, err := n.layerOut(i, in[1:])
		if err != nil {
			panic(err)
		}
		x = layer.Apply(p.In(fmt.Sprint(i)), x)
		x.AssertDims(append([]int{in[0]}, out...)...)
		p.saw(i, layer, x)
	}
	return x
}

func init() {
	describe.Register(
		Net{}, Dense{}, Flatten{}, Reshape{}, Gated{}, Residual{},
		Conv1D{}, Conv2D{}, ConvTranspose1D{}, ConvTranspose2D{}, Upsample{}, Downsample{},
		GroupNorm{}, LayerNorm{},
	)
}
