package metrics

import (
	"fmt"
	"slices"
	"sort"

	"gonum.org/v1/gonum/floats"

	"github.com/vaebook/vaebook/vaekit"
)

// KNN is the fraction of test whose label is the most frequent one among the k nearest
// posterior means of train (Cover and Hart, 1967). Nearest is Euclidean; where two labels
// are as frequent, the one that is nearest counts. Training set and test set must not
// share examples.
func KNN(train, test *vaekit.Latents, k int) (float64, error) {
	if err := labelled(train, test); err != nil {
		return 0, err
	}
	if k < 1 || k > train.Len() {
		return 0, fmt.Errorf("metrics: %d neighbours of %d examples; k must lie between 1 and their number", k, train.Len())
	}
	known := wide(train.Mean)
	half := make([]float64, train.Len()) // ½‖b‖²
	for j := range half {
		b := known[j*train.Dim : (j+1)*train.Dim]
		half[j] = floats.Dot(b, b) / 2
	}
	right := make([]bool, test.Len())
	each(len(right), func(i int) {
		a := wide(test.At(i))
		near := make([]neighbour, 0, k) // the nearest first
		for j, label := range train.Labels {
			// ½‖a − b‖² without ½‖a‖², which is the same for all b.
			far := half[j] - floats.Dot(a, known[j*train.Dim:(j+1)*train.Dim])
			if len(near) == k && far >= near[k-1].far {
				continue
			}
			at := sort.Search(len(near), func(n int) bool { return near[n].far > far })
			near = slices.Insert(near[:min(len(near), k-1)], at, neighbour{far, label})
		}
		right[i] = vote(near) == test.Labels[i]
	})
	return fraction(right), nil
}

// A neighbour is an example of the training set.
type neighbour struct {
	far   float64 // a measure that grows with the distance
	label int
}

// vote is the most frequent label of neighbours, of which the nearest come first.
func vote(near []neighbour) int {
	votes := map[int]int{}
	for _, n := range near {
		votes[n.label]++
	}
	best := near[0].label
	for _, n := range near {
		if votes[n.label] > votes[best] {
			best = n.label
		}
	}
	return best
}

// fraction is how many of all are true.
func fraction(right []bool) float64 {
	n := 0
	for _, r := range right {
		if r {
			n++
		}
	}
	return float64(n) / float64(len(right))
}

// labelled checks that both sets have a label for every example, in one space.
func labelled(train, test *vaekit.Latents) error {
	for _, set := range []struct {
		name string
		*vaekit.Latents
	}{{"training", train}, {"test", test}} {
		if set.Latents == nil || set.Dim < 1 || len(set.Mean) == 0 {
			return fmt.Errorf("metrics: the %s set is empty", set.name)
		}
		if len(set.Labels) != set.Len() {
			return fmt.Errorf("metrics: the %s set has %d labels for %d examples; encode data that has labels", set.name, len(set.Labels), set.Len())
		}
	}
	return matched(Features{train.Dim, train.Mean}, Features{test.Dim, test.Mean}, 1)
}
