package audio

import (
	"bufio"
	"fmt"
	"os"
)

// A File is a WAV file on disk of which parts are read on demand, so that
// collections larger than memory can be gone through in any order.
type File struct {
	Rate     int // in Hz
	Channels int
	Frames   int // samples in each channel

	path   string
	file   *os.File
	header *header
}

// Open reads the header of the WAV file path. Close the file after use.
func Open(path string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("wav: %w", err)
	}
	h, err := openHeader(f)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("wav: %s: %w", path, err)
	}
	return &File{Rate: h.rate, Channels: h.channels, Frames: int(h.frames()), path: path, file: f, header: h}, nil
}

func openHeader(f *os.File) (*header, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	h, err := readHeader(bufio.NewReader(f))
	if err != nil {
		return nil, err
	}
	return h, h.settle(info.Size() - h.offset)
}

// Read returns the frames from up to but not including to. They must lie in the file.
func (f *File) Read(from, to int) (*Sound, error) {
	if from < 0 || to < from || to > f.Frames {
		return nil, fmt.Errorf("wav: %s: frames %d to %d asked for; there are %d", f.path, from, to, f.Frames)
	}
	width := f.header.frameBytes()
	raw := make([]byte, (to-from)*width)
	if _, err := f.file.ReadAt(raw, f.header.offset+int64(from)*int64(width)); err != nil {
		return nil, fmt.Errorf("wav: %s: frames %d to %d: %w", f.path, from, to, eof(err))
	}
	s, err := f.header.decode(raw, int64(from))
	if err != nil {
		return nil, fmt.Errorf("wav: %s: %w", f.path, err)
	}
	return s, nil
}

// Close closes the file.
func (f *File) Close() error { return f.file.Close() }
