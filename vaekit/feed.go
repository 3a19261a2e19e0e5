package vaekit

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
)

// A feed brings the batches of an epoch to the device. A data set in memory lies
// there whole and steps pick their rows. Any other comes in pieces of equal size:
// while one is trained on, the next is read and copied to the device.
type feed struct {
	backend *engine.Backend
	data    datasets.Dataset
	batch   int
	steps   int // an epoch
	seed    uint64

	epoch int // the epoch of order, −1 at first
	order order

	table    *engine.Table
	from, to int            // the steps of the epoch that table serves
	resident datasets.Table // what table holds of a resident data set
	form     *form          // of the pieces of another
	labels   bool           // whether the model asks for them
	ahead    *reading       // the next piece, while it is read

	check     func(datasets.Table) error // says whether the model can explain values; each is asked about once
	checked   bool                       // a resident data set was
	interrupt chan os.Signal             // ends a wait
}

// errInterrupted is what seek returns when the user interrupts its waiting.
var errInterrupted = errors.New("interrupted while waiting for the data")

// patience is how long the end of training waits for what is being read.
const patience = time.Second

// pieceBytes bounds a piece. It is a variable for tests, which have little data.
var pieceBytes = 32 << 20

// A form is what pieces have in common.
type form struct {
	steps  int  // of a piece
	shard  int  // see datasets.Sharded
	masked bool // whether pieces have a mask although one of them may have no padding, so that one program serves all
}

// A reading is a piece on its way.
type reading struct {
	epoch, start int // the piece's first step
	done         chan piece
}

type piece struct {
	table *engine.Table
	err   error
}

func newFeed(b *engine.Backend, data datasets.Dataset, batch int, seed uint64) *feed {
	batch = min(batch, data.Len())
	return &feed{backend: b, data: data, batch: batch, steps: data.Len() / batch, seed: seed, epoch: -1}
}

// seek makes table serve a step of an epoch (from 0). More says that another epoch
// follows, whose first piece is worth reading ahead.
func (f *feed) seek(epoch, step int, more bool) error {
	resident, inMemory := f.data.(datasets.Resident)
	if !inMemory && f.form == nil {
		if err := f.findForm(); err != nil {
			return err
		}
	}
	if epoch != f.epoch {
		f.epoch, f.from, f.to = epoch, 0, 0
		f.order = f.orderOf(epoch)
	}
	switch {
	case f.table != nil && f.from <= step && step < f.to:
		return nil
	case inMemory:
		return f.placeAll(resident.Resident(uint64(epoch)))
	}
	return f.placePiece(step, more)
}

func (f *feed) orderOf(epoch int) order {
	if f.form == nil {
		return newOrder(f.data.Len(), 1, 1, f.seed, epoch)
	}
	return newOrder(f.data.Len(), f.form.shard, f.form.steps*f.batch, f.seed, epoch)
}

// findForm learns the form of the pieces from some examples all over the data.
func (f *feed) findForm() error {
	const looks = 16
	var some datasets.Table
	if err := datasets.ReadTable(f.data, &some, 0, indicesAllOver(f.data.Len(), looks)); err != nil {
		return fmt.Errorf("vaekit: reading the data: %w", err)
	}
	length := datasets.Size(f.data.Shape()) * f.batch // of a step, in bytes
	if some.Bytes == nil {
		length *= 4
	}
	if some.Mask != nil {
		length += length / 4
	}
	f.form = &form{shard: 1, masked: some.Mask != nil}
	if s, ok := f.data.(datasets.Sharded); ok {
		f.form.shard = max(1, s.Shard())
	}
	most := max(1, pieceBytes/length)
	pieces := (f.steps + most - 1) / most
	f.form.steps = (f.steps + pieces - 1) / pieces
	return nil
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
		var err error
		if f.table, err = f.backend.NewTable(datasets.Size(f.data.Shape()), values(t), t.Mask, f.labelsOf(t)); err != nil {
			return err
		}
		f.resident = t
	}
	f.from, f.to = 0, f.steps
	rows := make([]int32, f.steps*f.batch)
	for i := range rows {
		rows[i] = int32(f.order.at(i))
	}
	return f.table.Order(f.backend, rows, f.batch)
}

// labelsOf are the labels of a table as the engine wants them, where it wants them.
func (f *feed) labelsOf(t datasets.Table) []int32 {
	if !f.labels {
		return nil
	}
	labels := make([]int32, len(t.Labels))
	for i, label := range t.Labels {
		labels[i] = int32(label)
	}
	return labels
}

func values(t datasets.Table) any {
	if t.Bytes != nil {
		return t.Bytes
	}
	return t.Floats
}

