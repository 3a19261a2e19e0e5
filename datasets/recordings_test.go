package datasets

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"github.com/vaebook/vaebook/vaekit/audio"
)

// wavHeader is what stands before so many bytes of samples: PCM (code 1) or float (3).
func wavHeader(code, channels, rate, bits int, size uint32) []byte {
	le := binary.LittleEndian
	b := le.AppendUint32([]byte("RIFF"), 36+size)
	b = le.AppendUint32(append(b, "WAVEfmt "...), 16)
	b = le.AppendUint16(b, uint16(code))
	b = le.AppendUint16(b, uint16(channels))
	b = le.AppendUint32(b, uint32(rate))
	b = le.AppendUint32(b, uint32(rate*channels*bits/8))
	b = le.AppendUint16(b, uint16(channels*bits/8))
	b = le.AppendUint16(b, uint16(bits))
	return le.AppendUint32(append(b, "data"...), size)
}

// writeWAV writes values in [−1, 1) in one of the formats, the same in all channels.
func writeWAV(t *testing.T, path string, code, channels, rate, bits int, values []float64) {
	t.Helper()
	b := wavHeader(code, channels, rate, bits, uint32(len(values)*channels*bits/8))
	for _, v := range values {
		for range channels {
			switch {
			case code == 3 && bits == 32:
				b = binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(v)))
			case code == 3:
				b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
			case bits == 8:
				b = append(b, uint8(128+int(v*128)))
			default:
				all := binary.LittleEndian.AppendUint32(nil, uint32(int32(v*(1<<31))))
				b = append(b, all[4-bits/8:]...)
			}
		}
	}
	writeBytes(t, path, b)
}

