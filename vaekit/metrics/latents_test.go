package metrics

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/vaebook/vaebook/vaekit"
)

// drawn are n latents that example makes of normal numbers z and of 0 to classes − 1 in turn;
// it returns their label.
func drawn(seed uint64, n, dim, classes int, example func(rng *rand.Rand, i int, z []float32) int) *vaekit.Latents {
	rng := rand.New(rand.NewPCG(seed, 0))
	l := &vaekit.Latents{Dim: dim}
	for i := range n {
		z := make([]float32, dim)
		for j := range z {
			z[j] = float32(rng.NormFloat64())
		}
		l.Labels = append(l.Labels, example(rng, i%classes, z))
		l.Mean = append(l.Mean, z...)
	}
	return l
}

func TestAccuracies(t *testing.T) {
	clusters := func(_ *rand.Rand, label int, z []float32) int {
		z[label] += 20
		return 7 * label // labels need not be 0, 1, 2
	}
	scaled := func(_ *rand.Rand, label int, z []float32) int {
		for j := range z {
			z[j] = z[j]*1e-3 + 100
		}
		z[label] += 0.02
		z[3] = 5 // one that never moves
		return label
	}
	noise := func(rng *rand.Rand, _ int, _ []float32) int { return rng.IntN(3) }
	// Four corners, each the mirror image of the others: no plane is better than any other.
	var corner []float32
	xor := func(_ *rand.Rand, i int, z []float32) int {
		if i == 0 {
			corner = []float32{10 + z[0], 10 + z[1], z[2], z[3]}
		}
		copy(z, corner)
		z[0] *= float32(i%2*2 - 1)
		z[1] *= float32(i/2*2 - 1)
		return i%2 ^ i/2
	}
	for _, c := range []struct {
		name       string
		classes    int
		example    func(*rand.Rand, int, []float32) int
		knn, probe float64
	}{
		{"clusters", 4, clusters, 1, 1},
		{"scaled", 3, scaled, 1, 1},
		{"noise", 1, noise, 1.0 / 3, 1.0 / 3},
		{"xor", 4, xor, 1, 0.5},
	} {
		train, test := drawn(1, 2000, 4, c.classes, c.example), drawn(2, 2000, 4, c.classes, c.example)
		knn, err := KNN(train, test, 9)
		if err != nil {
			t.Fatal(err)
		}
		probe, err := LinearProbe(train, test)
		if err != nil {
			t.Fatal(err)
		}
		for name, got := range map[string][2]float64{"KNN": {knn, c.knn}, "LinearProbe": {probe, c.probe}} {
			within := 0.0
			if c.name == "noise" { // four standard errors of 2,000 throws
				within = 4 * math.Sqrt(got[1]*(1-got[1])/2000)
			}
			if math.Abs(got[0]-got[1]) > within {
				t.Errorf("%s of %s is %v, want %v", name, c.name, got[0], got[1])
			}
		}
	}
}

func TestKNNVotes(t *testing.T) {
	train := &vaekit.Latents{Dim: 1, Mean: []float32{0, 1, 2, 3, 10}, Labels: []int{0, 1, 1, 0, 0}}
	test := &vaekit.Latents{Dim: 1, Mean: []float32{-1}, Labels: []int{0}}
	for k, want := range map[int]float64{
		1: 1,
		2: 1, // a tie, and 0 is nearer
		3: 0,
		4: 1, // a tie again
		5: 1,
	} {
		if got, err := KNN(train, test, k); err != nil || got != want {
			t.Errorf("%d neighbours: accuracy %v (%v), want %v", k, got, err, want)
		}
	}
}

// The minimum by scikit-learn 1.9.1, LogisticRegression(C=1, tol=1e-12), in float64.
func TestProbeIsLogisticRegression(t *testing.T) {
	l := &vaekit.Latents{Dim: 3}
	for i := range 60 {
		x := float64(i)
		l.Mean = append(l.Mean, float32(math.Sin(0.1*x)), float32(math.Cos(0.3*x)), float32(7*i%11)/11)
		l.Labels = append(l.Labels, i/20)
	}
	const want, accuracy = 0.621323314571265, 0.7
	shift, scale := standard(l)
	p := probe{3, standardised(l, shift, scale), l.Labels}
	w := minimise(make([]float64, 4*3), 1e-9, p.loss)
	if got, _ := p.loss(w); math.Abs(got-want) > 1e-9 {
		t.Errorf("the minimum is %.12f, by scikit-learn %.12f", got, want)
	}
	if got, err := LinearProbe(l, l); err != nil || math.Abs(got-accuracy) > 1e-12 {
		t.Errorf("accuracy %v (%v), by scikit-learn %v", got, err, accuracy)
	}
	twice := *l
	twice.Labels = slices.Repeat([]int{5}, 60)
	if got, err := LinearProbe(l, &twice); err != nil || got != 0 {
		t.Errorf("labels that the training set does not have are told: %v (%v)", got, err)
	}
}

func TestLatentsThatCannotBeMeasured(t *testing.T) {
	good := &vaekit.Latents{Dim: 2, Mean: []float32{1, 2, 3, 4}, Labels: []int{0, 1}}
	for say, bad := range map[string]*vaekit.Latents{
		"0 labels for 2":    {Dim: 2, Mean: good.Mean},
		"1 labels for 2":    {Dim: 2, Mean: good.Mean, Labels: []int{0}},
		"is empty":          {Dim: 2},
		"set is empty":      {Mean: good.Mean, Labels: good.Labels},
		"one space":         {Dim: 1, Mean: good.Mean, Labels: []int{0, 1, 0, 1}},
		"of example 1 is N": {Dim: 2, Mean: []float32{1, 2, 3, float32(math.NaN())}, Labels: []int{0, 1}},
	} {
		for _, pair := range [][2]*vaekit.Latents{{good, bad}, {bad, good}} {
			_, knn := KNN(pair[0], pair[1], 1)
			_, linear := LinearProbe(pair[0], pair[1])
			for _, err := range []error{knn, linear} {
				if err == nil || !strings.Contains(err.Error(), say) {
					t.Errorf("error %v does not say %q", err, say)
				}
			}
		}
	}
	for _, k := range []int{0, 3} {
		if _, err := KNN(good, good, k); err == nil || !strings.Contains(err.Error(), "k must lie") {
			t.Errorf("%d neighbours of 2: %v", k, err)
		}
	}
}
