package audio

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// chunk is a RIFF chunk, padded to an even length.
func chunk(id string, body []byte) []byte {
	b := binary.LittleEndian.AppendUint32([]byte(id), uint32(len(body)))
	b = append(b, body...)
	if len(body)%2 == 1 {
		b = append(b, 0)
	}
	return b
}

func riff(chunks ...[]byte) []byte {
	body := append([]byte("WAVE"), slices.Concat(chunks...)...)
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
}

// fmtChunk describes samples as the format's specification does; extensible
// puts the code into the sub-format.
func fmtChunk(code, channels, rate, bits int, extensible bool) []byte {
	le := binary.LittleEndian
	outer := code
	if extensible {
		outer = 0xFFFE
	}
	b := le.AppendUint16(nil, uint16(outer))
	b = le.AppendUint16(b, uint16(channels))
	b = le.AppendUint32(b, uint32(rate))
	b = le.AppendUint32(b, uint32(rate*channels*bits/8))
	b = le.AppendUint16(b, uint16(channels*bits/8))
	b = le.AppendUint16(b, uint16(bits))
	if extensible {
		b = le.AppendUint16(b, 22)
		b = le.AppendUint16(b, uint16(bits))
		b = le.AppendUint32(b, 0)
		b = le.AppendUint16(b, uint16(code))
		b = append(b, "\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71"...)
	}
	return chunk("fmt ", b)
}

// samplesOf encodes integers of the full range of bits, or floats, as a WAV file does.
func samplesOf(code, bits int, values []int64) []byte {
	var b []byte
	for _, v := range values {
		switch {
		case code == 3 && bits == 32:
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(v)/8))
		case code == 3:
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(float64(v)/8))
		case bits == 8:
			b = append(b, byte(v+128))
		default:
			for i := range bits / 8 {
				b = append(b, byte(v>>(8*i)))
			}
		}
	}
	return b
}

// Every format that is read gives s/2^(bits−1), whatever the channels, the rate
// and the header's form, and with unknown chunks of odd length in between.
func TestReadEveryFormat(t *testing.T) {
	for _, format := range []struct{ code, bits int }{{1, 8}, {1, 16}, {1, 24}, {1, 32}, {3, 32}, {3, 64}} {
		for _, channels := range []int{1, 2, 5} {
			for _, extensible := range []bool{false, true} {
				full := int64(1) << (format.bits - 1)
				values := []int64{0, 1, -1, full - 1, -full, full / 2, -full / 4, 3, 100, -100}
				if format.code == 3 {
					values, full = []int64{0, 1, -1, 8, -8, 5, 1 << 20, 2, 3, 4}, 8
				}
				raw := riff(chunk("LIST", []byte("odd")), fmtChunk(format.code, channels, 11025, format.bits, extensible),
					chunk("junk", []byte{1}), chunk("data", samplesOf(format.code, format.bits, values)), chunk("tail", []byte("x")))
				s, err := Read(bytes.NewReader(raw))
				if err != nil {
					t.Fatalf("%+v, %d channels, extensible %v: %v", format, channels, extensible, err)
				}
				if s.Rate != 11025 || len(s.Channels) != channels || s.Frames() != len(values)/channels {
					t.Fatalf("%+v: rate %d, %d channels, %d frames", format, s.Rate, len(s.Channels), s.Frames())
				}
				for i, v := range values {
					if got, want := s.Channels[i%channels][i/channels], float32(float64(v)/float64(full)); got != want {
						t.Errorf("%+v, %d channels: value %d is %v, want %v", format, channels, i, got, want)
					}
				}
			}
		}
	}
}

