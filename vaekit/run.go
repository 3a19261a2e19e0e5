package vaekit

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/vaebook/vaebook/vaekit/internal/describe"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
)

// A Run is a trained model: its weights, how they came about, and what can be done
// with them. Its methods may be called from several goroutines at once.
type Run struct {
	Model   Model
	Dir     string  // its folder; "" for a run in memory
	Steps   int     // training steps taken
	History []Epoch // one line for each epoch
	Warning string  // what was wrong with the folder, where something was

	description description
	vars        []engine.Tensor // the model's variables
	weights     *engine.Weights // the same on the backend
	best        []engine.Tensor // those of the best epoch; nil: held-out data was not measured
	look        *looker
	class       *int // that is drawn, see Class; nil: none was chosen
}

// Load opens a run's folder. The model comes from the folder as well; where it
// holds a type that was not registered, the error names it, and [Open] is the way.
func Load(dir string) (*Run, error) {
	run, err := load(os.DirFS(dir))
	if err != nil {
		return nil, fmt.Errorf("vaekit: %s: %w", dir, err)
	}
	run.Dir = dir
	return run, nil
}

// LoadFS opens a run in a file system, such as one embedded in a program.
func LoadFS(dir fs.FS) (*Run, error) {
	run, err := load(dir)
	if err != nil {
		return nil, fmt.Errorf("vaekit: %w", err)
	}
	return run, nil
}

func load(dir fs.FS) (*Run, error) {
	d, err := mustDescription(dir)
	if err != nil {
		return nil, err
	}
	if d.Opaque != "" {
		return nil, fmt.Errorf("the folder does not hold the whole model: %s. Register it and call vaekit.Train again, which mends the folder, or open the run with vaekit.Open and the Go model", d.Opaque)
	}
	var model Model
	if err := describe.Decode(d.Model, &model); err != nil {
		return nil, fmt.Errorf("%s: %w", descriptionFile, err)
	}
	return openRun(dir, model, *d)
}

// Open opens a run's folder with the model it was trained with. Another model is
// refused; the error names the first difference.
func Open(dir string, model Model) (*Run, error) {
	run, err := open(os.DirFS(dir), model)
	if err != nil {
		return nil, fmt.Errorf("vaekit: %s: %w", dir, err)
	}
	run.Dir = dir
	return run, nil
}

func open(dir fs.FS, model Model) (*Run, error) {
	d, err := mustDescription(dir)
	if err != nil {
		return nil, err
	}
	asked, err := describeRun(model.filled(), d.Event, d.Training)
	if err != nil {
		return nil, err
	}
	if diff := d.modelDifference(asked); diff != "" {
		return nil, fmt.Errorf("the folder holds another model: %s (there and asked for)", diff)
	}
	return openRun(dir, model, *d)
}

func mustDescription(dir fs.FS) (*description, error) {
	d, err := readDescription(dir)
	if err == nil && d == nil {
		err = errors.New("there is no run; vaekit.Train makes one, in a notebook the cell that trains: run it first")
	}
	return d, err
}

func openRun(dir fs.FS, model Model, d description) (run *Run, err error) {
	defer recovered(&err)
	b, err := model.build(d.Event)
	if err != nil {
		return nil, err
	}
	all, text, warning, err := engine.LoadWeights(dir)
	if err != nil {
		return nil, err
	}
	n, err := d.noteOf(text)
	if err != nil {
		return nil, fmt.Errorf("%w; copy or export both again", err)
	}
	backend, err := engine.Default()
	if err != nil {
		return nil, err
	}
	return newRun(backend, b, d, "", all, n, warning)
}

// newRun makes a run of a checkpoint's tensors.
func newRun(backend *engine.Backend, b *built, d description, dir string, all []engine.Tensor, n note, warning string) (*Run, error) {
	run := &Run{Model: b.Model, Dir: dir, Steps: n.Step, History: n.History, Warning: warning, description: d, look: newLooker(backend, b)}
	var err error
	if run.vars, err = b.named(all, n.Use); err != nil {
		return nil, err
	}
	if slices.ContainsFunc(all, func(t engine.Tensor) bool { return strings.HasPrefix(t.Name, bestPrefix) }) {
		if run.best, err = b.named(all, bestPrefix); err != nil {
			return nil, err
		}
	}
	run.weights, err = backend.Place(run.vars)
	return run, err
}

// Two sets of weights that a checkpoint may hold beside those that are trained.
const (
	averagePrefix = engine.AveragePrefix // their mean over the updates; of what is learned alone
	bestPrefix    = "best."              // those of the epoch with the lowest held-out loss
)

