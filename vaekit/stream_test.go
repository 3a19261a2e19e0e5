package vaekit_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit"
	"github.com/vaebook/vaebook/vaekit/dist"
	"github.com/vaebook/vaebook/vaekit/internal/check"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// seriesModel has a latent vector for every 8 positions.
func seriesModel(padding nets.Padding) vaekit.Model {
	block := nets.Residual{Net: nets.Net{
		nets.Conv1D{Channels: 8, Dilation: 2, Padding: padding, Activation: nets.SiLU},
		nets.Conv1D{Channels: 8, Kernel: 1, Padding: padding},
	}}
	return vaekit.Model{
		Encoder: nets.Net{
			nets.Conv1D{Channels: 8, Kernel: 8, Stride: 4, Padding: padding, Activation: nets.SiLU},
			block,
			nets.Conv1D{Channels: 8, Kernel: 4, Stride: 2, Padding: padding, Activation: nets.SiLU},
		},
		Latent: 3,
		Local:  true,
		Decoder: nets.Net{
			nets.ConvTranspose1D{Channels: 8, Kernel: 4, Stride: 2, Padding: padding, Activation: nets.SiLU},
			block,
			nets.ConvTranspose1D{Channels: 8, Kernel: 8, Stride: 4, Padding: padding, Activation: nets.SiLU},
		},
		Likelihood: dist.Gaussian{Sigma: dist.Optimal},
	}
}

// waves are n tones of 64 samples, low ones of class 0, high ones of class 1.
func waves(t testing.TB, n int) *datasets.Examples {
	rng := engine.Rand(1, "waves", 0)
	var values []float32
	var labels []int
	for i := range n {
		pitch := (0.2 + 0.2*rng.Float64()) * float64(1+2*(i%2))
		phase := 2 * math.Pi * rng.Float64()
		for k := range 64 {
			values = append(values, float32(math.Sin(phase+pitch*float64(k))))
		}
		labels = append(labels, i%2)
	}
	return must[*datasets.Examples](t)(datasets.FromFloats([]int{64, 1}, values, labels))
}

// hiss is a series that no training has seen.
func hiss(seed uint64, n int) []float32 {
	rng := rand.New(rand.NewPCG(seed, 0))
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	return x
}

// atOnce is a series that goes through a run as one example, of a class where the run's model
// knows classes.
func atOnce(t *testing.T, run *vaekit.Run, x []float32, class ...int) []float32 {
	t.Helper()
	channels := run.Shape()[1]
	run = must[*vaekit.Run](t)(run.Length(len(x) / channels))
	return must[*datasets.Batch](t)(run.Reconstruct(must[*datasets.Examples](t)(datasets.FromFloats(run.Shape(), x, class)))).Values
}

// A model with latents at every position learns, is measured, sampled, kept and opened as any
// other.
func TestLocal(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, _ *engine.Backend) {
		dir := t.TempDir()
		train(t, seriesModel(nets.Same), waves(t, 320), vaekit.Training{Dir: dir, Epochs: 20, Batch: 32, Rate: 5e-3})
		run := must[*vaekit.Run](t)(vaekit.Load(dir))
		if first, last := run.History[0].Train.Loss, run.History[19].Train.Loss; !(last < first-20) {
			t.Errorf("loss %.4g in the first epoch, %.4g in the last", first, last)
		}
		z := must[*vaekit.Latents](t)(run.Encode(waves(t, 10)))
		if z.Dim != 24 || z.Len() != 10 || len(z.Sigma) != 240 {
			t.Errorf("%d latents each of %d examples, %d sigmas", z.Dim, z.Len(), len(z.Sigma))
		}
		there, back := must[*datasets.Batch](t)(run.Reconstruct(waves(t, 10))), must[*datasets.Batch](t)(run.Decode(z.At(3)))
		closeTo(t, "one decoded alone", back.Values, there.Example(3), 1e-5)
		if s := must[*datasets.Batch](t)(run.Sample(3)); s.Len() != 3 {
			t.Errorf("%d samples", s.Len())
		}
		plain := must[vaekit.Figures](t)(run.Evaluate(waves(t, 320), vaekit.Evaluation{ImportanceSamples: 20, Curve: true}))
		if plain.Latent != 24 || len(plain.KL) != 24 || !(-plain.NLL > plain.ELBO) || len(plain.Curve) == 0 {
			t.Errorf("%+v", plain)
		}
		// A prior of one position, fitted to all of them.
		fitted := must[*vaekit.Run](t)(run.FitPrior(waves(t, 320), dist.MixtureOfGaussians{}))
		better := must[vaekit.Figures](t)(fitted.Evaluate(waves(t, 320), vaekit.Evaluation{}))
		if !(better.Rate < plain.Rate) || better.Distortion != plain.Distortion {
			t.Errorf("rate %.4g with N(0, I), %.4g with a mixture; distortion %v and %v", plain.Rate, better.Rate, plain.Distortion, better.Distortion)
		}
		if s := must[*datasets.Batch](t)(fitted.Sample(3)); s.Len() != 3 {
			t.Errorf("%d samples", s.Len())
		}
	})
}

