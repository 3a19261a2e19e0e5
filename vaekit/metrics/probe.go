package metrics

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"github.com/vaebook/vaebook/vaekit"
)

// LinearProbe is the fraction of test whose label a linear classifier of train's
// posterior means tells (Alain and Bengio, 2016): how much of the labels lies open. The
// classifier is multinomial logistic regression on latents that are scaled to mean 0 and
// variance 1 over train, which lowers
//
//	mean −log p(label|z) + ‖W‖² / (2·examples)
//
// over the weights W, biases left out, to where no slope is above 1e-5. A label that train
// does not have is never told.
func LinearProbe(train, test *vaekit.Latents) (float64, error) {
	if err := labelled(train, test); err != nil {
		return 0, err
	}
	classes := slices.Compact(slices.Sorted(slices.Values(train.Labels)))
	shift, scale := standard(train)
	p := probe{classes: len(classes), rows: standardised(train, shift, scale)}
	for _, label := range train.Labels {
		class, _ := slices.BinarySearch(classes, label)
		p.labels = append(p.labels, class)
	}
	w := minimise(make([]float64, (train.Dim+1)*len(classes)), 1e-5, p.loss)
	var scores mat.Dense
	scores.Mul(standardised(test, shift, scale), mat.NewDense(train.Dim+1, len(classes), w))
	right := make([]bool, test.Len())
	for i := range right {
		row := scores.RawRowView(i)
		right[i] = classes[slices.Index(row, slices.Max(row))] == test.Labels[i]
	}
	return fraction(right), nil
}

// standard is what is taken away from each latent, and then multiplied by, so that over l
// their means are 0 and their variances 1. A latent that never moves stays at 0.
func standard(l *vaekit.Latents) (shift, scale []float64) {
	shift, scale = make([]float64, l.Dim), make([]float64, l.Dim)
	n := float64(l.Len())
	for i, v := range l.Mean {
		shift[i%l.Dim] += float64(v) / n
	}
	for i, v := range l.Mean {
		d := float64(v) - shift[i%l.Dim]
		scale[i%l.Dim] += d * d / n
	}
	for j, variance := range scale {
		if scale[j] = 0; variance > 0 {
			scale[j] = 1 / math.Sqrt(variance)
		}
	}
	return shift, scale
}

// standardised are the latents with a 1 behind each example's, for the biases.
func standardised(l *vaekit.Latents, shift, scale []float64) *mat.Dense {
	rows := mat.NewDense(l.Len(), l.Dim+1, nil)
	for i := range l.Len() {
		for j, v := range l.At(i) {
			rows.Set(i, j, (float64(v)-shift[j])*scale[j])
		}
		rows.Set(i, l.Dim, 1)
	}
	return rows
}

// A probe is a linear classifier to be fitted.
type probe struct {
	classes int
	rows    *mat.Dense // [examples, latents + 1]
	labels  []int      // [examples], from 0
}

// loss is what the probe lowers, and its gradient. Examples go in pieces of one size on any
// machine, so that sums are the same, too.
func (p probe) loss(weights []float64) (value float64, gradient []float64) {
	const piece = 1024
	n, columns := p.rows.Dims()
	w := mat.NewDense(columns, p.classes, weights)
	values := make([]float64, (n+piece-1)/piece)
	gradients := make([]mat.Dense, len(values))
	each(len(values), func(i int) {
		from, to := i*piece, min((i+1)*piece, n)
		x := p.rows.Slice(from, to, 0, columns)
		var probability mat.Dense
		probability.Mul(x, w)
		for row, label := range p.labels[from:to] {
			values[i] -= softmax(probability.RawRowView(row), label)
		}
		gradients[i].Mul(x.T(), &probability)
	})
	gradient = make([]float64, len(weights))
	for i := range values {
		value += values[i] / float64(n)
		for j, g := range gradients[i].RawMatrix().Data {
			gradient[j] += g / float64(n)
		}
	}
	for j, v := range weights[:(columns-1)*p.classes] { // not the biases
		value += v * v / 2 / float64(n)
		gradient[j] += v / float64(n)
	}
	return value, gradient
}

// softmax makes of scores the gradient of −log p(label) with respect to them, which are the
// probabilities less 1 at the label. It returns log p(label).
func softmax(scores []float64, label int) (logProb float64) {
	top := slices.Max(scores)
	logProb = scores[label] - top
	sum := 0.0
	for i, s := range scores {
		scores[i] = math.Exp(s - top)
		sum += scores[i]
	}
	for i := range scores {
		scores[i] /= sum
	}
	scores[label]--
	return logProb - math.Log(sum)
}
