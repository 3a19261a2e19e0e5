package dist

import "github.com/gomlx/gomlx/core/graph"

// Tempered is the density ∝ q^t p^(1−t), which goes from the prior at t = 0 through
// the posterior at 1 to sharper ones; nil where it has no closed form. T is [batch, 1].
//
// A posterior that is the best for its decoder is ∝ p(z) p(x|z), and tempered it is the
// best for p(x|z)^t: the path along which a model trades distortion for rate.
func Tempered(q, p Density, t *graph.Node) Density {
	if q, ok := q.(interface {
		Tempered(p Density, t *graph.Node) Density
	}); ok {
		return q.Tempered(p, t)
	}
	return nil
}

// Tempered is the Gaussian of precision tλ + (1−t)λp and mean (tλμ + (1−t)λpμp)/(tλ + (1−t)λp)
// in every latent, with λ = 1/σ²; nil where p is no Normal. A latent that is wider than
// its prior would become wider without end: beyond t = 1 it stays as it is.
func (n Normal) Tempered(density Density, t *graph.Node) Density {
	p, ok := density.(Normal)
	if !ok {
		return nil
	}
	precision, prior := graph.Exp(graph.Neg(n.LogVar)), graph.Exp(graph.Neg(p.LogVar))
	gain := graph.Sub(precision, prior)
	one := graph.OnesLike(gain)
	t = graph.Mul(one, t)
	t = graph.Where(graph.LessThan(gain, graph.ZerosLike(gain)), graph.Min(t, one), t)
	whole := graph.Add(graph.Mul(t, gain), prior)
	mean := graph.Add(graph.Mul(t, graph.Mul(precision, n.Mu)), graph.Mul(graph.Sub(one, t), graph.Mul(prior, p.Mu)))
	return Normal{graph.Div(mean, whole), graph.Neg(graph.Log(whole))}
}
