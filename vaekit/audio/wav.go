package audio

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// The reader is written here because github.com/go-audio/wav, the library that
// is most used, gives the bits of float samples as integers and does not look
// into WAVE_FORMAT_EXTENSIBLE's sub-format.

// Read reads a WAV file: PCM of 8, 16, 24 or 32 bits, float of 32 or 64 bits or µ-law,
// WAVE_FORMAT_EXTENSIBLE included, of any number of channels and any rate. Files
// of more than 4 GB have the form RF64 (EBU Tech 3306, 2009) or BW64, or are streams.
//
// PCM of 8, 16 and 24 bits is represented exactly; 32-bit integers and 64-bit
// floats are rounded to the nearest float32. A stream, whose header was written
// before its length was known (a data size of 0 or of about 2³¹ or 2³² bytes),
// is read to its end; so is what a program that was stopped while it recorded has
// left: a header that tells of no samples and of the end, and more behind it. A file
// that is shorter than its header says is an error, and so is a sample that is not finite.
func Read(r io.Reader) (*Sound, error) {
	h, err := readHeader(r)
	if err != nil {
		return nil, fmt.Errorf("wav: %w", err)
	}
	limit := h.size
	if h.streamed {
		limit = math.MaxInt64
	}
	// ReadAll grows with what is there: a header cannot make it allocate.
	raw, err := io.ReadAll(io.LimitReader(r, limit))
	if err != nil {
		return nil, fmt.Errorf("wav: reading samples: %w", err)
	}
	if err := h.settle(int64(len(raw))); err != nil {
		return nil, fmt.Errorf("wav: %w", err)
	}
	s, err := h.decode(raw[:h.frames()*int64(h.frameBytes())], 0)
	if err != nil {
		return nil, fmt.Errorf("wav: %w", err)
	}
	return s, nil
}

// ReadFile reads the WAV file path, as [Read] does.
func ReadFile(path string) (*Sound, error) {
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.Read(0, f.Frames)
}

// The codes of the samples' formats in the fmt chunk.
const (
	formatPCM        = 1
	formatFloat      = 3
	formatMuLaw      = 7
	formatExtensible = 0xFFFE
)

// guidTail is what follows the two bytes of the format's code in the GUID of an
// extensible sub-format.
var guidTail = []byte{0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71}

// A header is what stands before the samples.
type header struct {
	rate, channels, bits int
	float, muLaw         bool
	size                 int64 // of the samples, in bytes
	streamed             bool  // size is not known: the samples go on to the end
	offset               int64 // of the first sample in the file, in bytes
}

func (h *header) frameBytes() int { return h.channels * h.bits / 8 }
func (h *header) frames() int64   { return h.size / int64(h.frameBytes()) }

// settle compares what the header says with the bytes that are there.
func (h *header) settle(there int64) error {
	if h.streamed {
		h.size = there - there%int64(h.frameBytes()) // a stream may be cut in a frame
		return nil
	}
	if there < h.size {
		return fmt.Errorf("the header tells of %d bytes of samples, %d are there: the file is cut short; copy it again, or keep what is there with \"sox --ignore-length in.wav out.wav\"", h.size, there)
	}
	return nil
}

// readHeader reads up to the first sample.
func readHeader(r io.Reader) (*header, error) {
	var riff [12]byte
	if n, err := io.ReadFull(r, riff[:]); n == 0 && err == io.EOF {
		return nil, errors.New("the file is empty (0 bytes): copy it again, or delete it")
	} else if err != nil {
		return nil, fmt.Errorf("too short for a WAV file, which begins with 12 bytes RIFF….WAVE: %w", eof(err))
	}
	if id := string(riff[:4]); id != "RIFF" && id != "RF64" && id != "BW64" || string(riff[8:]) != "WAVE" {
		return nil, fmt.Errorf("not a RIFF WAVE file (it begins with %q); convert with \"sox in.… -b 16 out.wav\"", riff[:])
	}
	riffSize := binary.LittleEndian.Uint32(riff[4:])
	var long int64 // size of the samples in a file that may be larger than 4 GB; 0 or less: not said
	h := &header{offset: 12}
	for {
		var chunk [8]byte
		if _, err := io.ReadFull(r, chunk[:]); err != nil {
			return nil, fmt.Errorf("no data chunk (the samples) in it: %w", eof(err))
		}
		h.offset += 8
		size := binary.LittleEndian.Uint32(chunk[4:])
		switch id := string(chunk[:4]); id {
		case "data":
			if h.channels == 0 {
				return nil, errors.New("the samples stand before the fmt chunk that says what they are; convert with \"sox in.wav -b 16 out.wav\"")
			}
			h.size, h.streamed = int64(size), unsaid(size)
			switch {
			case size == math.MaxUint32 && long > 0:
				h.size, h.streamed = long, false
			case size == 0: // and the file, by its header, ends here
				h.streamed = unsaid(riffSize) || int64(riffSize)+8 <= h.offset
			}
			if !h.streamed && h.size%int64(h.frameBytes()) != 0 {
				return nil, fmt.Errorf("%d bytes of samples are no whole number of frames of %d bytes: the header is damaged; try \"sox --ignore-length in.wav out.wav\"", h.size, h.frameBytes())
			}
			return h, nil
		case "fmt ":
			body := make([]byte, min(size, 40))
			if _, err := io.ReadFull(r, body); err != nil {
				return nil, fmt.Errorf("fmt chunk: %w", eof(err))
			}
			if err := h.parse(body); err != nil {
				return nil, err
			}
			if err := skip(r, int64(size)-int64(len(body))+int64(size&1)); err != nil {
				return nil, fmt.Errorf("fmt chunk: %w", eof(err))
			}
		case "ds64":
			var sizes [16]byte // of all, and of the samples
			if size < 28 {
				return nil, fmt.Errorf("a ds64 chunk has 28 bytes or more, this one %d: the file is damaged", size)
			}
			if _, err := io.ReadFull(r, sizes[:]); err != nil {
				return nil, fmt.Errorf("ds64 chunk: %w", eof(err))
			}
			long = int64(binary.LittleEndian.Uint64(sizes[8:]))
			if err := skip(r, int64(size)-16+int64(size&1)); err != nil {
				return nil, fmt.Errorf("ds64 chunk: %w", eof(err))
			}
		default:
			if err := skip(r, int64(size)+int64(size&1)); err != nil {
				return nil, fmt.Errorf("chunk %q of %d bytes: %w", id, size, eof(err))
			}
		}
		h.offset += int64(size) + int64(size&1) // chunks begin at even places
	}
}

