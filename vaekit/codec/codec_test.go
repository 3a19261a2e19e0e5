package codec

import (
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"testing"
)

// The codec sees a model's weights alone: where they were trained makes no difference, and
// the Go backend compiles nothing.
func TestMain(m *testing.M) {
	if os.Getenv("VAEKIT_BACKEND") == "" {
		os.Setenv("VAEKIT_BACKEND", "go")
	}
	m.Run()
}

// lendRandom are words as a file lends them, from a seed.
func lendRandom(seed uint64) func(i int) uint32 {
	return func(i int) uint32 { return rand.New(rand.NewPCG(seed, uint64(i))).Uint32() }
}

// same says whether two stacks are, to the bit. What was lent and came back lies at the
// bottom, as if it had always been there.
func same(a, b *Stack) bool {
	return reflect.DeepEqual(a.states, b.states) && a.turn%lanes == b.turn%lanes && slices.Equal(whole(a), whole(b))
}

// whole are the words of a stack, with a hundred that might be lent below.
func whole(s *Stack) []uint32 {
	var all []uint32
	for i := 99; i >= s.lent; i-- {
		all = append(all, s.lend(i))
	}
	return append(all, s.words...)
}

func (s *Stack) clone() *Stack {
	c := *s
	c.states, c.words = slices.Clone(s.states), slices.Clone(s.words)
	return &c
}

// filled is a stack with something on it.
func filled(random *rand.Rand) *Stack {
	s := NewStack(lendRandom(random.Uint64()))
	for range random.IntN(50) {
		Uniform{1000}.Push(s, random.IntN(1000))
	}
	return s
}

// A tried codec is one with how its values are drawn and how probable they are.
type tried struct {
	name  string
	round func(random *rand.Rand, s *Stack) (ok bool, nats float64) // pushes a value, pops it, pushes it
	back  func(s *Stack)                                            // pops a value and pushes it
}

func try[T any](name string, c Codec[T], draw func(random *rand.Rand) T, logP func(T) float64) tried {
	return tried{name,
		func(random *rand.Rand, s *Stack) (bool, float64) {
			before, x := s.clone(), draw(random)
			c.Push(s, x)
			y := c.Pop(s)
			ok := reflect.DeepEqual(x, y) && same(before, s)
			c.Push(s, x)
			return ok, logP(x)
		},
		func(s *Stack) { c.Push(s, c.Pop(s)) },
	}
}

