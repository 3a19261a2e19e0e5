package vaekit_test

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"gonum.org/v1/gonum/stat"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit"
	"github.com/vaebook/vaebook/vaekit/dist"
	"github.com/vaebook/vaebook/vaekit/internal/check"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
	"github.com/vaebook/vaebook/vaekit/nets"
)

func TestUsingARun(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, _ *engine.Backend) {
		data := bars(t, 1000)
		run := train(t, barModel(), data, vaekit.Training{Epochs: 20, Batch: 50, Rate: 3e-3})

		l := must[*vaekit.Latents](t)(run.Encode(data))
		if l.Len() != 1000 || len(l.Sigma) != 2000 || len(l.Labels) != 1000 {
			t.Fatalf("%d latents, %d σ, %d labels of 1000 examples", l.Len(), len(l.Sigma), len(l.Labels))
		}
		// Rows do not depend on the company they are encoded in.
		few := must[datasets.Dataset](t)(datasets.Subset(data, []int{998, 3}))
		alone := must[*vaekit.Latents](t)(run.Encode(few))
		for i, at := range []int{998, 3} {
			for j := range 2 {
				near(t, "a latent encoded alone", float64(alone.At(i)[j]), float64(l.At(at)[j]), 1e-5)
			}
		}

		a, b := l.At(0), l.At(1)
		walk := must[*datasets.Batch](t)(run.Interpolate(a, b, 7, vaekit.Spherical))
		ends := must[*datasets.Batch](t)(run.Decode(a, b))
		for k := range 36 {
			near(t, "where a walk begins", float64(walk.Example(0)[k]), float64(ends.Example(0)[k]), 1e-4)
			near(t, "where a walk ends", float64(walk.Example(6)[k]), float64(ends.Example(1)[k]), 1e-4)
		}
		back := must[*datasets.Batch](t)(run.Reconstruct(few))
		for k := range 36 {
			near(t, "a reconstruction", float64(back.Example(1)[k]), float64(ends.Example(0)[k]), 2) // probabilities
		}

		if m := must[*datasets.Batch](t)(run.Manifold(4)); m.Len() != 16 {
			t.Errorf("a manifold of 4 by 4 has %d pictures", m.Len())
		}
		if c := must[*datasets.Batch](t)(run.Corners([4][]float32{a, b, b, a}, 3, vaekit.Linear)); !slices.Equal(c.Example(0), c.Example(8)) {
			t.Error("a grid whose opposite corners agree shows two pictures there")
		}
		if v := must[*datasets.Batch](t)(run.Traverse(a, 1, -1, a[1], 1)); v.Len() != 3 {
			t.Errorf("a traversal of 3 values has %d pictures", v.Len())
		}
		for _, v := range must[*datasets.Batch](t)(run.Draw(20)).Values {
			if v != 0 && v != 1 {
				t.Fatalf("a draw from a Bernoulli likelihood is %v", v)
			}
		}
		if x, y := must[*datasets.Batch](t)(run.Sample(40)), must[*datasets.Batch](t)(run.Sample(40, 1)); slices.Equal(x.Values, y.Values) {
			t.Error("samples of two seeds are the same")
		}
		if x, y := must[*datasets.Batch](t)(run.Sample(300)), must[*datasets.Batch](t)(run.Sample(300)); !slices.Equal(x.Values, y.Values) || slices.Equal(x.Example(0), x.Example(256)) {
			t.Error("samples of one seed differ, or repeat themselves")
		}

		// Examples unlike the data score low.
		odd := must[*datasets.Examples](t)(datasets.FromBytes([]int{6, 6, 1}, bytes.Repeat([]byte{255}, 36), nil))
		usual := must[[]float64](t)(run.Score(data, 0))
		if s := must[[]float64](t)(run.Score(odd, 20)); s[0] > slices.Min(usual[:100]) {
			t.Errorf("a white picture scores %.1f nats, the data %.1f to %.1f", s[0], slices.Min(usual), slices.Max(usual))
		}
	})
}

