package datasets

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/vaebook/vaebook/vaekit/audio"
)

// A Spectrogram shows sound to a model as logarithms of magnitudes, which look much like
// a picture of it and do not depend on phase:
//
//	log(|X(m, k)| + Floor)   for frame m and bin k, [frames, bins]
//
// and makes sound of what the model answers. The zero value works.
//
//	spectrogram := datasets.Spectrogram{STFT: audio.STFT{Window: 256, Hop: 64}, Bins: 128}
//	data, err := spectrogram.Of(birds)           // to train on
//	songs, err := spectrogram.Sounds(samples, 60) // to listen to
type Spectrogram struct {
	STFT   audio.STFT
	Frames int     // the first so many; 0: all
	Bins   int     // the lowest so many, k·rate/Window Hz each; 0: all, Window/2 + 1
	Floor  float64 // a magnitude that counts as silence; 0: Window/10,000, 68 dB below a tone of amplitude 1
}

// Of returns spectrograms of the examples of sound, of shape [samples, 1]; padding is
// silence. Labels and origins stay. They are made whenever they are read: [Hold] makes
// them once.
func (s Spectrogram) Of(sound Dataset) (Dataset, error) {
	samples, channels, err := soundShape(sound)
	if err == nil && channels != 1 {
		err = fmt.Errorf("the sound has %d channels; a spectrogram is of one", channels)
	}
	frames, bins := 0, 0
	if err == nil {
		frames, bins, err = s.shape(samples)
	}
	if err != nil {
		return nil, fmt.Errorf("datasets.Spectrogram: %w", err)
	}
	return &spectrograms{sound, s, frames, bins}, nil
}

// Sounds makes the spectrograms of a batch, [frames, bins], audible: each is a sound of
// [samples, 1] whose magnitudes are nearly those, by so many rounds; 60 are usual. See
// [audio.STFT.Invert].
func (s Spectrogram) Sounds(b *Batch, rounds int) (*Batch, error) {
	if len(b.Shape) != 2 {
		return nil, fmt.Errorf("datasets.Spectrogram: the examples have the shape %v; spectrograms have [frames, bins]", b.Shape)
	}
	sounds, floor := make([][]float32, b.Len()), s.floor()
	err := each(b.Len(), func(i int) (err error) {
		var magnitudes [][]float32
		for frame := range slices.Chunk(b.Example(i), b.Shape[1]) {
			magnitude := make([]float32, len(frame))
			for k, v := range frame {
				magnitude[k] = float32(max(0, math.Exp(float64(v))-floor))
			}
			magnitudes = append(magnitudes, magnitude)
		}
		sounds[i], err = s.STFT.Invert(magnitudes, rounds)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("datasets.Spectrogram: %w", err)
	}
	heard := &Batch{Shape: []int{0, 1}, Values: slices.Concat(sounds...), Labels: b.Labels, Origin: b.Origin}
	if len(sounds) > 0 {
		heard.Shape[0] = len(sounds[0])
	}
	return heard, nil
}

// shape is that of a spectrogram of so many samples.
func (s Spectrogram) shape(samples int) (frames, bins int, err error) {
	if frames, err = s.STFT.Frames(samples); err != nil {
		return 0, 0, err
	}
	switch bins = s.window()/2 + 1; {
	case s.Frames < 0 || s.Bins < 0 || s.Floor < 0:
		return 0, 0, fmt.Errorf("the fields are Frames %d, Bins %d, Floor %v; none can be negative", s.Frames, s.Bins, s.Floor)
	case frames == 0:
		return 0, 0, fmt.Errorf("%d samples do not fill a window of %d; take a shorter one, or STFT.Centred", samples, s.window())
	case s.Frames > frames:
		return 0, 0, fmt.Errorf("%d frames are asked for; %d samples have %d", s.Frames, samples, frames)
	case s.Bins > bins:
		return 0, 0, fmt.Errorf("%d bins are asked for; a window of %d samples has %d", s.Bins, s.window(), bins)
	}
	return cmp.Or(s.Frames, frames), cmp.Or(s.Bins, bins), nil
}

func (s Spectrogram) window() int    { return cmp.Or(s.STFT.Window, audio.DefaultWindow) }
func (s Spectrogram) floor() float64 { return cmp.Or(s.Floor, float64(s.window())/10_000) }

type spectrograms struct {
	sound        Dataset
	how          Spectrogram
	frames, bins int
}

func (s *spectrograms) Len() int     { return s.sound.Len() }
func (s *spectrograms) Shape() []int { return []int{s.frames, s.bins} }
func (s *spectrograms) Shard() int   { return shardOf(s.sound) }

func (s *spectrograms) Read(batch *Batch, visit uint64, indices []int) error {
	per, floor := s.frames*s.bins, s.how.floor()
	*batch = Batch{Shape: s.Shape(), Values: resized(batch.Values, len(indices)*per, true)}
	return inParts(s.sound, visit, indices, func(from int, part *Batch) error {
		batch.Labels, batch.Origin = append(batch.Labels, part.Labels...), append(batch.Origin, part.Origin...)
		return each(part.Len(), func(i int) error {
			magnitudes, err := s.how.STFT.Magnitudes(part.Example(i))
			if err != nil {
				return fmt.Errorf("datasets.Spectrogram: %w", err)
			}
			to := batch.Values[(from+i)*per:]
			for m, frame := range magnitudes[:s.frames] {
				for k, v := range frame[:s.bins] {
					to[m*s.bins+k] = float32(math.Log(float64(v) + floor))
				}
			}
			return nil
		})
	})
}