// level draws from the probabilities of n levels.
func level(n int, logP func(k int) float64) func(*rand.Rand) int {
	p := make([]float64, n)
	for k := range p {
		p[k] = math.Exp(logP(k))
	}
	return func(random *rand.Rand) int {
		u := random.Float64()
		for k := range p {
			if u -= p[k]; u < 0 {
				return k
			}
		}
		return n - 1
	}
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
func phi(x float64) float64     { return math.Erfc(-x/math.Sqrt2) / 2 }

func codecs() []tried {
	logistic := Logistic{Mean: 97.3, Scale: 4.2, Levels: 256}
	ofLogistic := func(l Logistic) func(k int) float64 {
		return func(k int) float64 {
			low, high := sigmoid((float64(k)-0.5-l.Mean)/l.Scale), sigmoid((float64(k)+0.5-l.Mean)/l.Scale)
			if k == 0 {
				low = 0
			} else if k == l.Levels-1 {
				high = 1
			}
			return math.Log(high - low)
		}
	}
	wide := Logistic{Mean: 300, Scale: 30, Levels: 256} // beyond the last level
	mixed := LogisticMixture{[]float64{0.3, 0.7}, []Logistic{{20, 5, 256}, {200, 12, 256}}}
	ofMixture := func(k int) float64 {
		return math.Log(0.3*math.Exp(ofLogistic(mixed.Each[0])(k)) + 0.7*math.Exp(ofLogistic(mixed.Each[1])(k)))
	}
	weights := []float64{1, 5, 0.1, 3, 0.9}
	ofWeights := func(k int) float64 { return math.Log(weights[k] / 10) }
	ofBernoulli := func(logit float64) func(k int) float64 {
		return func(k int) float64 { return math.Log(sigmoid(logit * float64(2*k-1))) }
	}
	lg := func(x float64) float64 { y, _ := math.Lgamma(x); return y }
	ofBetaBinomial := func(n int, α, β float64) func(k int) float64 {
		return func(k int) float64 {
			s, f := float64(k), float64(n-k)
			return lg(float64(n+1)) - lg(s+1) - lg(f+1) + lg(s+α) + lg(f+β) - lg(float64(n)+α+β) + lg(α+β) - lg(α) - lg(β)
		}
	}
	gaussian := Gaussian{0.7, 0.05}
	ofGaussian := func(k int) float64 { // edges of equal mass, anew
		edge := func(i int) float64 { return math.Sqrt2 * math.Erfinv(2*float64(i)/Buckets-1) }
		return math.Log(phi((edge(k+1)-0.7)/0.05) - phi((edge(k)-0.7)/0.05))
	}
	uniform := func(n int) func(k int) float64 { return func(int) float64 { return -math.Log(float64(n)) } }
	all := []tried{}
	for name, c := range map[string]struct {
		codec  Codec[int]
		levels int
		logP   func(int) float64
	}{
		"uniform of 7":         {Uniform{7}, 7, uniform(7)},
		"uniform of buckets":   {Uniform{Buckets}, Buckets, uniform(Buckets)},
		"Bernoulli":            {Bernoulli{-1.3}, 2, ofBernoulli(-1.3)},
		"categorical":          {NewCategorical(weights), 5, ofWeights},
		"logistic":             {logistic, 256, ofLogistic(logistic)},
		"logistic at the end":  {wide, 256, ofLogistic(wide)},
		"mixture":              {mixed, 256, ofMixture},
		"beta-binomial":        {NewBetaBinomial(255, 2.5, 0.7), 256, ofBetaBinomial(255, 2.5, 0.7)},
		"beta-binomial, sharp": {NewBetaBinomial(255, 400, 0.003), 256, ofBetaBinomial(255, 400, 0.003)},
		"Gaussian":             {gaussian, Buckets, ofGaussian},
	} {
		draw := level(c.levels, c.logP)
		all = append(all, try(name, c.codec, draw, c.logP))
		if name == "logistic" {
			all = append(all,
				try[[]int]("repeat", Repeat[int]{c.codec, 5}, func(r *rand.Rand) []int {
					return []int{draw(r), draw(r), draw(r), draw(r), draw(r)}
				}, func(x []int) (sum float64) {
					for _, k := range x {
						sum += c.logP(k)
					}
					return sum
				}),
				try[[]int]("sequence", Sequence[int]{c.codec, Bernoulli{2}, c.codec}, func(r *rand.Rand) []int {
					return []int{draw(r), level(2, ofBernoulli(2))(r), draw(r)}
				}, func(x []int) float64 { return c.logP(x[0]) + ofBernoulli(2)(x[1]) + c.logP(x[2]) }),
				try("substack", Substack[int]{c.codec, 2}, draw, c.logP))
		}
	}
	return append(all, try("bits back", exact, func(r *rand.Rand) int { return level(3, exactLogP)(r) }, exactLogP))
}

// exact is a model of z = 0, 1 and x = 0, 1, 2 whose posterior is p(z|x): its ELBO is log p(x).
var exact = BitsBack[int, int]{
	Prior:      NewCategorical([]float64{0.4, 0.6}),
	Likelihood: func(z int) Codec[int] { return NewCategorical(given[z]) },
	Posterior: func(x int) Codec[int] {
		return NewCategorical([]float64{0.4 * given[0][x], 0.6 * given[1][x]})
	},
}

var given = [][]float64{{0.2, 0.3, 0.5}, {0.7, 0.2, 0.1}}

func exactLogP(x int) float64 { return math.Log(0.4*given[0][x] + 0.6*given[1][x]) }

// What is pushed is popped, and the stack is as it was; what is popped and pushed leaves it
// so too.
func TestPushAndPopAreOpposites(t *testing.T) {
	for _, c := range codecs() {
		random := rand.New(rand.NewPCG(1, 2))
		for range 300 {
			s := filled(random)
			if ok, _ := c.round(random, s); !ok {
				t.Fatalf("%s: another value came back, or another stack", c.name)
			}
			s = filled(random)
			before := s.clone()
			if c.back(s); !same(before, s) {
				t.Fatalf("%s: pop and push leave another stack", c.name)
			}
		}
	}
}

// A message is as long as −log₂ of its probability, within 0.1 % and a few bits to begin.
func TestLengthIsInformation(t *testing.T) {
	for _, c := range codecs() {
		random := rand.New(rand.NewPCG(3, 4))
		s, bits := NewStack(lendRandom(5)), 0.0
		empty := s.Bits()
		for range 20_000 {
			_, logP := c.round(random, s)
			bits -= logP / math.Ln2
		}
		if got := s.Bits() - empty; math.Abs(got-bits) > 0.001*bits+32 {
			t.Errorf("%s: %.0f bits of information took %.0f", c.name, bits, got)
		}
	}
}

// A message that ends too early is an error, not a panic.
func TestShortMessage(t *testing.T) {
	s := NewStack(nil)
	Uniform{1 << 20}.Push(s, 77)
	for range 3 * lanes {
		Uniform{1 << 20}.Pop(s)
	}
	if s.err != ErrShort {
		t.Errorf("the error is %v", s.err)
	}
}