// A web server draws from many goroutines.
func TestARunIsUsedConcurrently(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, _ *engine.Backend) {
		run := train(t, barModel(), bars(t, 100), vaekit.Training{Epochs: 1, Batch: 50})
		var group sync.WaitGroup
		drawn := make([][]float32, 16)
		for i := range drawn {
			group.Go(func() {
				sample, err := run.Sample(4)
				if err != nil {
					t.Error(err)
					return
				}
				drawn[i] = sample.Values
			})
		}
		group.Wait()
		for _, values := range drawn {
			if !slices.Equal(values, drawn[0]) {
				t.Fatal("draws of one seed differ between goroutines")
			}
		}
	})
}

func TestUseRefuses(t *testing.T) {
	onGo(t)
	run := train(t, barModel(), bars(t, 100), vaekit.Training{Epochs: 1, Batch: 50})
	calls := map[string]func() error{
		"the model has 2 latents": func() error { _, err := run.Decode([]float32{1, 2, 3}); return err },
		"this run takes [6 6 1]":  func() error { _, err := run.Encode(floats(t, 3)); return err },
		"at least its 2 ends": func() error {
			_, err := run.Interpolate([]float32{0, 0}, []float32{1, 1}, 1, vaekit.Linear)
			return err
		},
		"-1 samples":      func() error { _, err := run.Sample(-1); return err },
		"numbered from 0": func() error { _, err := run.Traverse([]float32{0, 0}, 2, 1); return err },
		"no data":         func() error { _, err := run.Evaluate(nil, vaekit.Evaluation{}); return err },
	}
	for want, call := range calls {
		if err := call(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
}

func TestSphericalPath(t *testing.T) {
	a, b := []float32{2, 0}, []float32{0, 4}
	for i, z := range vaekit.Spherical.Between(a, b, 5) {
		length := math.Hypot(float64(z[0]), float64(z[1]))
		near(t, "length on the way", length, 2+2*float64(i)/4, 1e-6)
		near(t, "angle on the way", math.Atan2(float64(z[1]), float64(z[0])), float64(i)/4*math.Pi/2, 1e-6)
	}
	for _, other := range [][]float32{{4, 0}, {-2, 0}, {0, 0}} {
		middle := vaekit.Spherical.Between(a, other, 3)[1]
		near(t, fmt.Sprint("between ", a, " and ", other), float64(middle[0]), float64(a[0]+other[0])/2, 1e-6)
	}
}

// With linear nets and a Gaussian likelihood a VAE is probabilistic principal
// component analysis (Tipping and Bishop, 1999), whose log-likelihood is known:
// p(x) = N(b, W Wᵀ + σ² I). Here W is what training made of it.
func TestNLLAgreesWithLinearAlgebra(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, _ *engine.Backend) {
		const σ = 0.5
		data := floats(t, 200)
		m := vaekit.Model{Encoder: nets.Net{}, Latent: 1, Decoder: nets.Net{}, Likelihood: dist.Gaussian{Scale: σ}}
		run := train(t, m, data, vaekit.Training{Epochs: 60, Batch: 20, Rate: 1e-2})

		ends := must[*datasets.Batch](t)(run.Decode([]float32{0}, []float32{1}))
		all := must[*datasets.Batch](t)(datasets.All(data))
		var exact []float64
		for i := range all.Len() {
			exact = append(exact, negLogLikelihood(all.Example(i), ends.Example(0), ends.Example(1), σ))
		}
		want, spread := stat.MeanStdDev(exact, nil)
		told := 0
		f := must[vaekit.Figures](t)(run.Evaluate(data, vaekit.Evaluation{ImportanceSamples: 400, Progress: func(done, total int) {
			if done <= told || total != 200 {
				t.Errorf("%d of %d examples are measured after %d of 200", done, total, told)
			}
			told = done
		}}))
		if told != 200 {
			t.Errorf("the last that progress hears of is example %d of 200", told)
		}
		near(t, "NLL by importance sampling", f.NLL, want, 0.02)
		near(t, "its standard error", f.NLLError, spread/math.Sqrt(200), 0.01)
		if -f.ELBO < want-0.02 {
			t.Errorf("−ELBO %.3f is below the NLL %.3f", -f.ELBO, want)
		}
		near(t, "the ELBO of a posterior that is nearly exact", -f.ELBO, want, 0.3)
		near(t, "bits per dimension", f.BitsPerDim, -f.ELBO/5/math.Ln2, 1e-9)
		// One draw is the ELBO without its closed form, whatever calls it is made in.
		one := must[vaekit.Figures](t)(run.Evaluate(data, vaekit.Evaluation{ImportanceSamples: 1}))
		near(t, "the bound of one draw", one.NLL, -f.ELBO, 0.1)
		scores := must[[]float64](t)(run.Score(data, 400))
		mean := 0.0
		for _, s := range scores {
			mean -= s / float64(len(scores))
		}
		near(t, "mean score", mean, want, 0.02)
	})
}

