package optim

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/internal/describe"
)

// An Optimiser says how a parameter follows the gradient of the loss.
type Optimiser interface {
	// Slots names the tensors that it keeps for each parameter. They have the
	// parameter's shape and begin as zeros.
	Slots() []string

	// Keep returns the slots after one more gradient. It may be asked about a
	// gradient that is then left out, so it must not remember anything itself.
	Keep(u Update) []*graph.Node

	// Step returns the parameter after one more gradient, u.Slots being what Keep has
	// returned: the two are apart so that an update that is left out leaves the slots
	// as they were, and XLA writes the new ones in the place of the old.
	Step(u Update) *graph.Node
}

// An Update is what an optimiser learns of one parameter at one update.
type Update struct {
	Value    *graph.Node   // the parameter
	Gradient *graph.Node   // of the loss, of the same shape
	Slots    []*graph.Node // in the order of Slots
	Rate     *graph.Node   // the learning rate, a scalar of the parameter's type
	Count    *graph.Node   // updates made, with this one: 1 at the first; a float64 scalar
}

// Adam follows the mean of the gradients over the root of the mean of their squares
// (Kingma and Ba, 2014):
//
//	m ← β₁ m + (1−β₁) g    v ← β₂ v + (1−β₂) g²
//	θ ← θ − rate · m/(1−β₁ⁿ) / (√(v/(1−β₂ⁿ)) + ε)
type Adam struct {
	Beta1   float64 // decay of the mean of gradients; 0 means 0.9
	Beta2   float64 // decay of the mean of their squares; 0 means 0.999
	Epsilon float64 // 0 means 1e-8
}

// Slots are the two means.
func (Adam) Slots() []string { return []string{"mean", "square"} }

// Keep is the two means with one more gradient.
func (a Adam) Keep(u Update) []*graph.Node {
	g, beta2 := u.Gradient, or(a.Beta2, 0.999)
	square := graph.Mul(g, graph.MulScalar(g, 1-beta2)) // XLA would keep a plain g², if the engine wants it for the length too
	return []*graph.Node{
		toward(u.Slots[0], g, 1-or(a.Beta1, 0.9)),
		graph.Add(graph.MulScalar(u.Slots[1], beta2), square),
	}
}

// Step is one step of Adam.
func (a Adam) Step(u Update) *graph.Node { return graph.Sub(u.Value, a.move(u)) }

// move is what Adam takes away from a parameter. The corrections of the two means are
// scalars, so they are put where they cost no pass over the parameter: as the paper
// does at the end of its section 2.
func (a Adam) move(u Update) *graph.Node {
	m, v := u.Slots[0], u.Slots[1]
	correct := graph.Sqrt(missing(u, or(a.Beta2, 0.999)))
	rate := graph.Div(graph.Mul(u.Rate, correct), missing(u, or(a.Beta1, 0.9)))
	root := graph.Add(graph.Sqrt(v), graph.MulScalar(correct, or(a.Epsilon, 1e-8)))
	return graph.Mul(rate, graph.Div(m, root))
}

// AdamW is Adam with weight decay that is no part of the gradient (Loshchilov and
// Hutter, 2017): each update also takes rate · Decay of the parameter away. What has
// fewer than two axes, such as a bias or a scale, does not decay.
type AdamW struct {
	Adam
	Decay float64 // 0 means 0.01
}

// Step is one step of AdamW.
func (a AdamW) Step(u Update) *graph.Node {
	value := u.Value
	if value.Rank() >= 2 {
		value = graph.Mul(value, graph.OneMinus(graph.MulScalar(u.Rate, or(a.Decay, 0.01))))
	}
	return graph.Sub(value, a.move(u))
}

// Adamax is Adam with the largest gradient, forgotten slowly, in place of the root of
// the mean square (Kingma and Ba, 2014, section 7.1):
//
//	m ← β₁ m + (1−β₁) g    u ← max(β₂ u, |g|)    θ ← θ − rate/(1−β₁ⁿ) · m / (u + ε)
type Adamax struct {
	Beta1   float64 // 0 means 0.9
	Beta2   float64 // 0 means 0.999
	Epsilon float64 // keeps 0/0 away; 0 means 1e-8
}

// Slots are the mean and the largest gradient.
func (Adamax) Slots() []string { return []string{"mean", "largest"} }

// Keep is the two with one more gradient.
func (a Adamax) Keep(u Update) []*graph.Node {
	return []*graph.Node{
		toward(u.Slots[0], u.Gradient, 1-or(a.Beta1, 0.9)),
		graph.Max(graph.MulScalar(u.Slots[1], or(a.Beta2, 0.999)), graph.Abs(u.Gradient)),
	}
}

// Step is one step of Adamax.
func (a Adamax) Step(u Update) *graph.Node {
	rate := graph.Div(u.Rate, missing(u, or(a.Beta1, 0.9)))
	step := graph.Div(u.Slots[0], graph.AddScalar(u.Slots[1], or(a.Epsilon, 1e-8)))
	return graph.Sub(u.Value, graph.Mul(rate, step))
}

// SGD is stochastic gradient descent with momentum (Sutskever et al., 2013):
//
//	s ← Momentum · s + g    θ ← θ − rate · s    (with Nesterov: rate · (g + Momentum · s))
type SGD struct {
	Momentum float64 // 0: none
	Nesterov bool
}

// Slots is the speed that momentum keeps.
func (s SGD) Slots() []string {
	if s.Momentum == 0 {
		return nil
	}
	return []string{"speed"}
}

// Keep is the speed with one more gradient.
func (s SGD) Keep(u Update) []*graph.Node {
	if s.Momentum == 0 {
		return nil
	}
	return []*graph.Node{pushed(u.Slots[0], s.Momentum, u.Gradient)}
}

// Step is one step of gradient descent.
func (s SGD) Step(u Update) *graph.Node {
	step := u.Gradient
	switch {
	case s.Momentum != 0 && s.Nesterov:
		step = pushed(u.Slots[0], s.Momentum, u.Gradient)
	case s.Momentum != 0:
		step = u.Slots[0]
	}
	return graph.Sub(u.Value, graph.Mul(u.Rate, step))
}

// pushed is what momentum keeps of a speed, and one more gradient.
func pushed(speed *graph.Node, momentum float64, gradient *graph.Node) *graph.Node {
	return graph.Add(graph.MulScalar(speed, momentum), gradient)
}

// toward is old, a part of the way to target.
func toward(old, target *graph.Node, part float64) *graph.Node {
	return graph.Add(old, graph.MulScalar(graph.Sub(target, old), part))
}

// missing is 1 − betaⁿ: how much of a mean that began at 0 is there after n updates.
// It is computed in float64, where betaⁿ is right for any n.
func missing(u Update, beta float64) *graph.Node {
	g := u.Count.Graph()
	c := graph.OneMinus(graph.Pow(graph.Scalar(g, dtypes.Float64, beta), u.Count))
	return graph.ConvertDType(c, u.Value.DType())
}

// or is x, or what 0 means.
func or(x, zero float64) float64 {
	if x == 0 {
		return zero
	}
	return x
}

func init() { describe.Register(Adam{}, AdamW{}, Adamax{}, SGD{}) }
