package metrics

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/vaebook/vaebook/datasets"
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

// sound is a batch of sounds of one length.
func sound(examples ...[]float32) *datasets.Batch {
	return &datasets.Batch{Shape: []int{len(examples[0]), 1}, Values: slices.Concat(examples...)}
}

func times(x []float32, factor float32) []float32 {
	y := slices.Clone(x)
	for i := range y {
		y[i] *= factor
	}
	return y
}

func logMel16(data, reconstruction *datasets.Batch) (Scores, error) {
	return LogMel(data, reconstruction, 16000)
}

var soundMeasures = map[string]func(data, reconstruction *datasets.Batch) (Scores, error){
	"ESR": ESR, "SISDR": SISDR, "STFT": STFT, "LogMel": logMel16,
}

// near says that two scores are equal, or no farther apart than 10⁻⁶ of them.
func near(a, b float64) bool { return a == b || math.Abs(a-b) <= 1e-6*math.Abs(b) }

// checkSound compares the scores of one example with what they must be.
func checkSound(t *testing.T, name string, x, y *datasets.Batch, want map[string]float64) {
	t.Helper()
	for measure, w := range want {
		got, err := soundMeasures[measure](x, y)
		if err != nil {
			t.Errorf("%s: %s: %v", name, measure, err)
		} else if !near(got.Mean, w) {
			t.Errorf("%s: %s is %.9g, want %.9g", name, measure, got.Mean, w)
		}
	}
}

// By librosa 0.11.0 with NumPy 2.4.6: stft(v, n_fft=w, hop_length=w//4, pad_mode="constant"),
// log(maximum(feature.melspectrogram(y=v, sr=16000, n_fft=1024, hop_length=256, n_mels=80,
// power=1, pad_mode="constant"), 1e-5)), all in float64, and the formulas of each measure.
func TestSoundsAgainstLibrosa(t *testing.T) {
	x, y := sound(voice(0.4, 0.2, 0.02, 1)), sound(voice(0.35, 0.1, 0.05, 2))
	checkSound(t, "voices", x, y, map[string]float64{
		"ESR": 0.07223993224806959, "SISDR": 13.012689126185899, "STFT": 1.2682506630586738, "LogMel": 0.8328791114302352,
	})
	// With sr=8000, n_fft=512, hop_length=128.
	if got, err := LogMel(x, y, 8000); err != nil || !near(got.Mean, 0.8586963482203138) {
		t.Errorf("LogMel at 8 kHz is %v (%v), by librosa 0.8586963482203138", got.Mean, err)
	}
}

