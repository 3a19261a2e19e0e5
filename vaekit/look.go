package vaekit

import (
	"fmt"
	"slices"
	"sync"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// A looker holds the graphs that look at a model without changing it. Each is
// compiled when it is first called.
type looker struct {
	backend *engine.Backend
	model   *built
	names   []string // of the model's variables
	mu      sync.Mutex
	made    map[string]*engine.Function
	other   map[int]*looker // for examples of so many positions
}

// Examples go through a graph lookRows at a time, or fewRows where there are no
// more than that: two programs at the most, and bounded memory. The last rows of a
// piece that is not full are zeros, and what comes of them is thrown away.
const (
	lookRows = 256
	fewRows  = 16
)

func newLooker(b *engine.Backend, model *built) *looker {
	l := &looker{backend: b, model: model, made: map[string]*engine.Function{}, other: map[int]*looker{}}
	for _, p := range model.params() {
		l.names = append(l.names, p.Name)
	}
	return l
}

// function is the graph called name; build makes it at the first call. Its inputs are a
// key, the labels of the rows where the model is conditional on them, and what build gets.
func (l *looker) function(name string, build func(p *nets.Pass, in []*graph.Node) []*graph.Node) (*engine.Function, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if f := l.made[name]; f != nil {
		return f, nil
	}
	f, err := l.backend.NewFunction(l.names, func(values map[string]*graph.Node, in []*graph.Node) []*graph.Node {
		return build(l.model.pass(false, values, in))
	})
	if err == nil {
		l.made[name] = f
	}
	return f, err
}

// call runs a function on rows [n, shape...] and joins what comes back, which has
// one row for each as well. Key names the noise. Labels are looked at where the model is
// conditional on them.
func (l *looker) call(f *engine.Function, w *engine.Weights, key func(piece int) uint64, labels []int, n int, in ...engine.Tensor) ([][]float32, error) {
	if err := l.model.classes(labels); err != nil {
		return nil, err
	}
	rows := lookRows
	if n <= fewRows {
		rows = fewRows
	}
	var out [][]float32
	for from := 0; from < n; from += rows {
		var some []int
		if labels != nil {
			some = labels[from:min(from+rows, n)]
		}
		args := l.model.leading(key(from/rows), rows, some)
		for _, t := range in {
			width := datasets.Size(t.Shape)
			values := make([]float32, rows*width)
			all := t.Floats()
			copy(values, all[from*width:min((from+rows)*width, len(all))])
			args = append(args, rowsOf(t, rows, values))
		}
		results, err := f.Call(w, args...)
		if err != nil {
			return nil, fmt.Errorf("vaekit: %w", err)
		}
		if out == nil {
			out = make([][]float32, len(results))
		}
		for i, r := range results {
			width := len(r.Floats()) / rows
			out[i] = append(out[i], r.Floats()[:min(rows, n-from)*width]...)
		}
	}
	return out, nil
}

// encode is the mean and, where the posterior is Gaussian, σ of q(z|x) for a batch: [n, latent].
func (l *looker) encode(w *engine.Weights, b *datasets.Batch) (mean, sigma []float32, err error) {
	f, err := l.function(fmt.Sprint("encode ", b.Mask != nil), func(p *nets.Pass, in []*graph.Node) []*graph.Node {
		q := l.model.encode(p, unpadded(in[0], at(in, 1)))
		if gaussian, ok := q.(interface{ Sigma() *graph.Node }); ok {
			return []*graph.Node{q.Mean(), gaussian.Sigma()}
		}
		return []*graph.Node{q.Mean()}
	})
	if err != nil {
		return nil, nil, err
	}
	out, err := l.call(f, w, noKey, b.Labels, b.Len(), inputs(b)...)
	if err != nil {
		return nil, nil, err
	}
	if len(out) == 1 {
		out = append(out, nil)
	}
	return out[0], out[1], nil
}

// decode is E[x|z] for z [n, latent], or a draw from p(x|z): [n, values].
func (l *looker) decode(w *engine.Weights, z []float32, labels []int, draw bool, key func(int) uint64) ([]float32, error) {
	f, err := l.function(fmt.Sprint("decode ", draw), func(p *nets.Pass, in []*graph.Node) []*graph.Node {
		out := l.model.decode(p, in[0])
		if draw {
			return []*graph.Node{l.model.Likelihood.Sample(p.In("likelihood"), out)}
		}
		return []*graph.Node{l.model.Likelihood.Mean(p.In("likelihood"), out)}
	})
	if err != nil {
		return nil, err
	}
	latent := l.model.latents()
	out, err := l.call(f, w, key, labels, len(z)/latent, engine.Tensor{Name: "z", Shape: []int{latent}, Data: z})
	if err != nil {
		return nil, err
	}
	return out[0], nil
}

// prior draws n latents from p(z), [n, latent].
func (l *looker) prior(w *engine.Weights, n int, key func(int) uint64) ([]float32, error) {
	f, err := l.function("prior", func(p *nets.Pass, in []*graph.Node) []*graph.Node {
		z, _ := l.model.prior(p, in[0]).Draw(drawing(p, "prior"), in[0].Shape().Dimensions[0], l.model.latents())
		return []*graph.Node{z}
	})
	if err != nil {
		return nil, err
	}
	// The input says how many are wanted; its values are not looked at.
	out, err := l.call(f, w, key, make([]int, n), n, engine.Tensor{Name: "rows", Shape: []int{1}, Data: make([]float32, n)})
	if err != nil {
		return nil, err
	}
	return out[0], nil
}

// An account is what the encoder and one draw of z say of each example, in nats.
type account struct {
	distortion   []float32 // −log p(x|z), [n]
	rate         []float32 // KL(q(z|x) ‖ p(z)), [n]
	logPosterior []float32 // log q(z|x), [n]
	z            []float32 // the draw, [n, latent]
	mean         []float32 // E[z|x], [n, latent]
	numbers      []float32 // of the encoder, [n, Posterior.Outputs]
	kl           []float32 // of each latent, [n, latent]; nil without a closed form
}

func (l *looker) account(w *engine.Weights, b *datasets.Batch, key func(int) uint64) (account, error) {
	f, err := l.function(fmt.Sprint("account ", b.Mask != nil), func(p *nets.Pass, in []*graph.Node) []*graph.Node {
		mask := at(in, 1)
		x := unpadded(in[0], mask)
		numbers := l.model.numbers(p, x)
		t := l.model.explain(p, l.model.posterior(p, numbers), x, mask, 1, 1)
		rate := graph.Sub(t.LogPosterior, t.LogPrior)
		if t.KL != nil {
			rate = graph.ReduceSum(t.KL, -1)
		}
		out := []*graph.Node{graph.Neg(t.LogLikelihood), rate, t.LogPosterior, t.Z, t.Posterior.Mean(), numbers}
		for i := range out {
			out[i] = graph.Reshape(out[i], x.Shape().Dimensions[0], -1)
		}
		if t.KL != nil {
			out = append(out, t.KL)
		}
		return out
	})
	if err != nil {
		return account{}, err
	}
	out, err := l.call(f, w, key, b.Labels, b.Len(), inputs(b)...)
	if err != nil {
		return account{}, err
	}
	a := account{distortion: out[0], rate: out[1], logPosterior: out[2], z: out[3], mean: out[4], numbers: out[5]}
	if len(out) == 7 {
		a.kl = out[6]
	}
	return a, nil
}

// losses are the means over a data set of the objective and its parts.
//
// One program measures all pieces. One that is not full is filled up with its own
// examples over again, which count for nothing; see Terms.BatchMean. Step and examples
// are what the objective is told of training. Each piece asks first whether to stop.
func (l *looker) losses(w *engine.Weights, data datasets.Dataset, seed uint64, step, examples int, stop func() error) (Losses, error) {
	f, err := l.function("losses", func(p *nets.Pass, in []*graph.Node) []*graph.Node {
		t, loss := l.model.objective(p, in[2], at(in, 3), in[1], graph.Reshape(in[0]), examples)
		return []*graph.Node{loss.Value, t.Distortion(), t.Rate()}
	})
	if err != nil {
		return Losses{}, err
	}
	rows := min(lookRows, data.Len())
	var sum Losses
	err = pieces(data, 0, func(from int, b *datasets.Batch) error {
		if err := stop(); err != nil {
			return err
		}
		if _, err := l.model.Likelihood.Check(unmasked(b)); err != nil {
			return fmt.Errorf("from example %d on: %w", from, err)
		}
		n := b.Len()
		counts := make([]float32, rows)
		for i := range n {
			counts[i] = 1
		}
		if err := l.model.classes(b.Labels); err != nil {
			return err
		}
		again := slices.Repeat(b.Labels, (rows+n-1)/n)
		args := append(l.model.leading(engine.Key(seed, "validation", uint64(from)), rows, again[:min(rows, len(again))]),
			engine.Tensor{Name: "step", Shape: []int{1}, Data: []float32{float32(step)}},
			engine.Tensor{Name: "counts", Shape: []int{rows}, Data: counts})
		for _, t := range inputs(b) {
			values := t.Floats()
			for full := rows * datasets.Size(t.Shape); len(values) < full; {
				values = append(values, values[:min(len(values), full-len(values))]...)
			}
			args = append(args, rowsOf(t, rows, values))
		}
		out, err := f.Call(w, args...)
		if err != nil {
			return err
		}
		share := float64(n) / float64(data.Len())
		sum.Loss += share * float64(out[0].Floats()[0])
		sum.Distortion += share * float64(out[1].Floats()[0])
		sum.Rate += share * float64(out[2].Floats()[0])
		return nil
	})
	return sum, err
}

// suits checks that data has the shape of what the run takes.
func (l *looker) suits(data datasets.Dataset) error {
	if data == nil || data.Len() == 0 {
		return fmt.Errorf("vaekit: there is no data to look at")
	}
	there, mine := data.Shape(), l.model.event
	if slices.Equal(there, mine) {
		return nil
	}
	hint := ""
	if len(there) == len(mine) && slices.Equal(there[1:], mine[1:]) {
		if _, err := l.sized(there[0]); err == nil {
			hint = fmt.Sprintf("; run.Length(%d) takes them", there[0])
		}
	}
	return fmt.Errorf("vaekit: the data's examples have shape %v; this run takes %v%s", there, mine, hint)
}

func noKey(int) uint64 { return 0 }

// draws are one z from the posterior of each example, [n, latent].
func (l *looker) draws(w *engine.Weights, data datasets.Dataset) ([]float32, error) {
	f, err := l.function("draws", func(p *nets.Pass, in []*graph.Node) []*graph.Node {
		z, _ := l.model.encode(p, unpadded(in[0], at(in, 1))).Draw(drawing(p, "posterior"), in[0].Shape().Dimensions[0], l.model.latents())
		return []*graph.Node{z}
	})
	if err != nil {
		return nil, err
	}
	var z []float32
	err = pieces(data, 0, func(from int, b *datasets.Batch) error {
		out, err := l.call(f, w, func(int) uint64 { return engine.Key(0, "draws", uint64(from)) }, b.Labels, b.Len(), inputs(b)...)
		if err == nil {
			z = append(z, out[0]...)
		}
		return err
	})
	return z, err
}
