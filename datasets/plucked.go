package datasets

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
)

// A Pluck is what there is to know of the sound of a plucked string.
type Pluck struct {
	Pitch      float64 // of the fundamental, in Hz
	Decay      float64 // seconds until the fundamental has fallen to 1/e
	Brightness float64 // from 0, a pure tone, to below 1: harmonic k begins with Brightness^(k−1) of the fundamental's strength
}

// Samples returns n samples of p at rate Hz. With f the pitch, τ the decay and b
// the brightness,
//
//	x(t) = Σₖ b^(k−1) · exp(−t·√k/τ) · sin(2πkft)
//
// over the harmonics k below half the rate, divided by the largest |x|. High
// harmonics die first, as on a string.
func (p Pluck) Samples(rate, n int) []float32 {
	sum := make([]float64, n)
	strength := 1.0
	for k := 1; float64(k)*p.Pitch < float64(rate)/2 && strength > 1e-4; k++ {
		// exp((−√k/τ + 2πikf)·t) by repeated multiplication: one complex product a
		// sample, instead of a sine and an exponential.
		decay := math.Exp(-math.Sqrt(float64(k)) / (p.Decay * float64(rate)))
		sin, cos := math.Sincos(2 * math.Pi * float64(k) * p.Pitch / float64(rate))
		turn, z := complex(decay*cos, decay*sin), complex(strength, 0)
		for i := range sum {
			sum[i] += imag(z)
			z *= turn
		}
		strength *= p.Brightness
	}
	peak := 0.0
	for _, x := range sum {
		peak = max(peak, math.Abs(x))
	}
	out := make([]float32, n)
	for i, x := range sum {
		if peak > 0 {
			out[i] = float32(x / peak)
		}
	}
	return out
}

// Plucking says which plucked strings to synthesise. The zero value works.
type Plucking struct {
	Examples int    // 0: 2,000
	Seed     uint64 // the same seed gives the same sounds, and example i is the same in any number
	Length   int    // samples in an example; 0: 10,000
	Rate     int    // in Hz; 0: 16,000
}

// Strings are the sounds of plucked strings, of shape [length, 1], with what
// each was made from.
type Strings struct {
	*Examples
	Plucks []Pluck // [examples]
	Rate   int     // in Hz
}

// Plucked synthesises plucked strings: sound to learn from that needs no files
// and whose true factors of variation are known. Pitches are drawn between 110
// and 880 Hz and decays between 0.05 and 0.5 s, both evenly on a logarithmic
// scale, as they are heard, and brightnesses evenly between 0.1 and 0.8.
func Plucked(p Plucking) (*Strings, error) {
	if p.Examples == 0 {
		p.Examples = 2000
	}
	cut := Segments{Length: p.Length, Rate: p.Rate}.filled()
	if p.Examples < 0 || cut.Length < 1 || cut.Length > math.MaxInt32/p.Examples || cut.Rate < 2000 {
		return nil, fmt.Errorf("datasets.Plucked: %d examples of %d samples at %d Hz; there must be 1 or more of each, below 2³¹ samples in all, and the rate 2,000 Hz or more to hold the highest string", p.Examples, cut.Length, cut.Rate)
	}
	s := &Strings{Plucks: make([]Pluck, p.Examples), Rate: cut.Rate}
	values := make([]float32, p.Examples*cut.Length)
	workers := runtime.GOMAXPROCS(0)
	var wait sync.WaitGroup
	for w := range workers {
		wait.Go(func() {
			for i := w; i < p.Examples; i += workers {
				random := rand.New(rand.NewPCG(mix(p.Seed, 1), mix(p.Seed, uint64(i)+2)))
				s.Plucks[i] = Pluck{
					Pitch:      between(110, 880, random.Float64()),
					Decay:      between(0.05, 0.5, random.Float64()),
					Brightness: 0.1 + 0.7*random.Float64(),
				}
				copy(values[i*cut.Length:], s.Plucks[i].Samples(cut.Rate, cut.Length))
			}
		})
	}
	wait.Wait()
	e, err := newExamples("datasets.Plucked", []int{cut.Length, 1}, Table{Floats: values}, len(values))
	if err != nil {
		return nil, err
	}
	e.origin = make([]string, p.Examples)
	for i, pluck := range s.Plucks {
		e.origin[i] = fmt.Sprintf("plucked %.1f Hz, %.3f s, brightness %.2f", pluck.Pitch, pluck.Decay, pluck.Brightness)
	}
	s.Examples = e
	return s, nil
}

// between maps u in [0, 1) to low…high, evenly on a logarithmic scale.
func between(low, high, u float64) float64 { return low * math.Pow(high/low, u) }
