package dist

import (
	"math"

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/internal/describe"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// FullGaussian is the posterior N(μ(x), L(x)·L(x)ᵀ): latents may depend on each other
// given x (Kingma and Welling, 2019, section 2.5). Of the encoder it wants μ, log σ² and
// what is below the diagonal σ of L, as parts of the σ of its row and divided by √latent, so
// that an encoder at its beginning does not drown z in noise: (latent+3)·latent/2 numbers.
type FullGaussian struct{}

// Outputs is (latent+3)·latent/2.
func (FullGaussian) Outputs(latent int) int { return (latent + 3) * latent / 2 }

// Params is empty.
func (FullGaussian) Params(int) []nets.Param { return nil }

// Density splits out [batch, Outputs] into μ, log σ² and the rows of L below its diagonal.
func (f FullGaussian) Density(_ *nets.Pass, out *graph.Node, latent int) Density {
	out.AssertDims(-1, f.Outputs(latent))
	at := 2 * latent
	d := Correlated{Normal: DiagonalGaussian{}.Density(nil, columns(out, 0, at), latent).(Normal)}
	var rows []*graph.Node
	for i := range latent {
		row := []*graph.Node{graph.Zeros(out.Graph(), shapes.Make(out.DType(), out.Shape().Dimensions[0], latent-i))}
		if i > 0 {
			row = append([]*graph.Node{columns(out, at, at+i)}, row...)
		}
		rows = append(rows, graph.Concatenate(row, -1))
		at += i
	}
	scale := graph.MulScalar(graph.InsertAxes(d.Normal.Sigma(), -1), 1/math.Sqrt(float64(latent)))
	d.Lower = graph.Mul(graph.Stack(rows, 1), scale)
	d.Lower.AssertDims(-1, latent, latent)
	return d
}

// columns are those of x [rows, columns] from one to before another.
func columns(x *graph.Node, from, to int) *graph.Node {
	return graph.Slice(x, graph.AxisRange(), graph.AxisRange(from, to))
}

// Correlated is a Gaussian whose covariance is L·Lᵀ, L = diag(σ) + Lower: the density of
// a [FullGaussian] posterior. The Normal in it has μ and σ.
type Correlated struct {
	Normal
	Lower *graph.Node // [batch, latent, latent], 0 on and above the diagonal
}

// Draw is z = μ + L·ε.
func (c Correlated) Draw(noise Noise, dims ...int) (z, logProb *graph.Node) {
	z, logProb = c.Normal.Draw(noise, dims...)
	ε := noise("z", dims...) // the same draws
	return graph.Add(z, graph.ReduceSum(graph.Mul(expand(c.Lower, c.pairs(ε)), c.pairs(ε)), -1)), logProb
}

// pairs is x [..., batch, latent] repeated as [..., batch, latent, latent], a row for each latent.
func (c Correlated) pairs(x *graph.Node) *graph.Node {
	dims := x.Shape().Dimensions
	latent := dims[len(dims)-1]
	return graph.BroadcastToDims(graph.InsertAxes(x, -2), append(append([]int{}, dims[:len(dims)-1]...), latent, latent)...)
}

// LogProb finds ε of z, latent by latent, in L·ε = z − μ.
func (c Correlated) LogProb(z *graph.Node) *graph.Node {
	latent := c.Mu.Shape().Dimensions[1]
	rest := graph.Sub(z, expand(c.Mu, z))
	scale := expand(graph.Reciprocal(c.Normal.Sigma()), z)
	lower := expand(c.Lower, c.pairs(z))
	var ε []*graph.Node
	for i := range latent {
		one := graph.Mul(element(rest, i), element(scale, i)) // [..., batch, 1]
		ε = append(ε, one)
		if i < latent-1 {
			rest = graph.Sub(rest, graph.Mul(graph.Squeeze(element(lower, i), -1), one))
		}
	}
	return graph.ReduceSum(standardLogProb(graph.Concatenate(ε, -1), expand(c.LogVar, z)), -1)
}

// element is x[..., i] with its axis kept.
func element(x *graph.Node, i int) *graph.Node { return graph.SliceAxis(x, -1, graph.AxisElem(i)) }

// marginals are the densities of each latent alone.
func (c Correlated) marginals() Normal {
	variance := graph.Add(graph.Exp(c.LogVar), graph.ReduceSum(graph.Square(c.Lower), -1))
	return Normal{c.Mu, graph.Log(variance)}
}

// LogProbEach is the log-density of every latent alone, [..., batch, latent] in nats.
func (c Correlated) LogProbEach(z *graph.Node) *graph.Node { return c.marginals().LogProbEach(z) }

// Sigma is the standard deviation of every latent, [batch, latent].
func (c Correlated) Sigma() *graph.Node { return c.marginals().Sigma() }

// Fixed stops gradients at all parameters.
func (c Correlated) Fixed() Density {
	return Correlated{c.Normal.Fixed().(Normal), graph.StopGradient(c.Lower)}
}

// KL is that of the latents alone plus what L makes them share, log σ of each alone
// minus log σ of each given those before it; nil where p is no Normal.
func (c Correlated) KL(p Density) *graph.Node {
	alone := c.marginals()
	kl := alone.KL(p)
	if kl == nil {
		return nil
	}
	return graph.Add(kl, graph.MulScalar(graph.Sub(alone.LogVar, c.LogVar), 0.5))
}

func init() { describe.Register(FullGaussian{}) }
