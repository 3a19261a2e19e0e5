package show

import (
	"bytes"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit/audio"
)

// Play shows a player of a mono sound at rate Hz with a few words beside it;
// outside a notebook it writes a WAV file. Samples lie in [−1, 1]; what goes
// beyond is clipped, what is not a number is silent. A second at 16 kHz adds 43 kB to a notebook.
func Play(samples []float32, rate int, caption string) {
	play([]wave{{name: caption, samples: samples}}, rate)
}

// Players shows the examples of b, sounds [samples] or [samples, 1] at rate Hz, as
// players side by side, each with its origin above it where it is known; outside a
// notebook it writes WAV files. Padding at the end is left out.
func Players(b *datasets.Batch, rate int) {
	waves, err := wavesOf(b)
	Check(err)
	for i, w := range waves {
		n := len(w.samples)
		for w.mask != nil && n > 1 && w.mask[n-1] == 0 {
			n--
		}
		waves[i].samples = w.samples[:n]
	}
	play(waves, rate)
}

func play(waves []wave, rate int) {
	recordings := make([]recording, len(waves))
	for i, w := range waves {
		wav, err := wavOf(w.samples, rate)
		Check(err)
		recordings[i] = recording{w.name, wav}
	}
	Check(out.sounds(recordings))
}

// wavOf is a WAV file of 16-bit samples.
func wavOf(samples []float32, rate int) ([]byte, error) {
	if err := checkSound(len(samples), rate); err != nil {
		return nil, err
	}
	audible := make([]float32, len(samples))
	for i, v := range samples {
		if v == v {
			audible[i] = v
		}
	}
	var file bytes.Buffer
	err := (&audio.Sound{Rate: rate, Channels: [][]float32{audible}}).Write(&file, audio.PCM16)
	return file.Bytes(), err
}