// named picks the model's variables out of a checkpoint: those with a prefix, where
// there are any.
func (b *built) named(all []engine.Tensor, prefix string) (vars []engine.Tensor, err error) {
	byName := map[string]engine.Tensor{}
	for _, t := range all {
		byName[t.Name] = t
	}
	for _, p := range b.params() {
		t, ok := byName[prefix+p.Name]
		if !ok {
			t, ok = byName[p.Name]
		}
		if !ok || !slices.Equal(t.Shape, p.Shape) {
			return nil, fmt.Errorf("the checkpoint has no tensor %s of shape %v", p.Name, p.Shape)
		}
		t.Name = p.Name
		vars = append(vars, t)
	}
	return vars, nil
}

// Best is the run with the weights of the epoch whose loss on the held-out data was the
// lowest. Where [Training.Patience] was set, the run has these already.
func (r *Run) Best() (*Run, error) {
	if r.best == nil {
		return nil, errors.New("vaekit: no held-out data was measured in this run, so no epoch is its best; set Training.Holdout or Training.Validation")
	}
	best := *r
	best.vars = r.best
	var err error
	best.weights, err = r.look.backend.Place(best.vars)
	return &best, err
}

// Shape is the shape of an example.
func (r *Run) Shape() []int { return slices.Clone(r.look.model.event) }

// Backend says in one line which backend trains and draws, and why that one.
func Backend() (string, error) {
	b, err := engine.Default()
	if err != nil {
		return "", fmt.Errorf("vaekit: %w", err)
	}
	return b.Line, nil
}

// Export writes what [Load] and [LoadFS] need into a folder: the model and its
// weights. What training alone wants, two thirds of a run's bytes, stays behind. An
// export that the folder holds is replaced; a run that can be trained on is not.
func (r *Run) Export(dir string) error {
	held, _, _, err := engine.LoadWeights(os.DirFS(dir))
	if err == nil && slices.ContainsFunc(held, func(t engine.Tensor) bool { return t.Name == "status" }) {
		return fmt.Errorf("vaekit: Export: %s holds a run; export into another folder", dir)
	}
	hash, err := r.description.hash()
	if err != nil {
		return err
	}
	text, err := json.Marshal(note{Run: hash, Step: r.Steps, History: r.History})
	if err != nil {
		return fmt.Errorf("vaekit: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("vaekit: Export: %w", err)
	}
	if err := engine.Sweep(dir); err != nil {
		return fmt.Errorf("vaekit: Export: %w", err)
	}
	if err := engine.SaveWeights(dir, r.vars, string(text), 0); err != nil {
		return fmt.Errorf("vaekit: Export: %w", err)
	}
	return r.description.write(dir)
}

// recovered turns a panic, of a reader's layer or for a net too large to be, into an error.
func recovered(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("vaekit: %v", r)
	}
}

// fingerprint tells weights apart; "" for no run.
func (r *Run) fingerprint() string {
	if r == nil {
		return ""
	}
	h := fnv.New64a()
	for _, v := range r.vars {
		fmt.Fprint(h, v.Name, v.Shape)
		hashFloats(h, v.Floats())
	}
	return fmt.Sprintf("%016x", h.Sum64())
}

// lend gives its weights to the variables of another model that have the same name
// and shape, and returns the names of the others.
func (r *Run) lend(vars []engine.Variable) (without []string, err error) {
	for i, v := range vars {
		at := slices.IndexFunc(r.vars, func(mine engine.Tensor) bool {
			return mine.Name == v.Name && slices.Equal(mine.Shape, v.Shape)
		})
		if at < 0 {
			without = append(without, v.Name)
			continue
		}
		vars[i].Value = slices.Clone(r.vars[at].Floats())
	}
	if len(without) == len(vars) {
		return nil, errors.New("vaekit: Training.From is a run of another model: no parameter has the same name and shape")
	}
	return without, nil
}

// A Parameter is a tensor that a model keeps: a weight that was learned, or state.
type Parameter struct {
	Name   string // such as "decoder.1.weight"
	Shape  []int
	Values []float32 // row by row
}

// Parameters are copies of all that the model keeps, in the order of its parts.
func (r *Run) Parameters() []Parameter {
	var all []Parameter
	for _, v := range r.vars {
		all = append(all, Parameter{v.Name, slices.Clone(v.Shape), slices.Clone(v.Floats())})
	}
	return all
}