// All 65,536 values of 16 bits survive read and write, and float32 any bits.
func TestRoundTripIsExact(t *testing.T) {
	s := &Sound{Rate: 44100, Channels: [][]float32{nil, nil}}
	for v := -32768; v < 32768; v++ {
		s.Channels[0] = append(s.Channels[0], float32(v)/32768)
		s.Channels[1] = append(s.Channels[1], float32(-v-1)/32768)
	}
	var pcm, float, again bytes.Buffer
	for _, w := range []struct {
		to     *bytes.Buffer
		format Format
	}{{&pcm, PCM16}, {&float, Float32}} {
		if err := s.Write(w.to, w.format); err != nil {
			t.Fatal(err)
		}
		got, err := Read(bytes.NewReader(w.to.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		for c := range s.Channels {
			if !slices.Equal(got.Channels[c], s.Channels[c]) {
				t.Errorf("format %d: channel %d changed", w.format, c)
			}
		}
		again.Reset()
		if err := got.Write(&again, w.format); err != nil || !bytes.Equal(again.Bytes(), w.to.Bytes()) {
			t.Errorf("format %d: writing what was read gives other bytes (%v)", w.format, err)
		}
	}
}

func TestPCM16CutsOff(t *testing.T) {
	s := &Sound{Rate: 8000, Channels: [][]float32{{2, -2, 1, -1}}}
	var b bytes.Buffer
	if err := s.Write(&b, PCM16); err != nil {
		t.Fatal(err)
	}
	got, err := Read(&b)
	if err != nil {
		t.Fatal(err)
	}
	if want := []float32{32767. / 32768, -1, 32767. / 32768, -1}; !slices.Equal(got.Channels[0], want) {
		t.Errorf("got %v, want %v", got.Channels[0], want)
	}
}

// A header written into a pipe does not know the length; the samples are read
// to the end, and a cut frame is left out.
func TestStreams(t *testing.T) {
	whole := riff(fmtChunk(1, 1, 8000, 16, false), chunk("data", []byte{0, 64, 0, 192, 0, 32}))
	at := len(whole) - 6 - 4
	for _, size := range []uint32{0xFFFFFFFF, 0x7FFFFFFF, 0x7FFFF024, 0} {
		raw := append(slices.Clone(whole), 7)
		binary.LittleEndian.PutUint32(raw[4:], size)
		binary.LittleEndian.PutUint32(raw[at:], size)
		path := filepath.Join(t.TempDir(), "stream.wav")
		if err := os.WriteFile(path, raw, 0o644); err != nil {
			t.Fatal(err)
		}
		s, err := Read(bytes.NewReader(raw))
		f, err2 := ReadFile(path)
		if err != nil || err2 != nil {
			t.Fatalf("size %#x: %v, %v", size, err, err2)
		}
		if want := []float32{0.5, -0.5, 0.25}; !slices.Equal(s.Channels[0], want) || !slices.Equal(f.Channels[0], want) {
			t.Errorf("size %#x: %v, %v; want %v", size, s.Channels[0], f.Channels[0], want)
		}
	}
	// A size of 0 in a file whose own size is right is a sound of no samples.
	s, err := Read(bytes.NewReader(riff(fmtChunk(1, 2, 8000, 16, false), chunk("data", nil), chunk("LIST", []byte("more")))))
	if err != nil || s.Frames() != 0 || len(s.Channels) != 2 {
		t.Errorf("empty file: %+v, %v", s, err)
	}
}

// What cannot be read is named, with what to do.
func TestReadErrors(t *testing.T) {
	nan := binary.LittleEndian.AppendUint32(make([]byte, 8), math.Float32bits(float32(math.NaN())))
	huge := append(riff(fmtChunk(1, 1, 8000, 16, false)), "data\x00\x00\x00\x70abcd"...)
	badAlign := fmtChunk(1, 2, 8000, 16, false)
	badAlign[8+12] = 3
	for _, test := range []struct {
		name, want string
		raw        []byte
	}{
		{"nothing", "the file is empty (0 bytes)", nil},
		{"a beginning", "ends too early", []byte("RIFF")},
		{"text", "not a RIFF WAVE", []byte("once upon a time")},
		{"big-endian", "not a RIFF WAVE", []byte("RIFX\x00\x00\x00\x00WAVE")},
		{"no samples", "no data chunk", riff(fmtChunk(1, 1, 8000, 16, false))},
		{"no format", "before the fmt chunk", riff(chunk("data", []byte{0, 0}))},
		{"24-bit float", "24-bit float is not a WAV format", riff(fmtChunk(3, 1, 8000, 24, false), chunk("data", nil))},
		{"12-bit", "PCM of 12 bits", riff(fmtChunk(1, 2, 8000, 12, false), chunk("data", nil))},
		{"A-law", "format 0x0006", riff(fmtChunk(6, 1, 8000, 8, false), chunk("data", nil))},
		{"no channel", "0 channels", riff(fmtChunk(1, 0, 8000, 16, false), chunk("data", nil))},
		{"no rate", "0 Hz", riff(fmtChunk(1, 1, 0, 16, false), chunk("data", nil))},
		{"frames", "header is damaged", riff(badAlign, chunk("data", nil))},
		{"odd frame", "no whole number of frames", riff(fmtChunk(1, 2, 8000, 16, false), chunk("data", make([]byte, 6)))},
		{"short", "cut short", huge},
		{"short chunk", `chunk "LIST"`, riff([]byte("LIST\xff\xff\xff\xff"))},
		{"NaN", "sample 2 of channel 0, at 0.000 s, is NaN", riff(fmtChunk(3, 1, 8000, 32, false), chunk("data", nan))},
	} {
		path := filepath.Join(t.TempDir(), "in.wav")
		if err := os.WriteFile(path, test.raw, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(bytes.NewReader(test.raw)); err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), "wav: ") {
			t.Errorf("%s: Read says %v; want %q in it", test.name, err, test.want)
		}
		if _, err := ReadFile(path); err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: ReadFile says %v; want %q and the path in it", test.name, err, test.want)
		}
	}
	_, err := ReadFile(filepath.Join(t.TempDir(), "absent.wav"))
	if !os.IsNotExist(unwrapAll(err)) {
		t.Errorf("an absent file: %v", err)
	}
}

