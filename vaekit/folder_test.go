package vaekit_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit"
	"github.com/vaebook/vaebook/vaekit/internal/check"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
	"github.com/vaebook/vaebook/vaekit/nets"
)

func TestLoadIsTheRunThatWasTrained(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, _ *engine.Backend) {
		dir, data := t.TempDir(), floats(t, 200)
		run := train(t, floatModel(), data, vaekit.Training{Dir: dir, Epochs: 3, Batch: 20})
		again := must[*vaekit.Run](t)(vaekit.Load(dir))
		opened := must[*vaekit.Run](t)(vaekit.Open(dir, floatModel()))
		want := must[*datasets.Batch](t)(run.Reconstruct(data)).Values
		for _, r := range []*vaekit.Run{again, opened} {
			if got := must[*datasets.Batch](t)(r.Reconstruct(data)).Values; !slices.Equal(got, want) {
				t.Error("the loaded run reconstructs otherwise")
			}
			if len(r.History) != 3 || r.Steps != 30 || r.Dir != dir || r.Warning != "" {
				t.Errorf("loaded: %d epochs, %d steps, folder %q, warning %q", len(r.History), r.Steps, r.Dir, r.Warning)
			}
		}
	})
}

func TestOpenRefusesAnotherModel(t *testing.T) {
	onGo(t)
	dir := t.TempDir()
	train(t, floatModel(), floats(t, 100), vaekit.Training{Dir: dir, Epochs: 1, Batch: 20})
	other := floatModel()
	other.Encoder = nets.MLP(17)
	_, err := vaekit.Open(dir, other)
	if err == nil || !strings.Contains(err.Error(), "Model.Encoder[1].Units: 16 and 17") {
		t.Errorf("another encoder: %v", err)
	}
	if _, err := vaekit.Load(t.TempDir()); err == nil || !strings.Contains(err.Error(), "there is no run; vaekit.Train makes one, in a notebook the cell that trains: run it first") {
		t.Errorf("an empty folder: %v", err)
	}
}

// damage is what can happen to a file, and what must be said of it.
var damage = map[string]func(file []byte) []byte{
	"truncated": func(f []byte) []byte { return f[:len(f)/2] },
	"emptied":   func(f []byte) []byte { return nil },
	"bit flip in the header": func(f []byte) []byte {
		f[40] ^= 1
		return f
	},
	"bit flip in the weights": func(f []byte) []byte {
		f[len(f)-5] ^= 1
		return f
	},
	"a huge header": func(f []byte) []byte {
		copy(f, "\xff\xff\xff\xff\xff\xff\xff\x7f")
		return f
	},
}

func TestADamagedCheckpointIsNamedAndTheOneBeforeUsed(t *testing.T) {
	check.EachBackend(t, testDamage)
}

func testDamage(t *testing.T, _ *engine.Backend) {
	dir, data := t.TempDir(), floats(t, 100)
	how := vaekit.Training{Dir: dir, Epochs: 4, Batch: 20, SaveEvery: 1}
	train(t, floatModel(), data, how)
	current, previous := filepath.Join(dir, engine.WeightsFile), filepath.Join(dir, engine.PreviousFile)
	good, before := must[[]byte](t)(os.ReadFile(current)), must[[]byte](t)(os.ReadFile(previous))
	write := func(path string, content []byte) {
		t.Helper()
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, spoil := range damage {
		write(current, spoil(slices.Clone(good)))
		write(previous, before)
		run, err := vaekit.Load(dir)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !strings.Contains(run.Warning, engine.WeightsFile) || run.Steps >= 20 {
			t.Errorf("%s: warning %q, %d steps", name, run.Warning, run.Steps)
		}
		// Training goes on from the one before and ends as it did.
		train(t, floatModel(), data, how)
		if kept, _, err := engine.DecodeTensors(must[[]byte](t)(os.ReadFile(previous))); err != nil || len(kept) == 0 {
			t.Errorf("%s: the good checkpoint before it was lost: %v", name, err)
		}
		if !slices.Equal(good, must[[]byte](t)(os.ReadFile(current))) {
			t.Errorf("%s: going on from the checkpoint before ends with other weights", name)
		}
		write(current, spoil(slices.Clone(good)))
		write(previous, spoil(slices.Clone(before)))
		if _, err := vaekit.Load(dir); err == nil || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("%s, both: %v", name, err)
		}
		if _, err := vaekit.Train(floatModel(), data, how); err == nil || !strings.Contains(err.Error(), "Restart: true") {
			t.Errorf("%s, both, training: %v", name, err)
		}
	}
	write(previous, before)
	if err := os.Remove(current); err != nil {
		t.Fatal(err)
	}
	if run, err := vaekit.Load(dir); err != nil || run.Warning == "" {
		t.Errorf("missing: %v, warning %q", err, run.Warning)
	}
}

