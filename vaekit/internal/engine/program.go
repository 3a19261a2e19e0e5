package engine

import (
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/gomlx/compute/distributed"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// A step of a small model takes 2 to 3 ms, and calling a compiled program costs a good
// part of one more. On XLA the trainer therefore puts a While loop around the step and
// runs as many as it is told to in one program, the number being an input. Data lies on
// the device in its own type (bytes for images); a step gathers its examples and scales
// them there. What training carries from step to step goes in donated and comes out new,
// so there is one copy of it.
//
// The Go backend has no gradients inside a loop. There a step is two programs: one goes as
// far as the gradients, and if they are finite the other, to which all is donated, writes
// what is carried over itself.
//
// On several devices each has all data and all that is carried, and gathers its part of
// a batch. The program is the same: XLA splits what depends on the batch, and adds up
// over the devices what is summed over it.
//
// What made a difference on the dense model of notebook 01, in steps a second on two cores:
//
//   - XLA, 334 to 359: an optimiser's step reads its slots after the choice whether the
//     step is kept. Read before it, all slots are copied at every step.
//   - XLA, 359 to 369: Adam's g² is no plain square, which XLA would share with that of the
//     gradient's length, and for that write to memory.
//   - XLA, 376 to 426: one device, and in the caller's thread; see backend_cgo.go.
//   - Go, 255 to 287: the second program, and a dense layer's gradient that turns one side.
//
// What did not: the checks for numbers that are not finite, the trace of measures, other
// forms of Adam, other kinds of fusion or vector width in XLA.

// MostSteps is how many steps one Run takes at the most: it has a place for the
// measures of each.
const MostSteps = 1024

// ErrMemory is that of a step for which the device has not enough memory.
var ErrMemory = errors.New("a training step does not fit into memory")

// outOfMemory is how XLA's plugins say so.
var outOfMemory = regexp.MustCompile(`(?i:out of memory|RESOURCE_EXHAUSTED)[^.\n]*`)

// Run takes the steps from ≤ i < to: step i sees the examples of data that row i
// of its indices names. Row 0 is step base of the epoch. It stops early behind a
// step that was dropped, so that each can be named. It returns the measures of each
// step that it took.
func (t *Trainer) Run(data *Table, base, from, to int) (measures [][3]float64, err error) {
	if t.lost != nil {
		return nil, t.lost
	}
	if masks, labels := data.on[0].mask != nil, data.on[0].labels != nil; t.exec == nil || t.masks != masks || t.labels != labels {
		t.masks, t.labels = masks, labels
		if err := t.compile(); err != nil {
			return nil, err
		}
	}
	defer func() {
		if err != nil {
			t.lost = fmt.Errorf("a training step failed: %w", plain(err))
			if found := outOfMemory.FindString(err.Error()); found != "" {
				t.lost = fmt.Errorf("%w (%s)", ErrMemory, found)
			}
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

// compile makes the program ready, to be compiled at its first call.
func (t *Trainer) compile() (err error) {
	program := t.program
	if !t.backend.loops {
		program = t.attempted
		if t.apply, err = graph.NewExec(t.backend.Backend, t.applied); err != nil {
			return err
		}
	}
	if t.exec, err = graph.NewExec(t.backend.Backend, program); err != nil {
		return err
	}
	t.exec.SetMaxCache(-1) // a program for each size of data
	n := t.backend.devices
	if n == 1 {
		return nil
	}
	mesh, err := distributed.NewDeviceMesh([]int{n}, []string{"batch"})
	if err != nil {
		return err
	}
	split, err := distributed.BuildSpec(mesh).R().S("batch").Done()
	if err != nil {
		return err
	}
	whole := distributed.NewReplicatedShardingSpec(mesh)
	t.exec.AutoSharding(mesh).
		WithInputShardingSpecs(whole, whole, whole, split, whole). // from, to, base, indices, all else
		WithOutputShardingSpecs(whole)
	return nil
}

// runLoop takes all steps in one call. What is carried is donated.
func (t *Trainer) runLoop(data *Table, base, from, to int) ([][3]float64, error) {
	n := len(t.names)
	var args []any
	for device := range t.backend.devices {
		args = append(args, arguments(data.on[device], from, to, base)...)
		donated, err := t.backend.donated(t.carry[device*n:(device+1)*n], device)
		if err != nil {
			return nil, err
		}
		args = append(args, donated...)
	}
	out, err := t.backend.call(t.exec, t.recipe.TF32, args...)
	if err != nil {
		return nil, err
	}
	t.carry = nil
	for all := range slices.Chunk(out, n+2) {
		t.carry = append(t.carry, all[:n]...)
	}
	return readMeasures(out[n], out[n+1]) // which all devices have
}

// runStep takes one step: an attempt, and if it is kept an update in the place of what
// is carried.
func (t *Trainer) runStep(data *Table, base, i int) (Status, error) {
	last := len(t.carry) - 1
	old := t.carry[last]
	args := arguments(data.on[0], i, base)
	for _, placed := range append(t.carry[:len(t.vars):len(t.vars)], old) {
		args = append(args, placed)
	}
	made, err := t.exec.Call(args...)
	if err != nil {
		return Status{}, err
	}
	t.carry[last] = made[0]
	status, err := t.Status()
	if err != nil {
		return status, err
	}
	if status.Streak > 0 || status.SkipStreak > 0 {
		for _, placed := range append(made[1:], old) {
			placed.MustFinalizeAll()
		}
		return status, nil
	}
	donated, err := t.backend.donated(slices.Concat(made[1:], t.carry[:last]), 0)
	if err != nil {
		return status, err
	}
	next, err := t.apply.Call(append([]any{old}, donated...)...)
	if err != nil {
		return status, err
	}
	t.carry = append(next, made[0])
	old.MustFinalizeAll()
	return status, nil
}

// attempted is the graph of an attempt: of i, base, indices, values, [mask,] [labels,] variables...
// and the status, to the next status and what the variables' new values are made from.
func (t *Trainer) attempted(in []*graph.Node) []*graph.Node {
	fixed, last := t.fixed(), len(in)-1
	a := t.attempt(in[0], in[1:1+fixed], in[1+fixed:last], in[last])
	out := []*graph.Node{a.status}
	t.changes = make([]bool, len(t.vars))
	for k, v := range t.vars {
		to := a.grads[k]
		if to == nil {
			to = a.state[v.Name]
		}
		if t.changes[k] = to != nil; t.changes[k] {
			out = append(out, to)
		}
	}
	return out
}

// applied is the graph of the update after it: of the status before, what the attempt has
// made and what is carried, without the status.
func (t *Trainer) applied(in []*graph.Node) []*graph.Node {
	made := in[1:]
	a := attempt{grads: make([]*graph.Node, len(t.vars)), state: map[string]*graph.Node{}}
	for k, v := range t.vars {
		if !t.changes[k] {
			continue
		}
		if v.Learned {
			a.grads[k] = made[0]
		} else {
			a.state[v.Name] = made[0]
		}
		made = made[1:]
	}
	return t.update(a, made, unpackStatus(in[0]))
}

// arguments are the inputs of the program on one device before what is carried.
func arguments(data tablePart, scalars ...int) []any {
	var args []any
	for _, scalar := range scalars {
		args = append(args, tensors.FromScalar(int32(scalar)))
	}
	args = append(args, data.indices, data.values)
	if data.mask != nil {
		args = append(args, data.mask)
	}
	if data.labels != nil {
		args = append(args, data.labels)
	}
	return args
}

// fixed is how many inputs there are between the step and what is carried: base, indices,
// values and perhaps a mask and labels.
func (t *Trainer) fixed() int {
	n := 3
	if t.masks {
		n++
	}
	if t.labels {
		n++
	}
	return n
}

// program is the graph of many steps: of from, to, base, indices, values, [mask,] [labels,] carry...,
// to the new carry, the measures of all steps and how many there are.
func (t *Trainer) program(in []*graph.Node) []*graph.Node {
	fixed := t.fixed()
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