func unwrapAll(err error) error {
	type wrapper interface{ Unwrap() error }
	for {
		w, ok := err.(wrapper)
		if !ok || os.IsNotExist(err) {
			return err
		}
		err = w.Unwrap()
	}
}

// Of two formats the second counts, and nothing of the first.
func TestTwoFormats(t *testing.T) {
	for _, first := range [][]byte{fmtChunk(3, 1, 8000, 32, false), fmtChunk(7, 1, 8000, 8, false)} {
		s, err := Read(bytes.NewReader(riff(first, fmtChunk(1, 1, 8000, 16, false), chunk("data", samplesOf(1, 16, []int64{16384, -32768})))))
		if err != nil || !slices.Equal(s.Channels[0], []float32{0.5, -1}) {
			t.Errorf("%+v, %v", s, err)
		}
	}
}

func TestWriteErrors(t *testing.T) {
	dir := t.TempDir()
	for want, s := range map[string]*Sound{
		"rate":               {Channels: [][]float32{{0}}},
		"needs a channel":    {Rate: 8000},
		"of one length":      {Rate: 8000, Channels: [][]float32{{0}, {0, 1}}},
		"sample 1":           {Rate: 8000, Channels: [][]float32{{0, float32(math.Inf(1))}}},
		"do not fit a WAV h": {Rate: 8000, Channels: make([][]float32, 40000)},
	} {
		path := filepath.Join(dir, "out.wav")
		if err := s.WriteFile(path, PCM16); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q in it", err, want)
		}
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s: half a file was left", want)
		}
		if err := os.WriteFile(path, []byte("before"), 0o644); err != nil {
			t.Fatal(err)
		}
		s.WriteFile(path, PCM16)
		if left, _ := os.ReadFile(path); string(left) != "before" {
			t.Errorf("%s: the file from before is %q", want, left)
		}
		os.Remove(path)
	}
}

// Parts of a file are what the whole holds there.
func TestFileReadsParts(t *testing.T) {
	s := &Sound{Rate: 8000, Channels: [][]float32{{0, .25, .5, .75, -1}, {1. / 8, 2. / 8, 3. / 8, 4. / 8, 5. / 8}}}
	path := filepath.Join(t.TempDir(), "parts.wav")
	if err := s.WriteFile(path, Float32); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if f.Rate != 8000 || f.Channels != 2 || f.Frames != 5 {
		t.Fatalf("%+v", f)
	}
	for from := range 6 {
		for to := from; to <= 5; to++ {
			got, err := f.Read(from, to)
			if err != nil {
				t.Fatal(err)
			}
			for c := range s.Channels {
				if !slices.Equal(got.Channels[c], s.Channels[c][from:to]) {
					t.Errorf("frames %d to %d of channel %d: %v", from, to, c, got.Channels[c])
				}
			}
		}
	}
	if _, err := f.Read(3, 6); err == nil {
		t.Error("frames beyond the end were read")
	}
}

// Whatever the bytes: no panic, no memory that they do not account for, and
// what is read can be written and read again unchanged.
func FuzzRead(f *testing.F) {
	f.Add(riff(fmtChunk(1, 1, 8000, 8, false), chunk("data", []byte{1, 2, 3})))
	f.Add(riff(fmtChunk(1, 2, 44100, 16, true), chunk("data", make([]byte, 8))))
	f.Add(riff(chunk("LIST", []byte("odd")), fmtChunk(1, 1, 48000, 24, false), chunk("data", make([]byte, 9))))
	f.Add(riff(fmtChunk(3, 1, 96000, 64, true), chunk("data", make([]byte, 16))))
	f.Add(riff(fmtChunk(3, 65535, 8000, 32, false), []byte("data\xff\xff\xff\xff\x00")))
	f.Add(riff(fmtChunk(1, 1, 8000, 32, false), []byte("data\x00\x00\x00\x7f")))
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, err := Read(bytes.NewReader(raw))
		if err != nil {
			return
		}
		if len(s.Channels)*s.Frames() > len(raw) {
			t.Fatalf("%d samples out of %d bytes", len(s.Channels)*s.Frames(), len(raw))
		}
		var b bytes.Buffer
		if err := s.Write(&b, Float32); err != nil {
			return // a header that says more than a WAV file of floats can
		}
		again, err := Read(&b)
		if err != nil {
			t.Fatal(err)
		}
		for c := range s.Channels {
			if !slices.Equal(again.Channels[c], s.Channels[c]) {
				t.Fatalf("channel %d changed", c)
			}
		}
	})
}
