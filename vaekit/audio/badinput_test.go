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

// rf64 is a file with the 64-bit sizes of EBU Tech 3306, whose samples, by its
// header, take so many bytes.
func rf64(id string, size uint64, chunks ...[]byte) []byte {
	le := binary.LittleEndian
	sizes := le.AppendUint64(nil, size+1000) // of all: nothing depends on it
	sizes = le.AppendUint64(sizes, size)
	sizes = le.AppendUint64(sizes, size/2)
	sizes = le.AppendUint32(sizes, 0) // no other chunk is large
	return append([]byte(id+"\xff\xff\xff\xffWAVE"), slices.Concat(append([][]byte{chunk("ds64", sizes)}, chunks...)...)...)
}

// writeRaw writes a file and returns its path.
func writeRaw(t *testing.T, raw []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "in.wav")
	if err := os.WriteFile(path, raw, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// The size of an RF64 file's samples stands in its ds64 chunk, and what follows
// them is no sound; where it stands nowhere the file is a stream.
func TestRF64(t *testing.T) {
	format := fmtChunk(1, 1, 8000, 16, false)
	samples := []byte{0, 64, 0, 192, 0, 32}
	data := append([]byte("data\xff\xff\xff\xff"), samples...)
	want := []float32{0.5, -0.5, 0.25}
	for name, raw := range map[string][]byte{
		"RF64":              rf64("RF64", 6, format, data, chunk("LIST", []byte("more"))),
		"BW64":              rf64("BW64", 6, chunk("junk", []byte{1}), format, data, chunk("axml", []byte("more"))),
		"size in the chunk": rf64("RF64", 6, format, chunk("data", samples), chunk("LIST", []byte("more"))),
		"a stream":          rf64("RF64", 0, format, data),
		"another stream":    rf64("RF64", math.MaxUint64, format, data),
	} {
		s, err := Read(bytes.NewReader(raw))
		f, err2 := ReadFile(writeRaw(t, raw))
		if err != nil || err2 != nil {
			t.Fatalf("%s: %v, %v", name, err, err2)
		}
		if !slices.Equal(s.Channels[0], want) || !slices.Equal(f.Channels[0], want) {
			t.Errorf("%s: %v, %v; want %v", name, s.Channels[0], f.Channels[0], want)
		}
	}
	short := append([]byte("RF64\xff\xff\xff\xffWAVE"), chunk("ds64", make([]byte, 8))...)
	for want, raw := range map[string][]byte{
		"5000000000 bytes of samples, 6 are there": rf64("RF64", 5e9, format, data),
		"no whole number of frames":                rf64("RF64", 5, format, data),
		"a ds64 chunk has 28 bytes":                short,
		"ds64 chunk: the file ends too early":      rf64("RF64", 6)[:30],
	} {
		path := writeRaw(t, raw)
		if _, err := ReadFile(path); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("got %v, want %q and the path in it", err, want)
		}
	}
}

// sparse is a file with a header, zeros up to some size, and an end.
func sparse(t *testing.T, header []byte, size int64, end []byte) string {
	t.Helper()
	path := writeRaw(t, header)
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(end, size-int64(len(end))); err != nil {
		t.Fatal(err)
	}
	return path
}

// Files of more than 2 and of more than 4 GB are read where they are asked to be, to
// the byte, and none of what follows the samples is taken for them. The files are
// holes that take no room on the disk.
func TestLargeFiles(t *testing.T) {
	format := fmtChunk(1, 2, 48000, 16, false)
	open := []byte("data\xff\xff\xff\xff")
	end := []byte{0, 64, 0, 192, 0, 32, 0, 224} // two frames
	tail := chunk("LIST", []byte("INFO of the band"))
	sized := func(size uint32) []byte {
		return slices.Concat([]byte("RIFF\xff\xff\xff\xffWAVE"), format, binary.LittleEndian.AppendUint32([]byte("data"), size))
	}
	for _, test := range []struct {
		name   string
		header []byte
		size   int64 // of the samples, in bytes
		tail   []byte
	}{
		{"RF64 of 5 GB", rf64("RF64", 5e9, format, open), 5e9, tail},
		{"a stream of 5 GB", sized(math.MaxUint32), 5e9, nil},
		{"3 GB", sized(3e9), 3e9, tail},
		{"4 GB", sized(math.MaxUint32 - 1<<20 + 1), math.MaxUint32 - 1<<20 + 1, tail},
	} {
		f, err := Open(sparse(t, test.header, int64(len(test.header)+len(test.tail))+test.size, slices.Concat(end, test.tail)))
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if f.Frames != int(test.size/4) {
			t.Errorf("%s: %d frames, want %d", test.name, f.Frames, test.size/4)
		}
		s, err := f.Read(f.Frames-3, f.Frames)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(s.Channels[0], []float32{0, 0.5, 0.25}) || !slices.Equal(s.Channels[1], []float32{0, -0.5, -0.25}) {
			t.Errorf("%s: ends in %v", test.name, s.Channels)
		}
		f.Close()
	}
	cut := sparse(t, sized(3e9), 2e9, end)
	if _, err := Open(cut); err == nil || !strings.Contains(err.Error(), "cut short") || !strings.Contains(err.Error(), cut) {
		t.Errorf("2 of 3 GB: %v", err)
	}
}

