package vaekit

import (
	"errors"
	"fmt"
	"os"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
)

// A feed brings the batches of an epoch to the device: a data set in memory lies
// there whole and steps pick their rows; any other is read ahead in pieces.
type feed struct {
	backend *engine.Backend
	data    datasets.Dataset
	batch   int
	steps   int // an epoch
	seed    uint64

	epoch int     // the epoch of order, −1 at first
	order []int32 // examples in the order in which the epoch's steps see them

	table      *engine.Table
	from, to   int            // the steps of the epoch that table serves
	resident   datasets.Table // what table holds of a resident data set
	ahead      chan piece     // the next piece of another, while it is read
	aheadStart int

	check     func(datasets.Table) error // says whether the model can explain values; each is asked about once
	checked   bool                       // a resident data set was
	interrupt chan os.Signal             // ends a wait
}

// errInterrupted is what seek returns when the user interrupts its waiting.
var errInterrupted = errors.New("interrupted while waiting for the data")

// pieceBytes bounds what is read ahead of a data set that is not in memory. It is a
// variable for tests, which have little data.
var pieceBytes = 32 << 20

type piece struct {
	batch datasets.Batch
	err   error
}

func newFeed(b *engine.Backend, data datasets.Dataset, batch int, seed uint64) *feed {
	batch = min(batch, data.Len())
	return &feed{backend: b, data: data, batch: batch, steps: data.Len() / batch, seed: seed, epoch: -1}
}

// seek makes table serve a step of an epoch (from 0).
func (f *feed) seek(epoch, step int) error {
	if epoch != f.epoch {
		perm := engine.Rand(f.seed, "shuffle", uint64(epoch)).Perm(f.data.Len())
		f.order = make([]int32, f.steps*f.batch)
		for i := range f.order {
			f.order[i] = int32(perm[i])
		}
		if f.ahead != nil {
			if _, err := f.wait(); err != nil {
				return err
			}
		}
		f.epoch, f.from, f.to = epoch, 0, 0
	}
	if f.table != nil && f.from <= step && step < f.to {
		return nil
	}
	if r, ok := f.data.(datasets.Resident); ok {
		return f.placeAll(r.Resident(uint64(epoch)))
	}
	return f.placePiece(step)
}

// placeAll puts a whole data set on the device, or keeps it where it is there already.
func (f *feed) placeAll(t datasets.Table) error {
	if f.table == nil || !t.Same(f.resident) {
		if !f.checked {
			if err := f.check(t); err != nil {
				return err
			}
			f.checked = true
		}
		f.free()
		var values any = t.Floats
		if t.Bytes != nil {
			values = t.Bytes
		}
		var err error
		if f.table, err = f.backend.NewTable(datasets.Size(f.data.Shape()), values, t.Mask); err != nil {
			return err
		}
		f.resident = t
	}
	f.from, f.to = 0, f.steps
	return f.table.Order(f.backend, f.order, f.batch)
}

// placePiece puts the piece that step lies in on the device and begins to read the next.
func (f *feed) placePiece(step int) error {
	length := max(1, min(f.steps, pieceBytes/(5*datasets.Size(f.data.Shape())*f.batch)))
	start := step / length * length
	if f.ahead == nil || f.aheadStart != start {
		f.read(start, length)
	}
	p, err := f.wait()
	if err != nil {
		return err
	}
	if p.err != nil {
		return fmt.Errorf("vaekit: reading examples of steps %d to %d: %w", start, start+length-1, p.err)
	}
	// Where one example has padding all have a mask, so that one program serves them.
	if p.batch.Mask == nil {
		p.batch.Mask = make([]uint8, len(p.batch.Values))
		for i := range p.batch.Mask {
			p.batch.Mask[i] = 1
		}
	}
	f.free()
	if f.table, err = f.backend.NewTable(datasets.Size(f.data.Shape()), p.batch.Values, p.batch.Mask); err != nil {
		return err
	}
	f.from, f.to = start, min(start+length, f.steps)
	rows := make([]int32, length*f.batch)
	for i := range rows {
		rows[i] = int32(i)
	}
	if err := f.table.Order(f.backend, rows, f.batch); err != nil {
		return err
	}
	if f.to < f.steps {
		f.read(f.to, length)
	}
	return nil
}

// read begins to read length steps from start. The last piece is filled up with
// examples that no step looks at, so that all pieces have one shape.
func (f *feed) read(start, length int) {
	indices := make([]int, length*f.batch)
	for i := range indices {
		indices[i] = int(f.order[min(start*f.batch+i, len(f.order)-1)])
	}
	ahead := make(chan piece, 1)
	f.ahead, f.aheadStart = ahead, start
	data, visit, check := f.data, uint64(f.epoch), f.check
	go func() {
		var p piece
		defer func() { ahead <- p }()
		defer recovered(&p.err) // what a reader's own data set panics with
		if p.err = data.Read(&p.batch, visit, indices); p.err == nil {
			p.err = p.batch.Check(data.Shape(), len(indices))
		}
		if p.err == nil {
			p.err = check(datasets.Table{Floats: p.batch.Values, Mask: p.batch.Mask})
			if culprits := notFinite(&p.batch, indices); p.err != nil && culprits != "" {
				p.err = fmt.Errorf("%s: %w", culprits, p.err)
			}
		}
	}()
}

// wait takes the piece that is read ahead, once it is there.
func (f *feed) wait() (piece, error) {
	select {
	case p := <-f.ahead:
		f.ahead = nil
		return p, nil
	case <-f.interrupt:
		f.ahead = nil // whoever reads it ends by itself
		return piece{}, errInterrupted
	}
}

// look reads examples of the present visit while nothing else reads the data.
func (f *feed) look(batch *datasets.Batch, indices []int) error {
	if f.ahead != nil {
		p := <-f.ahead
		defer func() { f.ahead <- p }()
	}
	return f.data.Read(batch, uint64(f.epoch), indices)
}

// close waits for what is being read and gives the table's memory back.
func (f *feed) close() {
	if f.ahead != nil {
		<-f.ahead
		f.ahead = nil
	}
	f.free()
}

// examples are the indices that a step of the present epoch sees.
func (f *feed) examples(step int) []int {
	indices := make([]int, f.batch)
	for i := range indices {
		indices[i] = int(f.order[step*f.batch+i])
	}
	return indices
}

func (f *feed) free() {
	if f.table != nil {
		f.table.Free()
		f.table = nil
	}
}
