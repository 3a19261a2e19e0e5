package vaekit

import (
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit/dist"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// latents is how many an example has, at all positions together.
func (b *built) latents() int { return datasets.Size(b.positions) * b.Latent }

// local gives every position of the encoder's features latents of its own.
func (b *built) local(features []int) error {
	if len(features) < 2 {
		return fmt.Errorf("vaekit: Model.Local wants an encoder that makes [positions, channels]; it makes %v", features)
	}
	if _, ok := b.Posterior.(dist.DiagonalGaussian); !ok {
		return fmt.Errorf("vaekit: Model.Local wants the posterior dist.DiagonalGaussian; it is %T", b.Posterior)
	}
	b.positions = slices.Clone(features[:len(features)-1])
	return nil
}

// output is the layer that makes n numbers for every value of an example of what the
// decoder makes, and the shape that it sees.
func (b *built) output(out []int, n int) (layer *nets.Dense, in []int, err error) {
	units, in := datasets.Size(b.event)*n, []int{datasets.Size(out)}
	if b.Local { // the same at every position
		last := len(b.event) - 1
		if len(out) != last+1 || !slices.Equal(out[:last], b.event[:last]) {
			return nil, nil, fmt.Errorf("vaekit: Model.Decoder makes %v; with Local it must come to the positions of an example, %v", out, b.event)
		}
		units, in = b.event[last]*n, out[last:]
	}
	return &nets.Dense{Units: units, Init: nets.GlorotUniform}, in, nil
}

// everyPosition is a density of the latents at one position as that of those at all, which
// are independent.
func (b *built) everyPosition(density dist.Density) dist.Density {
	if !b.Local {
		return density
	}
	all := func(x *graph.Node) *graph.Node { // from [rows·positions, latent], or from [1, latent] that all share
		if x.Shape().Dimensions[0] == 1 {
			x = graph.BroadcastToDims(x, datasets.Size(b.positions), b.Latent)
		}
		return graph.Reshape(x, -1, b.latents())
	}
	if n, ok := density.(dist.Normal); ok {
		return dist.Normal{Mu: all(n.Mu), LogVar: all(n.LogVar)}
	}
	return everywhere{density, datasets.Size(b.positions), b.Latent}
}

// everywhere is a density at each of some positions.
type everywhere struct {
	dist.Density
	positions, latent int
}

// Draw draws at every position, [..., batch, positions·latent].
func (e everywhere) Draw(noise dist.Noise, dims ...int) (z, logProb *graph.Node) {
	z, logProb = e.Density.Draw(noise, e.rows(dims)...)
	return graph.Reshape(z, dims...), e.sum(logProb, dims)
}

// LogProb is the sum over the positions, [..., batch].
func (e everywhere) LogProb(z *graph.Node) *graph.Node {
	dims := z.Shape().Dimensions
	return e.sum(e.Density.LogProb(graph.Reshape(z, e.rows(dims)...)), dims)
}

// rows makes [..., batch·positions, latent] of the dimensions [..., batch, positions·latent].
func (e everywhere) rows(dims []int) []int {
	before := len(dims) - 2
	return append(slices.Clone(dims[:before]), dims[before]*e.positions, e.latent)
}

// sum adds up the positions of logProb, [..., batch·positions], of z of these dimensions.
func (e everywhere) sum(logProb *graph.Node, dims []int) *graph.Node {
	return graph.ReduceSum(graph.Reshape(logProb, append(slices.Clone(dims[:len(dims)-1]), e.positions)...), -1)
}

// Mean is that of every position, [batch, positions·latent] or [1, positions·latent].
func (e everywhere) Mean() *graph.Node {
	mean := e.Density.Mean()
	if mean.Shape().Dimensions[0] == 1 {
		mean = graph.BroadcastToDims(mean, e.positions, e.latent)
	}
	return graph.Reshape(mean, -1, e.positions*e.latent)
}

// Fixed is the same with its parameters fixed.
func (e everywhere) Fixed() dist.Density {
	e.Density = e.Density.Fixed()
	return e
}
