package nets

import (
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/core/graph"
)

// Residual adds to its input what a net makes of it (He et al., 2015). Where the net
// changes the number of channels, the input goes through a linear projection of each
// position's channels first; it must keep all other axes.
type Residual struct {
	Net Net
}

// Out is the shape that the net makes.
func (r Residual) Out(in []int) ([]int, error) {
	out, err := r.Net.Out(in)
	if err != nil {
		return nil, err
	}
	if n := len(in); len(out) != n || n > 0 && !slices.Equal(out[:n-1], in[:n-1]) {
		return nil, fmt.Errorf("the net makes %v of %v; only the last axis, the channels, may change", out, in)
	}
	return out, nil
}

// Params are the net's, and where it changes the channels a projection [in, out].
func (r Residual) Params(in []int) []Param {
	params := r.Net.Params(in)
	if out, err := r.Net.Out(in); err == nil && !slices.Equal(out, in) {
		shape := []int{in[len(in)-1], out[len(out)-1]}
		params = append(params, Param{Name: "projection", Shape: shape, Init: GlorotUniform})
	}
	return params
}

// Apply is x + net(x), or x · projection + net(x).
func (r Residual) Apply(p *Pass, x *graph.Node) *graph.Node {
	y := r.Net.Apply(p, x)
	if !y.Shape().Equal(x.Shape()) {
		x = times(graph.Reshape(x, -1, channels(x)), p.Param("projection"))
		x = graph.Reshape(x, y.Shape().Dimensions...)
	}
	return graph.Add(x, y)
}

// String is short, for summaries.
func (r Residual) String() string {
	if len(r.Net) == 1 {
		return fmt.Sprintf("Residual of %v", r.Net[0])
	}
	return fmt.Sprintf("Residual of %d layers", len(r.Net))
}

// Gated is a dense layer whose outputs a second one lets through or holds back:
// (x · a + a₀) · sigmoid(x · b + b₀), on the last axis (Dauphin et al., 2016).
type Gated struct {
	Units int
	Init  Init // of both weights; the zero value means GlorotUniform. The biases begin at 0
}

func (g Gated) value() Dense { return Dense{Units: g.Units, Init: g.Init} }
func (g Gated) gate() Dense  { return Dense{Units: g.Units, Init: g.Init, Activation: Sigmoid} }

// Out replaces the last axis by Units.
func (g Gated) Out(in []int) ([]int, error) { return g.value().Out(in) }

// Params are a weight [in, Units] and a bias [Units] each of "value" and "gate".
func (g Gated) Params(in []int) []Param {
	return slices.Concat(Within("value", g.value().Params(in)), Within("gate", g.gate().Params(in)))
}

// Apply maps [batch, …, in] to [batch, …, Units].
func (g Gated) Apply(p *Pass, x *graph.Node) *graph.Node {
	return graph.Mul(g.value().Apply(p.In("value"), x), g.gate().Apply(p.In("gate"), x))
}

// String is short, for summaries.
func (g Gated) String() string { return fmt.Sprintf("Gated %d", g.Units) }

// Within puts the name of a part before the names of its parameters, as [Pass.In] does.
func Within(part string, params []Param) []Param {
	var named []Param
	for _, p := range params {
		p.Name = part + "." + p.Name
		named = append(named, p)
	}
	return named
}
