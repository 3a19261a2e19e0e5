package codec

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/vaebook/vaebook/datasets"
)

// A File is read block by block, in any order.
type File struct {
	m      *Model
	h      *header
	from   io.ReaderAt
	index  []place
	first  []int // examples before each block
	length int
}

// Open reads the beginning and the end of a file of so many bytes. The model is the one
// that wrote it, or nil for the one that the file holds. What lies between is checked when
// it is read; only a [Reader] checks the whole.
func Open(from io.ReaderAt, size int64, m *Model) (*File, error) {
	h, err := newHashed(io.NewSectionReader(from, 0, size)).header()
	if err != nil {
		return nil, fmt.Errorf("codec: the file's beginning: %w", err)
	}
	f := &File{h: h, from: from}
	if f.m, err = h.suits(m); err != nil {
		return nil, err
	}
	if err := f.readEnd(size); err != nil {
		return nil, fmt.Errorf("codec: the file's end: %w", err)
	}
	return f, nil
}

// tailSize is that of what follows the number of examples.
const tailSize = 32 + 8 + 4

func (f *File) readEnd(size int64) error {
	tail := make([]byte, tailSize)
	if size < tailSize {
		return io.ErrUnexpectedEOF
	}
	if _, err := f.from.ReadAt(tail, size-tailSize); err != nil {
		return err
	}
	at := int64(binary.LittleEndian.Uint64(tail[32:]))
	list := size - tailSize - 13 - at // bytes of the entries, of which each has a block before it
	if string(tail[40:]) != endMagic || at < 0 || list < 0 || list%12 != 0 || list/12 > at/(blockHead+5) {
		return errors.New("its last bytes are wrong")
	}
	end := make([]byte, size-tailSize-at)
	if _, err := f.from.ReadAt(end, at); err != nil {
		return err
	}
	for i := range (len(end) - 13) / 12 {
		entry := end[5+12*i:]
		p := place{int64(binary.LittleEndian.Uint64(entry)), binary.LittleEndian.Uint32(entry[8:])}
		if p.at < 0 || p.at >= at || p.examples == 0 || int(p.examples) > f.h.block {
			return fmt.Errorf("its entry of block %d cannot be", i+1)
		}
		f.index, f.first = append(f.index, p), append(f.first, f.length)
		f.length += int(p.examples)
	}
	if !bytes.Equal(end, endOf(f.index, int64(f.length))) {
		return errors.New("its counts do not agree")
	}
	return nil
}

// Model is the one that the file is read with.
func (f *File) Model() *Model { return f.m }

// Blocks is how many blocks the file has.
func (f *File) Blocks() int { return len(f.index) }

// Len is how many examples the file has.
func (f *File) Len() int { return f.length }

// Find is the block that example i lies in, and its place there.
func (f *File) Find(i int) (block, within int, err error) {
	if i < 0 || i >= f.length {
		return 0, 0, fmt.Errorf("codec: there is no example %d; the file has %d, counted from 0", i, f.length)
	}
	block, found := slices.BinarySearch(f.first, i)
	if !found {
		block--
	}
	return block, i - f.first[block], nil
}

// Block is the examples of block i, counted from 0. It reads nothing else.
func (f *File) Block(i int) (*datasets.Batch, error) {
	if i < 0 || i >= len(f.index) {
		return nil, fmt.Errorf("codec: there is no block %d; the file has %d, counted from 0", i, len(f.index))
	}
	p := f.index[i]
	from := newHashed(io.NewSectionReader(f.from, p.at, 1<<62))
	tag, err := from.bytes(1)
	if err == nil && tag[0] != 'B' {
		err = errors.New("it does not begin where the file's end says")
	}
	var b *block
	if err == nil {
		b, err = from.block()
	}
	if err == nil && b.examples != p.examples {
		err = errors.New("it has other examples than the file's end says")
	}
	var levels []uint8
	if err == nil {
		levels, err = f.m.decompress(b)
	}
	if err != nil {
		return nil, fmt.Errorf("codec: block %d: %w", i+1, err)
	}
	return f.m.batch(levels), nil
}
