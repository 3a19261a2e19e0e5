package nets_test

import (
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/vaebook/vaebook/vaekit/nets"
)

// Variances from the papers that init.go names. A convolution's kernel is
// [height, width, in, out]; its fans are taps·in and taps·out.
func TestInitMoments(t *testing.T) {
	dense, kernel, line := []int{400, 150}, []int{3, 3, 40, 80}, []int{5, 60, 100}
	for _, c := range []struct {
		init     nets.Init
		shape    []int
		variance float64
		uniform  bool
	}{
		{nets.GlorotUniform, dense, 2. / (400 + 150), true},
		{nets.GlorotUniform, kernel, 2. / (9*40 + 9*80), true},
		{nets.GlorotUniform, line, 2. / (5*60 + 5*100), true},
		{nets.GlorotNormal, dense, 2. / (400 + 150), false},
		{nets.GlorotNormal, kernel, 2. / (9*40 + 9*80), false},
		{nets.HeUniform, dense, 2. / 400, true},
		{nets.HeUniform, kernel, 2. / (9 * 40), true},
		{nets.HeNormal, dense, 2. / 400, false},
		{nets.HeNormal, line, 2. / (5 * 60), false},
		{nets.LeCunNormal, dense, 1. / 400, false},
		{nets.LeCunNormal, kernel, 1. / (9 * 40), false},
	} {
		values, err := c.init.Values(rand.New(rand.NewPCG(1, 2)), c.shape)
		if err != nil {
			t.Fatal(err)
		}
		var sum, squares, largest float64
		for _, v := range values {
			sum += float64(v)
			squares += float64(v) * float64(v)
			largest = math.Max(largest, math.Abs(float64(v)))
		}
		n := float64(len(values))
		σ := math.Sqrt(c.variance)
		if mean := sum / n; math.Abs(mean) > 4*σ/math.Sqrt(n) {
			t.Errorf("%q of %v: mean %g, more than 4 standard errors from 0", c.init, c.shape, mean)
		}
		kurtosis := 3.0
		if c.uniform {
			kurtosis = 9.0 / 5
		}
		if got := squares / n; math.Abs(got-c.variance) > 4*c.variance*math.Sqrt((kurtosis-1)/n) {
			t.Errorf("%q of %v: variance %g, want %g", c.init, c.shape, got, c.variance)
		}
		bound := math.Sqrt(3) * σ
		if beyond := largest > bound*(1+1e-6); beyond == c.uniform {
			t.Errorf("%q of %v: largest value %g, a uniform draw's bound is %g", c.init, c.shape, largest, bound)
		}
	}
}

func TestInitConstants(t *testing.T) {
	for init, want := range map[nets.Init]float32{nets.Zeros: 0, nets.Ones: 1} {
		values, err := init.Values(nil, []int{2, 3})
		if err != nil || !reflect.DeepEqual(values, slices.Repeat([]float32{want}, 6)) {
			t.Errorf("%q is %v (error %v)", init, values, err)
		}
	}
}

func TestInitFollowsItsSeed(t *testing.T) {
	draw := func(seed uint64, shape ...int) []float32 {
		values, err := nets.HeNormal.Values(rand.New(rand.NewPCG(seed, 0)), shape)
		if err != nil {
			t.Fatal(err)
		}
		return values
	}
	if !reflect.DeepEqual(draw(1, 3, 4), draw(1, 3, 4)) {
		t.Error("one seed gives two draws")
	}
	if reflect.DeepEqual(draw(1, 3, 4), draw(2, 3, 4)) {
		t.Error("two seeds give one draw")
	}
	for _, shape := range [][]int{nil, {5}, {0, 3}, {2, 0}} {
		for _, v := range draw(1, shape...) {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
				t.Errorf("shape %v holds %v", shape, v)
			}
		}
	}
}

func TestUnknownInit(t *testing.T) {
	_, err := nets.Init("xavier").Values(rand.New(rand.NewPCG(1, 2)), []int{2})
	if err == nil || !strings.Contains(err.Error(), `there is no initialisation "xavier"`) {
		t.Errorf("error %v", err)
	}
}
