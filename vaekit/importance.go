package vaekit

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit/dist"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// importanceValues bounds how many values of x one call decodes, and how many numbers the
// prior makes of its draws.
const importanceValues = 8 << 20

// importance estimates log p(x) of every example of a batch with k draws from its
// posterior, given by the encoder's numbers,
//
//	log p(x) ≈ log 1/k Σ p(x|z) p(z) / q(z|x),
//
// in calls of bounded size whose partial sums are joined without overflow.
func (l *looker) importance(w *engine.Weights, b *datasets.Batch, numbers []float32, k int, seed uint64) ([]float64, error) {
	width := datasets.Size(b.Shape)
	if wide, ok := l.model.Prior.(interface{ Width(latent int) int }); ok {
		width = max(width, wide.Width(l.model.Latent)*datasets.Size(l.model.positions))
	}
	most := max(1, importanceValues/(lookRows*width))
	calls := (k + most - 1) / most
	perCall := (k + calls - 1) / calls
	name := fmt.Sprint("importance ", b.Mask != nil, perCall)
	f, err := l.function(name, func(p *nets.Pass, in []*graph.Node) []*graph.Node {
		// The first input is how many draws count: the last call may have some to spare.
		mask := at(in, 3)
		t := l.model.explain(p, l.model.posterior(p, in[1]), unpadded(in[2], mask), mask, perCall, 1)
		logW := graph.Squeeze(t.LogWeight(), 1) // [k, batch]
		counts := graph.LessThan(graph.Iota(logW.Graph(), logW.Shape(), 0), graph.BroadcastToDims(graph.Transpose(in[0], 0, 1), logW.Shape().Dimensions...))
		return []*graph.Node{dist.LogSumExp(only(logW, counts), 0)}
	})
	if err != nil {
		return nil, err
	}
	logs := make([]float64, b.Len())
	for i := range logs {
		logs[i] = math.Inf(-1)
	}
	for call := range calls {
		counting := make([]float32, b.Len())
		for i := range counting {
			counting[i] = float32(min(perCall, k-call*perCall))
		}
		in := append([]engine.Tensor{
			{Name: "counting", Shape: []int{1}, Data: counting},
			{Name: "numbers", Shape: []int{len(numbers) / b.Len()}, Data: numbers},
		}, inputs(b)...)
		out, err := l.call(f, w, func(piece int) uint64 { return engine.Key(seed, "draws", uint64(call)<<20+uint64(piece)) }, b.Labels, b.Len(), in...)
		if err != nil {
			return nil, err
		}
		for i := range logs {
			logs[i] = logAddExp(logs[i], float64(out[0][i]))
		}
	}
	for i := range logs {
		logs[i] -= math.Log(float64(k))
	}
	return logs, nil
}

// only is logarithms where they count, and elsewhere one whose exponential is 0.
func only(logs, counts *graph.Node) *graph.Node {
	return graph.Where(counts, logs, graph.AddScalar(graph.ZerosLike(logs), -1e30))
}

// logAddExp is log(exp(a) + exp(b)).
func logAddExp(a, b float64) float64 {
	if a < b {
		a, b = b, a
	}
	if math.IsInf(b, -1) {
		return a
	}
	return a + math.Log1p(math.Exp(b-a))
}
