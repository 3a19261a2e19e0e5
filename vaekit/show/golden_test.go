package show

import (
	"bytes"
	"flag"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit"
)

var update = flag.Bool("update", false, "write the golden pictures in testdata anew; look at them before you commit")

// TestGoldenPictures draws one of each kind and compares it with the picture
// that a person looked at. Fonts and rims may differ a little between machines.
func TestGoldenPictures(t *testing.T) {
	must := func(img *image.RGBA, err error) *image.RGBA {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return img
	}
	small := Picture{Title: "A title", Width: 300}
	discs := someDiscs(12)
	points, labels := somePoints(600)
	points[3][1] = float32(math.NaN())
	sounds := someSounds()
	clouds := func(points plane, labels []int) *image.RGBA {
		return must(Picture{Title: "A latent plane", Width: 420}.scatter(points, labels))
	}
	for name, img := range map[string]*image.RGBA{
		"images":      must(small.grid(discs, 10, gap)),
		"rows":        must(small.rows([]Row{{"z₇  KL 2.13", discs.Slice(0, 6)}, {"z₂  KL 0.01", discs.Slice(6, 12)}})),
		"morph":       must(small.morph(discs, 4)),
		"scatter":     clouds(points, labels),
		"scatter-few": clouds(points[:40], nil),
		"plane": must(Picture{Width: 420}.plane(points[:40], labels[:40], [2]string{"1st principal direction", "2nd principal direction"}, false,
			"40 of 600 examples. The decoder runs in this page, with weights of 16 bits.")),
		"curves":       must(Picture{}.curves(someHistory(30))),
		"curves-log":   must(Picture{Title: "On logarithmic axes", Log: true}.curves(someHistory(30))),
		"curves-first": must(Picture{}.curves(someHistory(1))),
		"waveforms":    must(Picture{Width: 500}.waves(mustWaves(t, sounds), 16000)),
		"waveform":     must(Picture{Width: 500}.waves([]wave{{samples: sounds.Example(0)[:200]}}, 16000)),
		"spectrograms": must(Picture{Title: "Rising tones", Width: 500}.spectrograms(mustWaves(t, sounds), 16000)),
		"spectrogram":  must(Picture{Title: "A rising tone", Width: 500}.spectrograms([]wave{{samples: sounds.Example(0)}}, 16000)),
	} {
		t.Run(name, func(t *testing.T) { compare(t, name, img) })
	}
}

// compare fails unless img looks like testdata/name.png.
func compare(t *testing.T, name string, img *image.RGBA) {
	t.Helper()
	path := filepath.Join("testdata", name+".png")
	got, err := encode(img)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(path, got, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; go test ./vaekit/show -update draws it", err)
	}
	want, shown := decode(t, file), decode(t, got)
	if want.Rect != shown.Rect {
		t.Fatalf("%s is %v large, expected %v", name, shown.Rect.Max, want.Rect.Max)
	}
	off := 0
	eachPixel(want, func(x, y int, c color.RGBA) {
		s := shown.RGBAAt(x, y)
		for _, d := range []int{int(c.R) - int(s.R), int(c.G) - int(s.G), int(c.B) - int(s.B)} {
			if d > 40 || d < -40 {
				off++
				break
			}
		}
	})
	if share := float64(off) / float64(want.Rect.Dx()*want.Rect.Dy()); share > 0.005 {
		where := filepath.Join(os.TempDir(), "show-"+name+".png")
		_ = os.WriteFile(where, got, 0o666)
		t.Errorf("%.2f%% of the pixels of %s differ from %s; look at %s, and if it is as it should be run with -update", 100*share, name, path, where)
	}
}

func decode(t *testing.T, file []byte) *image.RGBA {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	rgba := image.NewRGBA(img.Bounds())
	draw.Draw(rgba, rgba.Rect, img, img.Bounds().Min, draw.Src)
	return rgba
}

// someDiscs are n grey images of growing discs. One pixel of the first is not a number.
func someDiscs(n int) *datasets.Batch {
	const side = 12
	b := &datasets.Batch{Shape: []int{side, side, 1}}
	for i := range n {
		for p := range side * side {
			x, y := float64(p%side)-5.5, float64(p/side)-5.5
			b.Values = append(b.Values, float32(1/(1+math.Exp(2*(math.Hypot(x, y)-float64(i+1)/2)))))
		}
	}
	b.Values[1] = float32(math.NaN())
	return b
}

// A plane is points in memory.
type plane [][]float32

func (p plane) Len() int           { return len(p) }
func (p plane) At(i int) []float32 { return p[i] }

func somePoints(n int) (points plane, labels []int) {
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		angle := 2 * math.Pi * float64(i%10) / 10
		points = append(points, []float32{
			float32(1.5*math.Cos(angle) + 0.4*rng.NormFloat64()),
			float32(1.5*math.Sin(angle) + 0.4*rng.NormFloat64()),
		})
		labels = append(labels, i%10)
	}
	return points, labels
}

// someHistory is a run whose validation loss turns up and is once not finite.
func someHistory(epochs int) (history []vaekit.Epoch) {
	for e := 1; e <= epochs; e++ {
		x := float64(e)
		train := vaekit.Losses{Loss: 151 + 57/x, Distortion: 145 + 60/x, Rate: 6 - 3/x}
		held := vaekit.Losses{Loss: 154 + 57/x + x/10, Distortion: 148 + 60/x + x/10, Rate: 6 - 3/x}
		if e == 12 {
			held = vaekit.Losses{Loss: math.NaN(), Distortion: math.Inf(1), Rate: math.NaN()}
		}
		history = append(history, vaekit.Epoch{Epoch: e, Train: train, Validation: &held})
	}
	return history
}

// someSounds are a rising tone and the same more softly with padding and a sample that is not a number.
func someSounds() *datasets.Batch {
	const n = 4000
	b := &datasets.Batch{Shape: []int{n, 1}, Origin: []string{"3_theo_7.wav@0", "3_theo_7.wav@4000"}}
	for i := range 2 * n {
		s := float64(i%n) / 16000
		v := math.Exp(-6*s) * math.Sin(2*math.Pi*(300+6000*s)*s) / float64(1+i/n)
		mask := uint8(1)
		if i > n+3000 {
			v, mask = 0, 0
		}
		b.Values, b.Mask = append(b.Values, float32(v)), append(b.Mask, mask)
	}
	b.Values[n+2000] = float32(math.NaN())
	return b
}

func mustWaves(t *testing.T, b *datasets.Batch) []wave {
	t.Helper()
	waves, err := wavesOf(b)
	if err != nil {
		t.Fatal(err)
	}
	return waves
}
