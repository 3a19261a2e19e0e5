package vaekit_test

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit"
	"github.com/vaebook/vaebook/vaekit/dist"
	"github.com/vaebook/vaebook/vaekit/internal/check"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
	"github.com/vaebook/vaebook/vaekit/nets"
)

func TestTrainingLowersTheLoss(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, _ *engine.Backend) {
		run := train(t, barModel(), bars(t, 1000), vaekit.Training{Epochs: 30, Batch: 50, Rate: 3e-3, Holdout: 0.1})
		first, last := run.History[0], run.History[29]
		if last.Train.Loss > 0.75*first.Train.Loss {
			t.Errorf("the loss went from %.2f to %.2f in 30 epochs", first.Train.Loss, last.Train.Loss)
		}
		near(t, "loss of an ELBO", last.Train.Loss, last.Train.Distortion+last.Train.Rate, 1e-4)
		if last.Validation == nil {
			t.Fatal("10 % of the data was held out and not measured")
		}
		near(t, "held-out loss", last.Validation.Loss, last.Train.Loss, 2)
		if run.Steps != 30*900/50 {
			t.Errorf("%d steps of 50 in 30 epochs of 900 examples", run.Steps)
		}
	})
}

func TestASeedIsARun(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, _ *engine.Backend) {
		data := bars(t, 300)
		of := func(seed uint64) []float32 {
			run := train(t, barModel(), data, vaekit.Training{Epochs: 3, Batch: 40, Seed: seed})
			return must[*datasets.Batch](t)(run.Sample(5)).Values
		}
		t.Setenv("VAEKIT_CACHE", t.TempDir()) // XLA compiles the first run, and the second takes what is kept
		if a, b := of(1), of(1); !slices.Equal(a, b) {
			t.Error("two runs of one seed differ")
		}
		if a, b := of(1), of(2); slices.Equal(a, b) {
			t.Error("runs of two seeds are the same")
		}
	})
}

// Progress, loss lines, checkpoints and held-out data take nothing from a run's numbers.
func TestLookingChangesNothing(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, _ *engine.Backend) {
		data := bars(t, 300)
		var lines []string
		last := vaekit.Report{}
		loud := vaekit.Training{Epochs: 3, Batch: 40, Validation: data, LogEvery: 2, Dir: t.TempDir(), SaveEvery: 1,
			Progress: func(r vaekit.Report) { lines, last = append(lines, r.Lines...), r }}
		a := train(t, barModel(), data, vaekit.Training{Epochs: 3, Batch: 40})
		b := train(t, barModel(), data, loud)
		for i := range a.History {
			if a.History[i].Train != b.History[i].Train {
				t.Errorf("epoch %d: %+v, watched %+v", i+1, a.History[i].Train, b.History[i].Train)
			}
		}
		if !last.Done || last.Step != last.Steps || len(last.History) != 3 {
			t.Errorf("the last report is %+v", last)
		}
		want := "epoch 2, batch 4: loss"
		if !slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, want) }) {
			t.Errorf("no line begins with %q: %q", want, lines)
		}
	})
}

// The article's loss is that of a Gaussian with σ² = ½ and β = values/latents,
// divided by the number of values.
func TestMeansNotSumsIsAnELBOWithAHeavyRate(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, _ *engine.Backend) {
		data := floats(t, 64)
		loss := func(o vaekit.Objective) float64 {
			m := floatModel()
			m.Likelihood = dist.Gaussian{Scale: math.Sqrt(0.5)}
			m.Objective = o
			run := train(t, m, data, vaekit.Training{Epochs: 1, Batch: 64, Seed: 5})
			return run.History[0].Train.Loss
		}
		constant := 5 * 0.5 * math.Log(math.Pi) // of five Gaussians with σ² = ½
		near(t, "MeansNotSums", loss(vaekit.MeansNotSums{}), (loss(vaekit.ELBO{Beta: 5.0 / 2})-constant)/5, 1e-5)
	})
}

func TestMeansNotSumsCollapses(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, _ *engine.Backend) {
		m := barModel()
		m.Likelihood, m.Objective = dist.Gaussian{}, vaekit.MeansNotSums{}
		run := train(t, m, bars(t, 1000), vaekit.Training{Epochs: 20, Batch: 50, Rate: 3e-3})
		f := must[vaekit.Figures](t)(run.Evaluate(bars(t, 1000), vaekit.Evaluation{}))
		if f.ActiveUnits != 0 || f.Rate > 0.01 {
			t.Errorf("rate %.3f nats, %d active units; the posterior should lie on the prior", f.Rate, f.ActiveUnits)
		}
	})
}

