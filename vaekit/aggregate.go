package vaekit

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/dist"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// An aggregate is the aggregate posterior of a data set, the mixture of the posteriors of
// its examples, and some draws from it:
//
//	q(z) = 1/N Σ q(z|xₙ)
//
// The rate is what z says of x, the mutual information, and how far q(z) is from the prior
// (Hoffman and Johnson, 2016): E KL(q(z|x) ‖ p(z)) = I(x; z) + KL(q(z) ‖ p(z)). The total
// correlation is how far q(z) is from having independent latents (Chen et al., 2018).
type aggregate struct {
	draws        int         // how many there are at the most; 0 means mostDrawn
	numbers      [][]float32 // the encoder's, of N examples
	z            [][]float32 // a draw for every so many of them
	logPosterior []float64   // log q(z|x) of the example that it was drawn for
}

// Of larger data, so many examples all over it are mixed, and so many have a draw. What
// the draws leave uncertain is the spread of log q(z|x) − log q(z), a nat or two, over
// the root of their number.
const (
	mostMixed = 10_000
	mostDrawn = 1_000

	// Each draw is compared with each example, number by number: so many in all, seconds.
	mostPaired = 2_000_000_000

	// A flow comes back from each z in as many passes as there are latents.
	mostFlowed = 100
)

// add takes example i of n in.
func (a *aggregate) add(i, n int, numbers, z []float32, logPosterior float64) {
	draws := cmp.Or(a.draws, mostDrawn)
	most := mostMixed
	if pairs := mostPaired / len(numbers); draws*most > pairs { // many latents, such as those of a sequence
		draws = min(draws, max(10, int(math.Sqrt(float64(pairs)))))
		most = max(10, pairs/draws)
	}
	every := (n + most - 1) / most
	if i%every != 0 {
		return
	}
	mixed := (n + every - 1) / every
	if len(a.numbers)%((mixed+draws-1)/draws) == 0 {
		a.z, a.logPosterior = append(a.z, slices.Clone(z)), append(a.logPosterior, logPosterior)
	}
	a.numbers = append(a.numbers, slices.Clone(numbers))
}

// figures are the mutual information and the total correlation in nats; NaN where the
// posterior's density is not known at any z, or not that of its latents alone.
func (a *aggregate) figures(l *looker, w *engine.Weights) (mutual, correlation float64, err error) {
	logs, err := a.logProb(l, w)
	for i, log := range logs {
		mutual += (a.logPosterior[i] - log[0]) / float64(len(logs))
		correlation += log[0] / float64(len(logs))
		for _, alone := range log[1:] {
			correlation -= alone / float64(len(logs))
		}
	}
	return mutual, correlation, err
}

// pairedValues bounds how many values of z a block of draws under posteriors has.
const pairedValues = 1 << 20

// logProb is log q(z) of every draw, and after it that of each of its latents alone.
func (a *aggregate) logProb(l *looker, w *engine.Weights) (logs [][]float64, err error) {
	latent, n := l.model.latents(), len(a.numbers)
	rows := min(lookRows, len(a.z))
	mixed := min(n, max(1, pairedValues/(rows*len(a.numbers[0]))))
	f, err := l.function("aggregate", func(p *nets.Pass, in []*graph.Node) []*graph.Node {
		z := graph.InsertAxes(in[1], 1)
		z = graph.BroadcastToDims(z, in[1].Shape().Dimensions[0], in[2].Shape().Dimensions[0], latent)
		q := l.model.posterior(p, in[2])
		each := unknown(z)
		if q, ok := q.(interface {
			LogProbEach(z *graph.Node) *graph.Node
		}); ok {
			each = q.LogProbEach(z)
		}
		all := graph.Concatenate([]*graph.Node{graph.InsertAxes(logProb(q, z), -1), each}, -1) // [draw, posterior, 1+latent]
		counts := graph.LessThan(graph.Iota(all.Graph(), all.Shape(), 1), graph.BroadcastToShape(graph.Reshape(in[0]), all.Shape()))
		return []*graph.Node{dist.LogSumExp(only(all, counts), 1)}
	})
	if err != nil {
		return nil, err
	}
	for from := 0; from < len(a.z); from += rows {
		z := a.z[from:min(from+rows, len(a.z))]
		for range z {
			logs = append(logs, slices.Repeat([]float64{math.Inf(-1)}, 1+latent))
		}
		for first := 0; first < n; first += mixed {
			some := a.numbers[first:min(first+mixed, n)]
			// Of what class they are the encoder has seen already.
			args := append(l.model.leading(0, 1, nil),
				engine.Tensor{Name: "counts", Shape: []int{1}, Data: []float32{float32(len(some))}},
				stack("z", z, rows), stack("numbers", some, mixed))
			out, err := f.Call(w, args...)
			if err != nil {
				return nil, fmt.Errorf("vaekit: %w", err)
			}
			for i := range z {
				for j, log := range out[0].Floats()[i*(1+latent) : (i+1)*(1+latent)] {
					logs[from+i][j] = logAddExp(logs[from+i][j], float64(log)-math.Log(float64(n)))
				}
			}
		}
	}
	return logs, nil
}

// logProb is log q(z), unknown where q says by a panic that it is not known at any z.
func logProb(q dist.Density, z *graph.Node) (log *graph.Node) {
	defer func() {
		r := recover()
		if err, ok := r.(error); ok && errors.Is(err, dist.ErrOwnDrawsOnly) {
			log = unknown(graph.ReduceSum(z, -1))
		} else if r != nil {
			panic(r)
		}
	}()
	return q.LogProb(z)
}

// unknown is NaN in the shape of x.
func unknown(x *graph.Node) *graph.Node { return graph.MulScalar(x, math.NaN()) }

// stack is rows as one tensor of n of them, the last ones zeros where there are fewer.
func stack(name string, rows [][]float32, n int) engine.Tensor {
	values := make([]float32, 0, n*len(rows[0]))
	for _, row := range rows {
		values = append(values, row...)
	}
	return engine.Tensor{Name: name, Shape: []int{n, len(rows[0])}, Data: values[:cap(values)]}
}
