package vaekit

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/vaebook/vaebook/vaekit/internal/describe"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
)

// A run's folder holds two files that matter: run.json, the model and the
// settings, written once; and weights.safetensors, all that training carries,
// with a note of how far it is. weights.previous.safetensors is the one before,
// history.jsonl what each epoch came to, for who wants to read it.
const (
	descriptionFile = "run.json"
	historyFile     = "history.jsonl"
)

// description is what run.json says.
type description struct {
	Format   int             // of this file
	Model    json.RawMessage // as describe writes it
	Opaque   string          `json:",omitempty"` // why Load cannot build the model: "" where it can
	Event    []int           // shape of an example
	Training json.RawMessage // the settings, as describe writes them
	Made     made            // with what it was begun; decides nothing
}

// made says which versions began a run.
type made struct {
	Backend string // its kind
	System  string // operating system and processor
	Go      string
	Modules map[string]string `json:",omitempty"` // versions of what computes
}

func madeOn(b *engine.Backend) made {
	m := made{Backend: b.Kind, System: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return m
	}
	for _, dep := range append([]*debug.Module{&info.Main}, info.Deps...) {
		if slices.Contains(computing, dep.Path) && dep.Version != "" {
			if m.Modules == nil {
				m.Modules = map[string]string{}
			}
			m.Modules[dep.Path] = dep.Version
		}
	}
	return m
}

var computing = []string{"github.com/vaebook/vaebook", "github.com/gomlx/gomlx", "github.com/gomlx/compute", "github.com/gomlx/go-xla"}

// note is what a checkpoint says of itself.
type note struct {
	Run     string // the hash of the description that it belongs to
	Backend string // the kind that the steps up to here were taken on
	Step    int
	History []Epoch
	Use     string `json:",omitempty"` // the prefix of the weights that the run has: see useOf
}

// noteOf reads what a checkpoint of the run says of itself.
func (d description) noteOf(text string) (n note, err error) {
	if err := json.Unmarshal([]byte(text), &n); err != nil {
		return n, fmt.Errorf("the checkpoint's note: %w", err)
	}
	if own, err := d.hash(); err != nil || own != n.Run {
		return n, fmt.Errorf("the checkpoint belongs to another run than %s describes", descriptionFile)
	}
	return n, nil
}

// hash tells runs apart by their settings; a model may be described better later,
// when its types are registered.
func (d description) hash() (string, error) {
	d.Model, d.Opaque, d.Made = nil, "", made{}
	text, err := json.Marshal(d)
	if err != nil {
		return "", fmt.Errorf("vaekit: %w", err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8]), nil
}

func describeRun(m Model, event []int, training json.RawMessage) (description, error) {
	d := description{Format: 1, Event: event, Training: training}
	var err error
	if d.Model, err = describe.Encode(m); err != nil {
		d.Opaque = err.Error()
		if d.Model, err = describe.EncodeLoose(m); err != nil {
			return d, fmt.Errorf("vaekit: this model cannot be written beside its weights: %w", err)
		}
	}
	return d, nil
}

// describe is the settings as run.json holds them. Nobody reads them back, so a
// reader's own optimiser need not be registered.
func (s settings) describe() (json.RawMessage, error) {
	text, err := describe.EncodeLoose(s)
	if err != nil {
		return nil, fmt.Errorf("vaekit: this training cannot be written beside its weights: %w", err)
	}
	return text, nil
}

func (d description) write(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("vaekit: making the run's folder: %w", err)
	}
	text, err := json.MarshalIndent(d, "", "\t")
	if err != nil {
		return fmt.Errorf("vaekit: %w", err)
	}
	return engine.WriteFile(filepath.Join(dir, descriptionFile), append(text, '\n'))
}

// readDescription returns nil where the folder holds no run.
func readDescription(dir fs.FS) (*description, error) {
	text, err := fs.ReadFile(dir, descriptionFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var d description
	if err := json.Unmarshal(text, &d); err != nil {
		return nil, fmt.Errorf("%s is damaged: %w", descriptionFile, err)
	}
	if d.Format != 1 {
		return nil, fmt.Errorf("%s has format %d; this version of vaekit reads format 1", descriptionFile, d.Format)
	}
	return &d, nil
}

// difference names the first thing in which a run that is asked for differs from
// the one that a folder holds.
func (d description) difference(asked description) string {
	if diff := d.modelDifference(asked); diff != "" {
		return diff
	}
	diff := describe.Difference(d.Training, asked.Training)
	for _, field := range []string{"Data", "Examples"} {
		if strings.HasPrefix(diff, field+":") {
			return "it was trained on other data"
		}
	}
	switch {
	case diff == "":
		return ""
	case strings.HasPrefix(diff, "From:"):
		return "it began with other weights (Training.From)"
	case strings.HasPrefix(diff, "Held:"):
		return "its learning rate followed the loss on other held-out data (Training.Plateau and Validation)"
	}
	return "Training." + diff
}

func (d description) modelDifference(asked description) string {
	if a, b := fmt.Sprint(d.Event), fmt.Sprint(asked.Event); a != b {
		return fmt.Sprintf("the examples' shape: %s and %s", a, b)
	}
	if diff := describe.Difference(d.Model, asked.Model); diff != "" {
		return "Model." + diff
	}
	return ""
}

// clearRun removes a run from its folder, and nothing else that lies there. The
// description goes last: weights without one could be taken for another run's.
func clearRun(dir string) error {
	if err := engine.RemoveWeights(dir); err != nil {
		return fmt.Errorf("vaekit: Restart: %w", err)
	}
	for _, name := range []string{historyFile, descriptionFile} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("vaekit: Restart: %w", err)
		}
	}
	return nil
}
