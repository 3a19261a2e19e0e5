package metrics

import (
	"crypto/sha256"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit/internal/check"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
)

// Of the weights in this package, and what they get right of MNIST's 10,000 test digits.
// The net's own training, on XLA's CPU plugin, gives them to the bit; elsewhere others.
const (
	digitSum   = "ca188d6d195075eeecc732b6ae0e150a3f1306d3bff6f121fe26fe0ea06905ee"
	digitRight = 9902
)

func TestDigits(t *testing.T) {
	digits, err := datasets.MNIST()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		trainDigits(t, digits)
	}
	if sum := fmt.Sprintf("%x", sha256.Sum256(digitWeights)); sum != digitSum {
		t.Errorf("digits.safetensors has SHA-256 %s, want %s", sum, digitSum)
	}
	test, err := datasets.All(digits.Test)
	if err != nil {
		t.Fatal(err)
	}
	var first []float32
	check.EachBackend(t, func(t *testing.T, _ *engine.Backend) {
		labels, err := Classify(test)
		if err != nil {
			t.Fatal(err)
		}
		right := 0
		for i, label := range labels {
			if label == test.Labels[i] {
				right++
			}
		}
		if math.Abs(float64(right-digitRight)) > 2 { // for rounding
			t.Errorf("%d of 10,000 test digits are told right, want %d", right, digitRight)
		}
		some, err := Digits(test.Slice(0, 300)) // a full batch and one that is filled up
		if err != nil {
			t.Fatal(err)
		}
		if some.Dim != 64 || some.Len() != 300 {
			t.Fatalf("%d features of %d pictures, want 64 of 300", some.Dim, some.Len())
		}
		if first == nil {
			first = some.Values
		}
		for i, v := range some.Values {
			if math.Abs(float64(v-first[i])) > 1e-3 {
				t.Fatalf("feature %d of picture %d is %v here and %v on the first backend", i%64, i/64, v, first[i])
			}
		}
	})
}

// What the comment on Digits says.
func TestDistancesOfDigits(t *testing.T) {
	t.Setenv("VAEKIT_BACKEND", "go") // both see the same features
	digits, err := datasets.MNIST()
	if err != nil {
		t.Fatal(err)
	}
	const side = 28
	test, err := datasets.All(digits.Test)
	if err != nil {
		t.Fatal(err)
	}
	train, err := datasets.All(digits.Train)
	if err != nil {
		t.Fatal(err)
	}
	blurred := &datasets.Batch{Shape: test.Shape, Values: make([]float32, len(test.Values))}
	for i := side + 1; i < len(test.Values)-side-1; i++ { // the borders are black
		for _, row := range []int{-side, 0, side} {
			for column := -1; column <= 1; column++ {
				blurred.Values[i] += test.Values[i+row+column] / 9
			}
		}
	}
	data, err := Digits(test)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		b               *datasets.Batch
		frechet, kernel float64
	}{"training digits": {train.Slice(0, 10_000), 3.18, 9.7}, "blurred digits": {blurred, 62.9, 289}} {
		other, err := Digits(c.b)
		if err != nil {
			t.Fatal(err)
		}
		frechet, err := Frechet(data, other)
		if err != nil {
			t.Fatal(err)
		}
		kernel, err := Kernel(data, other)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(frechet-c.frechet) > 0.02*c.frechet || math.Abs(kernel.Value-c.kernel) > 4*kernel.Error {
			t.Errorf("%s are %.3f and %v from the test digits, want about %v and %v", name, frechet, kernel, c.frechet, c.kernel)
		}
	}
}

func TestPicturesThatAreNoDigits(t *testing.T) {
	for say, b := range map[string]*datasets.Batch{
		"1 examples of shape [8 8 1]": {Shape: []int{8, 8, 1}, Values: make([]float32, 64)},
		"0 examples of shape":         {Shape: []int{28, 28, 1}},
		"pixel 3 of picture 1 is 255": {Shape: []int{28, 28, 1}, Values: append(make([]float32, 784+3), append([]float32{255}, make([]float32, 780)...)...)},
		"mask":                        {Shape: []int{28, 28, 1}, Values: make([]float32, 784), Mask: make([]uint8, 784)},
	} {
		_, features := Digits(b)
		_, classes := Classify(b)
		for _, err := range []error{features, classes} {
			if err == nil || !strings.Contains(err.Error(), say) {
				t.Errorf("error %v does not say %q", err, say)
			}
		}
	}
}
