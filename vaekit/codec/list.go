package codec

import (
	"fmt"
	"io"

	"github.com/vaebook/vaebook/datasets"
)

// Info is what a file says of itself.
type Info struct {
	Report
	Shape       []int
	Levels      int
	Blocks      int
	Fingerprint [16]byte // of the model
}

// List reads a whole file, without a model and without decompressing, and checks that
// nothing of it has changed since it was written.
func List(from io.Reader) (*Info, error) {
	r := &Reader{from: newHashed(from)}
	h, err := r.from.header()
	if err != nil {
		return nil, fmt.Errorf("codec: the file's beginning: %w", err)
	}
	r.block = uint32(h.block)
	info := &Info{Shape: h.shape, Levels: h.levels, Fingerprint: h.fingerprint}
	for {
		b, err := r.nextBlock()
		if err != nil {
			return nil, err
		}
		if b == nil {
			break
		}
		info.Blocks++
		info.Start += lanes*8 + 4*int64(b.lent)
	}
	info.Examples, info.Bytes, info.Model = r.total, r.from.at, int64(len(h.model))
	info.Values = r.total * int64(datasets.Size(h.shape))
	return info, nil
}
