package show

import (
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit"
	"gonum.org/v1/plot"
)

// Every pixel of an image becomes a square of its grey, nothing between.
func TestPixelsAreMagnifiedExactly(t *testing.T) {
	b := someDiscs(3)
	img, err := Picture{Width: 200}.grid(b, 2, gap)
	if err != nil {
		t.Fatal(err)
	}
	scale := Picture{Width: 200}.scale(12, 2)
	for i := range b.Len() {
		x0, y0 := i%2*(12*scale+gap), i/2*(12*scale+gap)
		for p, v := range b.Example(i) {
			want := color.RGBA{uint8(math.Round(255 * float64(v))), 0, 0, 255}
			want.G, want.B = want.R, want.R
			if v != v {
				want = missing
			}
			for s := range scale * scale {
				if got := img.RGBAAt(x0+p%12*scale+s%scale, y0+p/12*scale+s/scale); got != want {
					t.Fatalf("image %d, pixel %d, value %v is drawn as %v, expected %v", i, p, v, got, want)
				}
			}
		}
	}
}

func TestPixelClipsAndMarks(t *testing.T) {
	for _, c := range []struct {
		values []float32
		want   color.RGBA
	}{
		{[]float32{-3}, color.RGBA{0, 0, 0, 255}},
		{[]float32{7}, color.RGBA{255, 255, 255, 255}},
		{[]float32{1, 0.5, 0}, color.RGBA{255, 128, 0, 255}},
		{[]float32{float32(math.Inf(1))}, missing},
		{[]float32{0, 0, float32(math.NaN())}, missing},
	} {
		if got := pixel(c.values); got != c.want {
			t.Errorf("pixel(%v) = %v, expected %v", c.values, got, c.want)
		}
	}
}

// What cannot be drawn gets a sentence that says what is wrong and what to do.
func TestErrorsSayWhatToDo(t *testing.T) {
	discs, sounds := someDiscs(5), someSounds()
	points, labels := somePoints(20)
	history := someHistory(3)
	history[1].Train.Loss = -4
	of := func(_ any, err error) error { return err }
	grid := func(b *datasets.Batch, columns int) error { return of(Picture{}.grid(b, columns, gap)) }
	huge := &datasets.Batch{Shape: []int{1, 1, 1}, Values: make([]float32, 1_000_000)}
	for _, c := range []struct {
		err  error
		says string
	}{
		{grid(nil, 10), "empty"},
		{grid(&datasets.Batch{Shape: []int{28, 28, 1}}, 10), "empty"},
		{grid(sounds, 10), "show.Waveforms"},
		{grid(&datasets.Batch{Shape: []int{2, 2, 4}, Values: make([]float32, 16)}, 1), "[height, width, 1]"},
		{grid(discs, 0), "at least one to a row"},
		{grid(huge, 10), "Slice"},
		{of(Picture{}.rows(nil)), "no rows"},
		{of(Picture{}.rows([]Row{{"left", discs}, {"right", sounds}})), `row "right"`},
		{of(Picture{}.morph(discs, 3)), "multiple of 3"},
		{of(Picture{}.morph(discs, -1)), "columns"},
		{of(Picture{}.scatter(plane{}, nil)), "no points"},
		{of(Picture{}.scatter(points, labels[1:])), "20 points with 19 labels"},
		{of(Picture{}.scatter(plane{{1, 2, 3}}, nil)), "run.Traverse"},
		{of(Picture{}.curves(nil)), "no epochs"},
		{of(Picture{Log: true}.curves(history)), "leave out Log"},
		{of(wavesOf(discs)), "show.Images"},
		{of(wavesOf(nil)), "empty"},
		{of(Picture{}.waves([]wave{{samples: make([]float32, 9)}}, 0)), "16000"},
		{of(Picture{}.waves(make([]wave, 1), 8000)), "no samples"},
		{of(Picture{}.spectrograms([]wave{{}}, 8000)), "no samples"},
		{of(nil, checkSound(1, -1)), "16000"},
		{of(cellsOf(nil, nil)), "header"},
		{of(cellsOf([]string{"a", "b"}, [][]any{{1}})), "row 0"},
	} {
		if c.err == nil || !strings.HasPrefix(strings.TrimPrefix(c.err.Error(), `row "right": `), "show: ") || !strings.Contains(c.err.Error(), c.says) {
			t.Errorf("error %v does not say %q", c.err, c.says)
		}
	}
}

