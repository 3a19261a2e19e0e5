package audio

import (
	"math"
	"math/cmplx"
	"math/rand/v2"
	"testing"
)

// Splitting and joining is the identity within 10⁻⁶, for every length and hop.
func TestOverlapAddInvertsSegments(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 300 {
		n, length := rng.IntN(500), 1+rng.IntN(100)
		hop := 1 + rng.IntN(length)
		x := make([]float32, n)
		for i := range x {
			x[i] = 2*rng.Float32() - 1
		}
		segments := must(Segments(x, length, hop))
		y := must(OverlapAdd(segments))
		if len(y) != n {
			t.Fatalf("n %d, length %d, hop %d: %d samples came back", n, length, hop, len(y))
		}
		for i := range x {
			if d := math.Abs(float64(x[i] - y[i])); d > 1e-6 {
				t.Fatalf("n %d, length %d, hop %d: sample %d is off by %g", n, length, hop, i, d)
			}
		}
	}
}

func TestSegmentsPadAndMask(t *testing.T) {
	x := tone(440, 16000, 25000)
	segments := must(Segments(x, 0, 0))
	if len(segments) != 3 {
		t.Fatalf("%d segments, want 3", len(segments))
	}
	last := segments[2]
	if last.Offset != 20000 || len(last.Samples) != 10000 || last.Samples[4999] != x[24999] {
		t.Errorf("last segment at %d, %d samples", last.Offset, len(last.Samples))
	}
	for i, m := range last.Mask {
		if (m == 1) != (i < 5000) || i >= 5000 && last.Samples[i] != 0 {
			t.Fatalf("place %d: mask %d, sample %v", i, m, last.Samples[i])
		}
	}
	for _, bad := range [][2]int{{-1, 0}, {10, 11}, {10, -1}} {
		if _, err := Segments(x, bad[0], bad[1]); err == nil {
			t.Errorf("length %d, hop %d was not refused", bad[0], bad[1])
		}
	}
	if _, err := OverlapAdd([]Segment{{Offset: -1}}); err == nil {
		t.Error("a segment before the sound was not refused")
	}
}

// Two segments that disagree are cross-faded: the joint stays between them and
// goes from one to the other without turning back.
func TestOverlapAddCrossFades(t *testing.T) {
	one := make([]float32, 100)
	for i := range one {
		one[i] = 1
	}
	y := must(OverlapAdd([]Segment{{Samples: make([]float32, 100)}, {Offset: 50, Samples: one}}))
	for i := 1; i < len(y); i++ {
		if y[i] < y[i-1] {
			t.Fatalf("falls at %d from %v to %v", i, y[i-1], y[i])
		}
	}
	if y[49] != 0 || y[100] != 1 || math.Abs(float64(y[74]+y[75])-1) > 1e-6 {
		t.Errorf("at 49, 74, 75, 100: %v %v %v %v", y[49], y[74], y[75], y[100])
	}
}

// The magnitudes are those of the sum that defines the transform, computed
// directly, and keep the energy of every windowed frame (Parseval).
func TestSTFTAgainstDefinition(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	x := make([]float32, 300)
	for i := range x {
		x[i] = 2*rng.Float32() - 1
	}
	for _, s := range []STFT{{Window: 64, Hop: 16}, {Window: 64, Hop: 30, Centred: true}, {Window: 45, Hop: 7}} {
		got := must(s.Magnitudes(x))
		if n := must(s.Frames(len(x))); n != len(got) {
			t.Errorf("%+v: %d frames, Frames says %d", s, len(got), n)
		}
		for m, frame := range got {
			if len(frame) != s.Window/2+1 {
				t.Fatalf("%+v: %d bins", s, len(frame))
			}
			start := m * s.Hop
			if s.Centred {
				start -= s.Window / 2
			}
			energy, spectrum := 0.0, 0.0
			for k := range s.Window {
				var sum complex128
				for n := range s.Window {
					if i := start + n; i >= 0 && i < len(x) {
						w := (1 - math.Cos(2*math.Pi*float64(n)/float64(s.Window))) / 2
						v := w * float64(x[i])
						sum += complex(v, 0) * cmplx.Rect(1, -2*math.Pi*float64(k*n)/float64(s.Window))
						if k == 0 {
							energy += v * v
						}
					}
				}
				if k < len(frame) {
					if d := math.Abs(cmplx.Abs(sum) - float64(frame[k])); d > 1e-5 {
						t.Fatalf("%+v: frame %d, bin %d: %v, directly %v", s, m, k, frame[k], cmplx.Abs(sum))
					}
					both := 2.0 // the bins above the middle mirror those below
					if k == 0 || 2*k == s.Window {
						both = 1
					}
					spectrum += both * float64(frame[k]) * float64(frame[k]) / float64(s.Window)
				}
			}
			if math.Abs(energy-spectrum) > 1e-5*(1+energy) {
				t.Errorf("%+v: frame %d has energy %v, its spectrum %v", s, m, energy, spectrum)
			}
		}
	}
}

func TestSTFTEdges(t *testing.T) {
	if got := must(STFT{}.Magnitudes(make([]float32, 511))); len(got) != 0 {
		t.Errorf("a sound shorter than the window gave %d frames", len(got))
	}
	if got := must(STFT{Centred: true}.Magnitudes(make([]float32, 511))); len(got) != 4 {
		t.Errorf("centred: %d frames, want 511/128+1 = 4", len(got))
	}
	for _, bad := range []STFT{{Window: 1}, {Window: -5}, {Hop: -1}} {
		if _, err := bad.Magnitudes(nil); err == nil {
			t.Errorf("%+v was not refused", bad)
		}
	}
}
