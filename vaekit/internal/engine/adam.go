package engine

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// Adam is the optimiser of Kingma and Ba (2014).
type Adam struct {
	Rate    float64 // learning rate
	Beta1   float64 // decay of the mean of gradients
	Beta2   float64 // decay of the mean of their squares
	Epsilon float64
}

// MaxStreak is how many steps may be dropped in a row before training should give up.
const MaxStreak = 5

// update returns what is carried after one step: variables, means, squares, and a
// place for the status. Gate is 1, or 0 for a step that is dropped: it then leaves
// everything as it was, to the bit.
func (a Adam) update(vars []Variable, carry, grads []*graph.Node, gate *graph.Node, after status) []*graph.Node {
	next := append([]*graph.Node(nil), carry...)
	g := gate.Graph()
	one := graph.ScalarOne(g, dtypes.Float64)
	correction := func(beta float64) *graph.Node {
		// max: before the first update there is nothing to correct.
		updates := graph.Max(after.updates, one)
		c := graph.Sub(one, graph.Pow(graph.Scalar(g, dtypes.Float64, beta), updates))
		return graph.ConvertDType(graph.Reciprocal(c), dtypes.Float32)
	}
	correct1, correct2 := correction(a.Beta1), correction(a.Beta2)
	rate := graph.MulScalar(graph.ConvertDType(after.rateScale, dtypes.Float32), a.Rate)
	rate = graph.Mul(graph.Mul(rate, gate), correct1)
	keep1, keep2 := graph.MulScalar(gate, 1-a.Beta1), graph.MulScalar(gate, 1-a.Beta2)
	open := graph.GreaterThan(gate, graph.ZerosLike(gate))

	learned := 0
	for _, grad := range grads {
		if grad != nil {
			learned++
		}
	}
	k := len(vars)
	for i, grad := range grads {
		if grad == nil {
			continue
		}
		grad = graph.Where(graph.BroadcastToDims(open, grad.Shape().Dimensions...), grad, graph.ZerosLike(grad))
		m := graph.Add(carry[k], graph.Mul(keep1, graph.Sub(grad, carry[k])))
		v := graph.Add(carry[k+learned], graph.Mul(keep2, graph.Sub(graph.Square(grad), carry[k+learned])))
		step := graph.Div(graph.Mul(rate, m), graph.AddScalar(graph.Sqrt(graph.Mul(v, correct2)), a.Epsilon))
		next[i], next[k], next[k+learned] = graph.Sub(carry[i], step), m, v
		k++
	}
	return next
}
