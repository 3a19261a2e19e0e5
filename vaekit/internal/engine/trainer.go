package engine

import (
	"fmt"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// A step of a small model takes 3 ms, and calling a compiled program costs a good
// part of one more. On XLA the trainer therefore puts a While loop around the
// step and runs as many as it is told to in one program, the number being an
// input; on the Go backend, which has no gradients inside a loop, it calls the
// same graph once a step. Data lies on the device in its own type (bytes for
// images); a step gathers its examples and scales them there. What training
// carries from step to step goes in donated and comes out new, so there is one
// copy of it.

// A Build is what a loss function finds in the graph.
type Build struct {
	Values map[string]*graph.Node // the model's variables by name
	X      *graph.Node            // [batch, values]
	Mask   *graph.Node            // [batch, values], or nil where nothing is padding
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

	names []string          // of what is carried: variables, what belongs to them, status
	carry []*tensors.Tensor // on the device
	with  []companions      // of each variable
	masks bool
	exec  *graph.Exec
	lost  error // set when a step failed and took what is carried with it
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
	all := make([]Tensor, len(t.carry))
	for i, placed := range t.carry {
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
	carry := make([]*tensors.Tensor, len(all))
	for i, s := range all {
		var err error
		if carry[i], err = t.backend.place(s); err != nil {
			return err
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
	v, err := fetch("status", t.carry[len(t.carry)-1])
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
	t.carry[len(t.carry)-1], err = t.backend.place(Tensor{"status", []int{len(v)}, v})
	return err
}

// MostSteps is how many steps one Run takes at the most: it has a place for the
// measures of each.
const MostSteps = 1024

// Run takes the steps from ≤ i < to: step i sees the examples of data that row i
// of its indices names. Row 0 is step base of the epoch. It stops early behind a
// step that was dropped, so that each can be named. It returns the measures of each
// step that it took.
func (t *Trainer) Run(data *Table, base, from, to int) (measures [][3]float64, err error) {
	if t.lost != nil {
		return nil, t.lost
	}
	if t.exec == nil || t.masks != (data.mask != nil) {
		t.masks = data.mask != nil
		if t.exec, err = graph.NewExec(t.backend.Backend, t.program); err != nil {
			return nil, err
		}
		t.exec.SetMaxCache(-1)
	}
	defer func() {
		if err != nil {
			t.lost = fmt.Errorf("a training step failed: %w", plain(err))
			err = t.lost
		}
	}()
	defer caught(&err)
	to = min(to, from+MostSteps)
	if t.backend.loops {
		return t.runLoop(data, base, from, to)
	}
	for i := from; i < to; i++ {
		status, err := t.runStep(data, base, i)
		if err != nil {
			return nil, err
		}
		measures = append(measures, status.Last)
		if status.Streak > 0 {
			break
		}
	}
	return measures, nil
}

// runLoop takes all steps in one call. What is carried is donated.
func (t *Trainer) runLoop(data *Table, base, from, to int) ([][3]float64, error) {
	args := t.arguments(data, from, to, base)
	for _, placed := range t.carry {
		donated, err := graph.DonateTensorBuffer(placed, t.backend.Backend, 0)
		if err != nil {
			return nil, err
		}
		args = append(args, donated)
	}
	out, err := t.exec.Call(args...)
	if err != nil {
		return nil, err
	}
	n := len(t.carry)
	t.carry = out[:n]
	return readMeasures(out[n], out[n+1])
}

// runStep takes one step, and keeps what is carried where the step is not kept.
func (t *Trainer) runStep(data *Table, base, i int) (Status, error) {
	args := t.arguments(data, i, base)
	for _, placed := range t.carry {
		args = append(args, placed)
	}
	next, err := t.exec.Call(args...)
	if err != nil {
		return Status{}, err
	}
	old := t.carry
	t.carry = next
	status, err := t.Status()
	if err != nil {
		return status, err
	}
	if last := len(old) - 1; status.Streak > 0 || status.SkipStreak > 0 {
		t.carry = append(old[:last:last], next[last])
		old = append(next[:last:last], old[last])
	}
	for _, placed := range old {
		placed.MustFinalizeAll()
	}
	return status, nil
}

// arguments are the inputs of the program before what is carried.
func (t *Trainer) arguments(data *Table, scalars ...int) []any {
	args := make([]any, 0, len(t.carry)+len(scalars)+3)
	for _, scalar := range scalars {
		args = append(args, tensors.FromScalar(int32(scalar)))
	}
	args = append(args, data.indices, data.values)
	if data.mask != nil {
		args = append(args, data.mask)
	}
	return args
}

// program is the graph of Run on all backends: of i, base, indices, values, [mask,]
// carry... where it is called for each step; else there is a to behind i, and behind the
// new carry come the measures of all steps and how many there are.
func (t *Trainer) program(in []*graph.Node) []*graph.Node {
	fixed := 3 // base, indices, values
	if t.masks {
		fixed++
	}
	if !t.backend.loops {
		return t.step(in[0], in[1:1+fixed], in[1+fixed:])
	}
	g := in[0].Graph()
	// A constant: GoMLX would use the scalar of graph.Zeros in the closures, which fails.
	trace := graph.ConstTensor(g, tensors.FromShape(shapes.Make(dtypes.Float32, MostSteps, 3)))
	state := append([]*graph.Node{trace, in[0]}, in...) // trace, from, i, to, base…, carry…
	parameters := func(g *graph.Graph) []*graph.Node {
		ps := make([]*graph.Node, len(state))
		for i, node := range state {
			ps[i] = graph.Parameter(g, fmt.Sprint("carry", i), node.Shape())
		}
		return ps
	}
	going := graph.NewClosure(g, func(g *graph.Graph) []*graph.Node {
		p := parameters(g)
		return []*graph.Node{graph.LessThan(p[2], p[3])}
	})
	body := graph.NewClosure(g, func(g *graph.Graph) []*graph.Node {
		p := parameters(g)
		trace, from, i, to := p[0], p[1], p[2], p[3]
		carry := t.step(i, p[4:4+fixed], p[4+fixed:])
		status := unpackStatus(carry[len(carry)-1])
		row := graph.ConvertDType(graph.Stack(status.Last[:], 0), dtypes.Float32)
		at := []*graph.Node{graph.Sub(i, from), graph.ZerosLike(i)}
		trace = graph.DynamicUpdateSlice(trace, graph.Reshape(row, 1, 3), at)
		next := graph.OnePlus(i)
		dropped := graph.GreaterThan(status.Streak, graph.ZerosLike(status.Streak))
		to = graph.Where(dropped, next, to)
		return append(append([]*graph.Node{trace, from, next, to}, p[4:4+fixed]...), carry...)
	})
	out := graph.While(going, body, state...)
	return append(out[4+fixed:], out[0], graph.Sub(out[2], out[1]))
}

// readMeasures are the rows that n steps have filled.
func readMeasures(trace, n *tensors.Tensor) ([][3]float64, error) {
	rows, err := fetch("measures", trace)
	if err != nil {
		return nil, err
	}
	measures := make([][3]float64, tensors.ToScalar[int32](n))
	for i := range measures {
		for k := range 3 {
			measures[i][k] = float64(rows.Floats()[3*i+k])
		}
	}
	trace.MustFinalizeAll()
	n.MustFinalizeAll()
	return measures, nil
}
