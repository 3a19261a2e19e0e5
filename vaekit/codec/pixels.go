package codec

import (
	"fmt"
	"slices"

	"github.com/vaebook/vaebook/vaekit/dist"
	"github.com/vaebook/vaebook/vaekit/internal/plain"
)

// Pixels are the values of an example as levels 0 … n−1, a byte each, and their codecs what
// a decoder's numbers mean to a likelihood of package dist: so many of them for each value.

// levelsOf is how many levels a likelihood knows, and an error where it knows none.
func levelsOf(likelihood dist.Likelihood) (int, error) {
	levels := 0
	switch l := likelihood.(type) {
	case dist.Bernoulli:
		return 2, nil
	case dist.DiscretisedLogistic:
		levels = l.Levels
	case dist.BetaBinomial:
		levels = l.Levels
	case dist.Categorical:
		levels = l.Levels
	default:
		return 0, fmt.Errorf("%T gives no probabilities to code by; of data in black and white take dist.Bernoulli, of bytes dist.DiscretisedLogistic, dist.BetaBinomial or dist.Categorical", likelihood)
	}
	if levels == 0 {
		levels = 256
	}
	return levels, nil
}

// pixelsOf is the codec of an example whose decoder said out.
func pixelsOf(likelihood dist.Likelihood, levels int, out []float32) Codec[[]uint8] {
	switch l := likelihood.(type) {
	case dist.Bernoulli:
		return pixels[Bernoulli]{out, 1, func(o []float32) Bernoulli { return Bernoulli{float64(o[0])} }}
	case dist.DiscretisedLogistic:
		half := float64(levels-1) / 2
		one := func(mean, scale float32) Logistic {
			return Logistic{float64((1 + float64(mean)) * half), float64(half * plain.Exp(plain.Bend(float64(scale), 4, 7))), levels}
		}
		if n := l.Components; n > 1 {
			m := LogisticMixture{make([]float64, n), make([]Logistic, n)} // of the pixel in hand
			return pixels[LogisticMixture]{out, 3 * n, func(o []float32) LogisticMixture {
				softmax(m.Weights, o)
				for c := range n {
					m.Each[c] = one(o[n+c], o[2*n+c])
				}
				return m
			}}
		}
		return pixels[Logistic]{out, 2, func(o []float32) Logistic { return one(o[0], o[1]) }}
	case dist.BetaBinomial:
		bent := func(x float32) float64 { return plain.Exp(plain.Bend(float64(x), 4, 6)) }
		return pixels[Categorical]{out, 2, func(o []float32) Categorical { return NewBetaBinomial(levels-1, bent(o[0]), bent(o[1])) }}
	}
	weights := make([]float64, levels)
	return pixels[Categorical]{out, levels, func(o []float32) Categorical {
		softmax(weights, o)
		return NewCategorical(weights)
	}}
}

// softmax sets p to the first so many exp(x) as shares of 1.
func softmax(p []float64, x []float32) {
	x = x[:len(p)]
	most, sum := float64(slices.Max(x)), 0.0
	for i, v := range x {
		p[i] = plain.Exp(float64(v) - most)
		sum += p[i]
	}
	for i := range p {
		p[i] /= sum
	}
}

// pixels has every so many numbers describe one value.
type pixels[C cumulative] struct {
	out  []float32
	each int
	of   func(out []float32) C
}

// Push puts the values onto the stack, the last one first.
func (p pixels[C]) Push(s *Stack, values []uint8) {
	for i := len(values) - 1; i >= 0; i-- {
		push(s, p.of(p.out[i*p.each:(i+1)*p.each]), int(values[i]))
	}
}

// Pop takes the values off the stack.
func (p pixels[C]) Pop(s *Stack) []uint8 {
	values := make([]uint8, len(p.out)/p.each)
	for i := range values {
		values[i] = uint8(pop(s, p.of(p.out[i*p.each:(i+1)*p.each])))
	}
	return values
}

// latents is the posterior that an encoder says: means and log-variances, side by side.
type latents []float32

func (l latents) of(j int) Gaussian {
	logVar := plain.Bend(float64(l[len(l)/2+j]), 10, 15)
	return Gaussian{float64(l[j]), plain.Exp(logVar / 2)}
}

// Push puts the buckets onto the stack, the last one first.
func (l latents) Push(s *Stack, buckets []int) {
	for j := len(buckets) - 1; j >= 0; j-- {
		push(s, l.of(j), buckets[j])
	}
}

// Pop takes the buckets off the stack.
func (l latents) Pop(s *Stack) []int {
	buckets := make([]int, len(l)/2)
	for j := range buckets {
		buckets[j] = pop(s, l.of(j))
	}
	return buckets
}
