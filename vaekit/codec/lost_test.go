package codec

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/vaebook/vaebook/vaekit"
)

// small is a run that learned pictures of 6 by 6 pixels, black or white.
func small(t *testing.T) (*vaekit.Run, *Model) {
	t.Helper()
	run, err := vaekit.Load("testdata/binary")
	if err != nil {
		t.Fatal(err)
	}
	m, err := New(run)
	if err != nil {
		t.Fatal(err)
	}
	return run, m
}

// Plain evaluation, whole probabilities and intervals of z lose less than 0.1 % of the bits
// that the backend's float32 says: of −log p(x|z) at the same z.
func TestBitsLost(t *testing.T) {
	run, m := small(t)
	random := rand.New(rand.NewPCG(6, 7))
	s := begin()
	before, want := s.Bits(), 0.0
	for range 200 {
		z := []float32{Latent(random.IntN(Buckets)), Latent(random.IntN(Buckets))}
		mean, err := run.Decode(z)
		if err != nil {
			t.Fatal(err)
		}
		levels := make([]uint8, 36)
		for i, p := range mean.Values {
			if random.Float64() < float64(p) {
				levels[i] = 1
				want -= math.Log2(float64(p))
			} else {
				want -= math.Log2(1 - float64(p))
			}
		}
		pixelsOf(m.likelihood, m.levels, m.decoder.Run(z)).Push(s, levels)
	}
	if got := s.Bits() - before; math.Abs(got-want) > 0.001*want {
		t.Errorf("%.1f bits, float32 says %.1f", got, want)
	} else {
		t.Logf("%.1f bits, float32 says %.1f: %+.4f %%", got, want, 100*(got/want-1))
	}
}

// A latent's intervals lose nothing: z drawn within them costs as many bits as it gives
// back, less the divergence that the report of the model calls its rate.
func TestRateOfLatents(t *testing.T) {
	random := rand.New(rand.NewPCG(8, 9))
	for _, g := range []Gaussian{{0, 1}, {1.5, 0.1}, {-0.3, 0.03}, {2, 0.5}} {
		s := begin()
		before := s.Bits()
		const n = 20_000
		for range n {
			for range 3 { // what a message has on top
				Uniform{1 << 20}.Push(s, random.IntN(1<<20))
			}
			before += 60
			Uniform{Buckets}.Push(s, g.Pop(s))
		}
		kl := (-2*math.Log(g.Sigma) + g.Sigma*g.Sigma + g.Mean*g.Mean - 1) / 2 / math.Ln2
		if got := (s.Bits() - before) / n; math.Abs(got-kl) > 0.005*kl+0.005 {
			t.Errorf("N(%v, %v²): %.4f bits, the divergence is %.4f", g.Mean, g.Sigma, got, kl)
		}
	}
}
