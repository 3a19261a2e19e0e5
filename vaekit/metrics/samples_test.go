package metrics

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// gaussians are n draws of so many independent normal numbers.
func gaussians(seed uint64, n, dim int, mean float64) Features {
	rng := rand.New(rand.NewPCG(seed, 0))
	f := Features{Dim: dim}
	for range n * dim {
		f.Values = append(f.Values, float32(mean+rng.NormFloat64()))
	}
	return f
}

// A cross of four points at ±a and ±b has mean 0 and the covariance diag(2a²/3, 2b²/3). For
// two by two numbers tr (Σa Σb)^½ = √(tr ΣaΣb + 2 √det ΣaΣb).
func TestFrechetInClosedForm(t *testing.T) {
	upright := Features{2, []float32{3, 0, -3, 0, 0, 1, 0, -1}} // diag(6, ⅔)
	turned := Features{2, []float32{2, 2, -2, -2, 1, -1, -1, 1}}
	for i := range turned.Values { // mean (1, −2), covariance ⅓ [10 6; 6 10]
		turned.Values[i] += []float32{1, -2}[i%2]
	}
	traces := 6 + 2.0/3 + 20.0/3
	product := 10.0/3*(6+2.0/3) + 2*math.Sqrt(4*(100-36)/9.0)
	want := 1 + 4 + traces - 2*math.Sqrt(product)
	for _, pair := range [][2]Features{{upright, turned}, {turned, upright}} {
		got, err := Frechet(pair[0], pair[1])
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(got-want) > 1e-6 {
			t.Errorf("Fréchet distance %.9f, want %.9f", got, want)
		}
	}
}

func TestFrechetOfAShift(t *testing.T) {
	a := gaussians(1, 500, 8, 0)
	b := Features{a.Dim, append([]float32(nil), a.Values...)}
	for i := range b.Values {
		b.Values[i] += float32(i % 8)
	}
	shift := 0.0
	for i := range 8 {
		shift += float64(i * i)
	}
	flat := Features{3, []float32{1, 2, 5, 2, 4, 5, 4, 8, 5}} // covariance of rank 1
	for _, c := range []struct {
		a, b Features
		want float64
	}{{a, a, 0}, {flat, flat, 0}, {a, b, shift}} {
		got, err := Frechet(c.a, c.b)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(got-c.want) > 1e-4 {
			t.Errorf("Fréchet distance %v, want %v", got, c.want)
		}
	}
}

// Two sets of n from N(0, I): 2·Dim/n for the means, Dim²/2n for the covariances.
func TestFrechetOfSmallSets(t *testing.T) {
	const n, dim = 2000, 24
	got, err := Frechet(gaussians(1, n, dim, 0), gaussians(2, n, dim, 0))
	if err != nil {
		t.Fatal(err)
	}
	if want := 2.0*dim/n + dim*dim/2.0/n; math.Abs(got-want) > 0.2*want {
		t.Errorf("Fréchet distance %v, want about %v", got, want)
	}
}

func TestKernelIsADoubleLoop(t *testing.T) {
	a, b := gaussians(1, 7, 3, 0), gaussians(2, 5, 3, 1)
	k := func(f, g Features, i, j int) float64 {
		dot := 0.0
		for d := range 3 {
			dot += float64(f.Values[3*i+d]) * float64(g.Values[3*j+d])
		}
		return math.Pow(dot/3+1, 3)
	}
	want := 0.0
	for i := range 7 {
		for j := range 7 {
			if i != j {
				want += k(a, a, i, j) / (7 * 6)
			}
		}
		for j := range 5 {
			want -= 2 * k(a, b, i, j) / (7 * 5)
		}
	}
	for i := range 5 {
		for j := range 5 {
			if i != j {
				want += k(b, b, i, j) / (5 * 4)
			}
		}
	}
	if got := mmd2(cut(a, 1, "a")[0], cut(b, 1, "b")[0]); math.Abs(got-want) > 1e-9 {
		t.Errorf("MMD² %v, by a double loop %v", got, want)
	}
}

// With one feature MMD² is (Δ E x³)² + 3 (Δ E x²)² + 3 (Δ E x)². A normal number of mean m and
// variance 1 has the moments m, m² + 1 and m³ + 3m.
func TestKernelOfNormals(t *testing.T) {
	for _, c := range []struct{ mean, want float64 }{{0, 0}, {1, 16 + 3 + 3}, {0.5, 1.625*1.625 + 3*0.0625 + 3*0.25}} {
		a, b := gaussians(1, 5000, 1, 0), gaussians(2, 4000, 1, c.mean)
		got, err := Kernel(a, b)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(got.Value-c.want) > 4*got.Error || got.Error > 0.1*(1+c.want) {
			t.Errorf("kernel distance %v, want %v", got, c.want)
		}
	}
}

// Data that lies sorted is no other data: the blocks are mixed.
func TestKernelOfSortedData(t *testing.T) {
	mixed := gaussians(1, 1000, 2, 0)
	sorted := Features{Dim: 2}
	for sign := range 2 {
		for i := range mixed.Len() {
			if (mixed.Values[2*i] > 0) == (sign == 0) {
				sorted.Values = append(sorted.Values, mixed.Values[2*i:2*i+2]...)
			}
		}
	}
	got, err := Kernel(sorted, gaussians(2, 1000, 2, 0))
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(got.Value) > 4*got.Error || got.Error > 0.05 {
		t.Errorf("kernel distance %v of one distribution", got)
	}
}

func TestFeaturesThatCannotBeMeasured(t *testing.T) {
	good := gaussians(1, 30, 2, 0)
	nan := gaussians(1, 30, 2, 0)
	nan.Values[3] = float32(math.NaN())
	for say, bad := range map[string]Features{
		"feature 1 of example 1 is NaN":  nan,
		"there are 1 examples":           {2, []float32{1, 2}},
		"61 values are no examples of 2": {2, make([]float32, 61)},
		"60 values are no examples of 0": {0, make([]float32, 60)},
		"must come from one space":       {1, make([]float32, 60)},
	} {
		for _, pair := range [][2]Features{{good, bad}, {bad, good}} {
			_, frechet := Frechet(pair[0], pair[1])
			_, kernel := Kernel(pair[0], pair[1])
			for _, err := range []error{frechet, kernel} {
				if err == nil || !strings.Contains(err.Error(), say) {
					t.Errorf("error %v does not say %q", err, say)
				}
			}
		}
	}
}
