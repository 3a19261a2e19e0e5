package audio

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/dsp/fourier"
)

// A Resampler brings sound from one rate to another, block by block.
//
// A block's spectrum is cut off at the lower of the two rates' Nyquist
// frequencies (half the rate: what lies above cannot be told from something
// below), then brought to the length of the new block and transformed back.
// The cut is a raised cosine over the last tenth below Nyquist, so that its echo
// in time is short; every block is read with a margin that is longer than the
// echo and thrown away (overlap-save). What is left of the echo beyond the
// margin is below 10⁻⁶.
//
// Any stretch of a long sound can so be had without the rest, and is the same to
// the bit as in the whole. A Resampler must not be used from two goroutines at once.
type Resampler struct {
	old, new       int // rates over their greatest common divisor
	core, margin   int // input samples a block gives, and reads on either side
	in, out        []float64
	inFFT, outFFT  *fourier.FFT
	inBins, spread []complex128
	gain           []float64 // by which each bin of the result is multiplied
}

const (
	marginSamples = 512     // at the lower rate
	maxRatio      = 256     // between the rates
	maxPrime      = 10000   // in their ratio: a transform of prime length is slow
	maxTerm       = 1 << 18 // of their ratio in lowest terms: a block is as long at least
)

// NewResampler returns a resampler between two rates in Hz. It refuses rates
// that are more than 256 times apart, or whose ratio in lowest terms has a
// number above 262,144 or a prime factor above 10,000: a block would be too long or too slow.
func NewResampler(from, to int) (*Resampler, error) {
	if from <= 0 || to <= 0 {
		return nil, fmt.Errorf("resample: from %d Hz to %d Hz: rates are above 0", from, to)
	}
	g := gcd(from, to)
	r := &Resampler{old: from / g, new: to / g}
	if from/to >= maxRatio || to/from >= maxRatio ||
		max(r.old, r.new) > maxTerm || max(largestPrime(r.old), largestPrime(r.new)) > maxPrime {
		return nil, fmt.Errorf("resample: from %d Hz to %d Hz: the ratio %d/%d is too awkward here; use \"sox in.wav -r %d out.wav\"", from, to, r.new, r.old, to)
	}
	// Block and margin are multiples of old, so that they have whole lengths at both rates.
	lower := 1.0
	if from > to {
		lower = float64(from) / float64(to)
	}
	margins := int(math.Ceil(marginSamples * lower / float64(r.old)))
	blocks := max(3*margins, int(math.Ceil(10*marginSamples*lower/float64(r.old))))
	for largestPrime(blocks) > 5 {
		blocks++
	}
	r.margin = margins * r.old
	r.core = (blocks - 2*margins) * r.old
	n, m := blocks*r.old, blocks*r.new
	r.in, r.out = make([]float64, n), make([]float64, m)
	r.inFFT, r.outFFT = fourier.NewFFT(n), fourier.NewFFT(m)
	r.inBins, r.spread = make([]complex128, n/2+1), make([]complex128, m/2+1)
	r.gain = make([]float64, min(n, m)/2+1)
	nyquist := float64(min(n, m)) / 2
	for k := range r.gain {
		f := float64(k) / nyquist
		r.gain[k] = 1 / float64(n) // gonum's transforms there and back multiply by n
		if f > 0.9 {
			r.gain[k] *= (1 + math.Cos(math.Pi*(f-0.9)/0.1)) / 2
		}
	}
	return r, nil
}

// Len is the number of samples that n samples become: ceil(n·new/old).
func (r *Resampler) Len(n int) int {
	// Written so that no product of a length and a rate overflows.
	return n/r.old*r.new + (n%r.old*r.new+r.old-1)/r.old
}

// Resample returns samples at the new rate.
func (r *Resampler) Resample(samples []float32) []float32 {
	out, _ := r.Stretch(0, r.Len(len(samples)), len(samples), func(from, to int) ([]float32, error) {
		return samples[from:to], nil
	})
	return out
}

// Stretch returns samples from up to but not including to, counted at the new
// rate, of a sound that has n samples at the old rate. It reads the old samples
// that it needs, piece by piece.
func (r *Resampler) Stretch(from, to, n int, read func(from, to int) ([]float32, error)) ([]float32, error) {
	if from < 0 || to < from || to > r.Len(n) {
		return nil, fmt.Errorf("resample: samples %d to %d asked for; there are %d", from, to, r.Len(n))
	}
	out := make([]float32, 0, to-from)
	width := r.core / r.old * r.new // of a block's result
	for from < to {
		block := from / width
		first := block*r.core - r.margin // may lie before the sound
		lo, hi := max(first, 0), min(first+len(r.in), n)
		samples, err := read(lo, hi)
		if err != nil {
			return nil, err
		}
		clear(r.in)
		for i, x := range samples {
			r.in[lo-first+i] = float64(x)
		}
		r.transform()
		skip := r.margin/r.old*r.new - block*width // from r.out's places to the sound's
		end := min(to, (block+1)*width)
		for _, x := range r.out[from+skip : end+skip] {
			out = append(out, float32(x))
		}
		from = end
	}
	return out, nil
}

// transform sets r.out to the samples of r.in at the new rate.
func (r *Resampler) transform() {
	if r.old == r.new {
		copy(r.out, r.in)
		return
	}
	r.inFFT.Coefficients(r.inBins, r.in)
	clear(r.spread)
	for k, g := range r.gain {
		r.spread[k] = r.inBins[k] * complex(g, 0)
	}
	r.outFFT.Sequence(r.out, r.spread)
}

// Resample returns s at another rate in Hz, band-limited, with
// ceil(frames·rate/s.Rate) frames; see [Resampler].
func (s *Sound) Resample(rate int) (*Sound, error) {
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("resample: %w", err)
	}
	r, err := NewResampler(s.Rate, rate)
	if err != nil {
		return nil, err
	}
	out := &Sound{Rate: rate, Channels: make([][]float32, len(s.Channels))}
	for c, samples := range s.Channels {
		out.Channels[c] = r.Resample(samples)
	}
	return out, nil
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// largestPrime is the largest prime factor of n, and 1 of 1.
func largestPrime(n int) int {
	largest := 1
	for p := 2; p*p <= n; p++ {
		for n%p == 0 {
			n, largest = n/p, p
		}
	}
	return max(largest, n)
}
