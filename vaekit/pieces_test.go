package vaekit_test

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit"
	"github.com/vaebook/vaebook/vaekit/internal/check"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// builds counts the graphs that a net is built into: programs that are compiled.
type builds struct {
	nets.Flatten
	n *atomic.Int32
}

func (b builds) Apply(p *nets.Pass, x *graph.Node) *graph.Node {
	b.n.Add(1)
	return b.Flatten.Apply(p, x)
}

// onlyRate is an objective whose loss has no noise in it.
type onlyRate struct{ vaekit.ELBO }

func (onlyRate) Loss(t *vaekit.Terms) vaekit.Loss { return vaekit.Loss{Value: t.Rate()} }

// Of data that does not fill its last batch every example counts once, and no program
// is compiled for the rest.
func TestTheLastBatchIsMeasuredExactly(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, _ *engine.Backend) {
		var programs []int32
		for _, n := range []int{256, 300, 260} {
			held := must[datasets.Dataset](t)(datasets.Subset(bars(t, 400), upTo(n)))
			count := &atomic.Int32{}
			m := barModel()
			m.Encoder, m.Objective = append(nets.Net{builds{n: count}}, m.Encoder...), onlyRate{}
			run := train(t, m, bars(t, 100), vaekit.Training{Epochs: 1, Batch: 50, Validation: held})
			programs = append(programs, count.Load())

			count.Store(0)
			f := must[vaekit.Figures](t)(run.Evaluate(held, vaekit.Evaluation{}))
			if got := count.Load(); got != 1 { // what else there is to measure begins with what it says
				t.Errorf("%d examples are evaluated by %d programs with an encoder, want 1", n, got)
			}
			// The rate has a closed form, so it is the same however it is measured.
			near(t, fmt.Sprint("rate of ", n, " held-out examples"), run.History[0].Validation.Rate, f.Rate, 1e-4*f.Rate)
			near(t, fmt.Sprint("objective of ", n, " held-out examples"), run.History[0].Validation.Loss, f.Rate, 1e-4*f.Rate)
		}
		if slices.Max(programs) != slices.Min(programs) {
			t.Errorf("training compiles %v programs for 256, 300 and 260 held-out examples", programs)
		}
	})
}

func upTo(n int) []int {
	indices := make([]int, n)
	for i := range indices {
		indices[i] = i
	}
	return indices
}
