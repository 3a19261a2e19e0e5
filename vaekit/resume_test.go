package vaekit_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit"
	"github.com/vaebook/vaebook/vaekit/internal/check"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
)

// childDir names, to a child process, the folder to train in.
const childDir = "VAEKIT_TEST_TRAIN_IN"

// TestMain lets the test binary be a program that trains: the one that is killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		shortChunks()
		_, err := vaekit.Train(floatModel(), floatsOf(), childTraining(dir))
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// childTraining saves after every chunk; shortChunks makes many.
func childTraining(dir string) vaekit.Training {
	return vaekit.Training{Dir: dir, Epochs: 40, Batch: 20, Holdout: 0.1, SaveEvery: 1, Seed: 3}
}

func shortChunks() (undo func()) {
	before := *vaekit.Look
	*vaekit.Look = time.Millisecond
	return func() { *vaekit.Look = before }
}

func child(dir string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	return cmd
}

func weights(t *testing.T, dir string) []byte {
	t.Helper()
	return must[[]byte](t)(os.ReadFile(filepath.Join(dir, engine.WeightsFile)))
}

// A run that is killed at random moments and taken up again ends, bit for bit,
// as one that was left alone.
func TestKilledAndResumedEqualsNotKilled(t *testing.T) {
	kills := 5
	if os.Getenv("VAEKIT_LONG") != "" {
		kills = 50
	}
	check.EachBackend(t, func(t *testing.T, _ *engine.Backend) {
		whole := t.TempDir()
		trains := func(dir string) (ended chan error, kill func() error) {
			cmd := child(dir)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			ended = make(chan error, 1)
			go func() { ended <- cmd.Wait() }()
			return ended, cmd.Process.Kill
		}
		ended, _ := trains(whole)
		savesAgain(t, whole, nil, ended)
		began := time.Now()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		took := time.Since(began) // from the first checkpoint to the end
		rng := rand.New(rand.NewPCG(uint64(took), 0))

		dir := t.TempDir()
		for killed := 0; killed < kills; {
			before, _ := os.Stat(filepath.Join(dir, engine.WeightsFile))
			ended, kill := trains(dir)
			finished := !savesAgain(t, dir, before, ended)
			if !finished {
				select {
				case err := <-ended:
					ended <- err
					finished = true
				case <-time.After(time.Duration(rng.Int64N(int64(took)))):
				}
			}
			if !finished {
				if err := kill(); err != nil {
					t.Fatal(err)
				}
				<-ended
				killed++
				continue
			}
			if err := <-ended; err != nil {
				t.Fatalf("after %d kills the run does not go on: %v", killed, err)
			}
			// It finished first: what it left must be right, and another begins.
			if !bytes.Equal(weights(t, whole), weights(t, dir)) {
				t.Fatalf("after %d kills the run ends with other weights", killed)
			}
			dir = t.TempDir()
		}
		if out, err := child(dir).CombinedOutput(); err != nil {
			t.Fatalf("after %d kills: %v: %s", kills, err, out)
		}
		if !bytes.Equal(weights(t, whole), weights(t, dir)) {
			t.Errorf("after %d kills the run ends with other weights", kills)
		}
	})
}

// savesAgain waits until a child has written another checkpoint than the one before,
// and is false where it ended without.
func savesAgain(t *testing.T, dir string, before os.FileInfo, ended chan error) bool {
	t.Helper()
	for {
		now, err := os.Stat(filepath.Join(dir, engine.WeightsFile))
		if err == nil && (before == nil || !os.SameFile(before, now)) {
			return true
		}
		select {
		case err := <-ended:
			ended <- err
			return false
		case <-time.After(time.Millisecond):
		}
	}
}

func TestInterruptSavesAndGoesOn(t *testing.T) {
	defer shortChunks()()
	check.EachBackend(t, func(t *testing.T, _ *engine.Backend) {
		for _, c := range []struct {
			signal syscall.Signal
			data   datasets.Dataset
		}{
			{syscall.SIGINT, floatsOf()},
			{syscall.SIGTERM, stream{datasets.Binarise(bars(t, 400), datasets.Dynamic, 0)}},
		} {
			m := floatModel()
			whole, dir := t.TempDir(), t.TempDir()
			train(t, m, c.data, childTraining(whole))
			how := childTraining(dir)
			how.SaveEvery = time.Hour // what is saved is the interrupt's doing
			asked := false
			how.Progress = func(r vaekit.Report) {
				if r.Epoch >= 10 && !asked {
					asked = true
					vaekit.Interrupt(t, c.signal)
				}
			}
			run, err := vaekit.Train(m, c.data, how)
			if !errors.Is(err, vaekit.ErrStopped) {
				t.Fatalf("training that gets %v returns %v", c.signal, err)
			}
			if run == nil || run.Steps == 0 || len(run.History) >= 40 {
				t.Fatalf("interrupted at epoch 10, the run has %d epochs", len(run.History))
			}
			train(t, m, c.data, childTraining(dir))
			if !bytes.Equal(weights(t, whole), weights(t, dir)) {
				t.Error("interrupted and taken up again, the run ends with other weights")
			}
		}
	})
}

