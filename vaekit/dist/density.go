package dist

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/nets"
)

// Noise gives independent standard normal noise of the given dimensions: the same draws
// for the same name.
type Noise = func(name string, dims ...int) *graph.Node

// A Density is a distribution over latents with its parameters in a graph.
// Parameters are [batch, latent], or [1, latent] where all examples share them.
type Density interface {
	// Draw makes z [..., batch, latent], of the dimensions asked for, out of noise, and
	// log p(z) in nats, [..., batch]. Gradients flow through both.
	Draw(noise Noise, dims ...int) (z, logProb *graph.Node)

	// LogProb is log p(z) in nats, [..., batch] for z [..., batch, latent]. It panics with
	// [ErrOwnDrawsOnly], or an error that wraps it, where that is known of its own draws alone.
	LogProb(z *graph.Node) *graph.Node

	// Mean is [batch, latent]. After flows it is where the mean before them is sent.
	Mean() *graph.Node

	// Fixed is the same density, its parameters taken as constants by gradients
	// (sticking the landing, Roeder et al., 2017; DReG, Tucker et al., 2018).
	Fixed() Density
}

// A Posterior turns what the encoder says of an example into a density.
type Posterior interface {
	// Outputs is how many numbers per example it wants of the encoder.
	Outputs(latent int) int

	// Params lists what it learns beside the encoder.
	Params(latent int) []nets.Param

	// Density is q(z|x) for the encoder's numbers [batch, Outputs].
	Density(p *nets.Pass, out *graph.Node, latent int) Density
}

// A Prior is the density of the latents before an example is seen.
type Prior interface {
	// Params lists what it learns, for examples of shape event.
	Params(latent int, event []int) []nets.Param

	// Density is p(z).
	Density(p *nets.Pass, given Given) Density
}

// Given is what a prior finds when its density is built.
type Given struct {
	Graph  *graph.Graph
	DType  dtypes.DType
	Latent int

	// Encode is q(z|x) of rows of values [n, values] that need not be data.
	Encode func(x *graph.Node) Density
}

// KL is KL(q ‖ p) in closed form, [batch, latent] in nats, divided among the latents
// so that it is their sum; nil where there is no closed form.
func KL(q, p Density) *graph.Node {
	if q, ok := q.(interface{ KL(p Density) *graph.Node }); ok {
		return q.KL(p)
	}
	return nil
}
