package datasets

import (
	"errors"
	"fmt"
)

// Relabel returns data with other labels, which a function makes of the examples'
// origins and labels: "" and 0 where data has none.
//
//	class := func(origin string, digit int) int { // 0 … 59
//		return 10*slices.Index(datasets.Speakers(), datasets.Speaker(origin)) + digit
//	}
//	train, err := datasets.Relabel(speech.Train, class)
//
// Label must return the same for the same arguments. It is called by several
// goroutines at once, whenever an example is read; for [Resident] data, which stays so,
// it is called once for each example, here. A panic in it is an error.
func Relabel(data Dataset, label func(origin string, label int) int) (Dataset, error) {
	if label == nil {
		return nil, errors.New("datasets.Relabel: a function that makes labels is needed")
	}
	r := relabelled{data, label}
	source, ok := data.(Resident)
	if !ok {
		return &r, nil
	}
	indices := upTo(data.Len())
	labels := make([]int, len(indices))
	err := inParts(data, 0, indices, func(from int, part *Batch) error {
		if err := r.relabel(part, indices[from:from+part.Len()]); err != nil {
			return err
		}
		copy(labels[from:], part.Labels)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &residentRelabelled{source, labels}, nil
}

type relabelled struct {
	data  Dataset
	label func(origin string, label int) int
}

func (r *relabelled) Len() int     { return r.data.Len() }
func (r *relabelled) Shape() []int { return r.data.Shape() }
func (r *relabelled) Shard() int   { return shardOf(r.data) }

func (r *relabelled) Read(batch *Batch, visit uint64, indices []int) error {
	if err := readChecked(r.data, batch, visit, indices); err != nil {
		return err
	}
	return r.relabel(batch, indices)
}

// relabel sets the labels of a batch that has its own as yet.
func (r *relabelled) relabel(batch *Batch, indices []int) error {
	if batch.Labels == nil {
		batch.Labels = make([]int, len(indices))
	}
	for i, index := range indices {
		origin := ""
		if batch.Origin != nil {
			origin = batch.Origin[i]
		}
		err := safely(func() error {
			batch.Labels[i] = r.label(origin, batch.Labels[i])
			return nil
		})
		if err != nil {
			return fmt.Errorf("datasets.Relabel: example %d (%q): %w", index, origin, err)
		}
	}
	return nil
}

// residentRelabelled is a data set in memory with labels of its own.
type residentRelabelled struct {
	source Resident
	labels []int
}

func (r *residentRelabelled) Len() int     { return r.source.Len() }
func (r *residentRelabelled) Shape() []int { return r.source.Shape() }

func (r *residentRelabelled) Read(batch *Batch, visit uint64, indices []int) error {
	if err := r.source.Read(batch, visit, indices); err != nil {
		return err
	}
	batch.Labels = resized(batch.Labels, len(indices), true)
	for i, index := range indices {
		batch.Labels[i] = r.labels[index]
	}
	return nil
}

func (r *residentRelabelled) Resident(visit uint64) Table {
	t := r.source.Resident(visit)
	t.Labels = r.labels
	return t
}
