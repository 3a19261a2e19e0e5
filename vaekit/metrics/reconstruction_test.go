package metrics

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/vaebook/vaebook/datasets"
)

// waves are two pictures of 20 by 24 pixels and two channels, one like the other.
func waves() (x, y *datasets.Batch) {
	x, y = &datasets.Batch{Shape: []int{20, 24, 2}}, &datasets.Batch{Shape: []int{20, 24, 2}}
	for i := range 20 * 24 * 2 {
		w := float64(i)
		x.Values = append(x.Values, float32(0.5+0.5*math.Sin(0.37*w)))
		y.Values = append(y.Values, float32(0.5+0.4*math.Sin(0.37*w+0.3*math.Cos(0.11*w))))
	}
	return x, y
}

// By scikit-image 0.26.0: structural_similarity(x, y, gaussian_weights=True, sigma=1.5,
// use_sample_covariance=False, data_range=1, channel_axis=2) and
// peak_signal_noise_ratio(x, y, data_range=1).
func TestReconstructionAgainstScikitImage(t *testing.T) {
	x, y := waves()
	for _, c := range []struct {
		name    string
		measure func(x, y *datasets.Batch) (Scores, error)
		want    float64
	}{{"SSIM", SSIM, 0.9557758733306794}, {"PSNR", PSNR, 20.245053239139835}} {
		got, err := c.measure(x, y)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(got.Mean-c.want) > 1e-6*c.want {
			t.Errorf("%s is %.9f, by scikit-image %.9f", c.name, got.Mean, c.want)
		}
	}
}

func TestEqualPictures(t *testing.T) {
	x, y := waves()
	two := &datasets.Batch{Shape: x.Shape}
	two.Append(x)
	two.Append(y)
	ssim, err := SSIM(two, two)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range append(ssim.Each, ssim.Mean) {
		if math.Abs(s-1) > 1e-12 {
			t.Errorf("SSIM %d of a picture with itself is %v", i, s)
		}
	}
	psnr, err := PSNR(two, two)
	if err != nil || !math.IsInf(psnr.Each[0], 1) || !math.IsInf(psnr.Mean, 1) {
		t.Errorf("PSNR of pictures with themselves is %v (%v), want +Inf", psnr, err)
	}
}

// Noise of standard deviation σ leaves −20 log₁₀ σ decibels; the error of the mean square of
// n draws is √(2/n) of it, or 4.34·√(2/n) dB.
func TestPSNROfNoise(t *testing.T) {
	const n, σ = 100_000, 0.05
	rng := rand.New(rand.NewPCG(1, 1))
	x := &datasets.Batch{Shape: []int{n}, Values: make([]float32, n)}
	y := &datasets.Batch{Shape: []int{n}}
	for i := range x.Values {
		x.Values[i] = 0.5
		y.Values = append(y.Values, 0.5+float32(σ*rng.NormFloat64()))
	}
	got, err := PSNR(x, y)
	if err != nil {
		t.Fatal(err)
	}
	if want := -20 * math.Log10(σ); math.Abs(got.Mean-want) > 4*4.34*math.Sqrt(2.0/n) {
		t.Errorf("PSNR %v dB, want %v", got.Mean, want)
	}
}

// What is masked may be anything: a picture whose right part is padding scores like its left.
func TestPaddingDoesNotCount(t *testing.T) {
	x, y := waves()
	left := &datasets.Batch{Shape: []int{20, 15, 2}}
	leftY := &datasets.Batch{Shape: left.Shape}
	masked := *x
	masked.Values, masked.Mask = slices.Clone(x.Values), make([]uint8, len(x.Values))
	for i := range masked.Values {
		if column := i / 2 % 24; column < 15 {
			masked.Mask[i] = 1
			left.Values, leftY.Values = append(left.Values, x.Values[i]), append(leftY.Values, y.Values[i])
		} else {
			masked.Values[i] = float32(math.NaN())
		}
	}
	for name, measure := range map[string]func(x, y *datasets.Batch) (Scores, error){"SSIM": SSIM, "PSNR": PSNR} {
		want, err := measure(left, leftY)
		if err != nil {
			t.Fatal(err)
		}
		got, err := measure(&masked, y)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(got.Mean-want.Mean) > 1e-9 {
			t.Errorf("%s with padding is %v, without %v", name, got.Mean, want.Mean)
		}
	}
}

func TestReconstructionsThatCannotBeMeasured(t *testing.T) {
	x, y := waves()
	changed := func(change func(b *datasets.Batch)) *datasets.Batch {
		b := *x
		b.Values = slices.Clone(x.Values)
		change(&b)
		return &b
	}
	padding := changed(func(b *datasets.Batch) { b.Mask = make([]uint8, len(b.Values)) })
	short := changed(func(b *datasets.Batch) { b.Mask = []uint8{1} })
	outside := changed(func(b *datasets.Batch) { b.Values[3] = 255 })
	infinite := changed(func(b *datasets.Batch) { b.Values[3] = float32(math.Inf(1)) })
	flat := changed(func(b *datasets.Batch) { b.Shape = []int{20 * 24 * 2} })
	for _, c := range []struct {
		x, y *datasets.Batch
		say  string
	}{
		{padding, y, "mask of example 0"},
		{outside, y, "value 3 of example 0 is 255"},
		{x, infinite, "+Inf in its reconstruction"},
		{x, flat, "in the same order"},
		{short, y, "a mask of 1 for 960"},
		{x, x.Slice(0, 0), "0 of shape"},
		{x.Slice(0, 0), x, "nothing to compare"},
	} {
		_, ssim := SSIM(c.x, c.y)
		_, psnr := PSNR(c.x, c.y)
		for _, err := range []error{ssim, psnr} {
			if err == nil || !strings.Contains(err.Error(), c.say) {
				t.Errorf("error %v does not say %q", err, c.say)
			}
		}
	}
	if _, err := SSIM(flat, flat); err == nil || !strings.Contains(err.Error(), "11 by 11") {
		t.Errorf("SSIM of a row: %v", err)
	}
}