// Values that are not finite are drawn as such or left out, and never end in a panic.
func TestNothingFinite(t *testing.T) {
	nan, inf := float32(math.NaN()), math.Inf(1)
	bad := vaekit.Losses{Loss: math.NaN(), Distortion: inf, Rate: -inf}
	for name, draw := range map[string]func() (*image.RGBA, error){
		"scatter":  func() (*image.RGBA, error) { return Picture{}.scatter(plane{{nan, 1}, {0, nan}}, []int{1, 2}) },
		"curves":   func() (*image.RGBA, error) { return Picture{}.curves([]vaekit.Epoch{{Epoch: 1, Train: bad}}) },
		"waveform": func() (*image.RGBA, error) { return Picture{}.waves([]wave{{samples: []float32{nan, nan}}}, 8000) },
		"spectrogram": func() (*image.RGBA, error) {
			return Picture{}.spectrograms([]wave{{samples: []float32{nan, float32(inf), 0}}}, 8000)
		},
		"silence": func() (*image.RGBA, error) {
			return Picture{}.spectrograms([]wave{{samples: make([]float32, 5)}}, 8000)
		},
	} {
		if img, err := draw(); err != nil || img == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// However many labels there are, the legend is as long as the picture at most.
func TestTheLegendFits(t *testing.T) {
	points, labels := somePoints(60)
	for i := range labels {
		labels[i] = i
	}
	img, err := Picture{Width: 300}.scatter(points, labels)
	if err != nil {
		t.Fatal(err)
	}
	rest, ground := img.Bounds(), img.RGBAAt(0, img.Bounds().Dy()-1)
	last := rest.Dy() - 24*density // from its row down
	for y := last; y < rest.Dy(); y++ {
		for x := rest.Dx() - 50*density; x < rest.Dx(); x++ {
			if img.RGBAAt(x, y) != ground {
				return
			}
		}
	}
	t.Errorf("in a picture of %v the last of 60 labels is not to be seen", rest)
}

// No two of the ten colours look alike, to readers without red or green cones
// either, and none vanishes on white. Distances are in OKLab, where white is 1
// from black (B. Ottosson, 2020); 0.06 is several times what can just be seen.
func TestClassesCanBeToldApart(t *testing.T) {
	for sight, see := range map[string][3][3]float64{
		"all cones": {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
		// G. Machado et al., "A Physiologically-based Model for Simulation of Color Vision Deficiency", 2009, severity 1
		"no red cones":   {{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}},
		"no green cones": {{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}},
	} {
		for i, a := range classes {
			for j, b := range append(classes[:i:i], paper) {
				if d := distance(oklab(a, see), oklab(b, see)); d < 0.06 {
					t.Errorf("%s: colours %d and %d of %v are %.3f apart", sight, i, j, classes, d)
				}
			}
		}
	}
}

func oklab(c color.RGBA, see [3][3]float64) [3]float64 {
	times := func(m [3][3]float64, v [3]float64) (r [3]float64) {
		for i := range r {
			r[i] = m[i][0]*v[0] + m[i][1]*v[1] + m[i][2]*v[2]
		}
		return r
	}
	linear := func(v uint8) float64 { return math.Pow((float64(v)/255+0.055)/1.055, 2.4) }
	cones := times([3][3]float64{
		{0.4122214708, 0.5363325363, 0.0514459929},
		{0.2119034982, 0.6806995451, 0.1073969566},
		{0.0883024619, 0.2817188376, 0.6299787005},
	}, times(see, [3]float64{linear(c.R), linear(c.G), linear(c.B)}))
	for i := range cones {
		cones[i] = math.Cbrt(cones[i])
	}
	return times([3][3]float64{
		{0.2104542553, 0.7936177850, -0.0040720468},
		{1.9779984951, -2.4285922050, 0.4505937099},
		{0.0259040371, 0.7827717662, -0.8086757660},
	}, cones)
}

func distance(a, b [3]float64) float64 {
	return math.Hypot(math.Hypot(a[0]-b[0], a[1]-b[1]), a[2]-b[2])
}

// Ticks lie within the axis, are not too many, and their labels differ.
func TestTicks(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		low := math.Pow(10, 8*rng.Float64()-4)
		high := low * (1 + math.Pow(10, 4*rng.Float64()-1))
		for _, of := range []interface {
			Ticks(low, high float64) []plot.Tick
		}{ticks{most: 6}, ticks{most: 6, whole: true}, logTicks{}} {
			seen := map[string]bool{}
			marks := of.Ticks(low, high)
			for _, m := range marks {
				if m.Value < low || m.Value > high {
					t.Fatalf("%T: tick %v outside [%v, %v]", of, m.Value, low, high)
				}
				if m.Label != "" && seen[m.Label] {
					t.Fatalf("%T: two ticks called %s in [%v, %v]", of, m.Label, low, high)
				}
				seen[m.Label] = true
			}
			if len(marks) > 16 {
				t.Fatalf("%T: %d ticks in [%v, %v]", of, len(marks), low, high)
			}
		}
	}
}

// Digits and photographs are kept exactly; 10,000 dots fit into 150 kB.
func TestEncode(t *testing.T) {
	digits, err := Picture{Title: "Grey"}.grid(someDiscs(9), 3, gap)
	if err != nil {
		t.Fatal(err)
	}
	photograph := image.NewRGBA(image.Rect(0, 0, 80, 80))
	rng := rand.New(rand.NewPCG(5, 6))
	for i := range photograph.Pix {
		photograph.Pix[i] = uint8(rng.Uint32())
		if i%4 == 3 {
			photograph.Pix[i] = 255
		}
	}
	discs := someDiscs(9)
	discs.Values[1] = 0 // no magenta: greys alone
	greys, err := Picture{Width: 100}.grid(discs, 3, gap)
	if err != nil {
		t.Fatal(err)
	}
	for _, img := range []*image.RGBA{digits, greys, photograph} {
		file, err := encode(img)
		if err != nil {
			t.Fatal(err)
		}
		if back := decode(t, file); string(back.Pix) != string(img.Pix) {
			t.Error("a picture changed on its way through PNG")
		}
	}

	cloud, err := Picture{}.scatter(somePoints(10_000))
	if err != nil {
		t.Fatal(err)
	}
	if file, _ := encode(cloud); len(file) > 150_000 {
		t.Errorf("10,000 points make a file of %d bytes", len(file))
	}
}
