package audio

import (
	"math"
	"slices"
	"strings"
	"testing"
)

// apart is how far the STFTs of two sounds are from each other, as a share of the first, in dB.
func apart(t *testing.T, s STFT, x, y []float32) float64 {
	want, err := s.Magnitudes(x)
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Magnitudes(y)
	if err != nil {
		t.Fatal(err)
	}
	var off, all float64
	for m := range want {
		for k := range want[m] {
			d := float64(want[m][k] - got[m][k])
			off, all = off+d*d, all+float64(want[m][k])*float64(want[m][k])
		}
	}
	return 10 * math.Log10(off/all)
}

// rising is half a second of a rising tone and a high one that fades, at 16 kHz.
func rising(n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		s := float64(i) / 16000
		x[i] = float32(0.5*math.Sin(2*math.Pi*(200*s+600*s*s)) + 0.25*math.Sin(2*math.Pi*6000*s)*math.Exp(-4*s))
	}
	return x
}

// What comes back has the magnitudes that were asked for, about as well as librosa 0.11's
// griffinlim (n_iter=60, momentum=0.99, init=None, double precision) finds them: −30.1 dB.
func TestInvert(t *testing.T) {
	for _, c := range []struct {
		s     STFT
		limit float64
	}{
		{STFT{Centred: true}, -27}, {STFT{}, -27}, {STFT{Window: 500, Hop: 125, Centred: true}, -20},
		{STFT{Window: 400, Hop: 200}, -29}, {STFT{Window: 501, Hop: 100, Centred: true}, -27},
	} {
		s := c.s
		filled, err := s.filled()
		if err != nil {
			t.Fatal(err)
		}
		x := rising(62 * filled.Hop)
		magnitudes, err := s.Magnitudes(x)
		if err != nil {
			t.Fatal(err)
		}
		y, err := s.Invert(magnitudes, 60)
		if err != nil {
			t.Fatal(err)
		}
		if want := (len(magnitudes) - 1) * filled.Hop; s.Centred && len(y) != want || !s.Centred && len(y) != want+filled.Window {
			t.Errorf("%+v: %d samples from %d frames", s, len(y), len(magnitudes))
		}
		x = x[:min(len(x), len(y))]
		once, err := s.Invert(magnitudes, 1)
		if err != nil {
			t.Fatal(err)
		}
		few, many := apart(t, s, x, once), apart(t, s, x, y)
		t.Logf("%+v: %.1f dB after one round, %.1f dB after 60", s, few, many)
		if many > c.limit {
			t.Errorf("%+v: magnitudes come back with %.1f dB of error, above %.0f", s, many, c.limit)
		}
		if many > few-10 {
			t.Errorf("%+v: 60 rounds help from %.1f to %.1f dB only", s, few, many)
		}
		for i, v := range y {
			if !(math.Abs(float64(v)) < 1.5) {
				t.Fatalf("%+v: sample %d of a sound up to 0.75 is %v", s, i, v)
			}
		}
	}
}

// Bins that are not given are silent, and silence stays silent.
func TestInvertMissing(t *testing.T) {
	s := STFT{Centred: true}
	low, err := s.Magnitudes(rising(8000))
	if err != nil {
		t.Fatal(err)
	}
	all := slices.Clone(low)
	for m := range low {
		all[m] = slices.Clone(low[m])
		clear(all[m][80:])
		low[m] = low[m][:80]
	}
	a, err := s.Invert(all, 5)
	if err != nil {
		t.Fatal(err)
	}
	b, err := s.Invert(low, 5)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(a, b) {
		t.Error("bins left out and bins that are 0 sound different")
	}
	heard, err := s.Magnitudes(a)
	if err != nil {
		t.Fatal(err)
	}
	var below, above float64
	for _, frame := range heard {
		for k, v := range frame {
			if k < 90 {
				below += float64(v) * float64(v)
			} else {
				above += float64(v) * float64(v)
			}
		}
	}
	if !(above < 1e-4*below) {
		t.Errorf("bins left out have %.2g of the energy", above/(below+above))
	}
	for m := range all {
		clear(all[m])
	}
	silent, err := s.Invert(all, 5)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range silent {
		if v != 0 {
			t.Fatalf("silence sounds at sample %d: %v", i, v)
		}
	}
}

func TestInvertOneFrame(t *testing.T) {
	for s, want := range map[STFT]int{{Centred: true}: 0, {}: 512} {
		if y, err := s.Invert([][]float32{{1, 2}}, 3); err != nil || len(y) != want {
			t.Errorf("%+v: %d samples, %v; want %d", s, len(y), err, want)
		}
	}
}

func TestInvertRefuses(t *testing.T) {
	frame := func(v float32, n int) [][]float32 {
		return [][]float32{make([]float32, 3), slices.Repeat([]float32{v}, n)}
	}
	nan := float32(math.NaN())
	for _, c := range []struct {
		s          STFT
		magnitudes [][]float32
		rounds     int
		want       string
	}{
		{STFT{}, frame(1, 3), 0, "0 rounds"},
		{STFT{}, nil, 1, "no frames"},
		{STFT{}, frame(1, 258), 1, "frame 1 has 258 bins; a window of 512 samples has 257"},
		{STFT{}, frame(-1, 3), 1, "frame 1 has the magnitude -1 in bin 0"},
		{STFT{}, frame(nan, 3), 1, "NaN"},
		{STFT{Hop: 400}, frame(1, 3), 1, "overlap by half"},
		{STFT{Window: 1}, frame(1, 1), 1, "window"},
	} {
		if _, err := c.s.Invert(c.magnitudes, c.rounds); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v; want a word of %q", c.s, err, c.want)
		}
	}
}
