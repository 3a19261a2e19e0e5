package datasets

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// rulers are n examples of shape [samples, channels] whose values are all different
// and above 0, with labels and origins. Example i holds its sound between first(i) and
// end(i); the rest is masked and 0. Nil functions mask nothing.
func rulers(n, samples, channels int, first, end func(i int) int) *Examples {
	per := samples * channels
	values, labels := make([]float32, n*per), make([]int, n)
	var mask []uint8
	if first != nil {
		mask = make([]uint8, n*per)
	}
	origin := make([]string, n)
	for i := range n {
		labels[i], origin[i] = i%10, fmt.Sprintf("%d.wav@%d", i, 1000*i)
		for j := range per {
			if mask != nil && (j/channels < first(i) || j/channels >= end(i)) {
				continue
			}
			values[i*per+j] = float32(1 + i*per + j)
			if mask != nil {
				mask[i*per+j] = 1
			}
		}
	}
	e := must(FromFloats([]int{samples, channels}, values, labels))
	e.table.Mask, e.origin = mask, origin
	return e
}

// isStretch checks that an example of crops is a slice of the one that it was cut
// from, its mask included, and returns where it begins.
func isStretch(t *testing.T, whole, cut *Batch, i, length, channels int) int {
	t.Helper()
	name, _, _ := strings.Cut(whole.Origin[i], "@")
	var begin int
	if _, err := fmt.Sscanf(cut.Origin[i], name+"@%d", &begin); err != nil {
		t.Fatalf("origin %q: %v", cut.Origin[i], err)
	}
	var before int
	if _, err := fmt.Sscanf(whole.Origin[i], name+"@%d", &before); err != nil {
		t.Fatal(err)
	}
	begin -= before
	samples := whole.Shape[0]
	if begin < 0 || begin+length > samples {
		t.Fatalf("%s: from %d to %d of %d", cut.Origin[i], begin, begin+length, samples)
	}
	from, to := begin*channels, (begin+length)*channels
	if !slices.Equal(cut.Example(i), whole.Example(i)[from:to]) || cut.Labels[i] != whole.Labels[i] {
		t.Fatalf("%s: not the slice of the example that begins there", cut.Origin[i])
	}
	if (cut.Mask == nil) != (whole.Mask == nil) {
		t.Fatalf("mask of %d where the whole has one of %d", len(cut.Mask), len(whole.Mask))
	}
	if cut.Mask != nil {
		n, per := samples*channels, length*channels
		if !slices.Equal(cut.Mask[i*per:(i+1)*per], whole.Mask[i*n+from:i*n+to]) {
			t.Fatalf("%s: the mask is not that of the example", cut.Origin[i])
		}
	}
	return begin
}

func TestCrop(t *testing.T) {
	const samples, length = 60, 20
	first := func(i int) int { return i % 7 }
	end := func(i int) int { return 5 + 7*i } // fewer than length at first, and beyond all at last
	for name, data := range map[string]*Examples{
		"mono":        rulers(9, samples, 1, first, end),
		"stereo":      rulers(9, samples, 2, first, end),
		"no padding":  rulers(9, samples, 3, nil, nil),
		"all padding": rulers(9, samples, 2, end, first),
		"late":        rulers(9, samples, 1, func(int) int { return 55 }, func(int) int { return 58 }),
	} {
		cut := must(Crop(data, length, 4))
		agrees(t, cut)
		channels := data.Shape()[1]
		if !slices.Equal(cut.Shape(), []int{length, channels}) {
			t.Errorf("%s: shape %v", name, cut.Shape())
		}
		if _, ok := cut.(Resident); ok {
			t.Errorf("%s: what is cut anew at each visit says that it lies in memory", name)
		}
		whole := must(All(data))
		var before, again Batch
		for visit := range uint64(20) {
			var b Batch
			indices := descending(data.Len())
			slices.Reverse(indices)
			if err := cut.Read(&b, visit, indices); err != nil {
				t.Fatal(err)
			}
			if err := must(Crop(data, length, 4)).Read(&again, visit, indices); err != nil || !slices.Equal(again.Values, b.Values) {
				t.Errorf("%s: the same seed and visit give other stretches (%v)", name, err)
			}
			for i := range indices {
				begin := isStretch(t, whole, &b, i, length, channels)
				switch {
				case name == "mono" || name == "stereo":
					from, to := first(i), min(end(i), samples)
					if inside := begin >= from && begin+length <= to; to-from >= length && !inside {
						t.Errorf("%s: example %d, whose sound is %d to %d, is cut from %d on", name, i, from, to, begin)
					}
					if to-from < length && begin != from {
						t.Errorf("%s: example %d, short, begins at %d, its sound at %d", name, i, begin, from)
					}
				case name == "late" && begin != samples-length, name == "all padding" && begin != 0:
					t.Errorf("%s: begins at %d", name, begin)
				}
			}
			if name == "no padding" && slices.Equal(before.Values, b.Values) {
				t.Errorf("visits %d and %d see the same", visit-1, visit)
			}
			before = b
		}
	}
}