// What follows from the formulas alone.
func TestSoundsThatAreKnown(t *testing.T) {
	inf := math.Inf(1)
	x := voice(0.4, 0.2, 0.1, 1)
	silence := make([]float32, len(x))
	impulse := []float32{0.5}
	low, high, both := make([]float32, 4000), make([]float32, 4000), make([]float32, 4000)
	for i := range both { // 55 and 330 periods, so that their product sums to 0
		t := 2 * math.Pi * float64(i) / 16000
		low[i], high[i] = float32(0.5*math.Sin(220*t)), float32(0.05*math.Sin(1320*t))
		both[i] = low[i] + high[i]
	}
	for name, c := range map[string]struct {
		x, y []float32
		want map[string]float64
	}{
		"itself":            {x, x, map[string]float64{"ESR": 0, "SISDR": inf, "STFT": 0, "LogMel": 0}},
		"half as loud":      {x, times(x, 0.5), map[string]float64{"ESR": 0.25, "SISDR": inf, "STFT": 0.5 + math.Ln2, "LogMel": math.Ln2}},
		"twice as loud":     {x, times(x, 2), map[string]float64{"ESR": 1, "SISDR": inf, "STFT": 1 + math.Ln2, "LogMel": math.Ln2}},
		"upside down":       {x, times(x, -1), map[string]float64{"ESR": 4, "SISDR": inf, "STFT": 0, "LogMel": 0}},
		"another tone":      {low, both, map[string]float64{"ESR": 0.01, "SISDR": 20}},
		"another, louder":   {low, times(both, 3), map[string]float64{"ESR": 4 + 9*0.01, "SISDR": 20}},
		"one sample":        {impulse, times(impulse, 0.5), map[string]float64{"ESR": 0.25, "SISDR": inf, "STFT": 0.5 + math.Ln2, "LogMel": math.Ln2}},
		"silence, twice":    {silence, silence, map[string]float64{"ESR": 0, "SISDR": inf, "STFT": 0, "LogMel": 0}},
		"silence for sound": {x, silence, map[string]float64{"ESR": 1, "SISDR": -inf}},
		"sound for silence": {silence, x, map[string]float64{"ESR": inf, "SISDR": -inf, "STFT": inf}},
		"far too loud":      {x, times(x, 1e38), map[string]float64{"STFT": inf, "LogMel": inf}},
	} {
		checkSound(t, name, sound(c.x), sound(c.y), c.want)
	}
	// Of silence LogMel is what it is the other way round.
	there, err := logMel16(sound(x), sound(silence))
	if err != nil {
		t.Fatal(err)
	}
	checkSound(t, "sound for silence", sound(silence), sound(x), map[string]float64{"LogMel": there.Mean})
	// A factor that is no power of 2 is rounded in each sample, by 2⁻²⁵ of it or so.
	rounded, err := SISDR(sound(x), sound(times(x, 0.3)))
	if err != nil || rounded.Mean < 145 || rounded.Mean > 160 {
		t.Errorf("SI-SDR of a rounded multiple is %v (%v)", rounded.Mean, err)
	}
	got, err := SISDR(sound(x, x), sound(x, silence))
	if err != nil || got.Each[0] != inf || got.Each[1] != -inf || !math.IsNaN(got.Mean) {
		t.Errorf("infinities of both signs: %+v (%v)", got, err)
	}
}

// Noise of standard deviation σ beside a tone of amplitude a leaves 10 log₁₀ (a²/2σ²) dB; the
// error of the mean square of n draws is √(2/n) of it, or 4.34·√(2/n) dB.
func TestSISDROfNoise(t *testing.T) {
	const n, a, σ = 100_000, 0.5, 0.05
	rng := rand.New(rand.NewPCG(1, 1))
	x, y := make([]float32, n), make([]float32, n)
	for i := range x {
		x[i] = float32(a * math.Sin(2*math.Pi*440*float64(i)/16000))
		y[i] = 0.7 * (x[i] + float32(σ*rng.NormFloat64()))
	}
	got, err := SISDR(sound(x), sound(y))
	if err != nil {
		t.Fatal(err)
	}
	if want := 10 * math.Log10(a*a/(2*σ*σ)); math.Abs(got.Mean-want) > 4*4.34*math.Sqrt(2.0/n) {
		t.Errorf("SI-SDR %v dB, want %v", got.Mean, want)
	}
}

// A delay of half a millisecond is a large error of the samples and a small one of the
// spectra; noise of the same error is a large one of both.
func TestDelaysAndNoise(t *testing.T) {
	x := voice(0.3, 0.3, 0.02, 1)
	late := slices.Concat(make([]float32, 8), x[:len(x)-8])
	score := func(measure func(x, y *datasets.Batch) (Scores, error), y []float32) float64 {
		got, err := measure(sound(x), sound(y))
		if err != nil {
			t.Fatal(err)
		}
		return got.Mean
	}
	esr := score(ESR, late)
	energy := 0.0
	for _, v := range x {
		energy += float64(v) * float64(v)
	}
	noisy, rng := slices.Clone(x), rand.New(rand.NewPCG(1, 2))
	for i := range noisy {
		noisy[i] += float32(rng.NormFloat64() * math.Sqrt(esr*energy/float64(len(x))))
	}
	for _, measure := range []func(x, y *datasets.Batch) (Scores, error){STFT, logMel16} {
		delay, noise := score(measure, late), score(measure, noisy)
		if esr < 1 || noise < 5*delay {
			t.Errorf("ESR %v: a delay costs %v, noise %v", esr, delay, noise)
		}
	}
}

