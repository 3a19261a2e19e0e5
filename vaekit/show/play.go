package show

import (
	"bytes"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit/audio"
)

// Play shows a player of a mono sound at rate Hz with a few words beside it;
// outside a notebook it writes a WAV file. Samples lie in [−1, 1]; what goes
// beyond is clipped, what is not a number is silent. A second at 16 kHz adds 43 kB to a notebook,
// one at 8 kHz or less, which goes there as in a telephone, in 8 bits of µ-law, 11 kB.
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
		Check(checkSound(len(w.samples), rate))
		recordings[i] = recording{w.name, w.samples, rate}
	}
	Check(out.sounds(recordings))
}

// wav is the recording as a file.
func (r recording) wav(format audio.Format) ([]byte, error) {
	audible := make([]float32, len(r.samples))
	for i, v := range r.samples {
		if v == v {
			audible[i] = v
		}
	}
	var file bytes.Buffer
	err := (&audio.Sound{Rate: r.rate, Channels: [][]float32{audible}}).Write(&file, format)
	return file.Bytes(), err
}
