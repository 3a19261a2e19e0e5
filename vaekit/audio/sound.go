// Package audio brings sound to a model and back: WAV files in and out,
// resampling, segments of one length, and spectrograms.
//
// A model wants arrays of one size, at one rate, with values of one scale:
//
//	sound, err := audio.ReadFile("voice.wav")            // any WAV
//	sound, err = sound.Mono().Resample(16000)            // one channel, 16,000 samples a second
//	sound = sound.Normalise()                            // max |x| = 1
//	segments, err := audio.Segments(sound.Channels[0], 10000, 5000)
//
// What a model gives is joined by [OverlapAdd] and written by [Sound.WriteFile].
//
// Samples are float32 in [−1, 1], where the integers of a WAV file with b bits
// stand for s/2^(b−1). Float files may go beyond.
package audio

import (
	"fmt"
	"math"
	"slices"
)

// A Sound is a number of samples in one or more channels.
type Sound struct {
	Rate     int         // samples a second, in Hz
	Channels [][]float32 // [channels, frames], every channel of the same length
}

// Frames is the number of samples in each channel.
func (s *Sound) Frames() int {
	if len(s.Channels) == 0 {
		return 0
	}
	return len(s.Channels[0])
}

// Seconds is how long s lasts.
func (s *Sound) Seconds() float64 {
	if s.Rate <= 0 {
		return 0
	}
	return float64(s.Frames()) / float64(s.Rate)
}

// Mono returns the mean of s's channels as a sound of one channel. Channels that are
// shorter than the first count as silent behind their end.
func (s *Sound) Mono() *Sound {
	switch len(s.Channels) {
	case 0:
		return &Sound{Rate: s.Rate, Channels: [][]float32{nil}}
	case 1:
		return &Sound{Rate: s.Rate, Channels: [][]float32{slices.Clone(s.Channels[0])}}
	}
	mono := make([]float32, s.Frames())
	for i := range mono {
		var sum float64
		for _, c := range s.Channels {
			if i < len(c) {
				sum += float64(c[i])
			}
		}
		mono[i] = float32(sum / float64(len(s.Channels)))
	}
	return &Sound{Rate: s.Rate, Channels: [][]float32{mono}}
}

// Peak is max |x| over all samples of s, and 0 where there are none.
func (s *Sound) Peak() float32 {
	var peak float32
	for _, c := range s.Channels {
		for _, x := range c {
			peak = max(peak, float32(math.Abs(float64(x))))
		}
	}
	return peak
}

// Normalise returns s divided by its peak, so that max |x| = 1 over all
// channels together. Silence stays silence.
func (s *Sound) Normalise() *Sound {
	peak := s.Peak()
	if peak == 0 {
		peak = 1
	}
	out := &Sound{Rate: s.Rate, Channels: make([][]float32, len(s.Channels))}
	for c, from := range s.Channels {
		to := make([]float32, len(from))
		for i, x := range from {
			// Divided, not multiplied by 1/peak: the peak itself then is 1 exactly,
			// and the smallest float does not overflow.
			to[i] = x / peak
		}
		out.Channels[c] = to
	}
	return out
}

// check returns an error where s cannot be written or resampled.
func (s *Sound) check() error {
	if s.Rate <= 0 {
		return fmt.Errorf("a sound needs its rate in Hz; Sound.Rate is %d", s.Rate)
	}
	if len(s.Channels) == 0 {
		return fmt.Errorf("a sound needs a channel; Sound.Channels is empty")
	}
	for c, samples := range s.Channels {
		if len(samples) != s.Frames() {
			return fmt.Errorf("channels of one length are needed; channel 0 has %d samples, channel %d has %d", s.Frames(), c, len(samples))
		}
		for i, x := range samples {
			if !isFinite(x) {
				return fmt.Errorf("sample %d of channel %d is %v; only finite values make a sound", i, c, x)
			}
		}
	}
	return nil
}

// isFinite says that x is neither NaN nor an infinity: x−x is 0 for no other.
func isFinite(x float32) bool { return x-x == 0 }
