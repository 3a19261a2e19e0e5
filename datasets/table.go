package datasets

import "fmt"

// A Resident dataset lies in memory as a whole. An engine may put it on its device.
type Resident interface {
	Dataset

	// Resident returns all examples as the given visit sees them. The caller
	// must not change them. Visits that see the same values return the same slices.
	Resident(visit uint64) Table
}

// A Tabular dataset reads examples in the form they lie in: one that lies in bytes
// streams with a quarter of the copying.
type Tabular interface {
	Dataset

	// ReadTable sets table to the examples with the given indices, in that order:
	// the values that Read gives.
	ReadTable(table *Table, visit uint64, indices []int) error
}

// A Sharded dataset lies where neighbours are read together much faster than one by
// one, as on a disk. Training that streams it shuffles shards of neighbours, and then
// within buffers of many shards, so that it reads long stretches.
type Sharded interface {
	Dataset

	// Shard is how many neighbours are worth being kept together: 1 where any
	// order of reading is as good.
	Shard() int
}

// shardOf is the Shard of data that is [Sharded], and 1 of other.
func shardOf(data Dataset) int {
	if s, ok := data.(Sharded); ok {
		return s.Shard()
	}
	return 1
}

// A Table holds the values of examples in one of two forms.
type Table struct {
	Bytes  []uint8   // [examples, shape...]; v stands for v/255. Nil: see Floats
	Floats []float32 // [examples, shape...]
	Mask   []uint8   // as in Batch
	Labels []int     // as in Batch
}

// ReadTable sets table to examples of data, by its own ReadTable where it is [Tabular].
func ReadTable(data Dataset, table *Table, visit uint64, indices []int) error {
	if t, ok := data.(Tabular); ok {
		if err := t.ReadTable(table, visit, indices); err != nil {
			return err
		}
		return table.check(len(indices), Size(data.Shape()))
	}
	b := Batch{Values: table.Floats, Mask: table.Mask, Labels: table.Labels}
	if err := data.Read(&b, visit, indices); err != nil {
		return err
	}
	*table = Table{Floats: b.Values, Mask: b.Mask, Labels: b.Labels}
	return b.Check(data.Shape(), len(indices))
}

func (t *Table) check(n, per int) error {
	values := n * per
	switch {
	case t.Bytes != nil && t.Floats != nil:
		return fmt.Errorf("datasets: ReadTable set both bytes and floats; values have one form")
	case len(t.Bytes)+len(t.Floats) != values:
		return fmt.Errorf("datasets: ReadTable set %d values where %d were asked for", len(t.Bytes)+len(t.Floats), values)
	case t.Mask != nil && len(t.Mask) != values:
		return fmt.Errorf("datasets: ReadTable set a mask of %d for %d values", len(t.Mask), values)
	case t.Labels != nil && len(t.Labels) != n:
		return fmt.Errorf("datasets: ReadTable set %d labels for %d examples", len(t.Labels), n)
	}
	return nil
}

// reset makes room for n examples of per values, in t's own memory where that is enough.
func (t *Table) reset(bytes, mask, labels bool, n, per int) {
	values := n * per
	t.Bytes = resized(t.Bytes, values, bytes)
	t.Floats = resized(t.Floats, values, !bytes)
	t.Mask = resized(t.Mask, values, mask)
	t.Labels = resized(t.Labels, n, labels)
}

// Same says whether two tables are one: the same memory, not merely equal values.
func (t Table) Same(u Table) bool {
	return same(t.Bytes, u.Bytes) && same(t.Floats, u.Floats) && same(t.Mask, u.Mask) && same(t.Labels, u.Labels)
}

// same says that a and b are one slice, not only equal ones.
func same[T any](a, b []T) bool {
	return len(a) == len(b) && (a == nil) == (b == nil) && (len(a) == 0 || &a[0] == &b[0])
}