func TestTrainRefuses(t *testing.T) {
	data := bars(t, 100)
	grey := must[*datasets.Examples](t)(datasets.FromFloats([]int{2}, []float32{0, 2, 1, 0}, nil))
	values := make([]float32, 1000*36)
	values[600*36] = 255 // beyond what a first look sees
	late := must[*datasets.Examples](t)(datasets.FromFloats([]int{6, 6, 1}, values, nil))
	other := train(t, vaekit.Model{Latent: 3}, grey2(t), vaekit.Training{Epochs: 1})
	setting := barModel()
	setting.Encoder = append(nets.Net{sets{}}, setting.Encoder...)
	tests := []struct {
		model vaekit.Model
		data  datasets.Dataset
		how   vaekit.Training
		want  string
	}{
		{vaekit.Model{}, data, vaekit.Training{}, "Model.Latent is 0"},
		{barModel(), nil, vaekit.Training{}, "no data"},
		{barModel(), data, vaekit.Training{Rate: -1}, "Training.Rate is -1"},
		{barModel(), data, vaekit.Training{Holdout: 1}, "Training.Holdout is 1"},
		{barModel(), data, vaekit.Training{Holdout: 0.1, Validation: data}, "both Holdout and Validation"},
		{barModel(), data, vaekit.Training{Holdout: 0.999}, "examples to train on"},
		{barModel(), data, vaekit.Training{Holdout: 0.001}, "0 to measure on"},
		{barModel(), data, vaekit.Training{Validation: grey}, "validation examples have shape"},
		{barModel(), half{data}, vaekit.Training{}, "Read set"},
		{vaekit.Model{Latent: 2, Encoder: nets.Net{panics{}}}, data, vaekit.Training{}, "out of order"},
		{barModel(), grey, vaekit.Training{}, "dist.Bernoulli"},
		{barModel(), late, vaekit.Training{}, "dist.Bernoulli: value 21600 is 255"},
		{barModel(), stream{late}, vaekit.Training{Batch: 50}, "is 255"},
		{barModel(), data, vaekit.Training{Validation: late}, "is 255"},
		{barModel(), throws{data}, vaekit.Training{}, "no such disc"},
		{setting, data, vaekit.Training{}, "encoder.0.scale is set like state"},
		{barModel(), data, vaekit.Training{From: other}, "Training.From"},
		{vaekit.Model{Latent: 2, Encoder: nets.Net{nets.Reshape{Shape: []int{7}}}}, data, vaekit.Training{}, "layer 0 (nets.Reshape)"},
		{vaekit.Model{Latent: 2, Encoder: nets.Net{nil}}, data, vaekit.Training{}, "Model.Encoder has a layer that is nil"},
	}
	for _, test := range tests {
		_, err := vaekit.Train(test.model, test.data, test.how)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("want an error with %q, got %v", test.want, err)
		}
	}
}

func TestWarmStartBeginsWithTheWeights(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, _ *engine.Backend) {
		data := bars(t, 600)
		first := train(t, barModel(), data, vaekit.Training{Epochs: 15, Batch: 50, Rate: 3e-3})
		second := train(t, barModel(), data, vaekit.Training{Epochs: 1, Batch: 50, From: first, Seed: 9})
		near(t, "loss of a warm start", second.History[0].Train.Loss, first.History[14].Train.Loss, 1)

		// A wider model takes what fits, says what does not, and goes on by itself.
		wider := barModel()
		wider.Decoder = nets.MLP(33)
		how := vaekit.Training{Dir: t.TempDir(), Epochs: 1, Batch: 50, From: first}
		var lines []string
		how.Progress = func(r vaekit.Report) { lines = append(lines, r.Lines...) }
		train(t, wider, data, how)
		want := "Training.From has nothing for decoder.1.weight, decoder.1.bias, output.weight"
		if !slices.Contains(lines, want) {
			t.Errorf("no line says %q: %q", want, lines)
		}
		how.From, how.Epochs = nil, 2
		if _, err := vaekit.Train(wider, data, how); err == nil || !strings.Contains(err.Error(), "other weights (Training.From)") {
			t.Errorf("going on without From: %v", err)
		}
	})
}

// half is a data set whose Read leaves out half of what it was asked for.
type half struct{ datasets.Dataset }

func (h half) Read(b *datasets.Batch, visit uint64, indices []int) error {
	return h.Dataset.Read(b, visit, indices[:len(indices)/2])
}

// grey2 are two examples of four grey values.
func grey2(t *testing.T) datasets.Dataset {
	return must[*datasets.Examples](t)(datasets.FromFloats([]int{4}, []float32{0, 0.2, 1, 0, 1, 1, 0, 0}, nil))
}

// throws is a reader's data set that panics once training reads it ahead.
type throws struct{ datasets.Dataset }

func (d throws) Read(b *datasets.Batch, visit uint64, indices []int) error {
	if len(indices) == 100 && indices[0] != 0 { // a shuffled epoch
		panic("no such disc")
	}
	return d.Dataset.Read(b, visit, indices)
}

// sets is a reader's layer that sets what it learns.
type sets struct{ nets.Flatten }

func (sets) Params(in []int) []nets.Param { return []nets.Param{{Name: "scale", Shape: []int{1}}} }
func (s sets) Apply(p *nets.Pass, x *graph.Node) *graph.Node {
	p.Set("scale", p.Param("scale"))
	return s.Flatten.Apply(p, x)
}

// panics is a reader's layer with a mistake.
type panics struct{ nets.Flatten }

func (panics) Out([]int) ([]int, error) { panic("out of order") }

