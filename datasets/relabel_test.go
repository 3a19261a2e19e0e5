package datasets

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// bySpeakerAndDigit numbers both together, 0 … 59.
func bySpeakerAndDigit(origin string, digit int) int {
	return 10*slices.Index(Speakers(), Speaker(origin)) + digit
}

// Labels are what the function makes of each origin and label, in memory and from
// disk, and nothing else changes.
func TestRelabel(t *testing.T) {
	dir := t.TempDir()
	for i, name := range []string{"0_george_1.wav", "3_theo_7.wav", "9_yweweler_0.wav"} {
		writeTone(t, filepath.Join(dir, name), 440, 16000, 1500+100*i, 1, 0.5)
	}
	folder := must(WAVFolder(dir, Segments{Length: 1000}))
	digit := func(origin string, label int) int { return int(origin[0] - '0') }
	for _, data := range []Dataset{folder, must(Hold(folder))} {
		both := must(Relabel(must(Relabel(data, digit)), bySpeakerAndDigit))
		agrees(t, both)
		b, plain := must(All(both)), must(All(data))
		if want := []int{0, 0, 43, 43, 59, 59}; !slices.Equal(b.Labels, want) {
			t.Errorf("labels %v, want %v", b.Labels, want)
		}
		if !slices.Equal(b.Values, plain.Values) || !slices.Equal(b.Mask, plain.Mask) || !slices.Equal(b.Origin, plain.Origin) || plain.Labels != nil {
			t.Error("more than the labels has changed")
		}
		_, was := data.(Resident)
		r, is := both.(Resident)
		if was != is {
			t.Errorf("in memory: %v before, %v after", was, is)
		}
		if is && !slices.Equal(r.Resident(1).Labels, b.Labels) {
			t.Errorf("the table has labels %v, Read gives %v", r.Resident(1).Labels, b.Labels)
		}
		_, err := Relabel(data, nil)
		if err == nil || !strings.Contains(err.Error(), "a function") {
			t.Errorf("no function: %v", err)
		}
		picky, err := Relabel(data, func(origin string, _ int) int {
			if strings.HasPrefix(origin, "3") {
				panic("three")
			}
			return 1
		})
		if err == nil {
			_, err = All(picky)
		}
		if err == nil || !strings.Contains(err.Error(), `example 2 ("3_theo_7.wav@0"): panic: three`) {
			t.Errorf("a panic: %v", err)
		}
	}
	bare := must(Relabel(must(FromFloats([]int{1}, []float32{5, 6}, nil)), func(origin string, label int) int { return len(origin) + label }))
	if b := must(All(bare)); !slices.Equal(b.Labels, []int{0, 0}) {
		t.Errorf("without origins and labels: %v", b.Labels)
	}
	seen := must(Relabel(Binarise(ramp(9), Dynamic, 0), func(_ string, label int) int { return label - 5 }))
	agrees(t, seen)
	if b := must(Read(seen, 4)); b.Labels[0] != -4 {
		t.Errorf("label %d, want 1−5", b.Labels[0])
	}
}

// The speakers are those of the recordings, in order, each with every digit.
func TestSpeakers(t *testing.T) {
	if !slices.IsSorted(Speakers()) {
		t.Errorf("%v are not in alphabetical order", Speakers())
	}
	dir, sum, recordings, _ := spokenFolder(t)
	speech, err := readSpeech(dir, sum)
	if err != nil {
		t.Fatal(err)
	}
	counts := map[int]int{}
	for _, part := range []Resident{speech.Train, speech.Test} {
		both := must(Relabel(part, bySpeakerAndDigit)).(Resident)
		digits := part.Resident(0).Labels
		for i, label := range both.Resident(0).Labels {
			if label < 0 || label%10 != digits[i] {
				t.Fatalf("label %d of digit %d", label, digits[i])
			}
			counts[label]++
		}
	}
	if want := map[int]int{3000: 60, 48: 4}[recordings]; len(counts) != want {
		t.Errorf("%d classes, want %d", len(counts), want)
	}
}
