package datasets

import (
	"errors"
	"fmt"
	"slices"
	"sort"
)

// Concat returns the examples of several data sets of one shape, one data set after
// the other.
//
//	sounds, err := datasets.Concat(speech.Train, strings)
//
// Examples have labels where those of every one have, and origins likewise; values of
// data without a mask all count. It streams; [Hold] brings it into memory.
func Concat(data ...Dataset) (Dataset, error) {
	if len(data) == 0 {
		return nil, errors.New("datasets.Concat: no data sets were given")
	}
	c := &concat{data: slices.Clone(data), shape: data[0].Shape(), labels: true, origin: true}
	for i, d := range data {
		if !slices.Equal(d.Shape(), c.shape) {
			return nil, fmt.Errorf("datasets.Concat: examples of data set %d have shape %v, those of the first %v; they must be alike", i, d.Shape(), c.shape)
		}
		c.n += d.Len()
		c.ends = append(c.ends, c.n)
		if d.Len() == 0 {
			continue
		}
		one, err := Read(d, 0)
		if err != nil {
			return nil, fmt.Errorf("datasets.Concat: data set %d: %w", i, err)
		}
		c.labels, c.origin = c.labels && one.Labels != nil, c.origin && one.Origin != nil
	}
	return c, nil
}

type concat struct {
	data           []Dataset
	shape          []int
	ends           []int // of each data set
	n              int
	labels, origin bool // whether all have them
}

func (c *concat) Len() int     { return c.n }
func (c *concat) Shape() []int { return slices.Clone(c.shape) }

// Shard is that of the data set with the smallest.
func (c *concat) Shard() int {
	shard := shardOf(c.data[0])
	for _, data := range c.data[1:] {
		shard = min(shard, shardOf(data))
	}
	return shard
}

func (c *concat) Read(batch *Batch, visit uint64, indices []int) error {
	if err := checkIndices("datasets.Concat", indices, c.n); err != nil {
		return err
	}
	per := Size(c.shape)
	batch.reset(c.shape, len(indices), c.labels, false, c.origin)
	for k, data := range c.data {
		var there, here []int // where its examples lie in data, and in the batch
		for i, index := range indices {
			if c.of(index) == k {
				there, here = append(there, index-c.ends[k]+data.Len()), append(here, i)
			}
		}
		if len(here) == 0 {
			continue
		}
		var part Batch
		if err := readChecked(data, &part, visit, there); err != nil {
			return err
		}
		if part.Mask != nil && batch.Mask == nil {
			batch.Mask = batch.mask()
		}
		for j, i := range here {
			copy(batch.Example(i), part.Example(j))
			if part.Mask != nil {
				copy(batch.Mask[i*per:(i+1)*per], part.Mask[j*per:])
			}
			if c.labels {
				batch.Labels[i] = part.Labels[j]
			}
			if c.origin {
				batch.Origin[i] = part.Origin[j]
			}
		}
	}
	return nil
}

// of is which data set an example is from.
func (c *concat) of(index int) int { return sort.SearchInts(c.ends, index+1) }
