package datasets

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
)

// Subset returns the examples of data with the given indices, in that order. It
// is [Resident] where data is.
func Subset(data Dataset, indices []int) (Dataset, error) {
	if err := checkIndices("datasets.Subset", indices, data.Len()); err != nil {
		return nil, err
	}
	s := subset{data: data, indices: slices.Clone(indices), shard: 1}
	if d, ok := data.(Sharded); ok && data.Len() > 0 && slices.IsSorted(indices) {
		s.shard = max(1, int(float64(d.Shard())*float64(len(indices))/float64(data.Len())))
	}
	if r, ok := data.(Resident); ok {
		return &residentSubset{subset: s, source: r}, nil
	}
	return &s, nil
}

// Split parts data at random into two, of which the second holds the given
// fraction, rounded to whole examples: what is held out from training. The same
// length, fraction and seed give the same parts, and both keep data's order.
func Split(data Dataset, fraction float64, seed uint64) (rest, held Dataset, err error) {
	n := data.Len()
	if !(fraction >= 0 && fraction <= 1) {
		return nil, nil, fmt.Errorf("datasets.Split: fraction %v; it is the part to hold out, from 0 to 1", fraction)
	}
	order := rand.New(rand.NewPCG(seed, mix(seed, uint64(n)))).Perm(n)
	cut := n - int(math.Round(fraction*float64(n)))
	first, second := order[:cut], order[cut:]
	slices.Sort(first)
	slices.Sort(second)
	if rest, err = Subset(data, first); err != nil {
		return nil, nil, err
	}
	held, err = Subset(data, second)
	return rest, held, err
}

type subset struct {
	data    Dataset
	indices []int
	shard   int // how many of its examples lie in one shard of data
}

func (s *subset) Len() int     { return len(s.indices) }
func (s *subset) Shape() []int { return s.data.Shape() }
func (s *subset) Shard() int   { return s.shard }

func (s *subset) Read(batch *Batch, visit uint64, indices []int) error {
	of, err := s.of(indices)
	if err != nil {
		return err
	}
	return s.data.Read(batch, visit, of)
}

func (s *subset) ReadTable(table *Table, visit uint64, indices []int) error {
	of, err := s.of(indices)
	if err != nil {
		return err
	}
	return ReadTable(s.data, table, visit, of)
}

// of is which examples of the whole the given ones are.
func (s *subset) of(indices []int) ([]int, error) {
	if err := checkIndices("subset", indices, len(s.indices)); err != nil {
		return nil, err
	}
	of := make([]int, len(indices))
	for i, index := range indices {
		of[i] = s.indices[index]
	}
	return of, nil
}

// residentSubset gathers the rows of the source's table. It keeps what it
// gathered last, because most sources are the same at every visit.
type residentSubset struct {
	subset
	source Resident

	mu       sync.Mutex
	from     Table
	gathered Table
	done     bool
}

func (s *residentSubset) Resident(visit uint64) Table {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.source.Resident(visit)
	if s.done && t.Same(s.from) {
		return s.gathered
	}
	per := Size(s.Shape())
	s.from, s.done = t, true
	s.gathered = Table{
		Bytes:  gather(t.Bytes, s.indices, per),
		Floats: gather(t.Floats, s.indices, per),
		Mask:   gather(t.Mask, s.indices, per),
	}
	return s.gathered
}

// gather copies the given rows, of per values each.
func gather[T any](rows []T, indices []int, per int) []T {
	if rows == nil {
		return nil
	}
	out := make([]T, 0, len(indices)*per)
	for _, i := range indices {
		out = append(out, rows[i*per:(i+1)*per]...)
	}
	return out
}
