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

// Forward takes for u the nearest vector with wᵀu ≥ −1, without which the map would not
// be invertible (the paper's appendix A.1): log |det| = log (1 + (1 − tanh²)·wᵀu).
func (Planar) Forward(_ *nets.Pass, z, context *graph.Node) (y, logDet *graph.Node) {
	latent := z.Shape().Dimensions[1]
	u, w, b := columns(context, 0, latent), columns(context, latent, 2*latent), columns(context, 2*latent, 2*latent+1)
	dot := func(a, b *graph.Node) *graph.Node { return graph.ReduceAndKeep(graph.Mul(a, b), graph.ReduceSum, -1) } // [rows, 1]
	wu := dot(w, u)
	missing := graph.Sub(graph.MinusOne(nets.Softplus.Apply(wu)), wu)
	along := graph.Mul(w, graph.Reciprocal(graph.AddScalar(dot(w, w), 1e-6))) // w may be 0
	u = graph.Add(u, graph.Mul(along, missing))
	t := graph.Tanh(graph.Add(dot(w, z), b))
	slope := graph.OneMinus(graph.Square(t))
	return graph.Add(z, graph.Mul(u, t)), graph.Squeeze(graph.Log(graph.OnePlus(graph.Mul(slope, dot(w, u)))), -1)
}

// Inverse panics.
func (Planar) Inverse(*nets.Pass, *graph.Node, *graph.Node) (z, logDet *graph.Node) {
	panic(errors.New("dist.Planar: the density after a planar flow is known of its own draws alone, because nothing inverts it; " +
		"take dist.IAF or dist.Coupling, or an objective that asks for no density at other z"))
}