// padded is bars with the last row of pixels marked as padding, filled with junk.
type padded struct {
	datasets.Dataset
	junk float32
}

func (p padded) Read(b *datasets.Batch, visit uint64, indices []int) error {
	if err := p.Dataset.Read(b, visit, indices); err != nil {
		return err
	}
	b.Mask = make([]uint8, len(b.Values))
	for i := range b.Mask {
		if b.Mask[i] = 1; i%36 >= 30 {
			b.Mask[i], b.Values[i] = 0, p.junk
		}
	}
	return nil
}

// Whatever lies in the padding, a run is the same: NaN, too.
func TestPaddingIsNotLookedAt(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, _ *engine.Backend) {
		for _, objective := range []vaekit.Objective{vaekit.ELBO{}, vaekit.MeansNotSums{}} {
			m := barModel()
			m.Objective = objective
			how := vaekit.Training{Epochs: 2, Batch: 50, Holdout: 0.2}
			zeros := padded{bars(t, 200), 0}
			junk := padded{bars(t, 200), float32(math.NaN())}
			a, b := train(t, m, zeros, how), train(t, m, junk, how)
			if !reflect.DeepEqual(a.History, b.History) {
				t.Errorf("%T: padding of zeros and of NaN train otherwise: %+v, %+v", objective, a.History[1], b.History[1])
			}
			fa := must[vaekit.Figures](t)(a.Evaluate(zeros, vaekit.Evaluation{ImportanceSamples: 10}))
			fb := must[vaekit.Figures](t)(b.Evaluate(junk, vaekit.Evaluation{ImportanceSamples: 10}))
			if fa.NLL != fb.NLL || fa.ELBO != fb.ELBO || fa.ELBO-fa.ELBO != 0 {
				t.Errorf("%T: padding of zeros and of NaN evaluate to %v and %v", objective, fa.NLL, fb.NLL)
			}
		}
	})
}

// stepCounter is an objective whose loss is the training step plus a millionth of
// the number of training examples.
type stepCounter struct{ vaekit.ELBO }

func (s stepCounter) Loss(t *vaekit.Terms) vaekit.Loss {
	value := graph.Add(t.Step, graph.MulScalar(t.Rate(), 0))
	return vaekit.Loss{Value: graph.AddScalar(value, 1e-3*float64(t.Examples))}
}

func TestValidationKnowsHowFarTrainingIs(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, _ *engine.Backend) {
		m := barModel()
		m.Objective = stepCounter{}
		run := train(t, m, bars(t, 500), vaekit.Training{Epochs: 2, Batch: 50, Holdout: 0.2})
		near(t, "held-out loss after epoch 1", run.History[0].Validation.Loss, 8+0.4, 1e-4)
		near(t, "held-out loss after epoch 2", run.History[1].Validation.Loss, 16+0.4, 1e-4)
	})
}

// stream is a data set whose examples do not lie in memory.
type stream struct{ datasets.Dataset }

func TestStreamsTrainLikeMemory(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, _ *engine.Backend) {
		data := bars(t, 500)
		how := vaekit.Training{Epochs: 3, Batch: 40}
		a, b := train(t, barModel(), data, how), train(t, barModel(), stream{data}, how)
		for i := range a.History {
			// The stream's values come as floats, which may round otherwise.
			near(t, fmt.Sprint("loss of epoch ", i+1), b.History[i].Train.Loss, a.History[i].Train.Loss, 1e-3)
		}
	})
}

func TestDynamicBinarisationIsDrawnAnewEachEpoch(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, _ *engine.Backend) {
		grey := make([]uint8, 200*36)
		for i := range grey {
			grey[i] = 128
		}
		data := must[*datasets.Examples](t)(datasets.FromBytes([]int{6, 6, 1}, grey, nil))
		dynamic := datasets.Binarise(data, datasets.Dynamic, 0)
		in := train(t, barModel(), dynamic, vaekit.Training{Epochs: 2, Batch: 200})
		out := train(t, barModel(), stream{dynamic}, vaekit.Training{Epochs: 2, Batch: 200})
		for i := range in.History {
			near(t, "loss of a visit, in memory and streamed", out.History[i].Train.Loss, in.History[i].Train.Loss, 1e-3)
		}
		fixed := train(t, barModel(), datasets.Binarise(data, datasets.Fixed, 0), vaekit.Training{Epochs: 2, Batch: 200})
		if reflect.DeepEqual(fixed.History[1], in.History[1]) {
			t.Error("the second epoch of dynamic binarisation sees what a fixed one sees")
		}
	})
}

// A model without layers, whose latents are as many as an example's values.
func TestNoLayers(t *testing.T) {
	onGo(t)
	data := must[*datasets.Examples](t)(datasets.FromFloats([]int{2, 2}, []float32{0, 0.2, 1, 0, 1, 1, 0, 0}, nil))
	run := train(t, vaekit.Model{Latent: 4}, data, vaekit.Training{Epochs: 1})
	if y := must[*datasets.Batch](t)(run.Sample(2)); !slices.Equal(y.Shape, []int{2, 2}) {
		t.Errorf("samples have the shape %v", y.Shape)
	}
}
