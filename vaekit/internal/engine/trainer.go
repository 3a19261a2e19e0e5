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
	adam    Adam
	seed    uint64
	loss    func(*Build) Loss

	names []string          // of what is carried: variables, moments, status
	carry []*tensors.Tensor // on the device
	masks bool
	exec  *graph.Exec
	lost  error // set when a step failed and took what is carried with it
}

// NewTrainer returns a trainer at step 0.
func NewTrainer(b *Backend, seed uint64, adam Adam, vars []Variable, loss func(*Build) Loss) (*Trainer, error) {
	t := &Trainer{backend: b, vars: vars, adam: adam, seed: seed, loss: loss}
	var start []Tensor
	for _, v := range vars {
		start = append(start, Tensor{v.Name, v.Shape, v.Value})
	}
	for _, moment := range []string{"adam.m.", "adam.v."} {
		for _, v := range vars {
			if v.Learned {
				start = append(start, Tensor{moment + v.Name, v.Shape, make([]float32, len(v.Value))})
			}
		}
	}
	start = append(start, Tensor{"status", []int{statusLen}, newStatus()})
	for _, s := range start {
		t.names = append(t.names, s.Name)
	}
	return t, t.set(start)
}

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

// Weights are the model's variables as they are now. The next Run takes them back.
func (t *Trainer) Weights() *Weights {
	n := len(t.vars)
	return &Weights{t.backend, t.names[:n], t.carry[:n]}
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

// Run takes the steps from ≤ i < to: step i sees the examples of data that row i
// of its indices names. Row 0 is step base of the epoch. It stops early behind a
// step that was dropped, so that each can be named.
func (t *Trainer) Run(data *Table, base, from, to int) (err error) {
	if t.lost != nil {
		return t.lost
	}
	if t.exec == nil || t.masks != (data.mask != nil) {
		t.masks = data.mask != nil
		if t.exec, err = graph.NewExec(t.backend.Backend, t.program); err != nil {
			return err
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
	if t.backend.loops {
		return t.call(data, base, from, to)
	}
	for i := from; i < to; i++ {
		if err := t.call(data, base, i, i+1); err != nil {
			return err
		}
		status, err := t.Status()
		if err != nil || status.Streak > 0 {
			return err
		}
	}
	return nil
}

func (t *Trainer) call(data *Table, base, from, to int) error {
	args := make([]any, 0, len(t.carry)+6)
	for _, scalar := range []int{from, to, base} {
		args = append(args, tensors.FromScalar(int32(scalar)))
	}
	args = append(args, data.indices, data.values)
	if data.mask != nil {
		args = append(args, data.mask)
	}
	for _, placed := range t.carry {
		donated, err := graph.DonateTensorBuffer(placed, t.backend.Backend, 0)
		if err != nil {
			return err
		}
		args = append(args, donated)
	}
	carry, err := t.exec.Call(args...)
	if err != nil {
		return err
	}
	t.carry = carry
	return nil
}

// program is the graph of Run: from, to, base, indices, values, [mask,] carry... to carry.
func (t *Trainer) program(in []*graph.Node) []*graph.Node {
	fixed := 5
	if t.masks {
		fixed = 6
	}
	if !t.backend.loops {
		return t.step(in[0], in[2:fixed], in[fixed:])
	}
	g := in[0].Graph()
	parameters := func(g *graph.Graph) []*graph.Node {
		ps := make([]*graph.Node, len(in))
		for i, node := range in {
			ps[i] = graph.Parameter(g, fmt.Sprint("carry", i), node.Shape())
		}
		return ps
	}
	going := graph.NewClosure(g, func(g *graph.Graph) []*graph.Node {
		p := parameters(g)
		return []*graph.Node{graph.LessThan(p[0], p[1])}
	})
	body := graph.NewClosure(g, func(g *graph.Graph) []*graph.Node {
		p := parameters(g)
		carry := t.step(p[0], p[2:fixed], p[fixed:])
		next := graph.OnePlus(p[0])
		dropped := graph.GreaterThan(unpackStatus(carry[len(carry)-1]).streak, graph.Scalar(g, dtypes.Float64, 0))
		to := graph.Where(dropped, next, p[1])
		return append(append([]*graph.Node{next, to}, p[2:fixed]...), carry...)
	})
	return graph.While(going, body, in...)[fixed:]
}

// step is one training step in a graph. Data is base, indices, values and perhaps a mask.
func (t *Trainer) step(i *graph.Node, data, carry []*graph.Node) []*graph.Node {
	g := i.Graph()
	state := unpackStatus(carry[len(carry)-1])
	row := graph.Squeeze(graph.Gather(data[1], graph.Reshape(i, 1, 1)), 0)
	pick := func(values *graph.Node) *graph.Node {
		x := graph.Gather(values, graph.InsertAxes(row, -1))
		return graph.ConvertDType(x, dtypes.Float32)
	}
	key := graph.Add(
		mixNode(graph.ConvertDType(state.step, dtypes.Uint64)),
		graph.Const(g, Key(t.seed, "step", 0)))
	build := &Build{
		Values: map[string]*graph.Node{},
		X:      pick(data[2]),
		Step:   graph.ConvertDType(state.step, dtypes.Float32),
		Noise: func(name string, dims ...int) *graph.Node {
			return Normal(key, name, dtypes.Float32, dims...)
		},
	}
	if data[2].DType() == dtypes.Uint8 {
		build.X = graph.MulScalar(build.X, 1.0/255)
	}
	if t.masks {
		build.Mask = pick(data[3])
	}
	for k, v := range t.vars {
		build.Values[v.Name] = carry[k]
	}
	loss := t.loss(build)
	grads := t.gradients(loss, carry)

	// What is not finite stays so in a sum of it and other numbers: one test for all.
	all := graph.Add(loss.Value, graph.ReduceAllSum(graph.Stack(loss.Measures[:], 0)))
	for _, grad := range grads {
		if grad != nil {
			all = graph.Add(all, graph.ReduceAllSum(graph.Square(grad)))
		}
	}
	for _, v := range t.vars {
		if value, ok := loss.State[v.Name]; ok {
			if v.Learned {
				panic(fmt.Errorf("%s is set like state, and is learned; list it with State: true", v.Name))
			}
			all = graph.Add(all, graph.ReduceAllSum(value))
		}
	}
	good := graph.IsFinite(all)
	gate := graph.ConvertDType(good, dtypes.Float32)
	first := graph.Equal(graph.Add(i, data[0]), graph.ZerosLike(i))
	after := state.after(graph.ConvertDType(good, dtypes.Float64), first, loss.Measures)

	next := t.adam.update(t.vars, carry, grads, gate, after)
	for k, v := range t.vars {
		if value, ok := loss.State[v.Name]; ok {
			next[k] = graph.Where(graph.BroadcastToShape(good, shapes.Make(dtypes.Bool, v.Shape...)), value, carry[k])
		}
	}
	next[len(next)-1] = after.pack()
	return next
}

// gradients are those of every variable, nil for state.
func (t *Trainer) gradients(loss Loss, carry []*graph.Node) []*graph.Node {
	grads := make([]*graph.Node, len(t.vars))
	of := func(value *graph.Node, wanted func(name string) bool) {
		var nodes []*graph.Node
		var at []int
		for k, v := range t.vars {
			if v.Learned && wanted(v.Name) {
				nodes, at = append(nodes, carry[k]), append(at, k)
			}
		}
		if len(nodes) == 0 {
			return
		}
		for n, grad := range graph.Gradient(value, nodes...) {
			grads[at[n]] = grad
		}
	}
	instead := func(name string) bool { return loss.Instead != nil && loss.InsteadOf(name) }
	of(loss.Value, func(name string) bool { return !instead(name) })
	if loss.Instead != nil {
		of(loss.Instead, instead)
	}
	return grads
}