// halves is a reader's layer that nobody registered.
type halves struct{}

func (halves) Out(in []int) ([]int, error)                   { return in, nil }
func (halves) Params([]int) []nets.Param                     { return nil }
func (halves) Apply(_ *nets.Pass, x *graph.Node) *graph.Node { return graph.MulScalar(x, 0.5) }

func TestAnUnregisteredLayerOpensWithItsModel(t *testing.T) {
	onGo(t)
	m := floatModel()
	m.Encoder = append(nets.Net{halves{}}, m.Encoder...)
	dir := t.TempDir()
	train(t, m, floats(t, 100), vaekit.Training{Dir: dir, Epochs: 1, Batch: 20})
	must[*vaekit.Run](t)(vaekit.Open(dir, m))
	if _, err := vaekit.Load(dir); err == nil || !strings.Contains(err.Error(), "halves") || !strings.Contains(err.Error(), "vaekit.Open") {
		t.Errorf("Load without the layer: %v", err)
	}
	vaekit.Register(halves{})
	train(t, m, floats(t, 100), vaekit.Training{Dir: dir, Epochs: 1, Batch: 20})
	must[*vaekit.Run](t)(vaekit.Load(dir))
}

func TestAMendedModelTakesAFolderWithoutWeights(t *testing.T) {
	onGo(t)
	m := floatModel()
	m.Encoder = nets.MLPWith("rleu", 16)
	dir := t.TempDir()
	if _, err := vaekit.Train(m, floats(t, 100), vaekit.Training{Dir: dir, Epochs: 1}); err == nil || !strings.Contains(err.Error(), "rleu") {
		t.Fatalf("an activation that does not exist: %v", err)
	}
	train(t, floatModel(), floats(t, 100), vaekit.Training{Dir: dir, Epochs: 1})
}

// Weights that lie in a folder without their run.json are neither taken over nor lost.
func TestWeightsOfAnotherRunAreNotTakenOver(t *testing.T) {
	onGo(t)
	dir := t.TempDir()
	how := vaekit.Training{Dir: dir, Epochs: 1, Batch: 20, Seed: 1}
	train(t, floatModel(), floats(t, 100), how)
	mine := must[[]byte](t)(os.ReadFile(filepath.Join(dir, engine.WeightsFile)))
	if err := os.Remove(filepath.Join(dir, "run.json")); err != nil {
		t.Fatal(err)
	}
	how.Seed = 2
	if _, err := vaekit.Train(floatModel(), floats(t, 100), how); err == nil || !strings.Contains(err.Error(), "no run.json") {
		t.Errorf("weights without a description: %v", err)
	}
	if !slices.Equal(mine, must[[]byte](t)(os.ReadFile(filepath.Join(dir, engine.WeightsFile)))) {
		t.Error("weights without a description were changed")
	}
	how.Restart = true
	other := train(t, floatModel(), floats(t, 100), how)
	how.Dir, how.Restart = "", false
	if alone := train(t, floatModel(), floats(t, 100), how); alone.History[0] != other.History[0] {
		t.Errorf("in the folder: %+v, in memory %+v", other.History[0], alone.History[0])
	}
	if err := os.WriteFile(filepath.Join(dir, engine.WeightsFile), mine, 0o644); err != nil {
		t.Fatal(err)
	}
	how.Dir = dir
	if _, err := vaekit.Train(floatModel(), floats(t, 100), how); err == nil || !strings.Contains(err.Error(), "belongs to another run") {
		t.Errorf("with another run's weights put in its place: %v", err)
	}
}

