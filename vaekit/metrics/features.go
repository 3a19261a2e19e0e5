package metrics

import (
	"fmt"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
)

// Features are points in a space where distances mean something, one for each example:
// those of [Digits], or a reader's own, such as Features{latents.Dim, latents.Mean}.
type Features struct {
	Dim    int       // numbers of one example
	Values []float32 // [examples, Dim]
}

// Len is the number of examples.
func (f Features) Len() int { return len(f.Values) / f.Dim }

// few are the examples, or n of them all over the set where there are more.
func (f Features) few(n int) Features {
	have := f.Len()
	if have <= n {
		return f
	}
	some := Features{Dim: f.Dim}
	for i := range n {
		at := i * have / n * f.Dim
		some.Values = append(some.Values, f.Values[at:at+f.Dim]...)
	}
	return some
}

// matched checks two sets of which each needs at least so many examples.
func matched(a, b Features, least int) error {
	for _, f := range []Features{a, b} {
		if f.Dim < 1 || len(f.Values)%f.Dim != 0 {
			return fmt.Errorf("metrics: %d values are no examples of %d features", len(f.Values), f.Dim)
		}
		if f.Len() < least {
			return fmt.Errorf("metrics: there are %d examples; it takes %d or more on both sides", f.Len(), least)
		}
		for i, v := range f.Values {
			if !finite(v) {
				return fmt.Errorf("metrics: feature %d of example %d is %v; leave the example out", i%f.Dim, i/f.Dim, v)
			}
		}
	}
	if a.Dim != b.Dim {
		return fmt.Errorf("metrics: %d features on one side and %d on the other; both sets must come from one space", a.Dim, b.Dim)
	}
	return nil
}

func finite(v float32) bool { return !math.IsNaN(float64(v)) && !math.IsInf(float64(v), 0) }

// wide are numbers in float64.
func wide(values []float32) []float64 {
	w := make([]float64, len(values))
	for i, v := range values {
		w[i] = float64(v)
	}
	return w
}

// each calls do(0) … do(n−1) on all processors.
func each(n int, do func(i int)) {
	var next atomic.Int64
	var wait sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		wait.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	wait.Wait()
}
