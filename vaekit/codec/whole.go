package codec

import (
	"errors"
	"io"

	"github.com/vaebook/vaebook/datasets"
)

// Compress writes all examples of data as a file. Labels, masks and origins stay behind.
//
//	c, err := codec.New(run)
//	report, err := c.Compress(file, digits.Test, codec.Options{})
func (m *Model) Compress(to io.Writer, data datasets.Dataset, how Options) (Report, error) {
	w, err := m.NewWriter(to, how)
	if err != nil {
		return Report{}, err
	}
	many := min(500, max(1, 1<<20/datasets.Size(m.shape)))
	for from, n := 0, data.Len(); from < n; from += many {
		var indices []int
		for i := from; i < min(from+many, n); i++ {
			indices = append(indices, i)
		}
		b, err := datasets.Read(data, indices...)
		if err != nil {
			return Report{}, err
		}
		if err := w.Write(b); err != nil {
			return Report{}, err
		}
		if how.Progress != nil {
			how.Progress(from+len(indices), n)
		}
	}
	err = w.Close()
	return w.Report(), err
}

// Decompress is all examples of a file. The model is the one that wrote it, or nil for the
// one that the file holds. A [Reader] gives them block by block.
//
//	back, err := codec.Decompress(file, c)
func Decompress(from io.Reader, m *Model) (*datasets.Batch, error) {
	r, err := NewReader(from, m)
	if err != nil {
		return nil, err
	}
	all := &datasets.Batch{Shape: r.Model().Shape()}
	for {
		b, err := r.Next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		all.Append(b)
	}
}
