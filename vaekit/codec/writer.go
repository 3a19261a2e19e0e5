package codec

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"math"
	"runtime"
	"slices"

	"github.com/vaebook/vaebook/datasets"
)

// Options say how a file is written. The zero value does what suits most.
type Options struct {
	Block   int  // examples that can be decoded without the others, each time about 150 bytes; 0: those of 4 million values
	Embed   bool // put the model into the file, which is then all that is needed to read it
	Workers int  // blocks in work at the same time; 0: as many as there are processors

	Progress func(done, total int) // hears how many examples [Model.Compress] has read; nil: nobody does
}

// A Report is what became of the data.
type Report struct {
	Examples int64
	Bytes    int64 // of the file
	Model    int64 // of these, the embedded model's
	Start    int64 // of these, what blocks began with: states, and words lent to the first latents
	Values   int64 // of all examples
}

// BitsPerDim is the file's bits for each value, all included but an embedded model.
// NaN of no values.
func (r Report) BitsPerDim() float64 {
	if r.Values == 0 {
		return math.NaN()
	}
	return 8 * float64(r.Bytes-r.Model) / float64(r.Values)
}

// A Writer compresses examples to a stream. It keeps a few blocks in memory.
type Writer struct {
	m       *Model
	to      io.Writer
	hash    hash.Hash
	block   int
	pending []uint8           // levels of the next block
	working []chan compressed // blocks in work, in order
	most    int               // of them
	index   []place
	report  Report
	err     error
}

type compressed struct {
	block *block
	err   error
}

// A place is where a block lies.
type place struct {
	at       int64
	examples uint32
}

// NewWriter begins a file. Close must be called to end it.
func (m *Model) NewWriter(to io.Writer, how Options) (*Writer, error) {
	w := &Writer{m: m, to: to, hash: sha256.New(), block: cmp.Or(how.Block, max(1, min(mostExamples, 1<<22/datasets.Size(m.shape)))), most: cmp.Or(how.Workers, runtime.GOMAXPROCS(0))}
	if w.most < 1 {
		return nil, fmt.Errorf("codec: Options.Workers is %d; it counts blocks in work, or is 0", how.Workers)
	}
	h := header{fingerprint: m.fingerprint, levels: m.levels, shape: m.shape, block: w.block}
	if how.Embed {
		var err error
		if h.model, err = m.zip(); err != nil {
			return nil, fmt.Errorf("codec: %w", err)
		}
	}
	if err := h.check(); err != nil { // what no reader would take
		return nil, fmt.Errorf("codec: %w", err)
	}
	w.report.Model = int64(len(h.model))
	return w, w.write(h.bytes())
}

func (w *Writer) write(p []byte) error {
	if w.err == nil {
		w.hash.Write(p)
		w.report.Bytes += int64(len(p))
		if _, err := w.to.Write(p); err != nil {
			w.err = fmt.Errorf("codec: %w", err)
		}
	}
	return w.err
}

// Write adds a batch of examples, whose values are among the model's levels, k/(levels−1).
// An error may be one of an earlier batch.
func (w *Writer) Write(b *datasets.Batch) error {
	if w.err != nil {
		return w.err
	}
	levels, err := w.m.levelsIn(b, w.report.Examples)
	if err != nil {
		return fmt.Errorf("codec: %w", err)
	}
	w.report.Examples += int64(b.Len())
	w.report.Values += int64(len(levels))
	per := w.block * datasets.Size(w.m.shape)
	for w.pending = append(w.pending, levels...); len(w.pending) >= per && w.err == nil; w.pending = w.pending[per:] {
		w.start(bytes.Clone(w.pending[:per]))
	}
	return w.err
}

// start has a block compressed, and writes the first of them if there are too many.
func (w *Writer) start(levels []uint8) {
	if len(w.working) == w.most {
		w.finish()
	}
	done := make(chan compressed, 1)
	go func() {
		b, err := w.m.compress(levels)
		done <- compressed{b, err}
	}()
	w.working = append(w.working, done)
}

// finish writes the first block that is in work.
func (w *Writer) finish() {
	c := <-w.working[0]
	w.working = w.working[1:]
	if c.err != nil && w.err == nil {
		w.err = fmt.Errorf("codec: block %d: %w", len(w.index)+1, c.err)
	}
	if w.err != nil {
		return
	}
	w.index = append(w.index, place{w.report.Bytes, c.block.examples})
	w.report.Start += lanes*8 + 4*int64(c.block.lent)
	w.write(append([]byte{'B'}, c.block.bytes()...))
}

// Close writes what is left and the end of the file. It does not close what is written to.
func (w *Writer) Close() error {
	if len(w.pending) > 0 && w.err == nil {
		w.start(w.pending)
	}
	for len(w.working) > 0 {
		w.finish()
	}
	if w.err != nil {
		return w.err
	}
	at := w.report.Bytes
	w.write(endOf(w.index, w.report.Examples))
	tail := w.hash.Sum(nil)
	tail = append(binary.LittleEndian.AppendUint64(tail, uint64(at)), endMagic...)
	if err := w.write(tail); err != nil {
		return err
	}
	w.err = errors.New("codec: the writer is closed")
	return nil
}

// Report is what has been written so far.
func (w *Writer) Report() Report { return w.report }

// endOf is the end of a file up to its checksum.
func endOf(index []place, examples int64) []byte {
	end := binary.LittleEndian.AppendUint32([]byte{'E'}, uint32(len(index)))
	for _, p := range index {
		end = binary.LittleEndian.AppendUint64(end, uint64(p.at))
		end = binary.LittleEndian.AppendUint32(end, p.examples)
	}
	return binary.LittleEndian.AppendUint64(end, uint64(examples))
}

// levelsIn are the values of a batch, which begins with the example called first, as levels.
func (m *Model) levelsIn(b *datasets.Batch, first int64) ([]uint8, error) {
	if !slices.Equal(b.Shape, m.shape) {
		return nil, fmt.Errorf("the examples have the shape %v, the model's %v", b.Shape, m.shape)
	}
	if err := b.Check(m.shape, b.Len()); err != nil {
		return nil, err
	}
	if bytes.IndexByte(b.Mask, 0) >= 0 {
		return nil, errors.New("the examples have padding, which a file does not keep; cut it off first")
	}
	levels, top := make([]uint8, len(b.Values)), float64(m.levels-1)
	for i, v := range b.Values {
		k := math.Round(float64(v) * top)
		if !(k >= 0 && k <= top && math.Abs(float64(float64(v)*top)-k) <= 1e-3) {
			per := datasets.Size(m.shape)
			return nil, fmt.Errorf("value %d of example %d is %v, none of the %d levels k/%v from 0 to 1 that the model knows", i%per, first+int64(i/per), v, m.levels, top)
		}
		levels[i] = uint8(k)
	}
	return levels, nil
}
