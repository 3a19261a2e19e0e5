package datasets

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/vaebook/vaebook/vaekit/audio"
)

// writeTone writes channels equal tones of n samples.
func writeTone(t *testing.T, path string, hz float64, rate, n, channels int, loudness float64) {
	t.Helper()
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(loudness * math.Sin(2*math.Pi*hz*float64(i)/float64(rate)))
	}
	s := &audio.Sound{Rate: rate}
	for range channels {
		s.Channels = append(s.Channels, x)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := s.WriteFile(path, audio.Float32); err != nil {
		t.Fatal(err)
	}
}

// Recordings of any rate and length, silence and nothing among them, give what
// reading each whole, mixing, resampling, normalising and cutting gives.
func TestWAVFolder(t *testing.T) {
	dir := t.TempDir()
	writeTone(t, filepath.Join(dir, "a.wav"), 440, 16000, 25000, 1, 0.3)
	writeTone(t, filepath.Join(dir, "b.wav"), 440, 16000, 0, 1, 1)
	writeTone(t, filepath.Join(dir, "c.WAV"), 440, 44100, 150000, 2, 0.5)
	writeTone(t, filepath.Join(dir, "deep/d.wav"), 440, 8000, 4000, 1, 0)
	writeTone(t, filepath.Join(dir, "e.wav"), 440, 8000, 0, 3, 1)
	if err := os.Rename(filepath.Join(dir, "deep/d.wav"), filepath.Join(dir, "d.wav")); err != nil {
		t.Fatal(err)
	}
	for _, cut := range []Segments{{}, {Length: 1000, Hop: 300}, {Rate: 8000}, {Length: 7000, Hop: 6999, Rate: 44100}} {
		data, err := WAVFolder(dir, cut)
		if err != nil {
			t.Fatal(err)
		}
		got := must(All(data))
		full := cut.filled()
		i := 0
		for _, name := range []string{"a.wav", "b.wav", "c.WAV", "d.wav", "e.wav"} {
			s := must(must(audio.ReadFile(filepath.Join(dir, name))).Mono().Resample(full.Rate)).Normalise()
			if full.Rate == 16000 && name == "a.wav" { // no resampling: exact
				s = must(audio.ReadFile(filepath.Join(dir, name))).Normalise()
			}
			for _, want := range must(audio.Segments(s.Channels[0], full.Length, full.Hop)) {
				if i >= got.Len() {
					t.Fatalf("%+v: only %d segments", cut, got.Len())
				}
				if origin := fmt.Sprintf("%s@%d", name, want.Offset); got.Origin[i] != origin {
					t.Fatalf("%+v: segment %d comes from %q, want %q", cut, i, got.Origin[i], origin)
				}
				if !slices.Equal(got.Example(i), want.Samples) || !slices.Equal(got.Mask[i*full.Length:(i+1)*full.Length], want.Mask) {
					t.Fatalf("%+v: %s differs from the recording read as a whole", cut, got.Origin[i])
				}
				i++
			}
		}
		if i != got.Len() {
			t.Errorf("%+v: %d segments, want %d", cut, got.Len(), i)
		}
		if cut.Length == 0 && cut.Rate == 0 {
			agrees(t, data)
			agrees(t, must(Hold(data)))
			rest, held, err := Split(data, 0.5, 1)
			if err != nil {
				t.Fatal(err)
			}
			agrees(t, rest)
			if _, ok := held.(Resident); ok {
				t.Error("a part of a folder on disk says that it lies in memory")
			}
		}
	}
}