func TestExportSparesARun(t *testing.T) {
	onGo(t)
	dir := t.TempDir()
	run := train(t, floatModel(), floats(t, 100), vaekit.Training{Dir: dir, Epochs: 1, Batch: 20})
	if err := run.Export(dir); err == nil || !strings.Contains(err.Error(), "another folder") {
		t.Errorf("exporting a run over itself: %v", err)
	}
	out := t.TempDir()
	for range 2 {
		if err := run.Export(out); err != nil {
			t.Fatal(err)
		}
	}
	if entries := must[[]os.DirEntry](t)(os.ReadDir(out)); len(entries) != 2 {
		t.Errorf("an export that was repeated has %d files, want 2", len(entries))
	}
	again := train(t, floatModel(), floats(t, 100), vaekit.Training{Epochs: 1, Batch: 20, Seed: 1})
	if err := again.Export(dir + "-other"); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir+"-other", engine.WeightsFile), filepath.Join(out, engine.WeightsFile)); err != nil {
		t.Fatal(err)
	}
	if _, err := vaekit.Load(out); err == nil || !strings.Contains(err.Error(), "belongs to another run than run.json describes; copy or export both again") {
		t.Errorf("an export that stopped between its two files: %v", err)
	}
}

// A folder may have any name, and another's is not swept.
func TestAFolderOfAnyName(t *testing.T) {
	onGo(t)
	all := t.TempDir()
	other := filepath.Join(all, "beta4", "."+engine.WeightsFile+".unfinished1")
	if err := errors.Join(os.Mkdir(filepath.Dir(other), 0o755), os.WriteFile(other, nil, 0o644)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"[draft", "beta[4]"} {
		how := vaekit.Training{Dir: filepath.Join(all, name), Batch: 20}
		for how.Epochs = 1; how.Epochs <= 2; how.Epochs++ {
			train(t, floatModel(), floats(t, 40), how)
		}
	}
	if _, err := os.Stat(other); err != nil {
		t.Errorf("what another process writes was swept: %v", err)
	}
}

// Python's safetensors package is the format's own reader.
func TestPythonReadsTheWeights(t *testing.T) {
	onGo(t)
	python := os.Getenv("VAEKIT_PYTHON") // has safetensors: make test brings it
	brought := python != ""
	if !brought {
		python = "python3"
	}
	dir := t.TempDir()
	run := train(t, floatModel(), floats(t, 100), vaekit.Training{Dir: dir, Epochs: 1, Batch: 20})
	script := `
import sys
try:
    from safetensors.numpy import load_file
except ImportError:
    print("no safetensors"); sys.exit(0)
w = load_file(sys.argv[1])["encoder.1.weight"]
print(w.shape, w.dtype)
`
	out, err := exec.Command(python, "-c", script, filepath.Join(dir, engine.WeightsFile)).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if got := strings.TrimSpace(string(out)); got == "no safetensors" && !brought {
		t.Log("python3 has no safetensors package; make test brings one")
	} else if got != "(5, 16) float32" {
		t.Errorf("encoder.1.weight is %s", got)
	}
	if !strings.Contains(run.Summary(), "Dense 16 relu") {
		t.Errorf("the summary has no line for the first layer:\n%s", run.Summary())
	}
}
