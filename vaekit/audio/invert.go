package audio

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/dsp/fourier"
)

// Invert returns a sound whose STFT has about the given magnitudes, [frames, bins]: what a
// model of spectrograms has to say, without the phases that it says nothing of. Bins that
// are missing at the high end are silent. The sound has (frames−1)·Hop samples where frames
// are Centred, else Window more.
//
// Magnitudes that overlap say much of the phases. Each round takes those of the sound so far,
// pushed on in the direction in which they last changed, and makes the sound whose STFT is
// nearest (the fast Griffin–Lim algorithm: Griffin and Lim, 1984; Perraudin, Balazs and
// Søndergaard, 2013). 60 rounds are usual; at first each bin turns at its own frequency.
func (t STFT) Invert(magnitudes [][]float32, rounds int) ([]float32, error) {
	t, err := t.filled()
	switch {
	case err != nil:
		return nil, err
	case t.Hop > t.Window/2:
		return nil, fmt.Errorf("stft: Invert wants windows that overlap by half or more; they have %d samples and move by %d", t.Window, t.Hop)
	case rounds < 1:
		return nil, fmt.Errorf("stft: Invert in %d rounds; 60 are usual", rounds)
	case len(magnitudes) == 0:
		return nil, errors.New("stft: Invert was given no frames")
	}
	for m, frame := range magnitudes {
		if len(frame) > t.Window/2+1 {
			return nil, fmt.Errorf("stft: frame %d has %d bins; a window of %d samples has %d", m, len(frame), t.Window, t.Window/2+1)
		}
		for k, v := range frame {
			if !(v >= 0) || math.IsInf(float64(v), 0) {
				return nil, fmt.Errorf("stft: frame %d has the magnitude %v in bin %d", m, v, k)
			}
		}
	}
	return newInversion(t, len(magnitudes)).run(magnitudes, rounds), nil
}

// push is how far phases go on in the direction of their last change: near 1 is best
// (Perraudin, Balazs and Søndergaard, 2013).
const push = 0.99

// An inversion is a sound and its STFT, which take turns.
type inversion struct {
	t        STFT
	fft      *fourier.FFT
	window   []float64
	frame    []float64      // one, windowed
	sound    []float64      // with the half windows at its ends where frames are centred
	weight   []float64      // Σ w², how often each sample of sound is seen
	spectrum [][]complex128 // [frames, bins], with the magnitudes asked for
	last     [][]complex128 // what the sound before had
}

func newInversion(t STFT, frames int) *inversion {
	n := (frames-1)*t.Hop + t.Window
	v := &inversion{
		t: t, fft: fourier.NewFFT(t.Window),
		window: make([]float64, t.Window), frame: make([]float64, t.Window),
		sound: make([]float64, n), weight: make([]float64, n),
	}
	for i := range v.window {
		v.window[i] = hann(i, t.Window)
	}
	for m := range frames {
		for i, w := range v.window {
			v.weight[m*t.Hop+i] += w * w
		}
		v.spectrum = append(v.spectrum, make([]complex128, t.Window/2+1))
		v.last = append(v.last, make([]complex128, t.Window/2+1))
	}
	return v
}

func (v *inversion) run(magnitudes [][]float32, rounds int) []float32 {
	for m, frame := range magnitudes {
		for k, magnitude := range frame {
			turns := float64(k*(m*v.t.Hop%v.t.Window)%v.t.Window) / float64(v.t.Window)
			sin, cos := math.Sincos(2 * math.Pi * turns)
			v.spectrum[m][k] = complex(float64(magnitude)*cos, float64(magnitude)*sin)
		}
	}
	v.synthesise()
	now := make([]complex128, v.t.Window/2+1)
	for range rounds {
		for m, frame := range magnitudes {
			v.analyse(now, m)
			for k, magnitude := range frame {
				on := now[k] + push*(now[k]-v.last[m][k])
				v.spectrum[m][k] = complex(float64(magnitude), 0)
				if size := math.Sqrt(real(on)*real(on) + imag(on)*imag(on)); size > 0 {
					v.spectrum[m][k] = on * complex(float64(magnitude)/size, 0)
				}
			}
			copy(v.last[m], now)
		}
		v.synthesise()
	}
	begin, end := 0, len(v.sound)
	if v.t.Centred {
		begin, end = v.t.Window/2, v.t.Window/2+(len(magnitudes)-1)*v.t.Hop
	}
	samples := make([]float32, end-begin)
	for i := range samples {
		samples[i] = float32(v.sound[begin+i])
	}
	return samples
}

// analyse sets spectrum to what the sound has in frame m.
func (v *inversion) analyse(spectrum []complex128, m int) {
	for i, w := range v.window {
		v.frame[i] = w * v.sound[m*v.t.Hop+i]
	}
	v.fft.Coefficients(spectrum, v.frame)
}

// synthesise makes the sound whose STFT is nearest to the spectrum in the mean square.
func (v *inversion) synthesise() {
	clear(v.sound)
	for m, spectrum := range v.spectrum {
		v.fft.Sequence(v.frame, spectrum)
		for i, w := range v.window {
			v.sound[m*v.t.Hop+i] += w * v.frame[i] / float64(v.t.Window)
		}
	}
	least := 0.01 * slices.Max(v.weight) // at the ends a single frame speaks, with next to no weight
	for i, w := range v.weight {
		v.sound[i] /= max(w, least)
	}
	if v.t.Centred { // silence lies before and after
		clear(v.sound[:v.t.Window/2])
		clear(v.sound[v.t.Window/2+(len(v.spectrum)-1)*v.t.Hop:])
	}
}
