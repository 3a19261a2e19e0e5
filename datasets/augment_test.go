package datasets

import (
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Decibels are spread evenly between the bounds and signs over both, within five
// standard deviations, the same for all values of an example.
func TestGainAndPolarity(t *testing.T) {
	const n, bins = 12000, 12
	ones := make([]float32, 4*n)
	for i := range ones {
		ones[i] = 1 + float32(i%2)
	}
	data := must(FromFloats([]int{2, 2}, ones, nil))
	b := must(All(must(Augment(data, Augmentation{Gain: 6, Polarity: true}))))
	var counts [bins]int
	negative := 0
	for i := range n {
		x := b.Example(i)
		if x[1] != 2*x[0] || x[2] != x[0] || x[3] != x[1] {
			t.Fatalf("example %d: %v were 1, 2, 1, 2", i, x)
		}
		decibels := 20 * math.Log10(math.Abs(float64(x[0])))
		if math.Abs(decibels) > 6+1e-6 {
			t.Fatalf("example %d: %v dB", i, decibels)
		}
		counts[min(int((decibels+6)*bins/12), bins-1)]++
		if x[0] < 0 {
			negative++
		}
	}
	within := func(what string, count int, p float64) {
		if math.Abs(float64(count)-n*p) > 5*math.Sqrt(n*p*(1-p)) {
			t.Errorf("%s: %d of %d", what, count, n)
		}
	}
	for _, count := range counts {
		within("decibels in a twelfth", count, 1./bins)
	}
	within("negative", negative, 0.5)
}

// A shift moves values and mask alike, by every number up to the bound, lets in
// padding and loses what leaves.
func TestShift(t *testing.T) {
	const samples, shift = 12, 5
	for name, data := range map[string]*Examples{
		"mono":       rulers(200, samples, 1, func(int) int { return 3 }, func(int) int { return 9 }),
		"stereo":     rulers(200, samples, 2, func(int) int { return 0 }, func(int) int { return 9 }),
		"no padding": rulers(200, samples, 2, nil, nil),
	} {
		channels := data.Shape()[1]
		whole := must(All(data))
		moved := must(Augment(data, Augmentation{Shift: shift, Seed: 2}))
		b := must(All(moved))
		if !slices.Equal(b.Labels, whole.Labels) || !slices.Equal(b.Origin, whole.Origin) {
			t.Errorf("%s: labels or origins have changed", name)
		}
		seen := map[int]bool{}
		per := samples * channels
		for i := range data.Len() {
			by := -2 * shift
			for try := -shift; try <= shift; try++ {
				same := true
				for j := range per {
					x, m := float32(0), uint8(0)
					if from := j - try*channels; from >= 0 && from < per {
						x, m = whole.Values[i*per+from], whole.mask()[i*per+from]
					}
					same = same && b.Values[i*per+j] == x && b.Mask[i*per+j] == m
				}
				if same {
					by = try
				}
			}
			if by < -shift {
				t.Fatalf("%s: example %d became %v, mask %v", name, i, b.Example(i), b.Mask[i*per:(i+1)*per])
			}
			seen[by] = true
		}
		if len(seen) != 2*shift+1 {
			t.Errorf("%s: moved by %v; every number to ±%d was to be seen", name, seen, shift)
		}
	}
}

// The seed, the visit and the index alone decide, what is asked for beside a change
// does not alter it, and data that is augmented streams.
func TestAugment(t *testing.T) {
	data := rulers(20, 30, 2, nil, nil)
	how := Augmentation{Gain: 6, Polarity: true, Shift: 4, Seed: 1}
	all := must(Augment(data, how))
	agrees(t, all)
	if _, ok := all.(Resident); ok {
		t.Error("what is drawn anew at each visit says that it lies in memory")
	}
	first, again := must(All(all)), must(All(must(Augment(data, how))))
	if !slices.Equal(first.Values, again.Values) {
		t.Error("the same seed and visit give other sounds")
	}
	var next Batch
	if err := all.Read(&next, 1, descending(20)); err != nil || slices.Equal(next.Example(19), first.Example(0)) {
		t.Errorf("two visits see the same (%v)", err)
	}
	loud, other := must(Augment(data, Augmentation{Gain: 6, Seed: 1})).(*augmented), must(Augment(data, Augmentation{Gain: 6})).(*augmented)
	moved := must(Augment(data, Augmentation{Shift: 4, Seed: 1})).(*augmented)
	alike := 0
	for i := range 100 {
		gain, shift := all.(*augmented).draw(3, i)
		alone, _ := loud.draw(3, i)
		_, by := moved.draw(3, i)
		if alone != gain && alone != -gain || by != shift {
			t.Errorf("with others %v and %d, alone %v and %d", gain, shift, alone, by)
		}
		if g, _ := other.draw(3, i); g == alone {
			alike++
		}
	}
	if alike == 100 {
		t.Error("another seed draws the same")
	}
	plain := must(All(must(Augment(data, Augmentation{}))))
	if !slices.Equal(plain.Values, must(All(data)).Values) || plain.Mask != nil {
		t.Error("the zero value changes something")
	}
	dir := t.TempDir()
	writeTone(t, filepath.Join(dir, "a.wav"), 440, 16000, 2500, 1, 0.3)
	writeTone(t, filepath.Join(dir, "b.wav"), 440, 16000, 10, 1, 0.3)
	agrees(t, must(Augment(must(WAVFolder(dir, Segments{Length: 1000, Random: true})), how)))
	agrees(t, must(Augment(must(Crop(data, 10, 1)), how)))
	for want, bad := range map[string]Augmentation{
		"NaN dB":           {Gain: math.NaN()},
		"-1 dB":            {Gain: -1},
		"400 dB":           {Gain: 400},
		"moves by 0 to 29": {Shift: 30},
		"Shift is -1":      {Shift: -1},
	} {
		if _, err := Augment(data, bad); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q in it", bad, err, want)
		}
	}
	if _, err := Augment(ramp(2), how); err == nil || !strings.Contains(err.Error(), "[2 2 1]") {
		t.Errorf("images: %v", err)
	}
}
