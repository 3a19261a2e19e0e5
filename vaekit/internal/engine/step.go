package engine

import (
	"fmt"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/optim"
)

// A Recipe says how gradients change the weights.
type Recipe struct {
	Optimiser optim.Optimiser
	Rate      float64        // learning rate
	Schedule  optim.Schedule // what it is multiplied by at each step; nil: 1

	// Clip shortens a longer gradient, over all parameters, to this length. 0: never.
	Clip float64

	// Skip leaves out a step whose gradient is longer. After each that was left out the
	// next may be twice as long, so that training never stands still for good. 0: none.
	Skip float64

	// Accumulate is the batches whose gradients are averaged for one update. 0 means 1.
	Accumulate int

	// Average is the decay of a mean of the weights over the updates; it is less at
	// first. 0: none is kept.
	Average float64

	// TF32 has NVIDIA's GPUs multiply matrices with ten bits of mantissa.
	TF32 bool
}

// MaxStreak is how many steps may be dropped in a row before training should give up.
const MaxStreak = 5

// companions are the places, among what is carried, of what belongs to a learned variable.
type companions struct {
	slots         []int
	gathered, avg int // 0: not kept
}

// An attempt is a step in a graph before the weights change.
type attempt struct {
	status *graph.Node            // as it will be, packed
	grads  []*graph.Node          // of every variable, nil for state
	state  map[string]*graph.Node // what the loss function wants state to become
	kept   *graph.Node            // whether the step is; nil: it is
}

// step is one training step in a graph: what is carried after it. Data is base, indices,
// values and perhaps a mask and labels.
func (t *Trainer) step(i *graph.Node, data, carry []*graph.Node) []*graph.Node {
	last := len(carry) - 1
	a := t.attempt(i, data, carry[:len(t.vars)], carry[last])
	next := t.update(a, carry, unpackStatus(carry[last]))
	next[last] = a.status
	return next
}

