package audio

import (
	"math"
	"slices"
	"strings"
	"testing"
)

// voice is a quarter of a second at 16 kHz: two tones, and the noise of the linear
// congruential generator of Numerical Recipes.
func voice(hum, overtone, noise float64, seed uint32) []float32 {
	x := make([]float32, 4000)
	for i := range x {
		seed = 1664525*seed + 1013904223
		t := 2 * math.Pi * float64(i) / 16000
		x[i] = float32(hum*math.Sin(220*t) + overtone*math.Sin(1320*t) + noise*(float64(seed)/(1<<31)-1))
	}
	return x
}

// By librosa 0.11.0 with NumPy 2.4.6: of H = filters.mel(sr=16000, n_fft=1024, n_mels=80,
// dtype=float64), which by default is Slaney's scale and areas.
func TestMelFiltersAgainstLibrosa(t *testing.T) {
	m := must(Mel{}.filled())
	filters := must(m.filters())
	for _, c := range []struct {
		band, bin int
		want      float64
	}{
		{0, 1, 0.011267280375145402},
		{0, 4, 0.00863771024396671},
		{20, 50, 0.026295701311786875},
		{26, 64, 0.022114217267094387},
		{40, 110, 0.014444176346352967},
		{79, 505, 0.00122707546606386},
		{79, 511, 0.0001752964951519625},
	} {
		f := filters[c.band]
		if got := f.weights[c.bin-f.first]; math.Abs(got-c.want) > 1e-12 {
			t.Errorf("band %d weighs bin %d with %.15g, by librosa %.15g", c.band, c.bin, got, c.want)
		}
	}
}

// By librosa 0.11.0 with NumPy 2.4.6: log(maximum(feature.melspectrogram(y=x, sr=16000,
// n_fft=1024, hop_length=256, n_mels=80, power=1, center=True, pad_mode="constant",
// dtype=float64), 1e-5)), and with sr=44100, n_fft=2048, hop_length=700, n_mels=40, fmin=60,
// fmax=10000.
func TestMelAgainstLibrosa(t *testing.T) {
	type value struct {
		frame, band int
		want        float64
	}
	for _, c := range []struct {
		mel           Mel
		frames, bands int
		sum           float64
		values        []value
	}{
		{Mel{}, 16, 80, -5056.7983785625365, []value{
			{0, 0, -1.1303382188096984},
			{0, 79, -4.560327695214376},
			{3, 5, 1.3959134544936111},
			{8, 28, -4.408327710636516},
			{15, 50, -4.318190616737602},
		}},
		{Mel{Bands: 40, Rate: 44100, Hop: 700, Low: 60, High: 10000}, 6, 40, -831.1870156235299, []value{
			{0, 0, -1.4082854942846172},
			{3, 20, -4.307429238913417},
			{5, 39, -4.3383511677004405},
		}},
	} {
		got := must(c.mel.LogMagnitudes(voice(0.4, 0.2, 0.02, 1)))
		if len(got) != c.frames || len(got[0]) != c.bands {
			t.Fatalf("%+v: [%d, %d], by librosa [%d, %d]", c.mel, len(got), len(got[0]), c.frames, c.bands)
		}
		sum := 0.0
		for _, frame := range got {
			for _, v := range frame {
				sum += float64(v)
			}
		}
		if math.Abs(sum-c.sum) > 1e-6*math.Abs(c.sum) {
			t.Errorf("%+v: sum %.6f, by librosa %.6f", c.mel, sum, c.sum)
		}
		for _, v := range c.values {
			if d := float64(got[v.frame][v.band]) - v.want; math.Abs(d) > 2e-6 {
				t.Errorf("%+v: frame %d, band %d: %v, by librosa %v", c.mel, v.frame, v.band, got[v.frame][v.band], v.want)
			}
		}
	}
}

