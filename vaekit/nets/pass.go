package nets

import (
	"fmt"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/internal/describe"
)

// A Pass is one trip of a batch through a graph. It hands each layer the nodes
// of its parameters, takes the new values of its state, and is the only source of noise.
type Pass struct {
	// Training tells a pass that a gradient follows from one that only looks.
	Training bool

	// Labels are those of the examples, int32 [batch], for a model that is conditional on
	// them; nil: it is not.
	Labels *graph.Node

	where string       // the name of the layer the pass is in, with a dot behind it
	as    dtypes.DType // of the parameters that layers get; invalid: as they are kept
	fixed bool         // whether gradients take parameters as constants
	run   *passRun
}

// passRun is what all layers of one pass share.
type passRun struct {
	values  map[string]*graph.Node
	changed map[string]*graph.Node
	noise   func(name string, dims ...int) *graph.Node
	watch   func(layer string, out *graph.Node)
}

// NewPass returns a pass over the parameters values, by full name ("encoder.0.weight").
// Noise makes standard normal draws of the given dimensions, the same ones for the same name.
func NewPass(training bool, values map[string]*graph.Node, noise func(name string, dims ...int) *graph.Node) *Pass {
	return &Pass{Training: training, run: &passRun{values: values, changed: map[string]*graph.Node{}, noise: noise}}
}

// In is the same pass inside the part called name.
func (p *Pass) In(name string) *Pass {
	q := *p
	q.where += name + "."
	return &q
}

// Labelled is the same pass with other labels.
func (p *Pass) Labelled(labels *graph.Node) *Pass {
	q := *p
	q.Labels = labels
	return &q
}

// As has apply see x, and every parameter, as numbers of another type. What it makes is of
// x's type again; gradients are of the type that is kept.
func (p *Pass) As(dtype dtypes.DType, x *graph.Node, apply func(p *Pass, x *graph.Node) *graph.Node) *graph.Node {
	q := *p
	q.as = dtype
	y := apply(&q, graph.ConvertDType(x, dtype))
	return graph.ConvertDType(y, x.DType())
}

// Fixed is the same pass, its parameters taken as constants by gradients.
func (p *Pass) Fixed() *Pass {
	q := *p
	q.fixed = true
	return &q
}

// Watch has f called with the output of every layer of every net that the pass goes
// through from now on, and the layer's name, such as "encoder.1 (nets.Dense)".
func (p *Pass) Watch(f func(layer string, out *graph.Node)) { p.run.watch = f }

// saw tells who watches what layer i of the net that the pass is in has made.
func (p *Pass) saw(i int, layer Layer, out *graph.Node) {
	if p.run.watch != nil {
		p.run.watch(fmt.Sprintf("%s%d (%s)", p.where, i, describe.Name(layer)), out)
	}
}

// Param is the node of a parameter that the layer listed under this name.
func (p *Pass) Param(name string) *graph.Node {
	node := p.kept(name)
	if p.fixed {
		node = graph.StopGradient(node)
	}
	if p.as != dtypes.InvalidDType {
		node = graph.ConvertDType(node, p.as)
	}
	return node
}

func (p *Pass) kept(name string) *graph.Node {
	node, ok := p.run.values[p.where+name]
	if !ok {
		panic(fmt.Errorf("nets: there is no parameter %q; Params must list what Apply asks for", p.where+name))
	}
	return node
}

// Set gives a parameter that is State the value it has after this pass. A pass
// that is not training changes nothing.
func (p *Pass) Set(name string, value *graph.Node) {
	old := p.kept(name)
	value = graph.ConvertDType(value, old.DType())
	if !value.Shape().Equal(old.Shape()) {
		panic(fmt.Errorf("nets: state %q is %s, set to %s", p.where+name, old.Shape(), value.Shape()))
	}
	if p.Training {
		p.run.changed[p.where+name] = graph.StopGradient(value)
	}
}

// Changed is all state that the pass has set, by full name.
func (p *Pass) Changed() map[string]*graph.Node { return p.run.changed }

// Noise is independent standard normal noise of the given dimensions. A name gives
// the same draws however often it is asked for in a pass, and new ones in the next.
func (p *Pass) Noise(name string, dims ...int) *graph.Node {
	return p.run.noise(p.where+name, dims...)
}
