package datasets

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"sync"
)

const (
	readBytes  = 1 << 20 // of one call that reads neighbours
	shardBytes = 1 << 18 // of neighbours that are kept together
	gapBytes   = 1 << 14 // read over rather than around: that costs less than another call
)

// A span is a stretch of a file that holds some of the rows that are asked for.
type span struct {
	first, last int   // rows, both included
	asked       []int // positions of the rows in the list of what was asked for
}

// readRows reads rows of a file whose first begins at from, in the order in which
// they lie there and neighbours at one go, and calls use(i, raw) for row indices[i],
// from several goroutines.
func readRows(file io.ReaderAt, from int64, row int, indices []int, use func(i int, raw []byte) error) error {
	spans := spansOf(indices, row)
	var buffers sync.Pool
	return each(len(spans), func(s int) error {
		span := spans[s]
		length := (span.last - span.first + 1) * row
		buffer, _ := buffers.Get().(*[]byte)
		if buffer == nil {
			buffer = new([]byte)
		}
		defer buffers.Put(buffer)
		*buffer = slices.Grow((*buffer)[:0], length)[:length]
		if n, err := file.ReadAt(*buffer, from+int64(span.first)*int64(row)); n < length {
			return fmt.Errorf("reading examples %d to %d: %w", span.first, span.last, err)
		}
		for _, i := range span.asked {
			at := (indices[i] - span.first) * row
			if err := use(i, (*buffer)[at:at+row]); err != nil {
				return err
			}
		}
		return nil
	})
}

func spansOf(indices []int, row int) []span {
	order := make([]int, len(indices))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(indices[a], indices[b]) })
	var spans []span
	begin := 0
	for k := range order {
		first := indices[order[begin]]
		if k+1 < len(order) {
			this, next := indices[order[k]], indices[order[k+1]]
			if (next-this-1)*row <= gapBytes && (next-first+1)*row <= readBytes {
				continue
			}
		}
		spans = append(spans, span{first, indices[order[k]], order[begin : k+1]})
		begin = k + 1
	}
	return spans
}