func closeTo(t *testing.T, what string, got, want []float32, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d values, want %d", what, len(got), len(want))
		return
	}
	for i := range want {
		if !(math.Abs(float64(got[i]-want[i])) <= tolerance) {
			t.Errorf("%s: value %d is %v, want %v", what, i, got[i], want[i])
			return
		}
	}
}

// However a series is cut into blocks and writes, what comes out is what the whole at once
// gives, and as long as what went in.
func TestStreamIsTheWhole(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, _ *engine.Backend) {
		for _, padding := range []nets.Padding{nets.Same, nets.Causal} {
			run := train(t, seriesModel(padding), waves(t, 64), vaekit.Training{Epochs: 1, Batch: 32})
			for _, length := range []int{1000, 403, 16, 0} {
				x := hiss(1, length)
				padded := append(slices.Clone(x), make([]float32, (8-length%8)%8)...)
				whole := []float32{}
				if length > 0 {
					whole = atOnce(t, run, padded)[:length]
				}
				// A series of less than a window is followed by silence and not by nothing, which
				// changes its end where the model is not causal.
				same := func(what string, y []float32, window int) {
					if end := 64; length < window && padding == nets.Same && len(y) == length {
						closeTo(t, what, y[:max(length-end, 0)], whole[:max(length-end, 0)], 1e-4)
						return
					}
					closeTo(t, what, y, whole, 1e-4)
				}
				same("at once", must[[]float32](t)(run.ReconstructLong(x)), 1<<14)
				z := must[*vaekit.Latents](t)(run.EncodeLong(x))
				if z.Len() != (length+7)/8 {
					t.Errorf("%d positions have latents at %d", length, z.Len())
				}
				var rows [][]float32
				for i := range z.Len() {
					rows = append(rows, z.At(i))
				}
				same("encoded and decoded", must[[]float32](t)(run.DecodeLong(rows...))[:length], 1<<14)
				for _, block := range []int{1, 100} {
					stream := must[*vaekit.Stream](t)(run.Stream(block))
					var y []float32
					rng := rand.New(rand.NewPCG(2, 2))
					for from, to := 0, 0; from < length; from = to {
						to = min(length, from+rng.IntN(60))
						y = append(y, must[[]float32](t)(stream.Write(x[from:to]))...)
						if due := to / 8 * 8; padding == nets.Causal && block == 1 && len(y) != due {
							t.Fatalf("of %d positions %d came out of a causal model, want %d", to, len(y), due)
						}
					}
					same("in blocks", append(y, must[[]float32](t)(stream.Close())...), 400)
					if _, err := stream.Write(x); length > 0 && err == nil {
						t.Error("a closed stream took more")
					}
					if again := must[[]float32](t)(stream.Close()); len(again) > 0 {
						t.Errorf("closed again, a stream gave %d more", len(again))
					}
				}
			}
		}
	})
}

// Of several channels, and with averaged weights or the best epoch's, it is the whole as well.
func TestStreamOfEveryKind(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, _ *engine.Backend) {
		mono := must[*datasets.Batch](t)(datasets.All(waves(t, 128)))
		stereo := must[*datasets.Examples](t)(datasets.FromFloats([]int{64, 2}, mono.Values, nil))
		noise := must[*datasets.Examples](t)(datasets.FromFloats([]int{64, 2}, hiss(5, 64*128), nil)) // the more it knows of tones the less it knows of this
		last := train(t, seriesModel(nets.Causal), stereo, vaekit.Training{Epochs: 30, Batch: 16, Average: 0.5, Validation: noise, Rate: 2e-2})
		best := must[*vaekit.Run](t)(last.Best())
		x := hiss(4, 2*800)
		var answers [][]float32
		for _, run := range []*vaekit.Run{last, best} {
			stream := must[*vaekit.Stream](t)(run.Stream(48))
			y := must[[]float32](t)(stream.Write(x[:700]))
			y = append(y, must[[]float32](t)(stream.Write(x[700:]))...)
			answers = append(answers, append(y, must[[]float32](t)(stream.Close())...))
			closeTo(t, "two channels", answers[len(answers)-1], atOnce(t, run, x), 1e-4)
		}
		if slices.Equal(answers[0], answers[1]) {
			t.Error("the best epoch answers as the last does")
		}
	})
}

