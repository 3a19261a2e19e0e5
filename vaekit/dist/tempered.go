package dist

import "github.com/gomlx/gomlx/core/graph"

// Tempered is the density ∝ q^t p^(1−t), which goes from the prior at t = 0 through
// the posterior at 1 to sharper ones; nil where it has no closed form. T is [batch, 1].
//
// A posterior that is the best for its decoder is ∝ p(z) p(x|z), and tempered it is the
// best for p(x|z)^t: the path along which a model trades distortion for rate.
//
// Of two [Normal] it is the Gaussian of precision λ_t = tλ + (1−t)λp and mean
// (tλμ + (1−t)λpμp)/λ_t in every latent, with λ = 1/σ². A latent that is wider than its
// prior would become wider without end: beyond t = 1 it stays as it is.
func Tempered(q, p Density, t *graph.Node) Density {
	posterior, ok := q.(Normal)
	prior, both := p.(Normal)
	if !ok || !both {
		return nil
	}
	λ, λp := graph.Exp(graph.Neg(posterior.LogVar)), graph.Exp(graph.Neg(prior.LogVar))
	gain := graph.Sub(λ, λp)
	one := graph.OnesLike(gain)
	t = graph.Mul(one, t)
	t = graph.Where(graph.LessThan(gain, graph.ZerosLike(gain)), graph.Min(t, one), t)
	whole := graph.Add(graph.Mul(t, gain), λp)
	mean := graph.Add(graph.Mul(t, graph.Mul(λ, posterior.Mu)), graph.Mul(graph.Sub(one, t), graph.Mul(λp, prior.Mu)))
	return Normal{graph.Div(mean, whole), graph.Neg(graph.Log(whole))}
}