// unsaid says of a size that the program did not know it when it wrote the header.
// Programs that write into a pipe leave the largest size they can say: ffmpeg 2³²−1,
// sox 2³¹−4096 and a little, arecord 2³¹. What lies between is the size of a large file.
func unsaid(size uint32) bool {
	return size >= 0x7FFFF000 && size <= 1<<31 || size >= 0xFFFFF000
}

// parse reads the fmt chunk.
func (h *header) parse(b []byte) error {
	if len(b) < 16 {
		return fmt.Errorf("a fmt chunk has 16 bytes or more, this one %d: the file is damaged", len(b))
	}
	h.float, h.muLaw = false, false // of another such chunk before
	code := binary.LittleEndian.Uint16(b)
	h.channels = int(binary.LittleEndian.Uint16(b[2:]))
	h.rate = int(binary.LittleEndian.Uint32(b[4:]))
	h.bits = int(binary.LittleEndian.Uint16(b[14:]))
	align := int(binary.LittleEndian.Uint16(b[12:]))
	if code == formatExtensible {
		if len(b) < 40 || !bytes.Equal(b[26:40], guidTail) {
			return errors.New("a WAVE_FORMAT_EXTENSIBLE file of no known sub-format; convert with \"sox in.wav -b 16 out.wav\"")
		}
		code = binary.LittleEndian.Uint16(b[24:])
	}
	switch {
	case code == formatPCM && (h.bits == 8 || h.bits == 16 || h.bits == 24 || h.bits == 32):
	case code == formatFloat && (h.bits == 32 || h.bits == 64):
		h.float = true
	case code == formatMuLaw && h.bits == 8:
		h.muLaw = true
	case code == formatPCM:
		return fmt.Errorf("PCM of %d bits is not read here (8, 16, 24 and 32 are); convert with \"sox in.wav -b 16 out.wav\"", h.bits)
	case code == formatFloat:
		return fmt.Errorf("%d-bit float is not a WAV format; convert with \"sox in.wav -b 16 out.wav\"", h.bits)
	default:
		return fmt.Errorf("samples in format %#04x, which is neither PCM (1) nor float (3) nor µ-law (7); convert with \"sox in.wav -e signed-integer -b 16 out.wav\"", code)
	}
	if h.channels == 0 || h.rate == 0 || h.rate > math.MaxInt32 {
		return fmt.Errorf("%d channels at %d Hz: the header is damaged", h.channels, h.rate)
	}
	if align != h.frameBytes() {
		return fmt.Errorf("frames of %d bytes for %d channels of %d bits: the header is damaged", align, h.channels, h.bits)
	}
	return nil
}

// decode turns raw, a whole number of frames of which the first has the number
// from, into a sound.
func (h *header) decode(raw []byte, from int64) (*Sound, error) {
	frames := len(raw) / h.frameBytes()
	s := &Sound{Rate: h.rate, Channels: make([][]float32, h.channels)}
	for c := range s.Channels {
		s.Channels[c] = make([]float32, frames)
	}
	width := h.bits / 8
	for c, to := range s.Channels {
		at := raw[min(c*width, len(raw)):]
		for i := range to {
			b := at[i*h.frameBytes():]
			switch {
			case h.float && width == 4:
				to[i] = math.Float32frombits(binary.LittleEndian.Uint32(b))
			case h.float:
				to[i] = float32(math.Float64frombits(binary.LittleEndian.Uint64(b)))
			case h.muLaw:
				to[i] = fromMuLaw(b[0])
			case width == 1:
				to[i] = float32(int(b[0])-128) / (1 << 7) // 8-bit PCM alone is unsigned
			case width == 2:
				to[i] = float32(int16(binary.LittleEndian.Uint16(b))) / (1 << 15)
			case width == 3:
				to[i] = float32(int32(b[0])<<8|int32(b[1])<<16|int32(b[2])<<24) / (1 << 31)
			default:
				to[i] = float32(int32(binary.LittleEndian.Uint32(b))) / (1 << 31)
			}
			if h.float && !isFinite(to[i]) {
				at := from + int64(i)
				return nil, fmt.Errorf("sample %d of channel %d, at %.3f s, is %v; a program upstream divided by zero or overflowed: repair it, or cut the place out", at, c, float64(at)/float64(h.rate), to[i])
			}
		}
	}
	return s, nil
}

// skip reads over n bytes. Seeking would be faster and would not notice the end.
func skip(r io.Reader, n int64) error {
	_, err := io.CopyN(io.Discard, r, n)
	return err
}

// eof says of a file that ends too early what happened, and leaves other errors.
func eof(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return errors.New("the file ends too early: copy it again, or leave it out")
	}
	return err
}
