package metrics

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit/audio"
)

// ESR is the error-to-signal ratio of every reconstruction (Wright et al., 2020), without
// the filter for pre-emphasis that is often put before it:
//
//	Σ (x − y)² / Σ x²
//
// 0 is perfect, and silence scores 1. Examples are sounds [length, 1]; what is masked on
// either side does not count. Where the data is silent it is +Inf, or 0 if the
// reconstruction is silent too.
func ESR(data, reconstruction *datasets.Batch) (Scores, error) {
	return compareSounds(data, reconstruction, func(stretches []stretch) (float64, error) {
		x, y := joined(stretches)
		r := relative(floats.Distance(x, y, 2), floats.Norm(x, 2))
		return r * r, nil
	})
}

// SISDR is the scale-invariant signal-to-distortion ratio of every reconstruction in
// decibels (Le Roux et al., 2019): what part of y is a multiple of x, whatever the factor,
//
//	10 log₁₀ (‖αx‖² / ‖y − αx‖²),   α = x·y / x·x.
//
// Means are not taken off. Examples are sounds [length, 1]; what is masked on either side
// does not count. Where y is a multiple of x it is +Inf, or some 150 dB if y was rounded to
// float32. It is +Inf also where both are silent, and −Inf where only one of them is.
func SISDR(data, reconstruction *datasets.Batch) (Scores, error) {
	return compareSounds(data, reconstruction, func(stretches []stretch) (float64, error) {
		x, y := joined(stretches)
		energy := floats.Dot(x, x)
		silent := floats.Norm(y, 2) == 0
		switch {
		case silent && energy == 0:
			return math.Inf(1), nil
		case silent || energy == 0:
			return math.Inf(-1), nil
		}
		α := floats.Dot(x, y) / energy
		floats.AddScaled(y, -α, x)
		return 20 * math.Log10(math.Abs(α)*math.Sqrt(energy)/floats.Norm(y, 2)), nil
	})
}

// The windows of STFT in samples, each moved by a quarter of itself, and the least
// magnitude of which it takes the logarithm: about that of the noise which rounding to 16
// bits makes.
var stftWindows = []int{128, 256, 512, 1024, 2048}

const stftFloor = 1e-4

// STFT is the multi-resolution distance of the spectra of every reconstruction (Yamamoto et
// al., 2020). With the magnitudes X and Y of both in all n frames and bins of an [audio.STFT],
// it is the spectral convergence and the mean difference of natural logarithms
//
//	‖X − Y‖ / ‖X‖ + Σ |log X − log Y| / n
//
// averaged over windows of 128, 256, 512, 1024 and 2048 samples, each moved by a quarter of
// itself. Below the logarithm magnitudes are raised to 10⁻⁴. A sound scaled by c is at the
// distance |1 − c| + |log c|.
//
// Examples are sounds [length, 1], of any length: there is silence around them. What is masked
// on either side does not count; several stretches between padding are taken as sounds of
// their own, whose frames are then put together. Where the data is silent the distance is
// +Inf, or 0 if the reconstruction is silent too.
func STFT(data, reconstruction *datasets.Batch) (Scores, error) {
	return compareSounds(data, reconstruction, func(stretches []stretch) (float64, error) {
		total := 0.0
		for _, window := range stftWindows {
			difference, energy, logs, n := 0.0, 0.0, 0.0, 0
			stft := audio.STFT{Window: window, Centred: true}
			err := spectra(stretches, stft.Magnitudes, func(x, y float64) {
				difference += (x - y) * (x - y)
				energy += x * x
				logs += math.Abs(math.Log(max(x, stftFloor) / max(y, stftFloor)))
				n++
			})
			if err != nil {
				return 0, err
			}
			total += relative(math.Sqrt(difference), math.Sqrt(energy)) + logs/float64(n)
		}
		return total / float64(len(stftWindows)), nil
	})
}

// LogMel is the mean absolute difference between the log-mel spectra of every
// reconstruction and its data, in natural logarithms: those of [audio.Mel] with 80 bands
// at the sounds' rate in Hz, where magnitudes below [audio.MelFloor] count as that. HiFi-GAN
// (Kong et al., 2020) is trained by such a distance. A sound scaled by c is |log c| away.
// Bands that are missing cost most: digits of the Free Spoken Digit Dataset without what is
// above 1 kHz are farther away, at 3.8, than another recording of the digit, at 1.2.
//
// Examples are sounds [length, 1], of any length: there is silence around them. What is masked
// on either side does not count; several stretches between padding are taken as sounds of
// their own, whose frames are then put together.
func LogMel(data, reconstruction *datasets.Batch, rate int) (Scores, error) {
	if rate < 1 {
		return Scores{}, fmt.Errorf("metrics: a rate of %d Hz; LogMel needs that of the sounds, such as 16000", rate)
	}
	mel := audio.Mel{Rate: rate}
	return compareSounds(data, reconstruction, func(stretches []stretch) (float64, error) {
		sum, n := 0.0, 0
		err := spectra(stretches, mel.LogMagnitudes, func(x, y float64) {
			sum += math.Abs(x - y)
			n++
		})
		return sum / float64(n), err
	})
}

// Samples may go beyond 1, but not so far that a spectrum of the data overflows float32. One
// of the reconstruction may: it is then infinitely far away.
var sounds = interval{-1e30, 1e30, "samples of data lie between −10³⁰ and 10³⁰, and both are finite"}

// A stretch is data and its reconstruction between two places of padding.
type stretch struct{ x, y []float32 }

// compareSounds takes a measure of each pair of sounds; there is a stretch or more.
func compareSounds(data, reconstruction *datasets.Batch, measure func(stretches []stretch) (float64, error)) (Scores, error) {
	if shape := data.Shape; len(shape) != 2 || shape[1] != 1 {
		return Scores{}, fmt.Errorf("metrics: examples have shape %v; sounds are [length, 1]", shape)
	}
	return compare(data, reconstruction, sounds, func(x, y []float32, padding []bool) (float64, error) {
		var stretches []stretch
		for from := 0; from < len(x); from++ {
			to := from
			for to < len(x) && !padding[to] {
				to++
			}
			if to > from {
				stretches = append(stretches, stretch{x[from:to], y[from:to]})
				from = to
			}
		}
		if stretches == nil {
			return math.NaN(), nil
		}
		return measure(stretches)
	})
}

// joined are the samples of all stretches one after the other, in float64.
func joined(stretches []stretch) (x, y []float64) {
	for _, s := range stretches {
		x, y = append(x, wide(s.x)...), append(y, wide(s.y)...)
	}
	return x, y
}

// spectra calls do with every value of the data's spectra and the reconstruction's beside it.
func spectra(stretches []stretch, of func(samples []float32) ([][]float32, error), do func(x, y float64)) error {
	for _, s := range stretches {
		data, err := of(s.x)
		if err != nil {
			return err
		}
		reconstruction, err := of(s.y)
		if err != nil {
			return err
		}
		for m, frame := range data {
			for k, x := range frame {
				do(float64(x), float64(reconstruction[m][k]))
			}
		}
	}
	return nil
}

// relative is a difference over the signal: 0 where nothing differs, also from silence.
func relative(difference, signal float64) float64 {
	if difference == 0 {
		return 0
	}
	return difference / signal
}
