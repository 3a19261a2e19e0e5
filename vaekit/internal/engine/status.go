package engine

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// A Status is what training knows of itself. It lives on the device as one vector
// of float64, changed by every step, and is saved with the weights, so the sums
// of an epoch do not depend on how its steps were cut into chunks.
type Status = counts[float64]

// counts are the fields of a Status: numbers in Go, float64 scalars in a graph.
type counts[T any] struct {
	Step     T // steps taken, dropped ones included
	Updates  T // how often the weights were changed
	Gathered T // batches whose gradients wait for the next update

	Streak     T // steps dropped in a row, up to now
	SkipStreak T // steps skipped in a row, up to now
	LastBad    T // the last step that was dropped; −1: none
	RateScale  T // what the learning rate is multiplied by: 1, or ½ after two drops in a row
	Plateau    T // and what a plateau multiplies it by
	Rate       T // the learning rate of the last step
	Norm       T // the length of its gradient

	Dropped T    // steps dropped in this epoch
	Skipped T    // steps skipped in this epoch
	Counted T    // steps summed up below
	Sums    [3]T // of the three measures over the epoch
	Last    [3]T // the three measures of the last step that was not dropped
}

// all lists the fields in the order in which a vector holds them.
func (c *counts[T]) all() []*T {
	list := []*T{&c.Step, &c.Updates, &c.Gathered, &c.Streak, &c.SkipStreak, &c.LastBad,
		&c.RateScale, &c.Plateau, &c.Rate, &c.Norm, &c.Dropped, &c.Skipped, &c.Counted}
	for i := range c.Sums {
		list = append(list, &c.Sums[i])
	}
	for i := range c.Last {
		list = append(list, &c.Last[i])
	}
	return list
}

func newStatus() []float64 { return writeStatus(Status{LastBad: -1, RateScale: 1, Plateau: 1}) }

func writeStatus(s Status) []float64 {
	var v []float64
	for _, field := range s.all() {
		v = append(v, *field)
	}
	return v
}

func readStatus(v []float64) (s Status) {
	for i, field := range s.all() {
		*field = v[i]
	}
	return s
}

// status is a Status inside a graph.
type status = counts[*graph.Node]

func unpackStatus(v *graph.Node) (s status) {
	for i, field := range s.all() {
		*field = graph.Reshape(graph.Slice(v, graph.AxisRange(i, i+1)))
	}
	return s
}

func packStatus(s status) *graph.Node {
	var all []*graph.Node
	for _, field := range s.all() {
		all = append(all, graph.Reshape(*field, 1))
	}
	return graph.Concatenate(all, 0)
}

// An outcome is what became of a step, as bools in a graph.
type outcome struct {
	good    *graph.Node // all is finite; else the step is dropped
	kept    *graph.Node // it is good, and its gradient is not skipped for its length
	updates *graph.Node // it is kept, and the weights change
}

// after is the status after one more step. First is true at the first step of an epoch.
func after(s status, o outcome, first, rate, norm *graph.Node, measures [3]*graph.Node) status {
	zero, one := graph.ZerosLike(s.Step), graph.OnesLike(s.Step)
	number := func(yes *graph.Node) *graph.Node { return graph.Where(yes, one, zero) }
	sinceFirst := func(sum *graph.Node) *graph.Node { return graph.Where(first, zero, sum) }
	bad := graph.OneMinus(number(o.good))
	skipped := graph.Sub(number(o.good), number(o.kept))

	next := s
	next.Step = graph.OnePlus(s.Step)
	next.Updates = graph.Add(s.Updates, number(o.updates))
	next.Gathered = graph.Where(o.updates, zero, graph.Add(s.Gathered, number(o.kept)))
	next.Streak = graph.Mul(graph.OnePlus(s.Streak), bad)
	next.SkipStreak = graph.Where(o.kept, zero, graph.Add(s.SkipStreak, skipped))
	next.LastBad = graph.Where(o.good, s.LastBad, s.Step)
	two := graph.Equal(next.Streak, graph.Add(one, one))
	next.RateScale = graph.Where(two, graph.DivScalar(one, 2), s.RateScale)
	next.Rate = rate
	next.Norm = graph.Where(o.good, graph.ConvertDType(norm, dtypes.Float64), s.Norm)
	next.Dropped = graph.Add(sinceFirst(s.Dropped), bad)
	next.Skipped = graph.Add(sinceFirst(s.Skipped), skipped)
	next.Counted = graph.Add(sinceFirst(s.Counted), number(o.good))
	for i, m := range measures {
		m = graph.ConvertDType(m, dtypes.Float64)
		next.Sums[i] = graph.Add(sinceFirst(s.Sums[i]), graph.Where(o.good, m, zero))
		next.Last[i] = graph.Where(o.good, m, s.Last[i])
	}
	return next
}
