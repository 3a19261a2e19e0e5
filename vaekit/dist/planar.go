package dist

import (
	"errors"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/nets"
)

// Planar is one step of a planar flow (Rezende and Mohamed, 2015), for posteriors:
// y = z + u·tanh(wᵀz + b), with u, w and b from the encoder. It stretches the space along
// u where wᵀz + b is near 0. Nothing is known to invert it, so objectives that ask for
// the density at any z (DReG, total correlation) do not go with it.
type Planar struct{}

// Outputs is u, w and b: 2·latent + 1.
func (Planar) Outputs(latent int) int { return 2*latent + 1 }

// Params is empty.
func (Planar) Params(int) []nets.Param { return nil }

// Forward takes û for u, which differs along w so that wᵀû = softplus(wᵀu) − 1 > −1, without
// which the map would not be invertible (the paper's appendix A.1). Then
// |det| = 1 + (1 − tanh²)·wᵀû = tanh² + (1 − tanh²)·softplus(wᵀu).
func (Planar) Forward(_ *nets.Pass, z, context *graph.Node) (y, logDet *graph.Node) {
	latent := z.Shape().Dimensions[1]
	u, w, b := columns(context, 0, latent), columns(context, latent, 2*latent), columns(context, 2*latent, 2*latent+1)
	dot := func(a, b *graph.Node) *graph.Node { return graph.ReduceAndKeep(graph.Mul(a, b), graph.ReduceSum, -1) } // [rows, 1]
	// A w near 0 turns no z, but û would go to infinity.
	length := dot(w, w)
	w = graph.Div(w, graph.Sqrt(graph.AddScalar(length, 1e-12)))
	w = graph.Mul(w, graph.AddScalar(graph.Sqrt(graph.AddScalar(length, 1e-12)), 0.1))
	positive := nets.Softplus.Apply(dot(w, u))
	missing := graph.Sub(graph.MinusOne(positive), dot(w, u))
	u = graph.Add(u, graph.Mul(w, graph.Div(missing, dot(w, w))))
	t := graph.Tanh(graph.Add(dot(w, z), b))
	flat := graph.Square(t)
	det := graph.Add(flat, graph.Mul(graph.OneMinus(flat), positive))
	return graph.Add(z, graph.Mul(u, t)), graph.Squeeze(graph.Log(det), -1)
}

// ErrOwnDrawsOnly is what a density panics with that is known of its own draws alone.
var ErrOwnDrawsOnly = errors.New("dist.Planar: the density after a planar flow is known of its own draws alone, because nothing inverts it; " +
	"take dist.IAF or dist.Coupling, or an objective and a prior that ask for no density at other z")

// Inverse panics.
func (Planar) Inverse(*nets.Pass, *graph.Node, *graph.Node) (z, logDet *graph.Node) {
	panic(ErrOwnDrawsOnly)
}
