package vaekit_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit"
	"github.com/vaebook/vaebook/vaekit/dist"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// bars are n pictures of 6 by 6 binary pixels with a vertical and a horizontal
// bar: two causes that a model with two latents can find. Labels are the columns.
func bars(t testing.TB, n int) *datasets.Examples {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	pixels := make([]uint8, n*36)
	labels := make([]int, n)
	for i := range n {
		column, row := rng.IntN(6), rng.IntN(6)
		labels[i] = column
		for k := range 6 {
			pixels[i*36+k*6+column] = 255
			pixels[i*36+row*6+k] = 255
		}
	}
	data, err := datasets.FromBytes([]int{6, 6, 1}, pixels, labels)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// floats are n examples of a plane in five dimensions, with noise.
func floats(t testing.TB, n int) *datasets.Examples {
	t.Helper()
	rng := rand.New(rand.NewPCG(3, 4))
	values := make([]float32, 0, n*5)
	for range n {
		a, b := rng.NormFloat64(), rng.NormFloat64()
		for _, x := range []float64{a, b, a + b, a - b, 0.5} {
			values = append(values, float32(x+0.3*rng.NormFloat64()))
		}
	}
	data, err := datasets.FromFloats([]int{5}, values, nil)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func barModel() vaekit.Model {
	return vaekit.Model{Encoder: nets.MLP(32), Latent: 2, Decoder: nets.MLP(32)}
}

func floatModel() vaekit.Model {
	return vaekit.Model{
		Encoder: nets.MLP(16), Latent: 2, Decoder: nets.MLP(16),
		Likelihood: dist.Gaussian{Sigma: dist.Optimal},
	}
}

func train(t testing.TB, m vaekit.Model, data datasets.Dataset, how vaekit.Training) *vaekit.Run {
	t.Helper()
	run, err := vaekit.Train(m, data, how)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// onGo runs a test of what does not depend on the backend on the one that compiles
// nothing.
func onGo(t *testing.T) { t.Setenv("VAEKIT_BACKEND", "go") }

func must[T any](t testing.TB) func(T, error) T {
	return func(x T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
}

func near(t testing.TB, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s is %.5g, want %.5g ± %.2g", what, got, want, tolerance)
	}
}

// floatsOf are the examples that a killed child and its parent both train on.
func floatsOf() datasets.Dataset {
	rng := rand.New(rand.NewPCG(5, 6))
	values := make([]float32, 400*5)
	for i := range values {
		values[i] = float32(rng.NormFloat64())
	}
	data, err := datasets.FromFloats([]int{5}, values, nil)
	if err != nil {
		panic(err)
	}
	return data
}
