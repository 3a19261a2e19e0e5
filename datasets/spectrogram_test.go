package datasets

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/vaebook/vaebook/vaekit/audio"
)

// tones are one second each at 8 kHz of 500, 1000 and 1500 Hz, with labels and origins.
func tones() *Examples {
	var values []float32
	for i := range 3 {
		for t := range 8000 {
			values = append(values, float32(0.5*math.Sin(2*math.Pi*500*float64(1+i)*float64(t)/8000)))
		}
	}
	e := must(FromFloats([]int{8000, 1}, values, []int{7, 8, 9}))
	e.origin = []string{"a.wav@0", "b.wav@0", "c.wav@0"}
	return e
}

// A tone is one ridge, as high as the window's mean says, with silence beside it; made
// audible again it is that tone.
func TestSpectrogramOfTones(t *testing.T) {
	s := Spectrogram{STFT: audio.STFT{Window: 256, Hop: 64, Centred: true}, Bins: 100, Frames: 120}
	b := must(Read(must(s.Of(tones())), 2, 0, 1))
	if !slices.Equal(b.Shape, []int{120, 100}) || !slices.Equal(b.Labels, []int{9, 7, 8}) || b.Origin[0] != "c.wav@0" {
		t.Fatalf("shape %v, labels %v, origins %v", b.Shape, b.Labels, b.Origin)
	}
	for i, hertz := range []int{1500, 500, 1000} {
		bin := hertz * 256 / 8000
		frame := b.Example(i)[60*100 : 61*100]
		if peak := math.Exp(float64(frame[bin])); math.Abs(peak-(32+0.0256)) > 0.01 { // 0.5 · Σw/2 + Floor
			t.Errorf("%d Hz: the magnitude is %v, not 32.03", hertz, peak)
		}
		if quiet := frame[bin+10]; math.Abs(float64(quiet)-math.Log(0.0256)) > 0.2 {
			t.Errorf("%d Hz: 10 bins away it is %v, not log Floor = %v", hertz, quiet, math.Log(0.0256))
		}
	}
	heard := must(s.Sounds(b, 60))
	if !slices.Equal(heard.Shape, []int{119 * 64, 1}) || !slices.Equal(heard.Labels, b.Labels) || !slices.Equal(heard.Origin, b.Origin) {
		t.Fatalf("shape %v, labels %v, origins %v", heard.Shape, heard.Labels, heard.Origin)
	}
	again := must(Read(must(s.Of(must(Hold(tones())))), 2, 0, 1))
	back := must(Read(must(Spectrogram{STFT: s.STFT, Bins: 100}.Of(must(FromFloats(heard.Shape, heard.Values, nil)))), 0, 1, 2))
	for i := range 3 {
		for k := range 100 {
			want, got := again.Example(i)[60*100+k], back.Example(i)[60*100+k]
			if want > 0 && math.Abs(float64(want-got)) > 0.1 {
				t.Errorf("sound %d, bin %d: %v, and once audible %v", i, k, want, got)
			}
		}
	}
}

// What is read does not depend on how much is read at a time, nor on the batch before.
func TestSpectrogramsReadAlike(t *testing.T) {
	data := must(Spectrogram{}.Of(tones()))
	if want := []int{(8000-512)/128 + 1, 257}; !slices.Equal(data.Shape(), want) {
		t.Fatalf("shape %v, want %v", data.Shape(), want)
	}
	all := must(All(data))
	var b Batch
	for i := range 3 {
		if err := data.Read(&b, 0, []int{i}); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(b.Values, all.Example(i)) || b.Labels[0] != all.Labels[i] {
			t.Errorf("example %d read alone is another", i)
		}
	}
}

func TestSpectrogramSaysWhatIsWrong(t *testing.T) {
	sound := tones()
	pictures := must(FromFloats([]int{2, 2, 1}, make([]float32, 4), nil))
	stereo := must(FromFloats([]int{1000, 2}, make([]float32, 2000), nil))
	for _, c := range []struct {
		s    Spectrogram
		data Dataset
		want string
	}{
		{Spectrogram{}, pictures, "shape [2 2 1]"},
		{Spectrogram{}, stereo, "2 channels"},
		{Spectrogram{Bins: 300}, sound, "300 bins are asked for; a window of 512 samples has 257"},
		{Spectrogram{Frames: 60}, sound, "60 frames are asked for; 8000 samples have 59"},
		{Spectrogram{STFT: audio.STFT{Window: 9000}}, sound, "do not fill a window of 9000"},
		{Spectrogram{Floor: -1}, sound, "negative"},
		{Spectrogram{STFT: audio.STFT{Window: 1}}, sound, "window"},
	} {
		if _, err := c.s.Of(c.data); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.s, err, c.want)
		}
	}
	for _, c := range []struct {
		b      *Batch
		rounds int
		want   string
	}{
		{&Batch{Shape: []int{4}, Values: make([]float32, 4)}, 60, "shape [4]"},
		{&Batch{Shape: []int{2, 2}, Values: make([]float32, 4)}, 0, "0 rounds"},
		{&Batch{Shape: []int{2, 2}, Values: []float32{1000, 0, 0, 0}}, 60, "magnitude +Inf"},
	} {
		if _, err := (Spectrogram{}).Sounds(c.b, c.rounds); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v, want %q", c.b, err, c.want)
		}
	}
}
