package show

import (
	"bytes"

	"github.com/vaebook/vaebook/vaekit/audio"
)

// Play shows a player of a mono sound at rate Hz with a few words beside it;
// outside a notebook it writes a WAV file. Samples lie in [−1, 1]; what goes
// beyond is clipped, what is not a number is silent. A second at 16 kHz adds 43 kB to a notebook.
func Play(samples []float32, rate int, caption string) {
	wav, err := wavOf(samples, rate)
	Check(err)
	name := caption
	if name == "" {
		name = "sound"
	}
	Check(out.sound(name, caption, wav))
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
