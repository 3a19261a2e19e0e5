package audio

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
)

// Mel is a spectrogram in bands that widen with frequency as the ear's do. In frame m the
// band b has the magnitude
//
//	M(m, b) = Σₖ H(b, k)·|X(m, k)|
//
// where X is the centred [STFT] and H(b) a triangle over frequency. The corners of the
// triangles lie evenly from Low to High on the mel scale of Slaney (1998), which is linear
// up to 1000 Hz and logarithmic above:
//
//	mel(f) = 3f/200                              f < 1000 Hz
//	mel(f) = 15 + 27·log(f/1000) / log 6.4       f ≥ 1000 Hz
//
// Each triangle has area 1 over the frequency in Hz, so that noise as strong at all
// frequencies is as strong in all bands. The zero value works.
type Mel struct {
	Bands  int     // 0: 80
	Rate   int     // of the samples in Hz, at most 1,000,000; 0: 16,000
	Window int     // samples; 0: the power of two that first lasts 40 ms, 1024 at 16 kHz
	Hop    int     // samples between frames; 0: Window/4
	Low    float64 // Hz at which the lowest band begins
	High   float64 // Hz at which the highest band ends; 0: Rate/2
}

// MelFloor is the least magnitude of which [Mel.LogMagnitudes] takes the logarithm: about
// that of the noise which rounding to 16 bits makes.
const MelFloor = 1e-5

// LogMagnitudes returns the natural logarithm of max(M, MelFloor), [frames, Bands]. A sound
// shorter than the window is measured with silence around it; no samples give no frames.
// It refuses bands so narrow that one lies between two frequencies of the STFT.
func (m Mel) LogMagnitudes(samples []float32) ([][]float32, error) {
	m, err := m.filled()
	if err != nil {
		return nil, err
	}
	filters, err := m.filters()
	if err != nil {
		return nil, err
	}
	frames, err := STFT{Window: m.Window, Hop: m.Hop, Centred: true}.Magnitudes(samples)
	if err != nil {
		return nil, err
	}
	bins := make([]float64, m.Window/2+1)
	for i, frame := range frames {
		for k, x := range frame {
			bins[k] = float64(x)
		}
		frames[i] = make([]float32, m.Bands)
		for b, f := range filters {
			magnitude := floats.Dot(f.weights, bins[f.first:f.first+len(f.weights)])
			frames[i][b] = float32(math.Log(max(magnitude, MelFloor)))
		}
	}
	return frames, nil
}

// A filter is a triangle H(b): its weights above 0, the first of them at bin first.
type filter struct {
	first   int
	weights []float64
}

func (m Mel) filters() ([]filter, error) {
	corners := floats.Span(make([]float64, m.Bands+2), mel(m.Low), mel(m.High))
	for i, c := range corners {
		corners[i] = hertz(c)
	}
	step := float64(m.Rate) / float64(m.Window) // Hz between bins
	filters := make([]filter, m.Bands)
	for b := range filters {
		low, middle, high := corners[b], corners[b+1], corners[b+2]
		f := &filters[b]
		for k := int(low / step); k <= m.Window/2 && float64(k)*step < high; k++ {
			hz := float64(k) * step
			height := min((hz-low)/(middle-low), (high-hz)/(high-middle))
			if height <= 0 {
				continue
			}
			if f.weights == nil {
				f.first = k
			}
			f.weights = append(f.weights, height*2/(high-low))
		}
		if f.weights == nil {
			return nil, fmt.Errorf("mel: band %d of %d, from %.1f to %.1f Hz, lies between two frequencies of a window of %d samples at %d Hz, which are %.1f Hz apart; take a longer window or fewer bands", b, m.Bands, low, high, m.Window, m.Rate, step)
		}
	}
	return filters, nil
}

// filled returns m with its zero values filled in.
func (m Mel) filled() (Mel, error) {
	if m.Bands == 0 {
		m.Bands = 80
	}
	if m.Rate == 0 {
		m.Rate = 16000
	}
	if m.Rate < 1 || m.Rate > 1_000_000 {
		return m, fmt.Errorf("mel: a rate of %d Hz: it is 1 to 1,000,000 samples a second; give that of the sound", m.Rate)
	}
	if m.Window == 0 {
		for m.Window = 2; 25*m.Window < m.Rate; m.Window *= 2 {
		}
	}
	if m.High == 0 {
		m.High = float64(m.Rate) / 2
	}
	stft, err := STFT{Window: m.Window, Hop: m.Hop}.filled()
	if err != nil {
		return m, fmt.Errorf("mel: %w", err)
	}
	m.Hop = stft.Hop
	if bins := m.Window/2 + 1; m.Bands < 1 || m.Bands > bins {
		return m, fmt.Errorf("mel: %d bands of the %d frequencies that a window of %d samples tells apart: take 1 band or more, and no more than frequencies", m.Bands, bins, m.Window)
	}
	if !(m.Low >= 0 && m.Low < m.High && m.High <= float64(m.Rate)/2) { // NaN is refused too
		return m, fmt.Errorf("mel: bands from %v to %v Hz in sound of %d Hz: Low is at least 0 and below High, and High at most half the rate", m.Low, m.High, m.Rate)
	}
	return m, nil
}

// Where Slaney's scale bends, and its slope above: 27 mels for a factor of 6.4.
const (
	melPerHertz = 3.0 / 200
	bendHertz   = 1000
	bendMel     = bendHertz * melPerHertz
)

var melPerLog = 27 / math.Log(6.4)

// mel is a frequency in Hz on the mel scale.
func mel(hz float64) float64 {
	if hz < bendHertz {
		return hz * melPerHertz
	}
	return bendMel + melPerLog*math.Log(hz/bendHertz)
}

// hertz is the inverse of mel.
func hertz(mel float64) float64 {
	if mel < bendMel {
		return mel / melPerHertz
	}
	return bendHertz * math.Exp((mel-bendMel)/melPerLog)
}
