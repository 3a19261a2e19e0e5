package dist

import (
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/internal/describe"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// IAF is one step of an inverse autoregressive flow (Kingma et al., 2016): y = z·exp(a) + m,
// with a and m of each latent computed from the latents before it by a masked net (MADE,
// Germain et al., 2015). Forward is one pass of the net; Inverse is as many as there are
// latents, which is what the density at any z costs. [Reversed], it is a masked
// autoregressive flow (Papamakarios et al., 2017), for priors.
type IAF struct {
	Hidden  []int // units of the net's hidden layers; nil means one of 64
	Context int   // numbers from the encoder that the net sees as well
}

// Coupling is one step of a RealNVP flow (Dinh et al., 2016): y = z·exp(a) + m, with a
// and m of the second half of the latents computed from the first half by a net, and
// those of the first half learned as they are. Both directions are fast.
type Coupling struct {
	Hidden  []int // units of the net's hidden layers; nil means one of 64
	Context int   // numbers for each example that the net sees as well
}

func (f IAF) masked(latent int) masked {
	ranks := make([]int, latent)
	for i := range ranks {
		ranks[i] = i
	}
	return masked{f.Hidden, f.Context, ranks}
}

func (f Coupling) masked(latent int) masked {
	ranks := make([]int, latent)
	for i := latent / 2; i < latent; i++ {
		ranks[i] = min(latent/2, 1)
	}
	return masked{f.Hidden, f.Context, ranks}
}

// Outputs is Context.
func (f IAF) Outputs(int) int { return max(f.Context, 0) }

// Params are the weights of the net.
func (f IAF) Params(latent int) []nets.Param { return f.masked(latent).params() }

// Forward is one pass of the net.
func (f IAF) Forward(p *nets.Pass, z, context *graph.Node) (y, logDet *graph.Node) {
	return f.masked(z.Shape().Dimensions[1]).forward(p, z, context)
}

// Inverse finds one latent after the other.
func (f IAF) Inverse(p *nets.Pass, y, context *graph.Node) (z, logDet *graph.Node) {
	return f.masked(y.Shape().Dimensions[1]).inverse(p, y, context)
}

// Outputs is Context.
func (f Coupling) Outputs(int) int { return max(f.Context, 0) }

// Params are the weights of the net.
func (f Coupling) Params(latent int) []nets.Param { return f.masked(latent).params() }

// Forward is one pass of the net.
func (f Coupling) Forward(p *nets.Pass, z, context *graph.Node) (y, logDet *graph.Node) {
	return f.masked(z.Shape().Dimensions[1]).forward(p, z, context)
}

// Inverse finds one half after the other.
func (f Coupling) Inverse(p *nets.Pass, y, context *graph.Node) (z, logDet *graph.Node) {
	return f.masked(y.Shape().Dimensions[1]).inverse(p, y, context)
}

// masked is a net of tanh layers that gives each latent a log-scale and a shift, computed
// from the context and from the latents of lower rank alone. It begins as the identity.
type masked struct {
	hidden  []int
	context int
	ranks   []int // of each latent, from 0 without gaps
}

func (m masked) units() []int {
	if len(m.hidden) == 0 {
		return []int{64}
	}
	return m.hidden
}

func (m masked) params() []nets.Param {
	var params []nets.Param
	in := len(m.ranks)
	for i, n := range m.units() {
		params = append(params,
			nets.Param{Name: fmt.Sprint("weight", i), Shape: []int{in, n}, Init: nets.GlorotUniform},
			nets.Param{Name: fmt.Sprint("bias", i), Shape: []int{n}})
		in = n
	}
	if m.context > 0 {
		params = append(params, nets.Param{Name: "context", Shape: []int{m.context, m.units()[0]}, Init: nets.GlorotUniform})
	}
	for _, name := range []string{"scale", "shift"} {
		params = append(params,
			nets.Param{Name: name, Shape: []int{in, len(m.ranks)}},
			nets.Param{Name: name + "_bias", Shape: []int{len(m.ranks)}})
	}
	return params
}

// net is log-scale and shift of every latent, [rows, latent].
func (m masked) net(p *nets.Pass, z, context *graph.Node) (scale, shift *graph.Node) {
	// A hidden unit of rank r sees latents of rank r and lower, and latents of a higher
	// rank see it. Those of the last rank are seen by nobody; a unit needs none.
	top := max(1, slices.Max(m.ranks))
	layer := func(h *graph.Node, weight, bias string, from, to []int, allowed func(from, to int) bool) *graph.Node {
		mask := make([]float32, 0, len(from)*len(to))
		for _, a := range from {
			for _, b := range to {
				if allowed(a, b) {
					mask = append(mask, 1)
				} else {
					mask = append(mask, 0)
				}
			}
		}
		w := p.Param(weight)
		keep := graph.ConvertDType(graph.Reshape(graph.Const(z.Graph(), mask), len(from), len(to)), w.DType())
		y := graph.MatMul(h, graph.Mul(w, keep))
		return graph.Add(y, graph.ExpandLeftToRank(p.Param(bias), 2))
	}
	h, from := z, m.ranks
	for i, n := range m.units() {
		to := make([]int, n)
		for k := range to {
			to[k] = k * top / n
		}
		h = layer(h, fmt.Sprint("weight", i), fmt.Sprint("bias", i), from, to, func(a, b int) bool { return a <= b })
		if i == 0 && context != nil {
			h = graph.Add(h, graph.MatMul(context, p.Param("context")))
		}
		h, from = graph.Tanh(h), to
	}
	below := func(a, b int) bool { return a < b }
	// Beyond e^±3 a step stretches no further.
	scale = graph.MulScalar(graph.Tanh(graph.MulScalar(layer(h, "scale", "scale_bias", from, m.ranks, below), 1.0/3)), 3)
	return scale, layer(h, "shift", "shift_bias", from, m.ranks, below)
}

func (m masked) forward(p *nets.Pass, z, context *graph.Node) (y, logDet *graph.Node) {
	scale, shift := m.net(p, z, context)
	return graph.Add(graph.Mul(z, graph.Exp(scale)), shift), graph.ReduceSum(scale, -1)
}

// inverse is right for latents of rank 0 after one pass of the net, of rank 1 after two, …
func (m masked) inverse(p *nets.Pass, y, context *graph.Node) (z, logDet *graph.Node) {
	z = y
	var scale *graph.Node
	for range slices.Max(m.ranks) + 1 {
		var shift *graph.Node
		scale, shift = m.net(p, z, context)
		z = graph.Mul(graph.Sub(y, shift), graph.Exp(graph.Neg(scale)))
	}
	return z, graph.ReduceSum(scale, -1)
}

// Reversed is a flow the other way round: its Forward is the flow's Inverse.
type Reversed struct {
	Flow Flow
}

// Outputs is the flow's.
func (r Reversed) Outputs(latent int) int { return r.Flow.Outputs(latent) }

// Params are the flow's.
func (r Reversed) Params(latent int) []nets.Param { return r.Flow.Params(latent) }

// Forward is the flow's Inverse.
func (r Reversed) Forward(p *nets.Pass, z, context *graph.Node) (y, logDet *graph.Node) {
	y, logDet = r.Flow.Inverse(p, z, context)
	return y, graph.Neg(logDet)
}

// Inverse is the flow's Forward.
func (r Reversed) Inverse(p *nets.Pass, y, context *graph.Node) (z, logDet *graph.Node) {
	z, logDet = r.Flow.Forward(p, y, context)
	return z, graph.Neg(logDet)
}

func init() { describe.Register(IAF{}, Coupling{}, Reversed{}, Planar{}) }
