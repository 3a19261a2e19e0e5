package vaekit_test

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit"
	"github.com/vaebook/vaebook/vaekit/internal/check"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
	"github.com/vaebook/vaebook/vaekit/optim"
)

// overfits is a training on so few examples that held-out ones soon get worse.
func overfits(dir string) vaekit.Training {
	return vaekit.Training{
		Dir: dir, Epochs: 200, Batch: 10, Rate: 1e-2, Holdout: 0.5, Patience: 4, Average: 0.5,
		Optimiser: optim.AdamW{}, Schedule: optim.WarmUp{Steps: 5}, Plateau: optim.Plateau{Patience: 2},
		Clip: 50, Accumulate: 2,
	}
}

// Training stops when patience is at its end, and the run has the weights of its best epoch.
func TestPatienceStopsAtTheBest(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, _ *engine.Backend) {
		data := bars(t, 80)
		dir := t.TempDir()
		run := train(t, barModel(), data, overfits(dir))
		best, at := math.Inf(1), 0
		var losses []float64
		for i, e := range run.History {
			losses = append(losses, e.Validation.Loss)
			if e.Validation.Loss < best {
				best, at = e.Validation.Loss, i
			}
		}
		if n := len(run.History); n != at+1+4 || n == 200 {
			t.Fatalf("the best of %d epochs is epoch %d; patience is 4", n, at+1)
		}
		last := len(losses) - 1
		want := 1e-2 * optim.Plateau{Patience: 2}.Scale(losses[:last])
		if rate := run.History[last].LearningRate; math.Abs(rate-want) > 1e-9 || rate > 5.1e-3 {
			t.Errorf("after %d epochs, the last ones on a plateau, the learning rate is %v, want %v", last, rate, want)
		}
		_, held, err := datasets.Split(data, 0.5, 0)
		if err != nil {
			t.Fatal(err)
		}
		again := must[*vaekit.Run](t)(vaekit.Load(dir))
		wanted := must[*vaekit.Run](t)(again.Best())
		for _, r := range []*vaekit.Run{run, again, wanted} {
			f := must[vaekit.Figures](t)(r.Evaluate(held, vaekit.Evaluation{}))
			near(t, "−ELBO with the weights of the best epoch", -f.ELBO, best, 1.5) // other draws of z for 40 examples
		}
		a, b := must[*datasets.Batch](t)(run.Sample(4)), must[*datasets.Batch](t)(wanted.Sample(4))
		if !slices.Equal(a.Values, b.Values) {
			t.Error("the run that was loaded and its best draw other samples than the one that was trained")
		}
		// Asking again takes no step, with more patience it goes on.
		before := weights(t, dir)
		train(t, barModel(), data, overfits(dir))
		if !bytes.Equal(before, weights(t, dir)) {
			t.Error("asking for the run again changed it")
		}
		how := overfits(dir)
		how.Patience = 6
		if on := train(t, barModel(), data, how); len(on.History) <= len(run.History) {
			t.Errorf("with more patience: %d epochs, %d before", len(on.History), len(run.History))
		}
	})
}

func TestBestNeedsHeldOutData(t *testing.T) {
	onGo(t)
	run := train(t, floatModel(), floats(t, 40), vaekit.Training{Epochs: 1, Batch: 20})
	if _, err := run.Best(); err == nil || !strings.Contains(err.Error(), "Training.Holdout") {
		t.Errorf("the best of a run that measured nothing: %v", err)
	}
}

// Epochs before the first that was measured take no patience, and a learning rate that
// followed the loss on some held-out data does not go on with other data.
func TestHeldOutDataComesLater(t *testing.T) {
	onGo(t)
	how := vaekit.Training{Dir: t.TempDir(), Epochs: 3, Batch: 20}
	train(t, floatModel(), floats(t, 40), how)
	how.Epochs, how.Validation, how.Patience = 5, floats(t, 20), 2
	if run := train(t, floatModel(), floats(t, 40), how); len(run.History) < 4 || run.History[3].Validation == nil {
		t.Errorf("a run that goes on with held-out data and patience has %d epochs", len(run.History))
	}
	how.Dir, how.Plateau = t.TempDir(), optim.Plateau{Patience: 2}
	train(t, floatModel(), floats(t, 40), how)
	how.Epochs, how.Validation = 7, floats(t, 10)
	if _, err := vaekit.Train(floatModel(), floats(t, 40), how); err == nil || !strings.Contains(err.Error(), "other held-out data") {
		t.Errorf("a plateau on one set of held-out data goes on with another: %v", err)
	}
}

// Interrupted a few times, with all there is switched on, a run ends the same.
func TestEverythingResumes(t *testing.T) {
	defer shortChunks()()
	check.EachBackend(t, func(t *testing.T, _ *engine.Backend) {
		data := bars(t, 80)
		whole, dir := t.TempDir(), t.TempDir()
		train(t, barModel(), data, overfits(whole))
		stops := 0
		for {
			how := overfits(dir)
			reports := 0
			how.Progress = func(r vaekit.Report) {
				if reports++; stops < 4 && reports == 2+stops && !r.Done {
					vaekit.Interrupt(t, syscall.SIGINT)
				}
				time.Sleep(2 * time.Millisecond) // the next chunk is worth a report
			}
			_, err := vaekit.Train(barModel(), data, how)
			if err == nil {
				break
			}
			if stops++; !errors.Is(err, vaekit.ErrStopped) {
				t.Fatal(err)
			}
		}
		if stops < 2 {
			t.Errorf("stopped %d times", stops)
		}
		if !bytes.Equal(weights(t, whole), weights(t, dir)) {
			t.Errorf("after %d interrupts the run ends with other weights", stops)
		}
		a := must[[]byte](t)(os.ReadFile(filepath.Join(whole, "history.jsonl")))
		b := must[[]byte](t)(os.ReadFile(filepath.Join(dir, "history.jsonl")))
		if !bytes.Equal(a, b) || bytes.Count(a, []byte("\n")) < 5 {
			t.Errorf("the histories differ:\n%s\n%s", a, b)
		}
	})
}

// A schedule of the rate's weight is the weight it has at the step.
func TestAScheduledRate(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, _ *engine.Backend) {
		m := floatModel()
		loss := func(o vaekit.Objective) float64 {
			m.Objective = o
			run := train(t, m, floats(t, 64), vaekit.Training{Epochs: 2, Batch: 64, Optimiser: optim.SGD{}, Rate: 1e-30})
			return run.History[1].Train.Loss // of the second step
		}
		near(t, "half way up", loss(vaekit.ELBO{Schedule: optim.Linear{Steps: 2}}), loss(vaekit.ELBO{Beta: 0.5}), 1e-5)
		near(t, "times Beta", loss(vaekit.ELBO{Beta: 4, Schedule: optim.Linear{Steps: 2}}), loss(vaekit.ELBO{Beta: 2}), 1e-5)

		m.Objective = vaekit.ELBO{Beta: 4, Schedule: optim.Linear{Steps: 1e9}}
		run := train(t, m, floats(t, 64), vaekit.Training{Epochs: 2, Batch: 32, Holdout: 0.5})
		trained, held := run.History[1].Train, run.History[1].Validation
		near(t, "in training the rate weighs nothing yet", trained.Loss, trained.Distortion, 1e-3)
		near(t, "on held-out data it has its weight", held.Loss, held.Distortion+4*held.Rate, 1e-3)
	})
}