// A class is given to a series as to an example.
func TestLocalClasses(t *testing.T) {
	onGo(t)
	model := seriesModel(nets.Same)
	model.Classes = 2
	run := train(t, model, waves(t, 64), vaekit.Training{Epochs: 3, Batch: 32, Rate: 5e-3})
	x := hiss(3, 256)
	if _, err := run.ReconstructLong(x); err == nil || !strings.Contains(err.Error(), "run.Class") {
		t.Errorf("no class was chosen: %v", err)
	}
	low, high := must[*vaekit.Run](t)(run.Class(0)), must[*vaekit.Run](t)(run.Class(1))
	a, b := must[[]float32](t)(low.ReconstructLong(x)), must[[]float32](t)(high.ReconstructLong(x))
	if slices.Equal(a, b) {
		t.Error("the class changes nothing")
	}
	closeTo(t, "in chunks", a[:192], atOnce(t, low, x, 0)[:192], 1e-4)
}

// What cannot be of any length says why.
func TestNotOfAnyLength(t *testing.T) {
	onGo(t)
	for _, c := range []struct {
		change func(m *vaekit.Model)
		says   string
	}{
		{func(m *vaekit.Model) { m.Local, m.Decoder = false, nets.MLP(8) }, "Model.Local"},
		{func(m *vaekit.Model) { m.Encoder[1] = nets.GroupNorm{} }, "Encoder is not one for any length: layer 1 (nets.GroupNorm)"},
		{func(m *vaekit.Model) { m.Likelihood = dist.Gaussian{Sigma: dist.PerDimension} }, "log_sigma [64]"},
		{func(m *vaekit.Model) {
			m.Encoder = append(m.Encoder, nets.Residual{Net: nets.Net{nets.Conv1D{Channels: 8, Stride: 2}, nets.ConvTranspose1D{Channels: 8, Stride: 2}}})
		}, "moved by 8 positions"},
	} {
		model := seriesModel(nets.Same)
		c.change(&model)
		run := train(t, model, waves(t, 32), vaekit.Training{Epochs: 1, Batch: 32})
		if _, err := run.Stream(0); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v; want %q", err, c.says)
		}
	}
	for _, c := range []struct {
		change func(m *vaekit.Model)
		says   string
	}{
		{func(m *vaekit.Model) { m.Encoder = nets.MLP(8) }, "makes [positions, channels]"},
		{func(m *vaekit.Model) { m.Posterior = dist.FullGaussian{} }, "dist.DiagonalGaussian"},
		{func(m *vaekit.Model) { m.Decoder = m.Decoder[:2] }, "positions of an example"},
		{func(m *vaekit.Model) { m.Prior = dist.VampPrior{Components: 2} }, "looks at the encoder"},
	} {
		model := seriesModel(nets.Same)
		c.change(&model)
		if _, err := vaekit.Train(model, waves(t, 32), vaekit.Training{Epochs: 1, Batch: 32}); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v; want %q", err, c.says)
		}
	}
}

// Pictures, too, can have latents at every position.
func TestLocalPictures(t *testing.T) {
	onGo(t)
	model := vaekit.Model{
		Encoder: nets.Net{nets.Conv2D{Channels: 8, Stride: 2, Activation: nets.ReLU}},
		Latent:  2,
		Local:   true,
		Decoder: nets.Net{nets.Upsample{}, nets.Conv2D{Channels: 8, Activation: nets.ReLU}},
	}
	run := train(t, model, bars(t, 320), vaekit.Training{Epochs: 10, Batch: 32, Rate: 0.01})
	if first, last := run.History[0].Train.Loss, run.History[9].Train.Loss; !(last < 0.9*first) {
		t.Errorf("loss %.4g in the first epoch, %.4g in the last", first, last)
	}
	if z := must[*vaekit.Latents](t)(run.Encode(bars(t, 2))); z.Dim != 3*3*2 {
		t.Errorf("%d latents", z.Dim)
	}
	if summary := run.Summary(); !strings.Contains(summary, "[3×3×2]") || !strings.Contains(summary, "[6×6×1]") {
		t.Error(summary)
	}
	if _, err := run.Stream(0); err == nil || !strings.Contains(err.Error(), "a series is [length, channels]") {
		t.Errorf("a stream of pictures: %v", err)
	}
}
