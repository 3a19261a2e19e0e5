package engine

import (
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// A Build is what a loss function finds in the graph.
type Build struct {
	Values map[string]*graph.Node // the model's variables by name
	X      *graph.Node            // [batch, values]
	Mask   *graph.Node            // [batch, values], or nil where nothing is padding
	Labels *graph.Node            // int32 [batch], or nil where the table has none
	Step   *graph.Node            // steps taken before this one, a scalar of X's type
	Noise  func(name string, dims ...int) *graph.Node
}

// A Loss is what a loss function makes of it.
type Loss struct {
	Value     *graph.Node // a scalar to be lowered
	Instead   *graph.Node // a loss that the variables of InsteadOf lower instead; nil: none
	InsteadOf func(name string) bool
	Measures  [3]*graph.Node         // scalars to sum over the epoch
	State     map[string]*graph.Node // new values of variables that are not learned
}

// A Trainer carries a model through training steps.
type Trainer struct {
	backend *Backend
	vars    []Variable
	recipe  Recipe
	seed    uint64
	loss    func(*Build) Loss

	names         []string          // of what is carried: variables, what belongs to them, status
	carry         []*tensors.Tensor // on the first device, and behind each other on the next
	with          []companions      // of each variable
	masks, labels bool              // whether the table has them
	exec          *graph.Exec       // many steps, or the first half of one
	apply         *graph.Exec       // the second half

	changes []bool // which variables the first half has something for
	lost    error  // set when a step failed and took what is carried with it
}

// NewTrainer returns a trainer at step 0.
func NewTrainer(b *Backend, seed uint64, r Recipe, vars []Variable, loss func(*Build) Loss) (*Trainer, error) {
	t := &Trainer{backend: b, vars: vars, recipe: r, seed: seed, loss: loss, with: make([]companions, len(vars))}
	var start []Tensor
	add := func(prefix string, v Variable, value []float32) int {
		start = append(start, Tensor{prefix + v.Name, v.Shape, value})
		return len(start) - 1
	}
	for _, v := range vars {
		add("", v, v.Value)
	}
	for k, v := range vars {
		if !v.Learned {
			continue
		}
		with := &t.with[k]
		for _, slot := range r.Optimiser.Slots() {
			with.slots = append(with.slots, add("optimiser."+slot+".", v, make([]float32, len(v.Value))))
		}
		if r.Accumulate > 1 {
			with.gathered = add("gradient.", v, make([]float32, len(v.Value)))
		}
		if r.Average > 0 {
			with.avg = add(AveragePrefix, v, v.Value)
		}
	}
	start = append(start, Tensor{"status", []int{len(newStatus())}, newStatus()})
	for _, s := range start {
		t.names = append(t.names, s.Name)
	}
	return t, t.set(start)
}

// AveragePrefix comes before the name of a variable whose mean over the updates is carried.
const AveragePrefix = "average."

// Snapshot copies all that is carried. A trainer that restores it goes on as this one does.
func (t *Trainer) Snapshot() ([]Tensor, error) {
	if t.lost != nil {
		return nil, t.lost
	}
	all := make([]Tensor, len(t.names))
	for i, placed := range t.carry[:len(t.names)] {
		var err error
		if all[i], err = fetch(t.names[i], placed); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Restore takes over a snapshot of a trainer of the same model.
func (t *Trainer) Restore(snapshot []Tensor) error {
	byName := map[string]Tensor{}
	for _, s := range snapshot {
		byName[s.Name] = s
	}
	ordered := make([]Tensor, len(t.names))
	for i, name := range t.names {
		s, ok := byName[name]
		if !ok {
			return fmt.Errorf("checkpoint: it has no %q; it is of another model or optimiser", name)
		}
		if want := t.carry[i].Shape().Dimensions; !slices.Equal(s.Shape, want) {
			return fmt.Errorf("checkpoint: %q is %v, the model's is %v", name, s.Shape, want)
		}
		ordered[i] = s
	}
	return t.set(ordered)
}

func (t *Trainer) set(all []Tensor) error {
	var carry []*tensors.Tensor
	for device := range t.backend.devices {
		for _, s := range all {
			placed, err := t.backend.place(s, device)
			if err != nil {
				return err
			}
			carry = append(carry, placed)
		}
	}
	t.carry, t.lost = carry, nil
	return nil
}

// Weights are the model's variables as they are now, or their means where those are
// kept. The next Run takes them back.
func (t *Trainer) Weights() *Weights {
	w := t.Trained()
	for k := range t.vars {
		if at := t.with[k].avg; at > 0 {
			w.placed[k] = t.carry[at]
		}
	}
	return w
}

// Trained are the model's variables as they are now. The next Run takes them back.
func (t *Trainer) Trained() *Weights {
	n := len(t.vars)
	return &Weights{t.backend, t.names[:n], slices.Clone(t.carry[:n])}
}

// Status reads how training stands.
func (t *Trainer) Status() (Status, error) {
	if t.lost != nil {
		return Status{}, t.lost
	}
	v, err := fetch("status", t.carry[len(t.names)-1])
	if err != nil {
		return Status{}, err
	}
	return readStatus(v.Data.([]float64)), nil
}

// SetPlateau sets what the learning rate is multiplied by from the next step on.
func (t *Trainer) SetPlateau(scale float64) error {
	status, err := t.Status()
	if err != nil || status.Plateau == scale {
		return err
	}
	status.Plateau = scale
	v := writeStatus(status)
	for device := range t.backend.devices {
		at := (device+1)*len(t.names) - 1
		if t.carry[at], err = t.backend.place(Tensor{"status", []int{len(v)}, v}, device); err != nil {
			return err
		}
	}
	return nil
}
