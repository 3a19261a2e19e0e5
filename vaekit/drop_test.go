package vaekit_test

import (
	"math"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit"
	"github.com/vaebook/vaebook/vaekit/internal/check"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
	"github.com/vaebook/vaebook/vaekit/optim"
)

// explodes is the ELBO where values are of the usual size, and not a number where
// one is a million.
type explodes struct{ vaekit.ELBO }

func (o explodes) Loss(t *vaekit.Terms) vaekit.Loss {
	loss := o.ELBO.Loss(t)
	large := graph.MulScalar(graph.ReduceAllMax(t.X), 1e33)
	loss.Value = graph.Add(loss.Value, graph.Sub(large, large))
	return loss
}

func TestABadExampleIsNamedAndDropped(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, _ *engine.Backend) {
		values := must[*datasets.Batch](t)(datasets.All(floats(t, 400))).Values
		values[5*300], values[5*107] = 1e6, 1e6
		data := must[*datasets.Examples](t)(datasets.FromFloats([]int{5}, values, nil))
		m := floatModel()
		m.Objective = explodes{}
		var lines []string
		run := train(t, m, data, vaekit.Training{Epochs: 2, Batch: 4, Progress: func(r vaekit.Report) { lines = append(lines, r.Lines...) }})
		for _, epoch := range run.History {
			if epoch.Dropped != 2 {
				t.Errorf("epoch %d dropped %d steps, want the two with a bad example", epoch.Epoch, epoch.Dropped)
			}
		}
		for _, name := range []string{"300", "107"} { // once an epoch
			if n := strings.Count(strings.Join(lines, "\n"), name); n != 2 {
				t.Errorf("example %s is named %d times in two epochs:\n%s", name, n, strings.Join(lines, "\n"))
			}
		}
	})
}

func TestTrainingGivesUpWithADiagnosis(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, _ *engine.Backend) {
		values := make([]float32, 40*5)
		for i := range values {
			values[i] = 1e6
		}
		data := must[*datasets.Examples](t)(datasets.FromFloats([]int{5}, values, nil))
		m := floatModel()
		m.Objective = explodes{}
		dir := t.TempDir()
		for range 2 { // taking it up again ends the same way
			_, err := vaekit.Train(m, data, vaekit.Training{Batch: 4, Dir: dir})
			if err == nil || !strings.Contains(err.Error(), "5 steps in a row") || !strings.Contains(err.Error(), "Training.Rate") {
				t.Errorf("training on nothing but infinities: %v", err)
			}
		}
	})
}

// with is a data set in which some examples hold one odd value.
func with(t *testing.T, value float32, examples ...int) datasets.Dataset {
	values := must[*datasets.Batch](t)(datasets.All(floats(t, 400))).Values
	for _, i := range examples {
		values[5*i+2] = value
	}
	return must[*datasets.Examples](t)(datasets.FromFloats([]int{5}, values, nil))
}

// Where the loss overflows the message names the example's step, and the first layer or
// term that did.
func TestADroppedStepSaysWhereItBegan(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, _ *engine.Backend) {
		var lines []string
		how := vaekit.Training{Epochs: 1, Batch: 4, Progress: func(r vaekit.Report) { lines = append(lines, r.Lines...) }}
		run := train(t, floatModel(), with(t, 1e30, 107), how)
		if run.History[0].Dropped != 1 {
			t.Errorf("%d steps were dropped for one example with 1e30", run.History[0].Dropped)
		}
		told := strings.Join(lines, "\n")
		for _, want := range []string{"step", "was dropped", "107", "first not finite is the"} {
			if !strings.Contains(told, want) {
				t.Errorf("no line says %q:\n%s", want, told)
			}
		}
	})
}

// explodesForTheEncoder is the ELBO, and for the encoder what explodes makes of it.
type explodesForTheEncoder struct{ explodes }

func (o explodesForTheEncoder) Loss(t *vaekit.Terms) vaekit.Loss {
	return vaekit.Loss{Value: o.ELBO.Loss(t).Value, Encoder: o.explodes.Loss(t).Value}
}

// A loss that only the encoder follows is looked at, too.
func TestTheEncodersLossIsDiagnosed(t *testing.T) {
	onGo(t)
	m := floatModel()
	m.Objective = explodesForTheEncoder{}
	var lines []string
	train(t, m, with(t, 1e6, 107), vaekit.Training{Epochs: 1, Batch: 4, Progress: func(r vaekit.Report) { lines = append(lines, r.Lines...) }})
	if told := strings.Join(lines, "\n"); !strings.Contains(told, "first not finite is the encoder's loss") {
		t.Errorf("no line names the encoder's loss:\n%s", told)
	}
}

// A learning rate at which training diverges ends it with the layer that went first.
func TestDivergenceIsDiagnosed(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, _ *engine.Backend) {
		how := vaekit.Training{Epochs: 3, Batch: 4, Optimiser: optim.SGD{}, Rate: 1e12}
		_, err := vaekit.Train(floatModel(), floats(t, 400), how)
		if err == nil {
			t.Fatal("a learning rate of 1e12 trained")
		}
		for _, want := range []string{"5 steps in a row", "first not finite is", "lower Training.Rate"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("want %q in %v", want, err)
			}
		}
	})
}

// begins is the ELBO but at the first step, where it is 0/0.
type begins struct{ vaekit.ELBO }

func (o begins) Loss(t *vaekit.Terms) vaekit.Loss {
	loss := o.ELBO.Loss(t)
	step := graph.ConvertDType(t.Step, loss.Value.DType())
	loss.Value = graph.Add(loss.Value, graph.Div(graph.ZerosLike(step), step))
	return loss
}

// An epoch that dropped all its steps has no loss that later ones would have to reach.
func TestAnEpochWithoutLossIsNoBest(t *testing.T) {
	onGo(t)
	m := floatModel()
	m.Objective = begins{}
	run := train(t, m, floats(t, 400), vaekit.Training{Epochs: 6, Batch: 400, Rate: 0.01, Plateau: optim.Plateau{Patience: 2}})
	if first, last := run.History[0], run.History[5]; first.Dropped != 1 || last.LearningRate != 0.01 {
		t.Errorf("dropped %d of 1 step; then, with a loss that falls, a learning rate of %v: %+v", first.Dropped, last.LearningRate, run.History)
	}
}

// poisoned is a stream in which one value of an example is not a number.
type poisoned struct {
	datasets.Dataset
	value float32
}

func (p poisoned) Read(b *datasets.Batch, visit uint64, indices []int) error {
	err := p.Dataset.Read(b, visit, indices)
	for k, i := range indices {
		if i == 300 {
			b.Example(k)[1] = p.value
		}
	}
	return err
}

// Data that holds no number is refused by name, before it can do harm.
func TestPoisonedDataIsNamed(t *testing.T) {
	onGo(t)
	for _, value := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		_, err := vaekit.Train(floatModel(), poisoned{floats(t, 400), float32(value)}, vaekit.Training{Epochs: 1, Batch: 4})
		if err == nil || !strings.Contains(err.Error(), "300") {
			t.Errorf("a stream with %v in example 300: %v", value, err)
		}
	}
}
