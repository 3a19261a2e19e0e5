package datasets

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// Crop returns stretches of length samples of the examples of data, another at
// each visit: sound of shape [samples, channels] becomes [length, channels].
//
//	short, err := datasets.Crop(speech.Train, 4000, 0) // a quarter of a second of each digit
//
// A stretch lies within what is not padding, where every place is equally likely.
// An example that has less than length of it is seen from its first sample on, as
// far as there is room, with the padding that follows, masked. The draw depends on
// the seed, the visit and the index alone; [Read] and [All] show visit 0. Labels
// stay, and Origin tells where a stretch begins: 1,234 samples into
// "3_theo_7.wav@10000" lies "3_theo_7.wav@11234".
//
// Data on disk is read whole, some examples at a time, and data in memory is not
// copied as a whole: what Crop returns streams, and is not [Resident]. Of recordings
// on disk, [Segments].Random reads only the stretch.
func Crop(data Dataset, length int, seed uint64) (Dataset, error) {
	samples, channels, err := soundShape(data)
	if err != nil {
		return nil, fmt.Errorf("datasets.Crop: %w", err)
	}
	if length < 1 || length > samples {
		return nil, fmt.Errorf("datasets.Crop: stretches of %d samples are asked for of examples of %d; give a length from 1 to %d", length, samples, samples)
	}
	return &crops{data: data, samples: samples, channels: channels, length: length, seed: seed}, nil
}

// soundShape is the shape of data's examples, where they are sound.
func soundShape(data Dataset) (samples, channels int, err error) {
	shape := data.Shape()
	if len(shape) != 2 {
		return 0, 0, fmt.Errorf("the examples have the shape %v; those of sound have [samples, channels], such as [10000, 1]", shape)
	}
	return shape[0], shape[1], nil
}

type crops struct {
	data              Dataset
	samples, channels int // of an example of data
	length            int
	seed              uint64
}

func (c *crops) Len() int     { return c.data.Len() }
func (c *crops) Shape() []int { return []int{c.length, c.channels} }
func (c *crops) Shard() int   { return shardOf(c.data) }

func (c *crops) Read(batch *Batch, visit uint64, indices []int) error {
	*batch = Batch{Shape: c.Shape(), Values: slices.Grow(batch.Values[:0], len(indices)*c.length*c.channels)}
	return inParts(c.data, visit, indices, func(from int, whole *Batch) error {
		batch.Append(c.cut(whole, visit, indices[from:from+whole.Len()]))
		return nil
	})
}

// cut shortens the examples of whole to their stretches, in its own memory.
func (c *crops) cut(whole *Batch, visit uint64, indices []int) *Batch {
	before, per := c.samples*c.channels, c.length*c.channels
	for i, index := range indices {
		var mask []uint8
		if whole.Mask != nil {
			mask = whole.Mask[i*before : (i+1)*before]
		}
		begin := c.begin(mask, visit, index)
		at := i*before + begin*c.channels
		copy(whole.Values[i*per:(i+1)*per], whole.Values[at:])
		if mask != nil {
			copy(whole.Mask[i*per:(i+1)*per], whole.Mask[at:])
		}
		if whole.Origin != nil {
			whole.Origin[i] = originAfter(whole.Origin[i], begin)
		}
	}
	whole.Shape = c.Shape()
	return whole.Slice(0, len(indices))
}

// begin draws where the stretch of an example begins. A mask of nil masks nothing.
func (c *crops) begin(mask []uint8, visit uint64, index int) int {
	first, end := 0, c.samples // of what is not padding
	if mask != nil {
		first = max(bytes.IndexByte(mask, 1), 0) / c.channels
		end = (bytes.LastIndexByte(mask, 1) + c.channels) / c.channels
	}
	first = min(first, c.samples-c.length)
	spare := max(end-c.length-first, 0)
	return first + rand.New(drawsAt(mix(c.seed, cropDraws), visit, index)).IntN(spare+1)
}

// originAfter is the origin of what begins so many samples after another's beginning.
func originAfter(origin string, samples int) string {
	if at := strings.LastIndexByte(origin, '@'); at >= 0 {
		if begin, err := strconv.Atoi(origin[at+1:]); err == nil && begin >= 0 {
			return fmt.Sprintf("%s@%d", origin[:at], begin+samples)
		}
	}
	return fmt.Sprintf("%s@%d", origin, samples)
}

// partValues bounds how many values are read at a time where less of them is kept.
const partValues = 1 << 20

// inParts reads examples of data, a few at a time, and calls use with each few and
// the place of the first among indices.
func inParts(data Dataset, visit uint64, indices []int, use func(from int, part *Batch) error) error {
	many := max(1, partValues/Size(data.Shape()))
	var part Batch
	for from := 0; from < len(indices); from += many {
		some := indices[from:min(from+many, len(indices))]
		if err := readChecked(data, &part, visit, some); err != nil {
			return err
		}
		if err := use(from, &part); err != nil {
			return err
		}
	}
	return nil
}
