package codec

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"runtime"

	"github.com/vaebook/vaebook/datasets"
)

// A Reader decompresses a stream, which it reads a few blocks ahead.
type Reader struct {
	m       *Model
	from    *hashed
	block   uint32
	working []chan decompressed // blocks in work, in order
	most    int
	read    []place // blocks so far
	total   int64   // examples in them
	ended   bool    // all of the file was read and found whole
	err     error
}

type decompressed struct {
	levels []uint8
	err    error
}

// NewReader begins to read a file. The model is the one that wrote it, or nil for the one
// that the file holds. Errors name the block where a file is broken, and none of its
// examples is returned.
func NewReader(from io.Reader, m *Model) (*Reader, error) {
	r := &Reader{from: newHashed(from)}
	h, err := r.from.header()
	if err != nil {
		return nil, fmt.Errorf("codec: the file's beginning: %w", err)
	}
	if m, err = h.suits(m); err != nil {
		return nil, err
	}
	r.m, r.block = m, uint32(h.block)
	r.most = max(1, min(runtime.GOMAXPROCS(0), mostWork/(h.block*datasets.Size(h.shape)))) // a file may say that its blocks are vast
	return r, nil
}

// Model is the one that the file is read with.
func (r *Reader) Model() *Model { return r.m }

// Next is the examples of the next block; after the last, [io.EOF].
func (r *Reader) Next() (*datasets.Batch, error) {
	if r.err != nil {
		return nil, r.err
	}
	for !r.ended && len(r.working) < r.most {
		if err := r.start(); err != nil {
			// What was read before is whole, and comes out first.
			done := make(chan decompressed, 1)
			done <- decompressed{err: err}
			r.working, r.ended = append(r.working, done), true
		}
	}
	if len(r.working) == 0 {
		r.err = io.EOF
		return nil, r.err
	}
	d := <-r.working[0]
	r.working = r.working[1:]
	if r.err = d.err; r.err != nil {
		return nil, r.err
	}
	return r.m.batch(d.levels), nil
}

// start reads a block and has it decompressed, or reads the end.
func (r *Reader) start() error {
	b, err := r.nextBlock()
	if b == nil {
		r.ended = err == nil
		return err
	}
	done, number := make(chan decompressed, 1), len(r.read)
	r.working = append(r.working, done)
	go func() {
		levels, err := r.m.decompress(b)
		if err != nil {
			err = fmt.Errorf("codec: block %d: %w", number, err)
		}
		done <- decompressed{levels, err}
	}()
	return nil
}

// nextBlock reads a block, or nil and the end.
func (r *Reader) nextBlock() (*block, error) {
	at := r.from.at
	tag, err := r.from.bytes(1)
	if err != nil {
		return nil, fmt.Errorf("codec: after block %d: %w", len(r.read), err)
	}
	switch tag[0] {
	case 'B':
	case 'E':
		if err := r.end(at); err != nil {
			return nil, fmt.Errorf("codec: the file's end: %w", err)
		}
		return nil, nil
	default:
		return nil, fmt.Errorf("codec: after block %d: byte %d is %#x, where a block or the end begins", len(r.read), at, tag[0])
	}
	b, err := r.from.block()
	if err == nil && b.examples > r.block {
		err = fmt.Errorf("it says that it has %d examples; blocks of this file have up to %d", b.examples, r.block)
	}
	if err != nil {
		return nil, fmt.Errorf("codec: block %d: %w", len(r.read)+1, err)
	}
	r.read, r.total = append(r.read, place{at, b.examples}), r.total+int64(b.examples)
	return b, nil
}

// end compares what the end says of the file with what was read.
func (r *Reader) end(at int64) error {
	want := endOf(r.read, r.total)[1:]
	got, err := r.from.bytes(len(want))
	if err != nil {
		return err
	}
	if !bytes.Equal(got, want) {
		return errors.New("it lists other blocks than the file has")
	}
	sum := r.from.sum.Sum(nil)
	tail, err := r.from.bytes(len(sum) + 12)
	if err != nil {
		return err
	}
	if !bytes.Equal(tail[:len(sum)], sum) {
		return errors.New("the checksum of the whole is wrong")
	}
	if binary.LittleEndian.Uint64(tail[len(sum):]) != uint64(at) || string(tail[len(sum)+8:]) != endMagic {
		return errors.New("its last bytes are wrong")
	}
	if _, err := r.from.bytes(1); err == nil {
		return errors.New("more bytes follow it")
	} else if !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	return nil
}

// hashed reads a stream, sums up what was read, and knows where it is.
type hashed struct {
	from *bufio.Reader
	sum  hash.Hash
	at   int64
}

func newHashed(from io.Reader) *hashed {
	return &hashed{from: bufio.NewReader(from), sum: sha256.New()}
}

// bytes reads n of them. It asks for memory only as they come.
func (h *hashed) bytes(n int) ([]byte, error) {
	var b bytes.Buffer
	got, err := io.CopyN(&b, h.from, int64(n))
	h.at += got
	h.sum.Write(b.Bytes())
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return b.Bytes(), err
}

func (h *hashed) block() (*block, error) {
	head, err := h.bytes(blockHead)
	if err != nil {
		return nil, err
	}
	b := &block{}
	words, err := b.parseHead(head)
	if err != nil {
		return nil, err
	}
	rest, err := h.bytes(4*words + 4)
	if err != nil {
		return nil, err
	}
	return b, b.parseWords(head, rest)
}