// attempt is a step as far as the gradients.
func (t *Trainer) attempt(i *graph.Node, data, vars []*graph.Node, status *graph.Node) attempt {
	g := i.Graph()
	state := unpackStatus(status)
	row := graph.Squeeze(graph.Gather(data[1], graph.Reshape(i, 1, 1)), 0)
	pick := func(values *graph.Node) *graph.Node {
		x := graph.Gather(values, graph.InsertAxes(row, -1))
		return graph.ConvertDType(x, dtypes.Float32)
	}
	key := graph.Add(
		mixNode(graph.ConvertDType(state.Step, dtypes.Uint64)),
		graph.Const(g, Key(t.seed, "step", 0)))
	build := &Build{
		Values: map[string]*graph.Node{},
		X:      pick(data[2]),
		Step:   graph.ConvertDType(state.Step, dtypes.Float32),
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
	if t.labels {
		build.Labels = graph.Gather(data[len(data)-1], graph.InsertAxes(row, -1))
	}
	for k, v := range t.vars {
		build.Values[v.Name] = vars[k]
	}
	loss := t.loss(build)
	grads := t.gradients(loss, vars)

	// What is not finite stays so in a sum of it and other numbers: one test for all.
	squares := squared(grads)
	all := graph.Add(graph.Add(loss.Value, squares), graph.ReduceAllSum(graph.Stack(loss.Measures[:], 0)))
	if loss.Instead != nil {
		all = graph.Add(all, loss.Instead)
	}
	for _, v := range t.vars {
		if value, ok := loss.State[v.Name]; ok {
			if v.Learned {
				panic(fmt.Errorf("%s is set like state, and is learned; list it with State: true", v.Name))
			}
			all = graph.Add(all, graph.ReduceAllSum(value))
		}
	}
	norm := graph.Sqrt(squares)
	o := outcome{good: graph.IsFinite(all)}
	if o.kept = o.good; t.recipe.Skip > 0 {
		two := graph.AddScalar(graph.ZerosLike(state.SkipStreak), 2)
		most := graph.MulScalar(graph.Pow(two, state.SkipStreak), t.recipe.Skip)
		o.kept = graph.LogicalAnd(o.good, graph.LessOrEqual(graph.ConvertDType(norm, dtypes.Float64), most))
	}
	o.updates = t.updates(o.kept, state)
	first := graph.Equal(graph.Add(i, data[0]), graph.ZerosLike(i))
	next := after(state, o, first, t.rate(state), norm, loss.Measures)
	return attempt{packStatus(next), grads, loss.State, o.kept}
}

// updates says whether a step that is kept changes the weights; nil: it does.
func (t *Trainer) updates(kept *graph.Node, s status) *graph.Node {
	n := t.recipe.Accumulate
	if n <= 1 {
		return kept
	}
	full := graph.GreaterOrEqual(s.Gathered, graph.AddScalar(graph.ZerosLike(s.Gathered), float64(n-1)))
	if kept == nil {
		return full
	}
	return graph.LogicalAnd(kept, full)
}

// rate is the learning rate of a step, in float64.
func (t *Trainer) rate(s status) *graph.Node {
	scale := graph.Mul(graph.Mul(s.RateScale, s.Plateau), optim.At(t.recipe.Schedule, s.Step))
	return graph.MulScalar(scale, t.recipe.Rate)
}

// update is what is carried after an attempt, but for the status: as before, to the bit,
// where the step is not kept.
func (t *Trainer) update(a attempt, carry []*graph.Node, s status) []*graph.Node {
	next := append([]*graph.Node(nil), carry...)
	change := func(at int, if_, to *graph.Node) {
		if if_ == nil {
			next[at] = to
			return
		}
		next[at] = graph.Where(if_, to, carry[at])
	}
	grads, updates := a.grads, t.updates(a.kept, s)
	rate := graph.ConvertDType(t.rate(s), dtypes.Float32)
	count := graph.OnePlus(s.Updates)
	if n := t.recipe.Accumulate; n > 1 {
		for k, grad := range grads {
			if at := t.with[k].gathered; at > 0 {
				sum := graph.Add(carry[at], graph.DivScalar(grad, float64(n)))
				change(at, a.kept, graph.Where(updates, graph.ZerosLike(sum), sum))
				grads[k] = sum
			}
		}
	}
	shorter := t.shorter(grads)
	for k, grad := range grads {
		if grad == nil {
			continue
		}
		if shorter != nil {
			grad = graph.Mul(grad, shorter)
		}
		with := t.with[k]
		u := optim.Update{Value: carry[k], Gradient: grad, Rate: rate, Count: count}
		for _, at := range with.slots {
			u.Slots = append(u.Slots, carry[at])
		}
		kept := t.recipe.Optimiser.Keep(u)
		for n, at := range with.slots {
			change(at, updates, kept[n])
			kept[n] = next[at] // not the one before the choice: XLA would copy all slots at every step
		}
		u.Slots = kept
		value := t.recipe.Optimiser.Step(u)
		change(k, updates, value)
		if at := with.avg; at > 0 {
			// At first the weights move fast and the mean must not lag behind them.
			soon := graph.Div(count, graph.AddScalar(count, 9))
			part := graph.ConvertDType(graph.OneMinus(graph.MinScalar(soon, t.recipe.Average)), dtypes.Float32)
			change(at, updates, graph.Add(carry[at], graph.Mul(part, graph.Sub(value, carry[at]))))
		}
	}
	for k, v := range t.vars {
		if value, ok := a.state[v.Name]; ok {
			change(k, a.kept, value)
		}
	}
	return next
}

// shorter is what gradients are multiplied by where together they are too long; nil: nothing.
func (t *Trainer) shorter(grads []*graph.Node) *graph.Node {
	if t.recipe.Clip <= 0 {
		return nil
	}
	norm := graph.MaxScalar(graph.Sqrt(squared(grads)), 1e-30)
	return graph.Min(graph.MulScalar(graph.Reciprocal(norm), t.recipe.Clip), graph.OnesLike(norm))
}

// squared is the sum of the squares of all gradients: their length squared.
func squared(grads []*graph.Node) *graph.Node {
	var sums []*graph.Node
	for _, grad := range grads {
		if grad != nil {
			sums = append(sums, graph.ReduceAllSum(graph.Square(grad)))
		}
	}
	return graph.ReduceAllSum(graph.Stack(sums, 0))
}

// gradients are those of every variable, nil for state.
func (t *Trainer) gradients(loss Loss, vars []*graph.Node) []*graph.Node {
	var names []string
	var learned []*graph.Node
	for k, v := range t.vars {
		if v.Learned {
			names, learned = append(names, v.Name), append(learned, vars[k])
		}
	}
	of := loss.Gradients(names, learned)
	grads := make([]*graph.Node, len(t.vars))
	for k, v := range t.vars {
		if v.Learned {
			grads[k], of = of[0], of[1:]
		}
	}
	return grads
}

// Gradients are those of the variables of these names, each of the loss that it lowers.
func (l Loss) Gradients(names []string, vars []*graph.Node) []*graph.Node {
	grads := make([]*graph.Node, len(vars))
	of := func(value *graph.Node, instead bool) {
		var nodes []*graph.Node
		var at []int
		for k, name := range names {
			if instead == (l.Instead != nil && l.InsteadOf(name)) {
				nodes, at = append(nodes, vars[k]), append(at, k)
			}
		}
		if len(nodes) == 0 {
			return
		}
		for n, grad := range graph.Gradient(value, nodes...) {
			grads[at[n]] = grad
		}
	}
	of(l.Value, false)
	of(l.Instead, true)
	return grads
}
