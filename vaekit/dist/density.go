package dist

import (
	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/nets"
)

// A Density is a distribution over latents with its parameters in a graph.
// Parameters are [batch, latent], or [1, latent] where all examples share them.
type Density interface {
	// Sample draws z from standard normal noise [..., batch, latent], differentiably.
	Sample(noise *graph.Node) *graph.Node

	// LogProb is log p(z) in nats, [..., batch] for z [..., batch, latent].
	LogProb(z *graph.Node) *graph.Node

	// Mean is [batch, latent].
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
	Density(p *nets.Pass, out *graph.Node) Density
}

// A Prior is the density of the latents before an example is seen.
type Prior interface {
	// Params lists what it learns.
	Params(latent int) []nets.Param

	// Density is p(z) over latent dimensions, in the graph and element type of like.
	Density(p *nets.Pass, like *graph.Node, latent int) Density
}

// KL is KL(q ‖ p) for each latent in closed form, [batch, latent] in nats, or
// nil where the two have none.
func KL(q, p Density) *graph.Node {
	qn, ok := q.(Normal)
	if !ok {
		return nil
	}
	pn, ok := p.(Normal)
	if !ok {
		return nil
	}
	return qn.KL(pn)
}