// Padding may hold anything, on either side: a sound with padding scores like the sound.
func TestPaddedSounds(t *testing.T) {
	x, y := voice(0.4, 0.2, 0.02, 1), voice(0.35, 0.1, 0.05, 2)
	padded, mask := slices.Clone(x), slices.Repeat([]uint8{1}, len(x))
	for i := 3000; i < len(x); i++ {
		padded[i], mask[i] = float32(math.NaN()), 0
	}
	want := map[string]float64{}
	for name, measure := range soundMeasures {
		got, err := measure(sound(x[:3000]), sound(y[:3000]))
		if err != nil {
			t.Fatal(err)
		}
		want[name] = got.Mean
	}
	masked := sound(padded)
	masked.Mask = mask
	checkSound(t, "data", masked, sound(y), want)
	other := sound(y)
	other.Mask = mask
	checkSound(t, "reconstruction", sound(x), other, want)
}

// Sounds on both sides of a hole: samples count as if joined, and the frames of LogMel,
// here 1 + 2560/256 and 1 + 1024/256, as those of two sounds.
func TestSoundsWithAHole(t *testing.T) {
	x, y := voice(0.4, 0.2, 0.02, 1), voice(0.35, 0.1, 0.05, 2)
	masked := sound(x)
	masked.Mask = slices.Concat(slices.Repeat([]uint8{1}, 2560), make([]uint8, 416), slices.Repeat([]uint8{1}, 1024))
	without := func(x []float32) *datasets.Batch { return sound(slices.Concat(x[:2560], x[2976:])) }
	want := map[string]float64{}
	for _, name := range []string{"ESR", "SISDR"} {
		got, err := soundMeasures[name](without(x), without(y))
		if err != nil {
			t.Fatal(err)
		}
		want[name] = got.Mean
	}
	left, err := logMel16(sound(x[:2560]), sound(y[:2560]))
	if err != nil {
		t.Fatal(err)
	}
	right, err := logMel16(sound(x[2976:]), sound(y[2976:]))
	if err != nil {
		t.Fatal(err)
	}
	want["LogMel"] = (11*left.Mean + 5*right.Mean) / 16
	checkSound(t, "hole", masked, sound(y), want)
}

func TestSoundsThatCannotBeMeasured(t *testing.T) {
	x := sound(voice(0.4, 0.2, 0.02, 1))
	changed := func(value float32) *datasets.Batch {
		b := sound(slices.Clone(x.Values))
		b.Values[3] = value
		return b
	}
	padding := sound(x.Values)
	padding.Mask = make([]uint8, len(x.Values))
	nan := float32(math.NaN())
	for _, c := range []struct {
		x, y *datasets.Batch
		say  string
	}{
		{padding, x, "mask of example 0"},
		{changed(nan), x, "value 3 of example 0 is NaN"},
		{x, changed(nan), "NaN in its reconstruction"},
		{changed(1e31), x, "between −10³⁰ and 10³⁰"},
		{x, sound(x.Values[:100]), "in the same order"},
		{&datasets.Batch{Shape: []int{0, 1}}, &datasets.Batch{Shape: []int{0, 1}}, "nothing to compare"},
		{&datasets.Batch{Shape: []int{4000}, Values: x.Values}, x, "sounds are [length, 1]"},
		{&datasets.Batch{Shape: []int{2000, 2}, Values: x.Values}, x, "have shape [2000 2]"},
	} {
		for name, measure := range soundMeasures {
			if _, err := measure(c.x, c.y); err == nil || !strings.Contains(err.Error(), c.say) {
				t.Errorf("%s: error %v does not say %q", name, err, c.say)
			}
		}
	}
	for rate, say := range map[int]string{0: "such as 16000", -8000: "a rate of -8000 Hz", 1000: "80 bands of the 33 frequencies"} {
		if _, err := LogMel(x, x, rate); err == nil || !strings.Contains(err.Error(), say) || !strings.HasPrefix(err.Error(), "metrics: ") {
			t.Errorf("LogMel at %d Hz: error %v does not say %q", rate, err, say)
		}
	}
}
