package dist

import (
	"slices"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/internal/describe"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// Bernoulli is the likelihood of binary values; the decoder gives logits.
//
// On grey values in between, −log p is the cross-entropy that many examples
// train with; it is not a negative log-likelihood (the density does not
// integrate to 1, Loaiza-Ganem and Cunningham, 2019), and reports say so. Grey values
// have likelihoods in [ContinuousBernoulli] and [DiscretisedLogistic].
type Bernoulli struct{}

// Outputs is one logit for each value.
func (Bernoulli) Outputs() int { return 1 }

// Params is empty.
func (Bernoulli) Params([]int) []nets.Param { return nil }

// LogProb is Σ x·l − log(1 + exp(l)).
func (Bernoulli) LogProb(_ *nets.Pass, out, x, mask *graph.Node) *graph.Node {
	logits := only(out)
	x.AssertDims(logits.Shape().Dimensions...)
	x = present(x, mask)
	return sumEvent(graph.Sub(graph.Mul(x, logits), nets.Softplus.Apply(logits)), mask)
}

// Mean is the probability of 1.
func (Bernoulli) Mean(_ *nets.Pass, out *graph.Node) *graph.Node {
	return graph.Sigmoid(only(out))
}

// Sample draws 0 or 1: 1 where a uniform number is below the mean.
func (b Bernoulli) Sample(p *nets.Pass, out *graph.Node) *graph.Node {
	mean := b.Mean(p, out)
	return graph.ConvertDType(graph.LessThan(uniform(p.Noise, "observation", mean.Shape().Dimensions...), mean), mean.DType())
}

// Check refuses values outside [0, 1]; values in between 0 and 1 are not proper.
func (Bernoulli) Check(values []float32) (proper bool, err error) {
	if err := unit("dist.Bernoulli", values); err != nil {
		return false, err
	}
	gray := func(v float32) bool { return v != 0 && v != 1 }
	return !slices.ContainsFunc(values, gray), nil
}

// Improper says that grey values have a cross-entropy.
func (Bernoulli) Improper() (name, why string) {
	return "cross-entropy", "the data has grey values, so these are cross-entropies, not likelihoods"
}

func init() { describe.Register(Bernoulli{}) }