// A factor of the samples is a term of all bands, down to the floor.
func TestMelOfScaledSound(t *testing.T) {
	x := voice(0.4, 0.2, 0.1, 1)
	quiet := slices.Clone(x)
	for i := range quiet {
		quiet[i] *= 0.125
	}
	loud, soft := must(Mel{}.LogMagnitudes(x)), must(Mel{}.LogMagnitudes(quiet))
	silence := must(Mel{}.LogMagnitudes(make([]float32, len(x))))
	for m, frame := range loud {
		for b, v := range frame {
			if d := float64(v-soft[m][b]) - math.Log(8); math.Abs(d) > 2e-6 {
				t.Fatalf("frame %d, band %d: %v, an eighth as loud %v", m, b, v, soft[m][b])
			}
			if silence[m][b] != float32(math.Log(MelFloor)) {
				t.Fatalf("frame %d, band %d of silence: %v", m, b, silence[m][b])
			}
		}
	}
}

// What rounding to 16 bits leaves, a thousand times as loud, is a thousand floors loud.
func TestMelFloorIsThatOf16Bits(t *testing.T) {
	noise := voice(0.4, 0.2, 0.1, 1)
	for i, v := range noise {
		noise[i] = 1000 * (v - float32(math.Round(float64(v)*32768)/32768))
	}
	mean, n := 0.0, 0
	for _, frame := range must(Mel{}.LogMagnitudes(noise)) {
		for _, v := range frame {
			mean += math.Exp(float64(v))
			n++
		}
	}
	if mean /= float64(n); mean < 500*MelFloor || mean > 2000*MelFloor {
		t.Errorf("rounding leaves %v, the floor is %v", mean/1000, MelFloor)
	}
}

// At the rates in use each band holds a frequency, and a tone is loudest in a band that holds it.
func TestMelRates(t *testing.T) {
	for _, rate := range []int{8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000, 96000, 192000} {
		x := tone(1000, rate, rate/10)
		m := must(Mel{Rate: rate}.filled())
		if seconds := float64(m.Window) / float64(rate); seconds < 0.04 || seconds >= 0.08 {
			t.Errorf("%d Hz: a window of %v s", rate, seconds)
		}
		frames, err := Mel{Rate: rate}.LogMagnitudes(x)
		if err != nil {
			t.Errorf("%d Hz: %v", rate, err)
			continue
		}
		middle := frames[len(frames)/2]
		band := slices.Index(middle, slices.Max(middle))
		f := must(m.filters())[band]
		bin := 1000 * float64(m.Window) / float64(rate)
		if bin < float64(f.first-1) || bin > float64(f.first+len(f.weights)) {
			t.Errorf("%d Hz: the tone is at bin %.1f, the loudest band from bin %d on holds %d", rate, bin, f.first, len(f.weights))
		}
	}
}

func TestMelEdges(t *testing.T) {
	if got := must(Mel{}.LogMagnitudes(nil)); len(got) != 0 {
		t.Errorf("no samples gave %d frames", len(got))
	}
	if got := must(Mel{}.LogMagnitudes(make([]float32, 255))); len(got) != 1 {
		t.Errorf("255 samples gave %d frames, want 255/256+1", len(got))
	}
	for _, c := range []struct {
		mel  Mel
		want string
	}{
		{Mel{Rate: -1}, "a rate of -1 Hz"},
		{Mel{Rate: math.MaxInt}, "1 to 1,000,000"},
		{Mel{Bands: -1}, "-1 bands of the 513"},
		{Mel{Bands: math.MaxInt}, "no more than frequencies"},
		{Mel{Bands: 400}, "band 0 of 400, from 0.0 to 15.0 Hz"},
		{Mel{Window: 1}, "a window of 1"},
		{Mel{Hop: -1}, "moved by -1"},
		{Mel{Low: -1}, "from -1 to 8000 Hz"},
		{Mel{Low: 100, High: 100}, "from 100 to 100 Hz"},
		{Mel{High: 8001}, "at most half the rate"},
		{Mel{Low: math.NaN()}, "from NaN"},
		{Mel{High: math.Inf(1)}, "to +Inf Hz"},
	} {
		if _, err := c.mel.LogMagnitudes(nil); err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "mel: ") {
			t.Errorf("%+v: error %v does not say %q", c.mel, err, c.want)
		}
	}
}
