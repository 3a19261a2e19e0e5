package dist

import (
	"cmp"
	"fmt"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/internal/describe"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// A Flow is an invertible map of latents that knows how much it stretches the space
// around each: log |det ∂y/∂z| (Rezende and Mohamed, 2015). Flows after a density make
// another one, of any shape.
type Flow interface {
	// Outputs is how many numbers it takes for each example: from the encoder in a
	// posterior, learned and the same for all in a prior.
	Outputs(latent int) int

	// Params lists what it learns beside.
	Params(latent int) []nets.Param

	// Forward maps z [rows, latent], given context [rows, Outputs] (nil where that is 0),
	// to y [rows, latent] and log |det ∂y/∂z| [rows].
	Forward(p *nets.Pass, z, context *graph.Node) (y, logDet *graph.Node)

	// Inverse finds the z that Forward maps to y, and the same log |det ∂y/∂z|. It
	// panics with an error that says so where there is no way to compute it.
	Inverse(p *nets.Pass, y, context *graph.Node) (z, logDet *graph.Node)
}

// FlowPosterior is the density of another posterior after flows, the latents in reversed
// order after each: inverse autoregressive flows (Kingma et al., 2016), planar flows
// (Rezende and Mohamed, 2015).
//
//	dist.FlowPosterior{Flows: slices.Repeat([]dist.Flow{dist.IAF{Context: 32}}, 2)}
type FlowPosterior struct {
	Base  Posterior // nil means DiagonalGaussian{}
	Flows []Flow
}

func (f FlowPosterior) base() Posterior { return cmp.Or[Posterior](f.Base, DiagonalGaussian{}) }

// Outputs are those of the base and then of the flows.
func (f FlowPosterior) Outputs(latent int) int {
	return f.base().Outputs(latent) + contexts(f.Flows, latent)
}

// Params are those of the base and the flows.
func (f FlowPosterior) Params(latent int) []nets.Param {
	params := nets.Within("base", f.base().Params(latent))
	return append(params, flowParams(f.Flows, latent)...)
}

// Density sends the base's draws through the flows.
func (f FlowPosterior) Density(p *nets.Pass, out *graph.Node, latent int) Density {
	n := f.base().Outputs(latent)
	out.AssertDims(-1, f.Outputs(latent))
	base := f.base().Density(p.In("base"), columns(out, 0, n), latent)
	return Flowed{base, steps(f.Flows, p, out, n, latent)}
}

// FlowPrior is N(0, I) after flows, the latents in reversed order after each: RealNVP
// (Dinh et al., 2016; as a prior, Huang et al., 2017).
//
//	dist.FlowPrior{Flows: slices.Repeat([]dist.Flow{dist.Coupling{}}, 6)}
type FlowPrior struct {
	Flows []Flow
}

// Params are those of the flows.
func (f FlowPrior) Params(latent int, _ []int) []nets.Param {
	params := flowParams(f.Flows, latent)
	if n := contexts(f.Flows, latent); n > 0 {
		params = append(params, nets.Param{Name: "context", Shape: []int{1, n}, Init: nets.GlorotNormal})
	}
	return params
}

// Density sends the draws of N(0, I) through the flows.
func (f FlowPrior) Density(p *nets.Pass, given Given) Density {
	var context *graph.Node
	if contexts(f.Flows, given.Latent) > 0 {
		context = p.Param("context")
	}
	return Flowed{StandardNormal{}.Density(p, given), steps(f.Flows, p, context, 0, given.Latent)}
}

// contexts are the numbers that all flows take for each example.
func contexts(flows []Flow, latent int) (n int) {
	for i, flow := range flows {
		if flow == nil {
			panic(fmt.Errorf("dist: flow %d is nil; leave it out, or take dist.IAF{}", i))
		}
		n += flow.Outputs(latent)
	}
	return n
}

func flowParams(flows []Flow, latent int) (params []nets.Param) {
	for i, flow := range flows {
		params = append(params, nets.Within(fmt.Sprint("flow", i), flow.Params(latent))...)
	}
	return params
}

// steps are flows that take their contexts from the columns of one node, beginning with that
// called at: no slice of nothing, which XLA does not have.
func steps(flows []Flow, p *nets.Pass, context *graph.Node, at, latent int) (all []step) {
	for i, flow := range flows {
		s := step{flow: flow, pass: p.In(fmt.Sprint("flow", i))}
		if n := flow.Outputs(latent); n > 0 {
			s.context = columns(context, at, at+n)
			at += n
		}
		all = append(all, s)
	}
	return all
}

// Flowed is a density after flows.
type Flowed struct {
	base  Density
	steps []step
}

// A step is a flow with its parameters in a graph.
type step struct {
	flow    Flow
	pass    *nets.Pass
	context *graph.Node // [batch or 1, Outputs]; nil: none
}

// Draw is a draw of the base, sent through the flows; its log-density falls by how much
// each stretches the space.
func (f Flowed) Draw(noise Noise, dims ...int) (z, logProb *graph.Node) {
	z, logProb = f.base.Draw(noise, dims...)
	for _, s := range f.steps {
		y, logDet := s.apply(s.flow.Forward, z)
		z, logProb = graph.Reverse(y, -1), graph.Sub(logProb, logDet)
	}
	return z, logProb
}

// LogProb sends z back to the base.
func (f Flowed) LogProb(z *graph.Node) *graph.Node {
	var stretch []*graph.Node
	for i := range f.steps {
		s := f.steps[len(f.steps)-1-i]
		var logDet *graph.Node
		z, logDet = s.apply(s.flow.Inverse, graph.Reverse(z, -1))
		stretch = append(stretch, logDet)
	}
	logProb := f.base.LogProb(z)
	for _, logDet := range stretch {
		logProb = graph.Sub(logProb, logDet)
	}
	return logProb
}

// Mean is where the flows send the mean of the base.
func (f Flowed) Mean() *graph.Node {
	z := f.base.Mean()
	for _, s := range f.steps {
		y, _ := s.apply(s.flow.Forward, z)
		z = graph.Reverse(y, -1)
	}
	return z
}

// Fixed stops gradients at the parameters of the base and of the flows.
func (f Flowed) Fixed() Density {
	fixed := Flowed{base: f.base.Fixed()}
	for _, s := range f.steps {
		s.pass = s.pass.Fixed()
		if s.context != nil {
			s.context = graph.StopGradient(s.context)
		}
		fixed.steps = append(fixed.steps, s)
	}
	return fixed
}

// apply sends z [..., batch, latent] through a flow as rows.
func (s step) apply(through func(p *nets.Pass, z, context *graph.Node) (y, logDet *graph.Node), z *graph.Node) (y, logDet *graph.Node) {
	dims := z.Shape().Dimensions
	last := len(dims) - 1
	context := s.context
	if context != nil {
		n := context.Shape().Dimensions[1]
		context = graph.ExpandLeftToRank(context, len(dims))
		context = graph.Reshape(graph.BroadcastToDims(context, append(append([]int{}, dims[:last]...), n)...), -1, n)
	}
	y, logDet = through(s.pass, graph.Reshape(z, -1, dims[last]), context)
	return graph.Reshape(y, dims...), graph.Reshape(logDet, dims[:last]...)
}

func init() { describe.Register(FlowPosterior{}, FlowPrior{}) }
