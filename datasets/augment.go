package datasets

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// An Augmentation says how sounds are changed at random, so that a model cannot
// learn them by heart. Its zero value changes nothing.
type Augmentation struct {
	Gain     float64 // dB, to 100: examples become louder or softer by a number drawn evenly from −Gain to Gain; 6 halves to doubles
	Polarity bool    // half of the examples, drawn at random, change sign, which is not heard
	Shift    int     // samples: examples begin earlier or later by a number drawn evenly from −Shift to Shift
	Seed     uint64
}

// Augment returns data changed at random, in another way at each visit. It works for
// any sound, of shape [samples, channels], in memory or on disk; all channels of an
// example change together.
//
//	train, err := datasets.Augment(speech.Train, datasets.Augmentation{Gain: 6, Polarity: true, Shift: 400})
//
// The draw depends on the seed, the visit and the index alone, and for each of the
// changes it is the same with the others or without. Visit 0, which training begins with
// and [Read] and [All] show, is drawn as any other: measure with data that is not augmented,
// and hold out before augmenting.
//
// Nothing is cut off at ±1: with a gain of 6 dB a sample of 1 becomes up to 2.0. What
// a shift moves over an end of its example is lost, and what comes in at the other is 0 and
// padding in the mask, which data that is shifted always has. Labels and Origin stay.
// What Augment returns streams: it is not [Resident], also where data is.
func Augment(data Dataset, how Augmentation) (Dataset, error) {
	samples, channels, err := soundShape(data)
	switch {
	case err != nil:
		return nil, fmt.Errorf("datasets.Augment: %w", err)
	case !(how.Gain >= 0 && how.Gain <= 100):
		return nil, fmt.Errorf("datasets.Augment: Gain is %v dB; the most that a sound becomes louder or softer is 0 to 100", how.Gain)
	case how.Shift < 0 || how.Shift >= samples:
		return nil, fmt.Errorf("datasets.Augment: Shift is %d; an example of %d samples moves by 0 to %d", how.Shift, samples, samples-1)
	}
	return &augmented{data: data, how: how, channels: channels}, nil
}

type augmented struct {
	data     Dataset
	how      Augmentation
	channels int
}

func (a *augmented) Len() int     { return a.data.Len() }
func (a *augmented) Shape() []int { return a.data.Shape() }
func (a *augmented) Shard() int   { return shardOf(a.data) }

func (a *augmented) Read(batch *Batch, visit uint64, indices []int) error {
	if err := readChecked(a.data, batch, visit, indices); err != nil {
		return err
	}
	if a.how.Shift > 0 {
		batch.Mask = batch.mask()
	}
	per := Size(batch.Shape)
	for i, index := range indices {
		gain, shift := a.draw(visit, index)
		values := batch.Example(i)
		for j := range values {
			values[j] *= gain
		}
		if a.how.Shift > 0 {
			move(values, shift*a.channels)
			move(batch.Mask[i*per:(i+1)*per], shift*a.channels)
		}
	}
	return nil
}

// draw is what an example is multiplied with, and by how many samples it moves.
func (a *augmented) draw(visit uint64, index int) (gain float32, shift int) {
	random := rand.New(drawsAt(mix(a.how.Seed, augmentDraws), visit, index))
	decibels := a.how.Gain * (2*random.Float64() - 1)
	gain = float32(math.Pow(10, decibels/20))
	if negative := random.Uint64()&1 == 1; negative && a.how.Polarity {
		gain = -gain
	}
	return gain, random.IntN(2*a.how.Shift+1) - a.how.Shift
}

// move moves what is in row to places that are higher by a number, and sets 0 behind it.
func move[T any](row []T, by int) {
	if by >= 0 {
		copy(row[by:], row)
		clear(row[:by])
		return
	}
	copy(row, row[-by:])
	clear(row[len(row)+by:])
}