// placePiece takes the piece that step lies in and begins to read the next.
func (f *feed) placePiece(step int, more bool) error {
	start := step / f.form.steps * f.form.steps
	if f.ahead != nil && (f.ahead.epoch != f.epoch || f.ahead.start != start) {
		if p, err := f.wait(); err != nil {
			return err
		} else if p.table != nil {
			p.table.Free()
		}
	}
	if f.ahead == nil {
		f.read(f.epoch, start)
	}
	p, err := f.wait()
	if err != nil {
		return err
	}
	f.free()
	f.from, f.to = start, min(start+f.form.steps, f.steps)
	if p.err != nil {
		f.to = f.from
		return fmt.Errorf("vaekit: reading examples of steps %d to %d: %w", start, start+f.form.steps-1, p.err)
	}
	f.table = p.table
	if f.to < f.steps {
		f.read(f.epoch, f.to)
	} else if more {
		f.read(f.epoch+1, 0)
	}
	return nil
}

// read begins to read a piece.
func (f *feed) read(epoch, start int) {
	ahead := &reading{epoch, start, make(chan piece, 1)}
	f.ahead = ahead
	order := f.order
	if epoch != f.epoch {
		order = f.orderOf(epoch)
	}
	go func() {
		var p piece
		defer func() { ahead.done <- p }()
		defer recovered(&p.err) // what a reader's own data set panics with
		indices := make([]int, (min(start+f.form.steps, f.steps)-start)*f.batch)
		for i := range indices {
			indices[i] = order.at(start*f.batch + i)
		}
		var t datasets.Table
		if p.err = datasets.ReadTable(f.data, &t, uint64(epoch), indices); p.err != nil {
			return
		}
		if p.err = f.check(t); p.err == nil {
			p.table, p.err = f.place(t)
		} else if t.Floats != nil { // bytes are finite
			if culprits := notFinite(&datasets.Batch{Shape: f.data.Shape(), Values: t.Floats, Mask: t.Mask}, indices); culprits != "" {
				p.err = fmt.Errorf("%s: %w", culprits, p.err)
			}
		}
	}()
}

// place puts a piece on the device, its steps one after the other. The last one is
// filled up with examples that no step looks at, so that all have one shape.
func (f *feed) place(t datasets.Table) (*engine.Table, error) {
	per := datasets.Size(f.data.Shape())
	examples := f.form.steps * f.batch
	if f.form.masked && t.Mask == nil {
		t.Mask = bytes.Repeat([]uint8{1}, examples*per)
	}
	t.Bytes, t.Floats, t.Mask = filled(t.Bytes, examples*per), filled(t.Floats, examples*per), filled(t.Mask, examples*per)
	table, err := f.backend.NewTable(per, values(t), t.Mask, filled(f.labelsOf(t), examples))
	if err != nil {
		return nil, err
	}
	rows := make([]int32, examples)
	for i := range rows {
		rows[i] = int32(i)
	}
	if err := table.Order(f.backend, rows, f.batch); err != nil {
		table.Free()
		return nil, err
	}
	return table, nil
}

// filled is s with zeros behind it up to length n, or nil where s is.
func filled[T any](s []T, n int) []T {
	if s == nil || len(s) >= n {
		return s
	}
	return append(s, make([]T, n-len(s))...)
}

// wait takes the piece that is read ahead, once it is there.
func (f *feed) wait() (piece, error) {
	ahead := f.ahead
	f.ahead = nil
	select {
	case p := <-ahead.done:
		return p, nil
	case <-f.interrupt: // whoever reads it ends by itself
		return piece{}, errInterrupted
	}
}

// settle waits until nothing is being read: a data set may not like to be read twice
// at a time.
func (f *feed) settle() error {
	if f.ahead == nil {
		return nil
	}
	ahead := f.ahead
	p, err := f.wait()
	if err == nil {
		f.ahead = ahead
		ahead.done <- p
	}
	return err
}

// show reads examples of the present visit.
func (f *feed) show(batch *datasets.Batch, indices []int) error {
	if err := f.settle(); err != nil {
		return err
	}
	return f.data.Read(batch, uint64(f.epoch), indices)
}

// close gives the tables' memory back, once nothing is being read. A data set that
// takes long over it is left to end by itself.
func (f *feed) close() {
	if f.ahead != nil {
		ended := make(chan struct{})
		go func(ahead *reading) {
			defer close(ended)
			if p := <-ahead.done; p.table != nil {
				p.table.Free()
			}
		}(f.ahead)
		select {
		case <-ended:
		case <-time.After(patience):
		}
		f.ahead = nil
	}
	f.free()
}

// examples are the indices that a step of the present epoch sees.
func (f *feed) examples(step int) []int {
	indices := make([]int, f.batch)
	for i := range indices {
		indices[i] = f.order.at(step*f.batch + i)
	}
	return indices
}

func (f *feed) free() {
	if f.table != nil {
		f.table.Free()
		f.table = nil
	}
}