// Every stretch of the sound, its first and its last among them, is equally likely,
// within five standard deviations, and another seed draws others.
func TestCropsAreEven(t *testing.T) {
	const visits, first, end, length = 11000, 10, 40, 20
	data := rulers(1, 60, 1, func(int) int { return first }, func(int) int { return end })
	cut, other := must(Crop(data, length, 0)).(*crops), must(Crop(data, length, 1)).(*crops)
	counts, alike := map[int]int{}, 0
	for visit := range uint64(visits) {
		begin := cut.begin(data.table.Mask, visit, 0)
		counts[begin]++
		if begin == other.begin(data.table.Mask, visit, 0) {
			alike++
		}
	}
	const p = 1. / (end - length - first + 1)
	bound := 5 * math.Sqrt(visits*p*(1-p))
	for begin := first; begin <= end-length; begin++ {
		if math.Abs(float64(counts[begin])-visits*p) > bound {
			t.Errorf("%d of %d stretches begin at %d", counts[begin], visits, begin)
		}
		delete(counts, begin)
	}
	if len(counts) > 0 || math.Abs(float64(alike)-visits*p) > bound {
		t.Errorf("stretches beyond the sound: %v; %d alike with another seed", counts, alike)
	}
}

// A sample counts as sound where one of its channels does.
func TestCropOfOneChannelsSound(t *testing.T) {
	cut := must(Crop(rulers(1, 4, 2, nil, nil), 2, 0)).(*crops)
	seen := map[int]bool{}
	for visit := range uint64(100) {
		seen[cut.begin([]uint8{0, 0, 0, 1, 1, 1, 1, 0}, visit, 0)] = true
	}
	if len(seen) != 2 || !seen[1] || !seen[2] {
		t.Errorf("begins at %v, want 1 and 2", seen)
	}
}

// Long examples are read a few at a time, and recordings on disk can be cut again.
func TestCropStreams(t *testing.T) {
	long := rulers(3, partValues/2+1, 1, nil, nil)
	cut, whole := must(Crop(long, 500, 0)), must(All(long))
	b := must(All(cut))
	for i := range 3 {
		isStretch(t, whole, b, i, 500, 1)
	}
	dir := t.TempDir()
	writeTone(t, filepath.Join(dir, "a.wav"), 440, 16000, 2500, 1, 0.3)
	writeTone(t, filepath.Join(dir, "b.wav"), 440, 44100, 1500, 2, 0.5)
	agrees(t, must(Crop(must(WAVFolder(dir, Segments{Length: 1000, Random: true})), 300, 0)))
	agrees(t, must(Subset(must(Crop(long, 7, 0)), []int{2, 0})))
	if origin := originAfter("plucked 110.0 Hz @home", 7); origin != "plucked 110.0 Hz @home@7" {
		t.Errorf("origin %q", origin)
	}
}

func TestCropRefuses(t *testing.T) {
	data := rulers(2, 60, 1, nil, nil)
	for _, length := range []int{0, -1, 61} {
		if _, err := Crop(data, length, 0); err == nil || !strings.Contains(err.Error(), "from 1 to 60") {
			t.Errorf("length %d: %v", length, err)
		}
	}
	if _, err := Crop(ramp(2), 1, 0); err == nil || !strings.Contains(err.Error(), "[2 2 1]") {
		t.Errorf("images: %v", err)
	}
}