func writeBytes(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

// Each visit of an example is a slice of its recording, as it is when read whole,
// another than at other visits; Origin tells where it lies. There are as many
// examples as there are fixed segments, and what is shorter than one is padded.
func TestRandomSegments(t *testing.T) {
	dir := t.TempDir()
	writeTone(t, filepath.Join(dir, "a.wav"), 440, 16000, 25000, 1, 0.3)
	writeTone(t, filepath.Join(dir, "b.wav"), 440, 16000, 0, 1, 1)
	writeTone(t, filepath.Join(dir, "c.wav"), 443, 44100, 40000, 2, 0.5)
	writeTone(t, filepath.Join(dir, "d.wav"), 440, 8000, 300, 1, 0.5)
	cut := Segments{Length: 1000, Hop: 700, Random: true, Seed: 5}
	fixed := must(WAVFolder(dir, Segments{Length: 1000, Hop: 700}))
	data := must(WAVFolder(dir, cut))
	agrees(t, data)
	if data.Len() != fixed.Len() {
		t.Fatalf("%d examples, and %d fixed segments", data.Len(), fixed.Len())
	}
	whole := map[string][]float32{}
	for _, name := range []string{"a.wav", "c.wav", "d.wav"} {
		s := must(audio.ReadFile(filepath.Join(dir, name))).Mono()
		if s.Rate != 16000 {
			s = must(s.Resample(16000))
		}
		whole[name] = s.Normalise().Channels[0]
	}
	indices := make([]int, data.Len())
	for i := range indices {
		indices[i] = i
	}
	other, again := must(WAVFolder(dir, Segments{Length: 1000, Hop: 700, Random: true})), must(WAVFolder(dir, cut))
	places := map[string]map[string]bool{}
	for visit := range uint64(3) {
		var b, same, differs Batch
		for to, from := range map[*Batch]Dataset{&b: data, &same: again, &differs: other} {
			if err := from.Read(to, visit, indices); err != nil {
				t.Fatal(err)
			}
		}
		if !slices.Equal(b.Origin, same.Origin) || !slices.Equal(b.Values, same.Values) || slices.Equal(b.Origin, differs.Origin) {
			t.Errorf("visit %d: the seed alone must decide", visit)
		}
		for i, fixedOrigin := range must(All(fixed)).Origin {
			name, at, _ := strings.Cut(b.Origin[i], "@")
			var begin int
			if _, err := fmt.Sscan(at, &begin); err != nil || !strings.HasPrefix(fixedOrigin, name+"@") {
				t.Fatalf("example %d comes from %q, the fixed segment from %q", i, b.Origin[i], fixedOrigin)
			}
			samples := whole[name]
			n := min(1000, len(samples))
			if begin < 0 || begin+n > len(samples) {
				t.Fatalf("%s of %d samples", b.Origin[i], len(samples))
			}
			want, mask := make([]float32, 1000), make([]uint8, 1000)
			copy(want, samples[begin:begin+n])
			for j := range n {
				mask[j] = 1
			}
			if !slices.Equal(b.Example(i), want) || !slices.Equal(b.Mask[i*1000:(i+1)*1000], mask) {
				t.Fatalf("%s is not the slice of the recording", b.Origin[i])
			}
			if places[name] == nil {
				places[name] = map[string]bool{}
			}
			places[name][at] = true
		}
	}
	// 36 draws for a.wav and 3 visits of 20 for c.wav; that few coincide is chance.
	if len(places["a.wav"]) < 2*len(indices)/3 || len(places["d.wav"]) != 1 {
		t.Errorf("stretches of a.wav begin at %d places, of d.wav at %v", len(places["a.wav"]), places["d.wav"])
	}
}

// Every stretch, the first and the last among them, is equally likely, within five
// standard deviations, whatever a crop with the same seed draws.
func TestRandomSegmentsAreEven(t *testing.T) {
	dir := t.TempDir()
	writeTone(t, filepath.Join(dir, "a.wav"), 440, 16000, 14, 1, 0.5)
	data := must(WAVFolder(dir, Segments{Length: 10, Random: true}))
	const visits = 2000
	cut := must(Crop(data, 6, 0)).(*crops) // at 5 places, too
	counts, alike := map[string]int{}, 0
	var b Batch
	for visit := range uint64(visits) {
		if err := data.Read(&b, visit, []int{0, 1}); err != nil {
			t.Fatal(err)
		}
		counts[b.Origin[0]]++
		counts[b.Origin[1]]++
		for i, origin := range b.Origin {
			if origin == fmt.Sprintf("a.wav@%d", cut.begin(nil, visit, i)) {
				alike++
			}
		}
	}
	const n, p = 2 * visits, 1. / 5
	bound := 5 * math.Sqrt(n*p*(1-p))
	for begin := range 5 {
		if count := counts[fmt.Sprintf("a.wav@%d", begin)]; math.Abs(float64(count)-n*p) > bound {
			t.Errorf("%d of %d stretches begin at %d", count, n, begin)
		}
	}
	if len(counts) != 5 || math.Abs(float64(alike)-n*p) > bound {
		t.Errorf("stretches begin at %v, %d where a crop does", counts, alike)
	}
}

// Files of every format and of several rates lie in one folder, silent and clipped
// ones among them: all sound the same, at full scale, but for silence.
func TestMixedFormats(t *testing.T) {
	dir := t.TempDir()
	tone := func(rate int, loudness float64) []float64 {
		values := make([]float64, rate/4)
		for i := range values {
			x := loudness * math.Sin(2*math.Pi*440*float64(i)/float64(rate))
			values[i] = min(max(x, -1), 1-1./(1<<15))
		}
		return values
	}
	for i, how := range []struct{ code, bits, rate, channels int }{
		{1, 16, 16000, 1}, {1, 8, 16000, 1}, {1, 24, 16000, 2}, {1, 32, 16000, 1}, {3, 32, 16000, 3}, {3, 64, 16000, 1},
		{1, 16, 44100, 2}, {1, 24, 48000, 1}, {3, 32, 8000, 1}, {1, 16, 22050, 1},
	} {
		writeWAV(t, filepath.Join(dir, fmt.Sprintf("tone%d.wav", i)), how.code, how.channels, how.rate, how.bits, tone(how.rate, 0.5))
	}
	writeWAV(t, filepath.Join(dir, "clipped.wav"), 1, 1, 16000, 16, tone(16000, 4))
	writeWAV(t, filepath.Join(dir, "silent.wav"), 1, 1, 44100, 16, make([]float64, 11025))
	for _, random := range []bool{false, true} {
		data := must(WAVFolder(dir, Segments{Length: 4000, Random: random}))
		b := must(All(data))
		if b.Len() != 12 {
			t.Fatalf("%d segments of 12 files of a quarter of a second", b.Len())
		}
		for i, origin := range b.Origin {
			worst, flat := 0., 0
			for j, x := range b.Example(i) {
				want := math.Sin(2 * math.Pi * 440 * float64(j) / 16000)
				if j > 100 && j < 3900 { // resampling rings at a beginning and an end
					worst = max(worst, math.Abs(float64(x)-want))
				}
				if math.Abs(float64(x)) > 0.9999 {
					flat++
				}
			}
			switch {
			case strings.HasPrefix(origin, "silent"):
				if !slices.Equal(b.Example(i), make([]float32, 4000)) {
					t.Errorf("%s is not silent", origin)
				}
			case strings.HasPrefix(origin, "clipped"):
				if want := 3000; flat < want { // |4·sin| > 1 for 84% of the time
					t.Errorf("%s: %d samples at full scale, want above %d", origin, flat, want)
				}
			case worst > 0.03: // 8 bits and what rings raises the peak
				t.Errorf("%s is off by %v", origin, worst)
			}
		}
	}
}

// What cannot be read is named with the file, also where that shows only when a
// segment is read.
func TestBadRecordings(t *testing.T) {
	nan := make([]float64, 30000)
	nan[20000] = math.NaN()
	inf := slices.Clone(nan)
	inf[20000] = math.Inf(-1)
	for want, write := range map[string]func(path string){
		"x.wav: the file is empty (0 bytes): copy it again": func(path string) { writeBytes(t, path, nil) },
		"x.wav: the header tells of 4000 bytes of samples, 0 are there": func(path string) {
			writeBytes(t, path, wavHeader(1, 1, 16000, 16, 4000))
		},
		"x.wav: no data chunk": func(path string) { writeBytes(t, path, wavHeader(1, 1, 16000, 16, 0)[:36]) },
		"x.wav: sample 20000 of channel 0, at 1.250 s, is NaN": func(path string) {
			writeWAV(t, path, 3, 2, 16000, 32, nan)
		},
		"x.wav: sample 20000 of channel 0, at 0.454 s, is -Inf": func(path string) {
			writeWAV(t, path, 3, 1, 44100, 64, inf)
		},
	} {
		for _, random := range []bool{false, true} {
			dir := t.TempDir()
			writeTone(t, filepath.Join(dir, "a.wav"), 440, 16000, 100, 1, 0.5)
			write(filepath.Join(dir, "x.wav"))
			data, err := WAVFolder(dir, Segments{Random: random})
			if err == nil {
				_, err = Read(data, 1)
			}
			if err == nil || !strings.Contains(err.Error(), filepath.Join(dir, want)) {
				t.Errorf("got %v, want %q in it", err, want)
			}
		}
	}
	// A recording of nothing gives nothing, beside others.
	dir := t.TempDir()
	writeWAV(t, filepath.Join(dir, "empty.wav"), 1, 2, 48000, 24, nil)
	writeWAV(t, filepath.Join(dir, "one.wav"), 1, 1, 16000, 16, []float64{-0.25})
	for _, random := range []bool{false, true} {
		b := must(All(must(WAVFolder(dir, Segments{Length: 3, Random: random}))))
		if !slices.Equal(b.Origin, []string{"one.wav@0"}) || !slices.Equal(b.Values, []float32{-1, 0, 0}) || !slices.Equal(b.Mask, []uint8{1, 0, 0}) {
			t.Errorf("%v: %v, %v", b.Origin, b.Values, b.Mask)
		}
	}
}

// A recording of three hours is read at its end, exactly, in memory that its length
// does not show in. It takes 173 MB, and 346 MB as float32.
func TestThreeHours(t *testing.T) {
	const rate, length = 8000, 10000
	const n = 3 * 3600 * rate
	dir := t.TempDir()
	f, err := os.Create(filepath.Join(dir, "night.wav"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	random := rand.New(rand.NewPCG(1, 2))
	end, raw, peak := make([]float32, 2*length), []byte(nil), float32(0)
	for i := range end {
		v := int16(random.IntN(60000) - 30000)
		raw = binary.LittleEndian.AppendUint16(raw, uint16(v))
		end[i] = float32(v) / (1 << 15)
		peak = max(peak, end[i], -end[i])
	}
	header := wavHeader(1, 1, rate, 16, 2*n)
	if _, err := f.Write(header); err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(raw, int64(len(header)+2*n-len(raw))); err != nil { // what lies before is a hole: zeros
		t.Fatal(err)
	}
	debug.FreeOSMemory()
	before := heapTaken()
	data := must(WAVFolder(dir, Segments{Rate: rate}))
	if data.Len() != n/length {
		t.Errorf("%d segments, want %d", data.Len(), n/length)
	}
	b := must(Read(data, data.Len()-1, 0, data.Len()-2))
	if more := heapTaken() - before; more > 64<<20 {
		t.Errorf("%d MB of memory are taken", more>>20)
	}
	for i, x := range end {
		end[i] = x / peak
	}
	if !slices.Equal(b.Example(0), end[length:]) || !slices.Equal(b.Example(1), make([]float32, length)) || !slices.Equal(b.Example(2), end[:length]) {
		t.Error("the last two segments and the first are not what was written")
	}
	if b.Origin[0] != fmt.Sprintf("night.wav@%d", n-length) {
		t.Errorf("origin %q", b.Origin[0])
	}
}

// heapTaken is what the heap has from the system: it does not fall back soon after a peak.
func heapTaken() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapSys) - int64(m.HeapReleased)
}
