package dist

import (
	"cmp"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/internal/describe"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// A Mixture is Σ π_c · p_c(z) over the components of another density, which lie along its
// batch axis. All examples share it.
type Mixture struct {
	Components Density     // with parameters [components, latent]
	LogWeights *graph.Node // log π, [components], up to a constant
}

// LogProb is log Σ π_c · p_c(z).
func (m Mixture) LogProb(z *graph.Node) *graph.Node {
	dims := z.Shape().Dimensions
	last := len(dims) - 1
	many := append(append([]int{}, dims[:last]...), m.len(), dims[last])
	each := m.Components.LogProb(graph.BroadcastToDims(graph.InsertAxes(z, -2), many...)) // [..., batch, components]
	return LogSumExp(graph.Add(each, graph.ExpandLeftToRank(m.logWeights(), each.Rank())), -1)
}

func (m Mixture) len() int { return m.LogWeights.Shape().Dimensions[0] }

// logWeights add up to 1 after exp.
func (m Mixture) logWeights() *graph.Node {
	return graph.Sub(m.LogWeights, graph.Reshape(LogSumExp(m.LogWeights, 0), 1))
}

// Draw draws from every component and keeps one of them, chosen by the Gumbel-max trick.
// Gradients flow through the components, not through the choice.
func (m Mixture) Draw(noise Noise, dims ...int) (z, logProb *graph.Node) {
	last := len(dims) - 1
	many := append(append([]int{}, dims[:last]...), m.len(), dims[last])
	each, _ := m.Components.Draw(noise, many...)
	u := uniform(noise, "component", many[:last+1]...)
	gumbel := graph.Neg(graph.Log(graph.Neg(graph.Log(u))))
	score := graph.Add(gumbel, graph.ExpandLeftToRank(m.logWeights(), gumbel.Rank()))
	chosen := graph.OneHot(graph.ArgMax(score, -1), m.len(), each.DType()) // [..., batch, components]
	z = graph.ReduceSum(graph.Mul(each, graph.BroadcastToDims(graph.InsertAxes(chosen, -1), many...)), -2)
	return z, m.LogProb(z)
}

// Mean is that of the components, weighted, [1, latent].
func (m Mixture) Mean() *graph.Node {
	return graph.MatMul(graph.Exp(graph.InsertAxes(m.logWeights(), 0)), m.Components.Mean())
}

// Fixed stops gradients at the weights and the components' parameters.
func (m Mixture) Fixed() Density {
	return Mixture{m.Components.Fixed(), graph.StopGradient(m.LogWeights)}
}

// LogSumExp is log Σ exp(x) along an axis, without overflow.
func LogSumExp(x *graph.Node, axis int) *graph.Node {
	top := graph.StopGradient(graph.ReduceMax(x, axis))
	sum := graph.ReduceSum(graph.Exp(graph.Sub(x, graph.InsertAxes(top, axis))), axis)
	return graph.Add(top, graph.Log(sum))
}

// MixtureOfGaussians is a prior Σ π_c · N(μ_c, diag σ_c²) with weights, means and
// variances that are learned (as in Dilokthanakul et al., 2016, without a posterior over
// components).
type MixtureOfGaussians struct {
	Components int  // 0 means 10
	Full       bool // latents of a component may depend on each other: N(μ_c, L_c·L_cᵀ)
}

func (m MixtureOfGaussians) components() int { return cmp.Or(m.Components, 10) }

// Width is how many numbers the density of one z is made of: what bounds how many are
// looked at together.
func (m MixtureOfGaussians) Width(latent int) int {
	if m.Full {
		return m.components() * latent * latent
	}
	return m.components() * latent
}

// Params are μ, log σ², log π up to a constant, and what is below the diagonal of L.
func (m MixtureOfGaussians) Params(latent int, _ []int) []nets.Param {
	n := m.components()
	params := []nets.Param{
		{Name: "mean", Shape: []int{n, latent}, Init: nets.StandardNormal},
		{Name: "log_variance", Shape: []int{n, latent}},
		{Name: "log_weight", Shape: []int{n}},
	}
	if m.Full {
		params = append(params, nets.Param{Name: "lower", Shape: []int{n, latent, latent}})
	}
	return params
}

// Density is the mixture.
func (m MixtureOfGaussians) Density(p *nets.Pass, given Given) Density {
	each := Normal{p.Param("mean"), bend(p.Param("log_variance"), 10, 15)}
	if !m.Full {
		return Mixture{each, p.Param("log_weight")}
	}
	lower := p.Param("lower")
	above := graph.BroadcastToShape(graph.InsertAxes(graph.UpperTriangular(given.Graph, given.Latent), 0), lower.Shape())
	lower = graph.Where(above, graph.ZerosLike(lower), lower)
	return Mixture{Correlated{each, lower}, p.Param("log_weight")}
}

// VampPrior is a prior that mixes posteriors, 1/C Σ q(z|u_c), of inputs u_c that are
// learned and begin as examples (Tomczak and Welling, 2017). They may leave the range of the
// data, and are of no class where a model has classes.
type VampPrior struct {
	Components int // 0 means 50; the paper takes 500 for MNIST
}

func (v VampPrior) components() int { return cmp.Or(v.Components, 50) }

// Width is how many numbers the density of one z is made of.
func (v VampPrior) Width(latent int) int { return v.components() * latent }

// Params are the pseudo-inputs.
func (v VampPrior) Params(_ int, event []int) []nets.Param {
	values := 1
	for _, n := range event {
		values *= n
	}
	return []nets.Param{{Name: "pseudo_input", Shape: []int{v.components(), values}, Init: nets.Examples}}
}

// Density is the mixture.
func (v VampPrior) Density(p *nets.Pass, given Given) Density {
	inputs := p.Param("pseudo_input")
	equal := graph.ZerosLike(graph.Squeeze(columns(inputs, 0, 1), 1))
	return Mixture{given.Encode(inputs), equal}
}

func init() { describe.Register(MixtureOfGaussians{}, VampPrior{}) }