// A program that is stopped while it records leaves a header that tells of nothing.
func TestStoppedRecording(t *testing.T) {
	header := riff(fmtChunk(1, 1, 8000, 16, false), chunk("data", nil))
	s, err := ReadFile(writeRaw(t, append(header, 0, 64, 0, 192, 0)))
	if err != nil || !slices.Equal(s.Channels[0], []float32{0.5, -0.5}) {
		t.Errorf("%v, %v", s, err)
	}
}

// Silence, clipping and nothing at all are sound like any other.
func TestSilentClippedAndEmpty(t *testing.T) {
	full := slices.Repeat([]byte{255, 127}, 50)   // 32,767
	under := slices.Repeat([]byte{0, 128}, 50)    // −32,768
	loud := samplesOf(3, 32, []int64{24, -24, 0}) // 3, −3, 0: above full scale, in float
	for _, test := range []struct {
		name       string
		code, bits int
		raw        []byte
		want       []float32
	}{
		{"silent", 1, 16, make([]byte, 200), make([]float32, 100)},
		{"clipped", 1, 16, slices.Concat(full, under), slices.Concat(slices.Repeat([]float32{32767. / 32768}, 50), slices.Repeat([]float32{-1}, 50))},
		{"beyond full scale", 3, 32, loud, []float32{3, -3, 0}},
		{"a data chunk of 0 bytes", 1, 16, nil, nil},
	} {
		path := writeRaw(t, riff(fmtChunk(test.code, 1, 8000, test.bits, false), chunk("data", test.raw)))
		s, err := ReadFile(path)
		if err != nil || !slices.Equal(s.Channels[0], test.want) {
			t.Errorf("%s: %v, %v", test.name, s, err)
			continue
		}
		f, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if part, err := f.Read(f.Frames/2, f.Frames); err != nil || !slices.Equal(part.Channels[0], test.want[len(test.want)/2:]) {
			t.Errorf("%s: second half: %v, %v", test.name, part, err)
		}
		f.Close()
	}
}

// A sample that is not finite is named with its file, channel, number and time, also
// where a part of the file is read; parts without it are read.
func TestSamplesThatAreNotFinite(t *testing.T) {
	for want, bad := range map[string]float64{"NaN": math.NaN(), "+Inf": math.Inf(1), "-Inf": math.Inf(-1)} {
		for _, bits := range []int{32, 64} {
			var raw []byte
			for i := range 2 * 8000 {
				v := 0.25
				if i == 2*6000+1 {
					v = bad
				}
				if bits == 32 {
					raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(float32(v)))
				} else {
					raw = binary.LittleEndian.AppendUint64(raw, math.Float64bits(v))
				}
			}
			path := writeRaw(t, riff(fmtChunk(3, 2, 8000, bits, false), chunk("data", raw)))
			f, err := Open(path)
			if err != nil {
				t.Fatal(err)
			}
			_, whole := ReadFile(path)
			_, part := f.Read(5000, 7000)
			for _, err := range []error{whole, part} {
				if err == nil || !strings.Contains(err.Error(), path+": sample 6000 of channel 1, at 0.750 s, is "+want) {
					t.Errorf("%d bits: %v", bits, err)
				}
			}
			if _, err := f.Read(0, 6000); err != nil {
				t.Errorf("before it: %v", err)
			}
			f.Close()
		}
	}
}