// negLogLikelihood is −log N(x; b, w wᵀ + σ² I) for w = at1 − b, by the matrix
// determinant lemma and the Sherman–Morrison formula.
func negLogLikelihood(x, b, at1 []float32, σ float64) float64 {
	var ww, wd, dd float64
	for k := range x {
		w, d := float64(at1[k]-b[k]), float64(x[k]-b[k])
		ww, wd, dd = ww+w*w, wd+w*d, dd+d*d
	}
	n := float64(len(x))
	logDet := n*math.Log(σ*σ) + math.Log1p(ww/(σ*σ))
	return 0.5 * (n*math.Log(2*math.Pi) + logDet + (dd-wd*wd/(σ*σ+ww))/(σ*σ))
}

func TestFiguresSayWhatTheyAre(t *testing.T) { check.EachBackend(t, testFigures) }

func testFigures(t *testing.T, _ *engine.Backend) {
	run := train(t, barModel(), bars(t, 300), vaekit.Training{Epochs: 2, Batch: 50})
	binary := must[vaekit.Figures](t)(run.Evaluate(bars(t, 300), vaekit.Evaluation{ImportanceSamples: 50, Examples: 100}))
	if !binary.Proper || binary.Examples != 100 || binary.NLL > -binary.ELBO || !strings.Contains(binary.String(), "NLL") {
		t.Errorf("on binary pixels:\n%s", binary)
	}
	var kl float64
	for _, v := range binary.KL {
		kl += v
	}
	near(t, "the sum of every latent's KL", kl, binary.Rate, 1e-4)

	// The data's own draws, where it has some, follow the seed.
	half := must[*datasets.Examples](t)(datasets.FromBytes([]int{6, 6, 1}, bytes.Repeat([]byte{128}, 3600), nil))
	dynamic := datasets.Binarise(half, datasets.Dynamic, 0)
	figures := func(data datasets.Dataset, seed uint64) vaekit.Figures {
		return must[vaekit.Figures](t)(run.Evaluate(data, vaekit.Evaluation{Seed: seed}))
	}
	if a, b := figures(dynamic, 0), figures(dynamic, 0); a.ELBO != b.ELBO {
		t.Errorf("one seed evaluates to %v and %v", a.ELBO, b.ELBO)
	}
	if a, b := figures(dynamic, 1), figures(dynamic, 2); a.ELBO == b.ELBO {
		t.Errorf("two seeds both evaluate to %v", a.ELBO)
	}
	if _, err := run.Score(must[*datasets.Examples](t)(datasets.FromFloats([]int{6, 6, 1}, slices.Repeat([]float32{2}, 36), nil)), 0); err == nil {
		t.Error("values that a Bernoulli cannot explain are scored")
	}

	grey := make([]uint8, 36*10)
	for i := range grey {
		grey[i] = uint8(i % 256)
	}
	f := must[vaekit.Figures](t)(run.Evaluate(must[*datasets.Examples](t)(datasets.FromBytes([]int{6, 6, 1}, grey, nil)), vaekit.Evaluation{ImportanceSamples: 10}))
	if s := f.String(); f.Proper || strings.Contains(s, "NLL") || !strings.Contains(s, "cross-entropy") || !math.IsNaN(f.BitsPerDim) {
		t.Errorf("on grey pixels:\n%s", s)
	}
}
