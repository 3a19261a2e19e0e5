package engine

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// A Status is what training knows of itself. It lives on the device as one vector
// of float64, changed by every step, and is saved with the weights, so the sums
// of an epoch do not depend on how its steps were cut into chunks.
type Status struct {
	Step      float64 // steps taken, dropped ones included
	Updates   float64 // steps that changed the weights
	Streak    float64 // steps dropped in a row, up to now
	RateScale float64 // what the learning rate is multiplied by: 1, or ½ after two drops in a row
	LastBad   float64 // the last step that was dropped; −1: none
	Dropped   float64 // steps dropped in this epoch
	Counted   float64 // steps summed up below
	Sums      [3]float64
	Last      [3]float64 // the three measures of the last step that was not dropped
}

const statusLen = 13

// status is the names of a Status inside a graph, all float64 scalars.
type status struct {
	step, updates, streak, rateScale, lastBad, dropped, counted *graph.Node
	sums, last                                                  [3]*graph.Node
}

func unpackStatus(v *graph.Node) status {
	s := make([]*graph.Node, statusLen)
	for i := range s {
		s[i] = graph.Reshape(graph.Slice(v, graph.AxisRange(i, i+1)))
	}
	return status{s[0], s[1], s[2], s[3], s[4], s[5], s[6], [3]*graph.Node(s[7:10]), [3]*graph.Node(s[10:13])}
}

func (s status) pack() *graph.Node {
	all := append([]*graph.Node{s.step, s.updates, s.streak, s.rateScale, s.lastBad, s.dropped, s.counted}, s.sums[:]...)
	all = append(all, s.last[:]...)
	for i := range all {
		all[i] = graph.Reshape(all[i], 1)
	}
	return graph.Concatenate(all, 0)
}

// after is the status after one more step. Good is 1 if it counts, 0 if it is
// dropped; first is true at the first step of an epoch.
func (s status) after(good, first *graph.Node, measures [3]*graph.Node) status {
	bad := graph.OneMinus(good)
	zero := graph.ZerosLike(s.step)
	restart := func(sum *graph.Node) *graph.Node { return graph.Where(first, zero, sum) }
	isGood := graph.GreaterThan(good, zero)

	next := status{
		step:    graph.OnePlus(s.step),
		updates: graph.Add(s.updates, good),
		streak:  graph.Mul(graph.OnePlus(s.streak), bad),
		lastBad: graph.Where(isGood, s.lastBad, s.step),
		dropped: graph.Add(restart(s.dropped), bad),
		counted: graph.Add(restart(s.counted), good),
	}
	two := graph.Equal(next.streak, graph.AddScalar(zero, 2))
	next.rateScale = graph.Where(two, graph.AddScalar(zero, 0.5), s.rateScale)
	for i, m := range measures {
		m = graph.ConvertDType(m, dtypes.Float64)
		next.sums[i] = graph.Add(restart(s.sums[i]), graph.Where(isGood, m, zero))
		next.last[i] = graph.Where(isGood, m, s.last[i])
	}
	return next
}

func newStatus() []float64 {
	v := make([]float64, statusLen)
	v[3], v[4] = 1, -1
	return v
}

func readStatus(v []float64) Status {
	return Status{v[0], v[1], v[2], v[3], v[4], v[5], v[6], [3]float64(v[7:10]), [3]float64(v[10:13])}
}
