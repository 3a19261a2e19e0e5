package datasets

import (
	"bufio"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
)

// ReadIDX reads an array of bytes in the IDX format that MNIST comes in, packed
// with gzip or not: two zero bytes, the type (8: unsigned byte), the number of
// dimensions, each dimension as a big-endian 32-bit number, and the values,
// [shape...].
func ReadIDX(r io.Reader) (shape []int, values []uint8, err error) {
	buffered := bufio.NewReaderSize(r, 1<<16)
	if magic, _ := buffered.Peek(2); len(magic) == 2 && magic[0] == 0x1f && magic[1] == 0x8b {
		unpacked, err := gzip.NewReader(buffered)
		if err != nil {
			return nil, nil, fmt.Errorf("idx: gzip: %w", err)
		}
		defer unpacked.Close()
		return readIDX(unpacked)
	}
	return readIDX(buffered)
}

func readIDX(r io.Reader) ([]int, []uint8, error) {
	var magic [4]byte
	if _, err := io.ReadFull(r, magic[:]); err != nil {
		return nil, nil, fmt.Errorf("idx: too short for a header: %w", err)
	}
	if magic[0] != 0 || magic[1] != 0 {
		return nil, nil, fmt.Errorf("idx: begins with %#x; an IDX file begins with two zero bytes", magic)
	}
	if magic[2] != 8 {
		return nil, nil, fmt.Errorf("idx: values of type %#x; only unsigned bytes (type 0x8) are read, which images and labels are", magic[2])
	}
	if magic[3] == 0 {
		return nil, nil, errors.New("idx: no dimensions; an array has one or more")
	}
	size := 1
	shape := make([]int, magic[3])
	for i := range shape {
		var b [4]byte
		if _, err := io.ReadFull(r, b[:]); err != nil {
			return nil, nil, fmt.Errorf("idx: dimension %d of %d: %w", i+1, len(shape), err)
		}
		shape[i] = int(binary.BigEndian.Uint32(b[:]))
		if shape[i] != 0 && size > math.MaxInt32/shape[i] {
			return nil, nil, fmt.Errorf("idx: shape %v …: 2³¹ bytes or more; the header is damaged, or split the file", shape[:i+1])
		}
		size *= shape[i]
	}
	values, err := readExactly(r, size)
	if err != nil {
		return nil, nil, fmt.Errorf("idx: shape %v wants %d bytes of values, %d are there: %w", shape, size, len(values), err)
	}
	var one [1]byte
	switch _, err := io.ReadFull(r, one[:]); err {
	case io.EOF: // reading on also made gzip compare its checksum
		return shape, values, nil
	case nil:
		return nil, nil, fmt.Errorf("idx: more bytes follow the %d that shape %v wants: the header is damaged", size, shape)
	default:
		return nil, nil, fmt.Errorf("idx: after the values: %w", err)
	}
}

// readExactly reads n bytes into memory that grows with what is there, so that
// a damaged header cannot ask for more than the file accounts for. Short, it
// returns what there was.
func readExactly(r io.Reader, n int) ([]byte, error) {
	values := make([]byte, 0, min(n, 1<<20))
	for len(values) < n {
		if len(values) == cap(values) {
			values = slices.Grow(values, min(n-len(values), len(values)))
		}
		got, err := io.ReadFull(r, values[len(values):min(cap(values), n)])
		values = values[:len(values)+got]
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return values, err
		}
	}
	return values, nil
}
