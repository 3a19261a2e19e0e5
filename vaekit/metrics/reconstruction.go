package metrics

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"

	"github.com/vaebook/vaebook/datasets"
)

// Scores are a measure of every example.
type Scores struct {
	Each []float64
	Mean float64 // over the examples; NaN where Each holds both +Inf and −Inf
}

// PSNR is the peak signal-to-noise ratio of every reconstruction in decibels:
//
//	10 log₁₀ (1 / mean((x − y)²))
//
// The data lies between 0 and 1; what is masked on either side does not count. Where
// nothing differs it is +Inf, and so is then the mean.
func PSNR(data, reconstruction *datasets.Batch) (Scores, error) {
	return compare(data, reconstruction, pictures, func(x, y []float32, padding []bool) (float64, error) {
		sum, n := 0.0, 0
		for i := range x {
			if !padding[i] {
				d := float64(x[i]) - float64(y[i])
				sum += d * d
				n++
			}
		}
		return 10 * math.Log10(float64(n)/sum), nil
	})
}

// An interval is where the values of data lie, and how that is said.
type interval struct {
	low, high float32
	say       string
}

var pictures = interval{0, 1, "data lies between 0 and 1, and both are finite"}

// compare takes a measure of each pair of examples; NaN says that all is padding.
func compare(data, reconstruction *datasets.Batch, values interval, measure func(x, y []float32, padding []bool) (float64, error)) (Scores, error) {
	n := data.Len()
	if n == 0 {
		return Scores{}, fmt.Errorf("metrics: there is nothing to compare")
	}
	if !slices.Equal(data.Shape, reconstruction.Shape) || n != reconstruction.Len() {
		return Scores{}, fmt.Errorf("metrics: %d examples of shape %v are compared with %d of shape %v; give the data and its reconstruction in the same order", n, data.Shape, reconstruction.Len(), reconstruction.Shape)
	}
	for _, b := range []*datasets.Batch{data, reconstruction} {
		if err := b.Check(data.Shape, n); err != nil {
			return Scores{}, fmt.Errorf("metrics: %w", err)
		}
	}
	padding := make([]bool, len(data.Values))
	for _, mask := range [][]uint8{data.Mask, reconstruction.Mask} {
		for i, m := range mask {
			padding[i] = padding[i] || m == 0
		}
	}
	size := datasets.Size(data.Shape)
	for i, x := range data.Values {
		if y := reconstruction.Values[i]; !padding[i] && !(x >= values.low && x <= values.high && finite(y)) {
			return Scores{}, fmt.Errorf("metrics: value %d of example %d is %v, and %v in its reconstruction; %s", i%size, i/size, x, y, values.say)
		}
	}
	s := Scores{Each: make([]float64, n)}
	errs := make([]error, n)
	each(n, func(i int) {
		s.Each[i], errs[i] = measure(data.Example(i), reconstruction.Example(i), padding[i*size:(i+1)*size])
	})
	if err := cmp.Or(errs...); err != nil {
		return Scores{}, fmt.Errorf("metrics: %w", err)
	}
	if i := slices.IndexFunc(s.Each, math.IsNaN); i >= 0 {
		return Scores{}, fmt.Errorf("metrics: the mask of example %d leaves nothing to compare; leave it out", i)
	}
	s.Mean = stat.Mean(s.Each, nil)
	return s, nil
}