func TestWAVFolderErrors(t *testing.T) {
	silent, labelled, broken, changed := t.TempDir(), t.TempDir(), t.TempDir(), t.TempDir()
	writeTone(t, filepath.Join(silent, "none.wav"), 440, 16000, 0, 1, 1)
	if _, err := WAVFolder(silent, Segments{}); err == nil || !strings.Contains(err.Error(), "hold no samples") {
		t.Errorf("no samples: %v", err)
	}
	if _, err := WAVFolder(t.TempDir(), Segments{}); err == nil || !strings.Contains(err.Error(), "no file ending in .wav") {
		t.Errorf("no files: %v", err)
	}
	if _, err := WAVFolder(silent, Segments{Length: 10, Hop: 11}); err == nil || !strings.Contains(err.Error(), "hop") {
		t.Errorf("hop above length: %v", err)
	}
	if _, err := WAVFolder(silent, Segments{Rate: -1}); err == nil || !strings.Contains(err.Error(), "none.wav") {
		t.Errorf("negative rate: %v", err)
	}
	writeTone(t, filepath.Join(labelled, "birds/x.wav"), 440, 16000, 10, 1, 1)
	writeTone(t, filepath.Join(labelled, "cars/y.wav"), 440, 16000, 10, 1, 1)
	if b := must(All(must(WAVFolder(labelled, Segments{})))); !slices.Equal(b.Labels, []int{0, 1}) {
		t.Errorf("labels %v", b.Labels)
	}
	if err := os.WriteFile(filepath.Join(broken, "x.wav"), []byte("text, not sound"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := WAVFolder(broken, Segments{}); err == nil || !strings.Contains(err.Error(), "x.wav: not a RIFF") {
		t.Errorf("not a WAV file: %v", err)
	}
	writeTone(t, filepath.Join(changed, "x.wav"), 440, 16000, 20000, 1, 1)
	data := must(WAVFolder(changed, Segments{}))
	writeTone(t, filepath.Join(changed, "x.wav"), 440, 16000, 10, 1, 1)
	if _, err := Read(data, 1); err == nil || !strings.Contains(err.Error(), "open the folder again") {
		t.Errorf("a file that changed: %v", err)
	}
}

// spokenFolder is where the real recordings lie, or recordings as the data set
// has them, generated: two digits by two speakers, twelve times.
func spokenFolder(t *testing.T) (dir, sum string, recordings, testRecordings int) {
	t.Helper()
	dir = filepath.Join(Dir(), "fsdd", "recordings")
	if _, err := os.Stat(dir); err == nil {
		return dir, SpokenDigitsSum, 3000, 300
	}
	dir = t.TempDir()
	for digit := range 2 {
		for s, speaker := range []string{"theo", "lucas"} {
			for index := range 12 {
				writeTone(t, filepath.Join(dir, fmt.Sprintf("%d_%s_%d.wav", digit, speaker, index)), float64(200+100*s), 8000, 3000+500*index, 1, 0.5)
			}
		}
	}
	return dir, must(RecordingsSum(dir)), 48, 20
}

func TestSpokenDigits(t *testing.T) {
	dir, sum, recordings, testRecordings := spokenFolder(t)
	speech, err := readSpeech(dir, sum)
	if err != nil {
		t.Fatal(err)
	}
	counts := [2]map[string]bool{{}, {}}
	for p, part := range []Resident{speech.Train, speech.Test} {
		table := part.Resident(0)
		n := part.Len()
		if !slices.Equal(part.Shape(), []int{10000, 1}) || len(table.Floats) != n*10000 || len(table.Mask) != n*10000 {
			t.Fatalf("shape %v, %d values for %d examples", part.Shape(), len(table.Floats), n)
		}
		loudest := map[string]float32{}
		for i := range n {
			b := must(Read(part, i))
			name, _, _ := strings.Cut(b.Origin[0], "@")
			digit, speaker, index, ok := parseSpoken(b.Origin[0])
			if !ok || digit != b.Labels[0] || speaker != Speaker(b.Origin[0]) || (index < 5) != (p == 1) {
				t.Fatalf("part %d has %q with label %d", p, b.Origin[0], b.Labels[0])
			}
			counts[p][name] = true
			for j, x := range b.Values {
				loudest[name] = max(loudest[name], float32(math.Abs(float64(x))))
				if b.Mask[j] == 0 && x != 0 {
					t.Fatalf("%s: padding of %v", b.Origin[0], x)
				}
			}
		}
		for name, peak := range loudest {
			if peak != 1 {
				t.Errorf("%s: loudest value %v, want 1", name, peak)
			}
		}
	}
	if len(counts[0]) != recordings-testRecordings || len(counts[1]) != testRecordings {
		t.Errorf("%d recordings to train and %d to test, want %d and %d", len(counts[0]), len(counts[1]), recordings-testRecordings, testRecordings)
	}

	if _, err := readSpeech(dir, strings.Repeat("0", 64)); err == nil || !strings.Contains(err.Error(), "was expected") {
		t.Errorf("wrong sum: %v", err)
	}
	t.Setenv("VAEKIT_DATA", t.TempDir())
	if _, err := SpokenDigits(); err == nil || !strings.Contains(err.Error(), "make data") || !strings.Contains(err.Error(), Dir()) {
		t.Errorf("absent: %v", err)
	}
}

func TestSpeaker(t *testing.T) {
	for origin, want := range map[string]string{"3_theo_7.wav@10000": "theo", "3_theo_7.wav": "theo", "theo.wav": "", "": "", "x_theo_7.wav": "", "3_theo_7.mp3": ""} {
		if got := Speaker(origin); got != want {
			t.Errorf("%q: %q, want %q", origin, got, want)
		}
	}
}

// A plucked string sounds at its pitch, dies with its decay and has harmonics in
// the proportion that its brightness says.
func TestPluckHasItsFactors(t *testing.T) {
	const rate = 16000
	for _, p := range []Pluck{{200, 0.3, 0.5}, {440, 0.1, 0.2}, {800, 0.5, 0.8}, {300, 0.2, 0}} {
		// Both windows hold whole periods of every pitch above, so that harmonics
		// do not leak into each other but for the decay.
		x := p.Samples(rate, 10000)
		amplitude := func(hz float64, from int) float64 {
			var re, im float64
			for n := range 1600 {
				sin, cos := math.Sincos(2 * math.Pi * hz * float64(n) / rate)
				w := (1 - math.Cos(2*math.Pi*float64(n)/1600)) / 1600
				re += w * float64(x[from+n]) * cos
				im += w * float64(x[from+n]) * sin
			}
			return math.Hypot(re, im)
		}
		ratio := amplitude(p.Pitch, 1600) / amplitude(p.Pitch, 0)
		if want := math.Exp(-0.1 / p.Decay); math.Abs(ratio/want-1) > 0.02 {
			t.Errorf("%+v: the fundamental falls to %.3f in 0.1 s, want %.3f", p, ratio, want)
		}
		// The centre of the window lies near 0.05 s; there harmonic 2 has fallen faster.
		got := amplitude(2*p.Pitch, 0) / amplitude(p.Pitch, 0)
		want := p.Brightness * math.Exp(-0.05*(math.Sqrt2-1)/p.Decay)
		if math.Abs(got-want) > 0.05*want+0.005 {
			t.Errorf("%+v: second harmonic %.3f of the first, want %.3f", p, got, want)
		}
	}
}

func TestPlucked(t *testing.T) {
	s := must(Plucked(Plucking{Examples: 20, Seed: 3}))
	agrees(t, s)
	if !slices.Equal(s.Shape(), []int{10000, 1}) || len(s.Plucks) != 20 || s.Rate != 16000 {
		t.Errorf("shape %v, %d plucks, %d Hz", s.Shape(), len(s.Plucks), s.Rate)
	}
	more := must(Plucked(Plucking{Examples: 30, Seed: 3}))
	other := must(Plucked(Plucking{Examples: 20, Seed: 4}))
	if !slices.Equal(s.Plucks, more.Plucks[:20]) || !slices.Equal(s.Resident(0).Floats, more.Resident(0).Floats[:200000]) {
		t.Error("the first examples change with their number")
	}
	if s.Plucks[0] == other.Plucks[0] {
		t.Error("another seed gives the same string")
	}
	for i, p := range more.Plucks {
		if p.Pitch < 110 || p.Pitch > 880 || p.Decay < 0.05 || p.Decay > 0.5 || p.Brightness < 0.1 || p.Brightness > 0.8 {
			t.Errorf("string %d: %+v", i, p)
		}
		peak := float32(0)
		for _, x := range must(Read(more, i)).Values {
			peak = max(peak, x, -x)
		}
		if peak != 1 {
			t.Errorf("string %d: loudest value %v, want 1", i, peak)
		}
	}
	for _, bad := range []Plucking{{Examples: -1}, {Length: -1}, {Rate: 100}, {Examples: 1 << 30}} {
		if _, err := Plucked(bad); err == nil {
			t.Errorf("%+v was not refused", bad)
		}
	}
}
