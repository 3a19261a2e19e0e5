package vaekit_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vaebook/vaebook/vaekit"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
)

// A folder has one trainer. Who comes second is told who the first is, and a first that
// was killed leaves the folder free.
func TestAFolderHasOneTrainer(t *testing.T) {
	onGo(t)
	dir := t.TempDir()
	first := child(dir)
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- first.Wait() }()
	if !savesAgain(t, dir, nil, ended) {
		t.Fatal("the first ended without a checkpoint")
	}
	_, err := vaekit.Train(floatModel(), floatsOf(), childTraining(dir))
	if want := fmt.Sprintf("process %d trains in %s", first.Process.Pid, dir); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("want an error with %q, got %v", want, err)
	}
	if err := first.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-ended
	train(t, floatModel(), floatsOf(), childTraining(dir))
}

func TestKeepLeavesOlderCheckpoints(t *testing.T) {
	onGo(t)
	dir := t.TempDir()
	how := vaekit.Training{Dir: dir, Batch: 20, Keep: 3}
	var kept [][]byte // the last first
	for epochs := 1; epochs <= 5; epochs++ {
		how.Epochs = epochs
		train(t, floatModel(), floats(t, 100), how)
		kept = append([][]byte{weights(t, dir)}, kept...)
	}
	names := []string{engine.WeightsFile, engine.PreviousFile, "weights.previous-2.safetensors", "weights.previous-3.safetensors"}
	for i, name := range names {
		if !bytes.Equal(kept[i], must[[]byte](t)(os.ReadFile(filepath.Join(dir, name)))) {
			t.Errorf("%s is not the checkpoint after epoch %d", name, 5-i)
		}
	}
	found := must[[]string](t)(filepath.Glob(filepath.Join(dir, "weights*")))
	if len(found) != len(names) {
		t.Errorf("the folder holds %q", found)
	}
	for _, name := range names[:2] {
		if err := os.Truncate(filepath.Join(dir, name), 100); err != nil {
			t.Fatal(err)
		}
	}
	run := must[*vaekit.Run](t)(vaekit.Load(dir))
	if len(run.History) != 3 || !strings.Contains(run.Warning, "previous-2") {
		t.Errorf("with the last two damaged: %d epochs, %q", len(run.History), run.Warning)
	}
}

// Where the disk takes no more, training ends with an error and the checkpoint before is
// whole. A limit on the size of files stands for the full disk.
func TestAFullDiskLeavesTheCheckpointBefore(t *testing.T) {
	onGo(t)
	dir := t.TempDir()
	how := childTraining(dir)
	how.Epochs = 1
	train(t, floatModel(), floatsOf(), how)
	before := weights(t, dir)
	cmd := exec.Command("sh", "-c", fmt.Sprintf("ulimit -f %d; exec %q", len(before)/1024, os.Args[0]))
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "the checkpoint was not written, the one before it is whole") || !strings.Contains(string(out), "make room, and the same call to Train goes on") || !strings.Contains(string(out), "too large") {
		t.Errorf("training on a full disk ends with %v: %s", err, out)
	}
	if !bytes.Equal(before, weights(t, dir)) {
		t.Error("the checkpoint from before has changed")
	}
	left := must[[]string](t)(filepath.Glob(filepath.Join(dir, ".*")))
	if len(left) > 0 {
		t.Errorf("what could not be written is left in the folder: %q", left)
	}
	train(t, floatModel(), floatsOf(), childTraining(dir))
}

func TestAFolderThatCannotBe(t *testing.T) {
	onGo(t)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := vaekit.Train(floatModel(), floatsOf(), childTraining(filepath.Join(file, "run")))
	if err == nil || !strings.Contains(err.Error(), "making the run's folder") {
		t.Errorf("a folder below a file: %v", err)
	}
}
