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

// noisyLine fits y = w·x + b with noise in the loss, on examples [x, y].
func noisyLine(b *engine.Build) engine.Loss {
	x := graph.Slice(b.X, graph.AxisRange(), graph.AxisRange(0, 1))
	y := graph.Slice(b.X, graph.AxisRange(), graph.AxisRange(1, 2))
	fit := graph.Add(graph.Mul(x, b.Values["w"]), b.Values["b"])
	noise := b.Noise("noise", x.Shape().Dimensions...)
	d := graph.Sub(graph.Add(fit, graph.MulScalar(noise, 0.1)), y)
	loss := graph.ReduceAllMean(graph.Square(d))
	return engine.Loss{
		Value:    loss,
		Measures: [3]*graph.Node{loss, graph.ReduceAllMean(noise), graph.ReduceAllMean(x)},
		State:    map[string]*graph.Node{"seen": graph.OnePlus(b.Values["seen"])},
	}
}

func lineTrainer(t *testing.T, b *engine.Backend, examples []float32) (*engine.Trainer, *engine.Table) {
	t.Helper()
	vars := []engine.Variable{
		{"w", []int{1, 1}, true, []float32{0}},
		{"b", []int{1, 1}, true, []float32{0}},
		{"seen", []int{1}, false, []float32{0}},
	}
	trainer, err := engine.NewTrainer(b, 7, engine.Recipe{Optimiser: optim.Adam{}, Rate: 0.05}, vars, noisyLine)
	if err != nil {
		t.Fatal(err)
	}
	table, err := b.NewTable(2, examples, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	var order []int32
	rng := engine.Rand(1, "order", 0)
	for range 400 * 4 {
		order = append(order, int32(rng.IntN(len(examples)/2)))
	}
	if err := table.Order(b, order, 4); err != nil {
		t.Fatal(err)
	}
	return trainer, table
}

func line(n int) []float32 {
	var examples []float32
	rng := engine.Rand(1, "line", 0)
	for range n {
		x := rng.Float32()*2 - 1
		examples = append(examples, x, 3*x-1)
	}
	return examples
}

func snapshot(t *testing.T, trainer *engine.Trainer) []engine.Tensor {
	t.Helper()
	s, err := trainer.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTrainerFindsTheLine(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		trainer, table := lineTrainer(t, b, line(64))
		if _, err := trainer.Run(table, 0, 0, 400); err != nil {
			t.Fatal(err)
		}
		s := snapshot(t, trainer)
		if w := s[0].Floats()[0]; math.Abs(float64(w)-3) > 0.1 {
			t.Errorf("w = %v, want 3", w)
		}
		if bias := s[1].Floats()[0]; math.Abs(float64(bias)+1) > 0.1 {
			t.Errorf("b = %v, want -1", bias)
		}
		status, err := trainer.Status()
		if err != nil {
			t.Fatal(err)
		}
		if status.Step != 400 || status.Updates != 400 || status.Counted != 400 || s[2].Floats()[0] != 400 {
			t.Errorf("after 400 steps: %+v, state seen %v", status, s[2].Floats())
		}
		if mean := status.Sums[1] / 400; math.Abs(mean) > 4/math.Sqrt(1600) {
			t.Errorf("the noise has mean %v", mean)
		}
	})
}

func TestChunksAndRestoreChangeNothing(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		whole, table := lineTrainer(t, b, line(64))
		if _, err := whole.Run(table, 0, 0, 60); err != nil {
			t.Fatal(err)
		}
		cut, _ := lineTrainer(t, b, line(64))
		for _, to := range []int{1, 3, 17, 18, 60} {
			status, err := cut.Status()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := cut.Run(table, 0, int(status.Step), to); err != nil {
				t.Fatal(err)
			}
			saved := snapshot(t, cut)
			cut, _ = lineTrainer(t, b, line(64))
			if err := cut.Restore(saved); err != nil {
				t.Fatal(err)
			}
		}
		if a, b := snapshot(t, whole), snapshot(t, cut); !reflect.DeepEqual(a, b) {
			t.Errorf("60 steps at once and in pieces differ:\n%v\n%v", a, b)
		}
	})
}

func TestNonFiniteStepsAreDropped(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		examples := line(64)
		trainer, _ := lineTrainer(t, b, examples)
		bad := append(append([]float32(nil), examples...), float32(math.NaN()), 0)
		poisoned, err := b.NewTable(2, bad, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		order := make([]int32, 20*4)
		for i := 10 * 4; i < 12*4; i++ {
			order[i] = 64 // steps 10 and 11 see the NaN
		}
		if err := poisoned.Order(b, order, 4); err != nil {
			t.Fatal(err)
		}
		if _, err := trainer.Run(poisoned, 0, 0, 10); err != nil {
			t.Fatal(err)
		}
		before := snapshot(t, trainer)
		for _, from := range []int{10, 11} { // it stops behind each, to be asked which
			if _, err := trainer.Run(poisoned, 0, from, 20); err != nil {
				t.Fatal(err)
			}
			status, err := trainer.Status()
			if err != nil {
				t.Fatal(err)
			}
			if int(status.LastBad) != from || int(status.Step) != from+1 {
				t.Errorf("step %d should be dropped: %+v", from, status)
			}
		}
		after := snapshot(t, trainer)
		if n := len(before) - 1; !reflect.DeepEqual(before[:n], after[:n]) {
			t.Errorf("dropped steps changed what is carried:\n%v\n%v", before, after)
		}
		status, err := trainer.Status()
		if err != nil {
			t.Fatal(err)
		}
		if status.Dropped != 2 || status.LastBad != 11 || status.RateScale != 0.5 || status.Streak != 2 {
			t.Errorf("after two dropped steps: %+v", status)
		}
		if _, err := trainer.Run(poisoned, 0, 12, 20); err != nil {
			t.Fatal(err)
		}
		all := make([]int32, 20*4)
		for i := range all {
			all[i] = 64
		}
		if err := poisoned.Order(b, all, 4); err != nil {
			t.Fatal(err)
		}
		for i := range 5 {
			if _, err := trainer.Run(poisoned, 20, i, 20); err != nil {
				t.Fatal(err)
			}
		}
		if status, err = trainer.Status(); err != nil {
			t.Fatal(err)
		}
		if status.Streak != 5 || status.Dropped != 7 || status.RateScale != 0.5 {
			t.Errorf("after five steps on nothing finite: %+v", status)
		}
	})
}
