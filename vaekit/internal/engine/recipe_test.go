package engine_test

import (
	"math"
	"reflect"
	"testing"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/internal/check"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
	"github.com/vaebook/vaebook/vaekit/optim"
)

// average fits w to the mean of the examples, each one number: the gradient of a batch
// is w minus its mean.
func average(b *engine.Build) engine.Loss {
	w := graph.Reshape(b.Values["w"], 1, 1)
	loss := graph.MulScalar(graph.ReduceAllMean(graph.Square(graph.Sub(w, b.X))), 0.5)
	return engine.Loss{Value: loss, Measures: [3]*graph.Node{loss, loss, loss}}
}

// averaging is a trainer from w = 0 whose steps see the examples in order.
func averaging(t *testing.T, b *engine.Backend, r engine.Recipe, examples []float32, batch int) (*engine.Trainer, *engine.Table) {
	t.Helper()
	trainer, err := engine.NewTrainer(b, 1, r, []engine.Variable{{"w", []int{1}, true, []float32{0}}}, average)
	if err != nil {
		t.Fatal(err)
	}
	table, err := b.NewTable(1, examples, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	order := make([]int32, len(examples))
	for i := range order {
		order[i] = int32(i)
	}
	if err := table.Order(b, order, batch); err != nil {
		t.Fatal(err)
	}
	return trainer, table
}

func run(t *testing.T, trainer *engine.Trainer, table *engine.Table, from, to int) engine.Status {
	t.Helper()
	if _, err := trainer.Run(table, 0, from, to); err != nil {
		t.Fatal(err)
	}
	status, err := trainer.Status()
	if err != nil {
		t.Fatal(err)
	}
	return status
}

func weight(t *testing.T, trainer *engine.Trainer) float64 {
	t.Helper()
	return float64(snapshot(t, trainer)[0].Floats()[0])
}

func close(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-5*math.Max(1, math.Abs(want)) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

func TestClipShortensTheGradient(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		r := engine.Recipe{Optimiser: optim.SGD{}, Rate: 1, Clip: 0.5}
		trainer, table := averaging(t, b, r, []float32{10, 0.25}, 1)
		status := run(t, trainer, table, 0, 1)
		close(t, "w after a gradient of 10", weight(t, trainer), 0.5)
		close(t, "the length told of it", status.Norm, 10)
		run(t, trainer, table, 1, 2)
		close(t, "w after a gradient of ¼", weight(t, trainer), 0.25)
	})
}

// A gradient that is too long changes nothing, and one that stays so gets through in the end.
func TestSkipLeavesLongGradientsOut(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		r := engine.Recipe{Optimiser: optim.SGD{Momentum: 0.9}, Rate: 1, Skip: 2}
		trainer, table := averaging(t, b, r, []float32{1, 12, 2, 12, 12, 12, 12}, 1)
		run(t, trainer, table, 0, 1)
		before := snapshot(t, trainer)
		status := run(t, trainer, table, 1, 2)
		after := snapshot(t, trainer)
		if n := len(before) - 1; !reflect.DeepEqual(before[:n], after[:n]) || status.Skipped != 1 || status.Updates != 1 {
			t.Errorf("a gradient of 11 where 2 is the most: %+v, %v to %v", status, before[:n], after[:n])
		}
		if status = run(t, trainer, table, 2, 3); status.Skipped != 1 || status.SkipStreak != 0 || status.Updates != 2 {
			t.Errorf("a gradient of 1 after it: %+v", status)
		}
		// Those of about 11 are skipped at most 2, 4 and 8, and taken at 16.
		if status = run(t, trainer, table, 3, 7); status.Skipped != 4 || status.Updates != 3 || status.Counted != 7 {
			t.Errorf("four gradients of about 11 in a row: %+v", status)
		}
	})
}

// Accumulated batches are one large batch.
func TestAccumulatedBatchesAreALargeOne(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		var examples []float32
		for i := range 48 {
			examples = append(examples, float32(math.Sin(float64(i))))
		}
		for _, o := range []optim.Optimiser{optim.Adam{}, optim.SGD{Momentum: 0.5}} {
			large, table := averaging(t, b, engine.Recipe{Optimiser: o, Rate: 0.1}, examples, 12)
			run(t, large, table, 0, 4)
			small, pieces := averaging(t, b, engine.Recipe{Optimiser: o, Rate: 0.1, Accumulate: 3}, examples, 4)
			status := run(t, small, pieces, 0, 11)
			if status.Updates != 3 || status.Gathered != 2 {
				t.Errorf("11 batches, three an update: %+v", status)
			}
			run(t, small, pieces, 11, 12)
			close(t, "w", weight(t, small), weight(t, large))
		}
	})
}

