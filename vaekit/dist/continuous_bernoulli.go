package dist

import (
	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/internal/describe"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// ContinuousBernoulli is the likelihood of values in [0, 1], such as grey values, of
// density proportional to exp(l·x); the decoder gives l. It is [Bernoulli] with the
// constant that makes it a density (Loaiza-Ganem and Cunningham, 2019).
type ContinuousBernoulli struct{}

// Outputs is one number for each value.
func (ContinuousBernoulli) Outputs() int { return 1 }

// Params is empty.
func (ContinuousBernoulli) Params([]int) []nets.Param { return nil }

// LogProb is Σ x·l − log ∫ exp(l·t) dt, with t from 0 to 1.
func (ContinuousBernoulli) LogProb(_ *nets.Pass, out, x, mask *graph.Node) *graph.Node {
	l := only(out)
	x.AssertDims(l.Shape().Dimensions...)
	centred := graph.Mul(graph.AddScalar(present(x, mask), -0.5), l)
	return sumEvent(graph.Sub(centred, logSinhc(l)), mask)
}

// Mean is 1/(1 − exp(−l)) − 1/l.
func (ContinuousBernoulli) Mean(_ *nets.Pass, out *graph.Node) *graph.Node {
	l := only(out)
	return graph.AddScalar(nearZero(l,
		func(l *graph.Node) *graph.Node {
			return graph.Mul(l, polynomial(graph.Square(l), 1./12, -1./720, 1./30240, -1./1209600, 1./47900160, -691./1307674368000))
		},
		func(l *graph.Node) *graph.Node {
			coth := graph.Reciprocal(graph.Tanh(graph.MulScalar(l, 0.5)))
			return graph.Sub(graph.MulScalar(coth, 0.5), graph.Reciprocal(l))
		}), 0.5)
}

// Sample is where the cumulative distribution reaches a uniform number.
func (ContinuousBernoulli) Sample(p *nets.Pass, out *graph.Node) *graph.Node {
	l := only(out)
	u := uniform(p.Noise, "observation", l.Shape().Dimensions...)
	// Of density exp(−|l|·x), then turned round where l is positive. In place of 0, where
	// the density is flat, a number stands that makes no difference.
	size := graph.Max(graph.Abs(l), graph.MulScalar(graph.OnesLike(l), 1e-8))
	x := graph.Neg(graph.Div(graph.Log1p(graph.Mul(u, graph.Expm1(graph.Neg(size)))), size))
	return graph.Where(graph.GreaterThan(l, graph.ZerosLike(l)), graph.OneMinus(x), x)
}

// Check refuses values outside [0, 1].
func (ContinuousBernoulli) Check(values []float32) (proper bool, err error) {
	err = unit("dist.ContinuousBernoulli", values)
	return err == nil, err
}

// logSinhc is log(sinh(l/2)/(l/2)) = log ∫ exp(l·t) dt with t from −½ to ½.
func logSinhc(l *graph.Node) *graph.Node {
	return nearZero(l,
		func(l *graph.Node) *graph.Node {
			l2 := graph.Square(l)
			return graph.Mul(l2, polynomial(l2, 1./24, -1./2880, 1./181440, -1./9676800, 1./479001600, -691./15692092416000))
		},
		func(l *graph.Node) *graph.Node {
			size := graph.Abs(l)
			ends := graph.Log1p(graph.Neg(graph.Exp(graph.Neg(size))))
			return graph.Add(graph.MulScalar(size, 0.5), graph.Sub(ends, graph.Log(size)))
		})
}

// nearZero is series(x) where |x| is below ½, elsewhere direct(x), which never sees
// smaller numbers.
func nearZero(x *graph.Node, series, direct func(x *graph.Node) *graph.Node) *graph.Node {
	half := graph.MulScalar(graph.OnesLike(x), 0.5)
	near := graph.LessThan(graph.Abs(x), half)
	return graph.Where(near, series(graph.Where(near, x, half)), direct(graph.Where(near, half, x)))
}

// polynomial is c0 + c1·x + c2·x² + … .
func polynomial(x *graph.Node, c ...float64) *graph.Node {
	sum := graph.MulScalar(graph.OnesLike(x), c[len(c)-1])
	for i := len(c) - 2; i >= 0; i-- {
		sum = graph.AddScalar(graph.Mul(sum, x), c[i])
	}
	return sum
}

func init() { describe.Register(ContinuousBernoulli{}) }
