package audio

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/dsp/fourier"
)

// DefaultWindow is how long the windows of an [STFT] are where nothing is asked for, in samples.
const DefaultWindow = 512

// STFT is the short-time Fourier transform: the spectrum of a sound in a window
// that moves along it. For frame m and bin k, at k·rate/Window Hz,
//
//	X(m, k) = Σₙ w(n)·x(n + m·Hop)·exp(−2πi·kn/Window),  w(n) = sin²(πn/Window)
//
// with the periodic Hann window w. The zero value works.
type STFT struct {
	Window int // samples; 0: DefaultWindow
	Hop    int // samples between frames; 0: Window/4

	// Centred puts the middle of frame m at sample m·Hop, with silence before and
	// after the sound, so that its ends weigh as much as the rest. Otherwise frame
	// m begins at m·Hop and what does not fill a window at the end is left out.
	Centred bool
}

// Magnitudes returns |X|, [frames, Window/2+1].
func (t STFT) Magnitudes(samples []float32) ([][]float32, error) {
	t, err := t.filled()
	if err != nil {
		return nil, err
	}
	fft := fourier.NewFFT(t.Window)
	in, bins := make([]float64, t.Window), make([]complex128, t.Window/2+1)
	window := make([]float64, t.Window)
	for n := range window {
		window[n] = hann(n, t.Window)
	}
	frames := make([][]float32, t.frames(len(samples)))
	for m := range frames {
		start := m * t.Hop
		if t.Centred {
			start -= t.Window / 2
		}
		for n := range in {
			in[n] = 0
			if i := start + n; i >= 0 && i < len(samples) {
				in[n] = window[n] * float64(samples[i])
			}
		}
		fft.Coefficients(bins, in)
		frames[m] = make([]float32, len(bins))
		for k, x := range bins {
			frames[m][k] = float32(math.Hypot(real(x), imag(x)))
		}
	}
	return frames, nil
}

// Frames is the number of frames that a sound of n samples gives.
func (t STFT) Frames(n int) (int, error) {
	t, err := t.filled()
	if err != nil {
		return 0, err
	}
	return t.frames(n), nil
}

func (t STFT) frames(n int) int {
	switch {
	case n > 0 && t.Centred:
		return n/t.Hop + 1
	case n >= t.Window:
		return (n-t.Window)/t.Hop + 1
	}
	return 0
}

// filled returns t with its zero values filled in.
func (t STFT) filled() (STFT, error) {
	if t.Window == 0 {
		t.Window = DefaultWindow
	}
	if t.Hop == 0 {
		t.Hop = max(t.Window/4, 1)
	}
	if t.Window < 2 || t.Hop < 1 {
		return t, fmt.Errorf("stft: a window of %d samples, moved by %d: the window must have 2 or more and move by 1 or more", t.Window, t.Hop)
	}
	return t, nil
}

// hann is the periodic Hann window of length n at sample i.
func hann(i, n int) float64 {
	s := math.Sin(math.Pi * float64(i) / float64(n))
	return s * s
}
