package datasets

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"sync"
)

// Subset returns the examples of data with the given indices, in that order. It
// is [Resident] where data is.
func Subset(data Dataset, indices []int) (Dataset, error) {
	if err := checkIndices("datasets.Subset", indices, data.Len()); err != nil {
		return nil, err
	}
	indices = slices.Clone(indices)
	return part(data, len(indices), slices.IsSorted(indices), func(i int) int { return indices[i] }), nil
}

// Split parts data at random into two, of which the second holds the given
// fraction, rounded to whole examples: what is held out from training. The same
// length, fraction and seed give the same parts. Both keep data's order, and the
// smaller is drawn from all over it: one from each of as many stretches of equal
// length. However much data there is, no list of its parts takes memory.
func Split(data Dataset, fraction float64, seed uint64) (rest, held Dataset, err error) {
	if !(fraction >= 0 && fraction <= 1) {
		return nil, nil, fmt.Errorf("datasets.Split: fraction %v; it is the part to hold out, from 0 to 1", fraction)
	}
	n := data.Len()
	many := int(math.Round(fraction * float64(n)))
	d := strata{n: n, k: min(many, n-many), seed: seed}
	small, large := part(data, d.k, true, d.drawn), part(data, n-d.k, true, d.left)
	if d.k == many {
		return large, small, nil
	}
	return small, large, nil
}

// Strata take k of n numbers, one from each of k stretches.
type strata struct {
	n, k int
	seed uint64
}

// begin is where a stretch begins; the first n mod k are longer by one.
func (d strata) begin(stretch int) int { return stretch*(d.n/d.k) + min(stretch, d.n%d.k) }

// drawn is the number that is taken from a stretch.
func (d strata) drawn(stretch int) int {
	begin := d.begin(stretch)
	return begin + int(mix(d.seed, uint64(stretch))%uint64(d.begin(stretch+1)-begin))
}

// left is number i of those that are not taken.
func (d strata) left(i int) int {
	if d.k == 0 {
		return i
	}
	// Before a stretch lie as many that are left as it has numbers before it, less one a stretch.
	stretch := sort.Search(d.k, func(s int) bool { return d.begin(s+1)-(s+1) > i })
	i += stretch
	if i >= d.drawn(stretch) {
		i++
	}
	return i
}

// part is n examples of data of which number i is number of(i) there.
func part(data Dataset, n int, sorted bool, of func(i int) int) Dataset {
	s := subset{data: data, n: n, of: of, shard: 1}
	if d, ok := data.(Sharded); ok && sorted && n > 0 {
		s.shard = max(1, int(float64(d.Shard())*float64(n)/float64(data.Len())))
	}
	if r, ok := data.(Resident); ok {
		return &residentSubset{subset: s, source: r}
	}
	return &s
}

type subset struct {
	data  Dataset
	n     int
	of    func(i int) int
	shard int // how many of its examples lie in one shard of data
}

func (s *subset) Len() int     { return s.n }
func (s *subset) Shape() []int { return s.data.Shape() }
func (s *subset) Shard() int   { return s.shard }

func (s *subset) Read(batch *Batch, visit uint64, indices []int) error {
	all, err := s.there(indices)
	if err != nil {
		return err
	}
	return s.data.Read(batch, visit, all)
}

func (s *subset) ReadTable(table *Table, visit uint64, indices []int) error {
	all, err := s.there(indices)
	if err != nil {
		return err
	}
	return ReadTable(s.data, table, visit, all)
}

// there is which examples of the whole the given ones are.
func (s *subset) there(indices []int) ([]int, error) {
	if err := checkIndices("subset", indices, s.n); err != nil {
		return nil, err
	}
	all := make([]int, len(indices))
	for i, index := range indices {
		all[i] = s.of(index)
	}
	return all, nil
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
	s.from, s.done = t, true
	per := Size(s.Shape())
	s.gathered = Table{
		Bytes:  gather(&s.subset, t.Bytes, per),
		Floats: gather(&s.subset, t.Floats, per),
		Mask:   gather(&s.subset, t.Mask, per),
		Labels: gather(&s.subset, t.Labels, 1),
	}
	return s.gathered
}

// gather copies the rows, of per values, of the subset's examples.
func gather[T any](s *subset, rows []T, per int) []T {
	if rows == nil {
		return nil
	}
	out := make([]T, 0, s.n*per)
	for i := range s.n {
		from := s.of(i) * per
		out = append(out, rows[from:from+per]...)
	}
	return out
}