// slow is a data set whose second reading in training never comes to an end.
type slow struct{ datasets.Dataset }

func (s slow) Read(b *datasets.Batch, visit uint64, indices []int) error {
	if visit == 1 && len(indices) > 64 { // the fingerprint looks at 64
		select {}
	}
	return s.Dataset.Read(b, visit, indices)
}

// The second epoch is read while the first is trained on, and waited for at its end.
func TestAnInterruptIsHeardWhileDataIsRead(t *testing.T) {
	onGo(t)
	for _, step := range []int{10, 20} { // of 20 an epoch
		how := vaekit.Training{Dir: t.TempDir(), Epochs: 3, Batch: 20, LogEvery: 10}
		how.Progress = func(r vaekit.Report) {
			if r.Step == step && !r.Done {
				vaekit.Interrupt(t, syscall.SIGINT)
			}
		}
		run, err := vaekit.Train(floatModel(), slow{floatsOf()}, how)
		if !errors.Is(err, vaekit.ErrStopped) || run == nil || run.Steps < step || run.Steps > 20 {
			t.Errorf("interrupted at step %d while the second epoch is read: %v, %+v", step, err, run)
		}
	}
}

// A finished run is returned without a step; more epochs go on as if asked for at first.
func TestTrainAgain(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, _ *engine.Backend) {
		dir, whole := t.TempDir(), t.TempDir()
		how := childTraining(dir)
		how.Epochs = 3
		train(t, floatModel(), floatsOf(), how)
		before := weights(t, dir)
		var told []vaekit.Report
		how.Progress = func(r vaekit.Report) { told = append(told, r) }
		if again := train(t, floatModel(), floatsOf(), how); len(again.History) != 3 {
			t.Errorf("the finished run has %d epochs", len(again.History))
		}
		if len(told) != 1 || !told[0].Done || told[0].Step != told[0].Steps || len(told[0].Lines) != 1 {
			t.Errorf("a finished run reports %+v", told)
		}
		if !bytes.Equal(before, weights(t, dir)) {
			t.Error("asking for a finished run changed it")
		}
		how.Epochs, how.Progress = 5, nil
		train(t, floatModel(), floatsOf(), how)
		how.Dir = whole
		train(t, floatModel(), floatsOf(), how)
		if !bytes.Equal(weights(t, whole), weights(t, dir)) {
			t.Error("3 epochs and 2 more are not 5")
		}
	})
}

func TestAnotherRunIsLeftAlone(t *testing.T) {
	onGo(t)
	dir := t.TempDir()
	how := childTraining(dir)
	how.Epochs = 2
	var data datasets.Dataset = floatsOf()
	train(t, floatModel(), data, how)
	before := weights(t, dir)
	refused := func(what string, m vaekit.Model, how vaekit.Training, want string) {
		t.Helper()
		_, err := vaekit.Train(m, data, how)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "Restart: true") {
			t.Errorf("%s: want an error with %q and the ways out, got %v", what, want, err)
		}
		if !bytes.Equal(before, weights(t, dir)) {
			t.Fatalf("%s: the run in the folder was changed", what)
		}
	}
	other := how
	other.Batch = 10
	refused("another batch size", floatModel(), other, "Training.Batch: 20 and 10")
	wider := floatModel()
	wider.Latent = 3
	refused("another model", wider, how, "Model.Latent: 2 and 3")

	// Data that looks alike at first: masked, or drawn anew at every visit.
	data = padded{floatsOf(), 0}
	refused("other data", floatModel(), how, "trained on other data")
	dir = t.TempDir()
	grey := must[*datasets.Examples](t)(datasets.FromBytes([]int{5}, bytes.Repeat([]byte{128}, 500), nil))
	data, how.Dir = datasets.Binarise(grey, datasets.Fixed, 0), dir
	train(t, floatModel(), data, how)
	before = weights(t, dir)
	data = datasets.Binarise(grey, datasets.Dynamic, 0)
	refused("data drawn anew", floatModel(), how, "trained on other data")

	how.Restart = true
	train(t, wider, data, how)
	if bytes.Equal(before, weights(t, dir)) {
		t.Error("Restart kept the old run")
	}
}
