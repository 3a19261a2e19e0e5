package audio

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
)

// A Format says how samples are written.
type Format int

const (
	PCM16   Format = iota // 16-bit integers round(32768·x), cut off beyond [−1, 1)
	Float32               // as they are
	MuLaw                 // 8 bits as the telephone has them, see [ToMuLaw]
)

// Write writes s as a WAV file. What was read from PCM of 8 or 16 bits is
// written back exactly by PCM16, and any sound by Float32.
func (s *Sound) Write(w io.Writer, format Format) error {
	width, err := s.width(format)
	if err != nil {
		return fmt.Errorf("wav: %w", err)
	}
	frames, channels := s.Frames(), len(s.Channels)
	out := bufio.NewWriter(w)
	out.Write(preamble(format, channels, s.Rate, width, frames, uint32(frames*channels*width)))
	var b [4]byte
	for i := range frames {
		for _, c := range s.Channels {
			switch format {
			case PCM16:
				v := math.RoundToEven(float64(c[i]) * 32768)
				binary.LittleEndian.PutUint16(b[:], uint16(int16(min(max(v, -32768), 32767))))
			case Float32:
				binary.LittleEndian.PutUint32(b[:], math.Float32bits(c[i]))
			case MuLaw:
				b[0] = ToMuLaw(c[i])
			}
			out.Write(b[:width])
		}
	}
	if (frames*channels*width)%2 == 1 {
		out.WriteByte(0) // a chunk ends at an even place
	}
	if err := out.Flush(); err != nil { // bufio keeps the first error of all writes
		return fmt.Errorf("wav: %w", err)
	}
	return nil
}

// width is how many bytes a sample has in a format, if s can be written in it.
func (s *Sound) width(format Format) (int, error) {
	if err := s.check(); err != nil {
		return 0, err
	}
	width := 2
	switch format {
	case PCM16:
	case Float32:
		width = 4
	case MuLaw:
		width = 1
	default:
		return 0, fmt.Errorf("format %d is not known; write audio.PCM16, audio.Float32 or audio.MuLaw", format)
	}
	frame := int64(len(s.Channels)) * int64(width)
	if frame > math.MaxUint16 || int64(s.Rate)*frame > math.MaxUint32 {
		return 0, fmt.Errorf("%d channels at %d Hz do not fit a WAV header; write fewer channels a file", len(s.Channels), s.Rate)
	}
	if size := int64(s.Frames()) * frame; size > math.MaxUint32-64 {
		return 0, fmt.Errorf("%d bytes of samples, and a WAV file holds 4 GB; write it in parts", size)
	}
	return width, nil
}

// preamble is all that stands before the samples. What is not PCM has a longer fmt
// chunk and a fact chunk with the number of frames, as the format asks.
func preamble(format Format, channels, rate, width, frames int, size uint32) []byte {
	code, fmtSize, factSize := uint16(formatPCM), uint32(16), uint32(0)
	if format != PCM16 {
		code, fmtSize, factSize = formatFloat, 18, 12
	}
	if format == MuLaw {
		code = formatMuLaw
	}
	le := binary.LittleEndian
	b := append([]byte(nil), "RIFF"...)
	b = le.AppendUint32(b, 4+8+fmtSize+factSize+8+size+size%2)
	b = append(b, "WAVEfmt "...)
	b = le.AppendUint32(b, fmtSize)
	b = le.AppendUint16(b, code)
	b = le.AppendUint16(b, uint16(channels))
	b = le.AppendUint32(b, uint32(rate))
	b = le.AppendUint32(b, uint32(rate*channels*width))
	b = le.AppendUint16(b, uint16(channels*width))
	b = le.AppendUint16(b, uint16(8*width))
	if format != PCM16 {
		b = le.AppendUint16(b, 0)
		b = append(b, "fact"...)
		b = le.AppendUint32(b, 4)
		b = le.AppendUint32(b, uint32(frames))
	}
	b = append(b, "data"...)
	return le.AppendUint32(b, size)
}

// WriteFile writes s as the WAV file path, over what was there; a sound that the format
// cannot hold leaves that as it is.
func (s *Sound) WriteFile(path string, format Format) error {
	if _, err := s.width(format); err != nil { // before a file is emptied
		return fmt.Errorf("wav: %s: %w", path, err)
	}
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("wav: %w", err)
	}
	err = s.Write(f, format)
	if closed := f.Close(); err == nil && closed != nil {
		err = fmt.Errorf("wav: %w", closed)
	}
	if err != nil {
		os.Remove(path) // half a file is worse than none
	}
	return err
}