func TestAverageIsTheMeanOfTheWeights(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		r := engine.Recipe{Optimiser: optim.SGD{}, Rate: 0.3, Average: 0.8}
		examples := []float32{3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3, 2, 3, 8, 4, 6, 2, 6, 4, 3, 3, 8, 3, 2, 7, 9, 5, 0, 2, 8, 8, 4, 1, 9, 7}
		trainer, table := averaging(t, b, r, examples, 1)
		mean := 0.0
		for i := range examples {
			run(t, trainer, table, i, i+1)
			n := float64(i + 1)
			decay := math.Min(0.8, n/(n+9))
			mean = decay*mean + (1-decay)*weight(t, trainer)
			weights, err := trainer.Weights().Fetch()
			if err != nil {
				t.Fatal(err)
			}
			close(t, "the mean", float64(weights[0].Floats()[0]), mean)
		}
	})
}

func TestScheduleAndPlateauScaleTheRate(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		r := engine.Recipe{Optimiser: optim.SGD{}, Rate: 0.1, Schedule: optim.Linear{Steps: 10, From: 1, To: 0.5}}
		trainer, table := averaging(t, b, r, []float32{1, 1, 1, 1, 1, 1, 1, 1}, 1)
		close(t, "the first rate", run(t, trainer, table, 0, 1).Rate, 0.1)
		close(t, "w after it", weight(t, trainer), 0.1)
		close(t, "the sixth rate", run(t, trainer, table, 1, 6).Rate, 0.075)
		if err := trainer.SetPlateau(0.1); err != nil {
			t.Fatal(err)
		}
		before := weight(t, trainer)
		close(t, "the rate on a plateau", run(t, trainer, table, 6, 7).Rate, 0.007)
		close(t, "w", weight(t, trainer), before+0.007*(1-before))
	})
}

// With everything switched on, pieces and restored trainers make the same run.
func TestEverythingIsRestored(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		r := engine.Recipe{Optimiser: optim.AdamW{}, Rate: 0.1, Schedule: optim.WarmUp{Steps: 7, Then: optim.Cosine{Steps: 50}},
			Clip: 0.7, Skip: 3, Accumulate: 3, Average: 0.9}
		var examples []float32
		for i := range 64 {
			examples = append(examples, float32(4*math.Sin(float64(i*i))))
		}
		whole, table := averaging(t, b, r, examples, 1)
		want := run(t, whole, table, 0, 64)
		if want.Skipped == 0 || want.Updates == 0 {
			t.Fatalf("nothing to tell apart: %+v", want)
		}
		cut, _ := averaging(t, b, r, examples, 1)
		from := 0
		for _, to := range []int{1, 2, 5, 31, 32, 64} {
			run(t, cut, table, from, to)
			saved := snapshot(t, cut)
			cut, _ = averaging(t, b, r, examples, 1)
			if err := cut.Restore(saved); err != nil {
				t.Fatal(err)
			}
			from = to
		}
		if a, b := snapshot(t, whole), snapshot(t, cut); !reflect.DeepEqual(a, b) {
			t.Errorf("64 steps at once and in pieces differ:\n%v\n%v", a, b)
		}
	})
}

func TestRunTellsTheMeasuresOfEveryStep(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		examples := make([]float32, engine.MostSteps+10)
		for i := range examples {
			examples[i] = float32(i)
		}
		trainer, table := averaging(t, b, engine.Recipe{Optimiser: optim.SGD{}, Rate: 0}, examples, 1)
		var all [][3]float64
		for len(all) < len(examples) {
			measures, err := trainer.Run(table, 0, len(all), len(examples))
			if err != nil {
				t.Fatal(err)
			}
			if len(measures) == 0 || len(measures) > engine.MostSteps {
				t.Fatalf("one Run took %d steps", len(measures))
			}
			all = append(all, measures...)
		}
		for i, m := range all {
			close(t, "the loss of a step", m[0], 0.5*float64(i)*float64(i))
		}
	})
}
