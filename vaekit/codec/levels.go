package codec

import (
	"fmt"
	"math"

	"github.com/vaebook/vaebook/vaekit/internal/plain"
)

// Distributions of a level 0 … n−1. Each is known by its cumulative probabilities, which
// are scaled to whole numbers out of 2²⁴. Every level has at least one of these, however
// improbable it is: what can be said can be coded.

const precision = 24 // bits of a probability

// MostLevels is how many levels a distribution can have: a quarter of all probability would
// go to the least that each gets.
const MostLevels = 1 << (precision - 3)

// cumulative is a distribution of levels 0 … levels()−1: below(k) is the probability of the
// first k of them, which does not fall by more than rounding as k grows, and is 0 of none.
type cumulative interface {
	levels() int
	below(k int) float64
}

// edge is where level k begins, out of 2²⁴: each level gets what is its own and two more,
// so that none is empty when rounding takes one away.
func edge[C cumulative](c C, k int) uint32 {
	n := c.levels()
	if k == n {
		return 1 << precision
	}
	return uint32(float64((1<<precision-2*n))*c.below(k)) + 2*uint32(k)
}

func push[C cumulative](s *Stack, c C, k int) {
	if k < 0 || k >= c.levels() {
		panic(fmt.Errorf("level %d of %d was to be pushed", k, c.levels()))
	}
	start, end := edge(c, k), edge(c, k+1)
	check(c, start, end)
	s.Push(start, end-start, precision)
}

func pop[C cumulative](s *Stack, c C) int {
	at := s.Peek(precision)
	low, high := 0, c.levels() // edge(low) ≤ at < edge(high)
	start, end := uint32(0), uint32(1<<precision)
	// In pictures the first level is what most pixels are.
	for mid := 1; high-low > 1; mid = (low + high) / 2 {
		if e := edge(c, mid); e <= at {
			low, start = mid, e
		} else {
			high, end = mid, e
		}
	}
	check(c, start, end)
	s.Pop(start, end-start, precision)
	return low
}

// check panics where a distribution's numbers make none.
func check[C cumulative](c C, start, end uint32) {
	if n := c.levels(); n < 1 || n > MostLevels || start >= end || end > 1<<precision {
		panic(fmt.Errorf("%+v is no distribution of 1 to %d levels", c, MostLevels))
	}
}

// Uniform is a level of Levels that are all as likely.
type Uniform struct{ Levels int }

func (u Uniform) levels() int          { return u.Levels }
func (u Uniform) below(k int) float64  { return float64(k) / float64(u.Levels) }
func (u Uniform) Push(s *Stack, k int) { push(s, u, k) }
func (u Uniform) Pop(s *Stack) int     { return pop(s, u) }

// Bernoulli is 1 with a probability of 1/(1 + exp(−Logit)), else 0.
type Bernoulli struct{ Logit float64 }

func (b Bernoulli) levels() int          { return 2 }
func (b Bernoulli) below(k int) float64  { return float64(k) * plain.Sigmoid(-b.Logit) }
func (b Bernoulli) Push(s *Stack, k int) { push(s, b, k) }
func (b Bernoulli) Pop(s *Stack) int     { return pop(s, b) }

// Categorical is a level whose probability is known for each: below[k] is that of the first
// k levels together.
type Categorical struct{ sums []float64 }

// NewCategorical is levels with these weights, which need not sum to 1: none is negative,
// and one is not 0.
func NewCategorical(weights []float64) Categorical {
	sums, sum := make([]float64, len(weights)+1), 0.0
	for k, w := range weights {
		sum += w
		sums[k+1] = sum
	}
	for k := range sums {
		sums[k] /= sum
	}
	return Categorical{sums}
}

func (c Categorical) levels() int          { return len(c.sums) - 1 }
func (c Categorical) below(k int) float64  { return c.sums[k] }
func (c Categorical) Push(s *Stack, k int) { push(s, c, k) }
func (c Categorical) Pop(s *Stack) int     { return pop(s, c) }

// Logistic is the level 0 … Levels−1 that a number is rounded to, of a logistic
// distribution: see dist.DiscretisedLogistic. Mean and Scale, above 0, count in levels. The first and
// last level take in all that lies beyond.
type Logistic struct {
	Mean, Scale float64
	Levels      int
}

func (l Logistic) levels() int { return l.Levels }
func (l Logistic) below(k int) float64 {
	if k == 0 {
		return 0
	}
	return plain.Sigmoid((float64(k) - 0.5 - l.Mean) / l.Scale)
}
func (l Logistic) Push(s *Stack, k int) { push(s, l, k) }
func (l Logistic) Pop(s *Stack) int     { return pop(s, l) }

// LogisticMixture is the same of a mixture of logistics.
type LogisticMixture struct {
	Weights []float64 // which sum to 1
	Each    []Logistic
}

func (m LogisticMixture) levels() int { return m.Each[0].Levels }
func (m LogisticMixture) below(k int) float64 {
	sum := 0.0
	for i, l := range m.Each {
		sum += float64(m.Weights[i] * l.below(k))
	}
	return min(sum, 1)
}
func (m LogisticMixture) Push(s *Stack, k int) { push(s, m, k) }
func (m LogisticMixture) Pop(s *Stack) int     { return pop(s, m) }

// NewBetaBinomial is the number of successes of n, whose chance is drawn from Beta(α, β):
// see dist.BetaBinomial. α and β are above 0.
func NewBetaBinomial(n int, α, β float64) Categorical {
	// P(k)/P(k−1) = (k−1+α)/(n−k+β) · (n−k+1)/k, from a P(0) of 1.
	weights := make([]float64, n+1)
	weights[0] = 1
	for k := 1; k <= n; k++ {
		ratio := float64((float64(k-1)+α)*float64(n-k+1)) / float64((float64(n-k)+β)*float64(k))
		if weights[k] = float64(weights[k-1] * ratio); weights[k] > 1e200 { // before these all others are nothing
			clear(weights[:k])
			weights[k] = 1
		}
	}
	return NewCategorical(weights)
}

// Buckets is how many intervals of equal mass a latent's prior N(0, 1) is cut into: 4,096,
// of which the narrowest is 0.0006 wide.
const Buckets = 1 << 12

// Gaussian is the bucket that a number of N(Mean, Sigma²), Sigma above 0, lies in, of [Buckets] that are
// equally likely under N(0, 1). [Latent] is the number that a bucket stands for.
type Gaussian struct{ Mean, Sigma float64 }

func (g Gaussian) levels() int { return Buckets }
func (g Gaussian) below(k int) float64 {
	if k == 0 {
		return 0
	}
	return plain.Phi((edges[2*k] - g.Mean) / g.Sigma)
}
func (g Gaussian) Push(s *Stack, k int) { push(s, g, k) }
func (g Gaussian) Pop(s *Stack) int     { return pop(s, g) }

// Latent is the number that bucket k stands for: half of its mass lies on either side.
func Latent(k int) float32 { return float32(edges[2*k+1]) }

// edges are where buckets begin, at even places, and their middles, at odd ones.
var edges = func() []float64 {
	e := make([]float64, 2*Buckets)
	e[0] = math.Inf(-1)
	for i := 1; i < len(e); i++ {
		low, high := -8.0, 8.0
		for range 60 {
			mid := (low + high) / 2
			if plain.Phi(mid)*float64(len(e)) < float64(i) {
				low = mid
			} else {
				high = mid
			}
		}
		e[i] = high
	}
	return e
}()
