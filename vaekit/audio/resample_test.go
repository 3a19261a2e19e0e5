package audio

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func tone(hz float64, rate, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(math.Sin(2 * math.Pi * hz * float64(i) / float64(rate)))
	}
	return x
}

// A tone below both Nyquist frequencies is the same tone at the new rate, sample
// for sample; one above vanishes. The ends, where the tone starts and stops at
// once and so has every frequency, are left out.
func TestResampleTones(t *testing.T) {
	for _, test := range []struct {
		hz       float64
		from, to int
		keeps    float64
	}{
		{1000, 48000, 16000, 1},
		{7000, 48000, 16000, 1},
		{12000, 48000, 16000, 0},
		{8100, 48000, 16000, 0},
		{1000, 44100, 16000, 1},
		{12000, 44100, 16000, 0},
		{1000, 8000, 16000, 1},
		{3000, 8000, 44100, 1},
		{440, 22255, 16000, 1},
		{1000, 16000, 16000, 1},
		{50, 48000, 400, 1},
	} {
		n := 3 * test.from
		got := must(NewResampler(test.from, test.to)).Resample(tone(test.hz, test.from, n))
		if len(got) != 3*test.to {
			t.Errorf("%+v: %d samples, want %d", test, len(got), 3*test.to)
		}
		want := tone(test.hz, test.to, len(got))
		edge := len(got) / 4
		worst := 0.0
		for i := edge; i < len(got)-edge; i++ {
			worst = max(worst, math.Abs(float64(got[i])-test.keeps*float64(want[i])))
		}
		if worst > 1e-5 {
			t.Errorf("%+v: off by %.2g", test, worst)
		}
	}
}

// must is for calls that the tests know to be right.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// The length is ceil(n·new/old), also of very short sounds and of none.
func TestResampleLength(t *testing.T) {
	for _, rates := range [][2]int{{8000, 16000}, {48000, 16000}, {44100, 16000}, {16000, 44100}, {11025, 16000}} {
		r := must(NewResampler(rates[0], rates[1]))
		for _, n := range []int{0, 1, 2, 3, 100, 1023, 10000} {
			want := (n*rates[1] + rates[0] - 1) / rates[0]
			if got := len(r.Resample(make([]float32, n))); got != want {
				t.Errorf("%v: %d samples become %d, want %d", rates, n, got, want)
			}
		}
	}
}

// The seams between blocks do not show: a sound of many blocks equals the same
// sound moved by a little, which has its seams elsewhere.
func TestResampleHasNoSeams(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	noise := make([]float32, 200000)
	for i := range noise {
		noise[i] = float32(rng.NormFloat64())
	}
	for _, rates := range [][2]int{{48000, 16000}, {44100, 16000}, {8000, 16000}} {
		r := must(NewResampler(rates[0], rates[1]))
		shift := 10 * r.old
		a := r.Resample(noise)
		b := r.Resample(append(make([]float32, shift), noise...))[10*r.new:]
		worst := 0.0
		for i := range a {
			worst = max(worst, math.Abs(float64(a[i]-b[i])))
		}
		if worst > 2e-5 {
			t.Errorf("%v: seams of %.2g in noise of unit variance", rates, worst)
		}
	}
}

// A stretch is what the whole holds there, to the bit.
func TestStretchEqualsWhole(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	noise := make([]float32, 100000)
	for i := range noise {
		noise[i] = float32(rng.NormFloat64())
	}
	r := must(NewResampler(44100, 16000))
	whole := r.Resample(noise)
	for range 20 {
		from := rng.IntN(len(whole))
		to := from + rng.IntN(len(whole)-from)
		got, err := r.Stretch(from, to, len(noise), func(from, to int) ([]float32, error) { return noise[from:to], nil })
		if err != nil || !slices.Equal(got, whole[from:to]) {
			t.Fatalf("%d to %d differ (%v)", from, to, err)
		}
	}
}

func TestResampleRefuses(t *testing.T) {
	for _, rates := range [][2]int{{0, 16000}, {16000, -1}, {1, 16000}, {2000000011, 16000}, {44101, 16000}} {
		s := &Sound{Rate: rates[0], Channels: [][]float32{make([]float32, 10)}}
		if _, err := s.Resample(rates[1]); err == nil {
			t.Errorf("%v was not refused", rates)
		}
	}
}

func TestNormalise(t *testing.T) {
	s := &Sound{Rate: 8000, Channels: [][]float32{{.1, -.4}, {.2, 0}}}
	if got := s.Normalise(); got.Peak() != 1 || got.Channels[0][1] != -1 || got.Channels[1][0] != .5 {
		t.Errorf("got %v", got.Channels)
	}
	silence := &Sound{Rate: 8000, Channels: [][]float32{{0, 0}}}
	if got := silence.Normalise(); !slices.Equal(got.Channels[0], []float32{0, 0}) {
		t.Errorf("silence became %v", got.Channels)
	}
	faint := &Sound{Rate: 8000, Channels: [][]float32{{math.SmallestNonzeroFloat32}}}
	if got := faint.Normalise(); got.Channels[0][0] != 1 {
		t.Errorf("the smallest float became %v", got.Channels)
	}
	if got := s.Mono().Channels[0]; got[0] != float32((float64(s.Channels[0][0])+float64(s.Channels[1][0]))/2) || got[1] != -.2 {
		t.Errorf("mono: %v", got)
	}
}

func BenchmarkResampleMinute(b *testing.B) {
	noise := tone(440, 44100, 60*44100)
	r := must(NewResampler(44100, 16000))
	for b.Loop() {
		r.Resample(noise)
	}
}

func BenchmarkResampleSpokenDigit(b *testing.B) {
	x := tone(440, 8000, 3500)
	r := must(NewResampler(8000, 16000))
	for b.Loop() {
		r.Resample(x)
	}
}
