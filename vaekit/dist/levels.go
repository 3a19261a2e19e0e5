package dist

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/graph"
)

// Likelihoods of data that takes few values explain the levels 0, 1/n, 2/n, … 1, as
// bytes scaled to 0…1 are: a probability for each level, no density.

// mostLevels is what a byte can take, and what their field Levels means where it is 0.
const mostLevels = 256

// top is the last level, n, of so many.
func top(levels int) int {
	if levels == 0 {
		levels = mostLevels
	}
	return levels - 1
}

// level is the level 0…n that each value of x stands for. It carries no gradient.
func level(x *graph.Node, n int) *graph.Node {
	return graph.StopGradient(graph.Round(graph.MulScalar(x, float64(n))))
}

// checkLevels refuses values off the levels, and counts of them that cannot be.
func checkLevels(name string, levels int, values []float32) error {
	n := float64(top(levels))
	if levels < 0 || levels == 1 || levels > mostLevels {
		return fmt.Errorf("%s: Levels is %d; it is from 2 to %d (0 means %[3]d)", name, levels, mostLevels)
	}
	for i, v := range values {
		k := float64(v) * n
		if nearest := math.Round(k); !(math.Abs(k-nearest) <= 1e-3 && nearest >= 0 && nearest <= n) {
			return fmt.Errorf("%s: value %d is %v; it explains the %v levels k/%v from 0 to 1: "+
				"scale and round the data to them, set Levels, or take dist.Gaussian", name, i, v, n+1, n)
		}
	}
	return nil
}

// choose is the first of the levels 0…n at which the sum of their probabilities passes
// the uniform number u. Probability is asked for them in order, and makes nodes like u.
func choose(u *graph.Node, n int, probability func(k int) *graph.Node) *graph.Node {
	sum, chosen := graph.ZerosLike(u), graph.ZerosLike(u)
	for k := range n {
		sum = graph.Add(sum, probability(k))
		chosen = graph.Add(chosen, graph.ConvertDType(graph.LessThan(sum, u), u.DType()))
	}
	return chosen
}
