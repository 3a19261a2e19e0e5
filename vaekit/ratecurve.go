package vaekit

import (
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit/dist"
	"github.com/vaebook/vaebook/vaekit/internal/describe"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// A RatePoint is what a model pays at one place of its rate–distortion curve (Alemi et
// al., 2018) without being trained anew: with a posterior ∝ q(z|x)^T p(z)^(1−T), see
// [dist.Tempered]. T is 0 where the latents say nothing and 1 for the model as it is.
type RatePoint struct {
	T          float64
	Rate       float64 // KL to the prior, in nats
	Distortion float64 // −log p(x|z), in nats
}

// curveAt are the places of a curve; slopeAt those that its slope at T = 1 is taken from.
var (
	curveAt = []float64{0, 0.25, 0.5, 0.75, 0.9, 1, 1.1, 1.25, 1.5, 2}
	slopeAt = []float64{0.9, 1, 1.1}
)

// slope is what one more nat of rate would buy at T = 1, −dDistortion/dRate; NaN where it
// cannot be told.
func slope(curve []RatePoint) float64 {
	at := func(T float64) RatePoint {
		return curve[slices.IndexFunc(curve, func(p RatePoint) bool { return p.T == T })]
	}
	below, above := at(slopeAt[0]), at(slopeAt[2])
	if more := above.Rate - below.Rate; more > 1e-3 {
		return (below.Distortion - above.Distortion) / more
	}
	return math.NaN()
}

// A replay is what examples cost with other latents than their own, sums over examples.
type replay struct {
	distortion float64 // −log p(x|z)
	rate       float64 // NaN where the posterior cannot be tempered, and then t is taken for 1

	// Mean squared residuals of an example, x − E[x|z]: the data's, and those of a draw
	// from the likelihood. The largest of these, which a heavy tail may make infinite, are
	// cut off at four times the root of the data's.
	data, drawn float64
}

// replay draws twice, with opposite noise, from the posteriors that numbers stand for,
// tempered by t. What a decoder makes of z's small moves cancels out between the two:
// without, the slope of a curve would ask for many more examples.
//
// Residuals are asked for or not: of levels, such as bytes, means and draws cost a pass
// over all of them.
func (l *looker) replay(w *engine.Weights, b *datasets.Batch, numbers []float32, t float64, residuals bool, key func(int) uint64) (replay, error) {
	f, err := l.function(fmt.Sprint("replay ", b.Mask != nil, residuals), func(p *nets.Pass, in []*graph.Node) []*graph.Node {
		rows, mask := in[2].Shape().Dimensions[0], repeat(at(in, 3), 2)
		x := unpadded(repeat(in[2], 2), mask)
		q, prior := l.model.posterior(p, in[1]), l.model.prior(p, x)
		rate := unknown(in[0])
		if tempered := dist.Tempered(q, prior, in[0]); tempered != nil {
			q, rate = tempered, graph.ReduceSum(dist.KL(tempered, prior), -1)
		}
		z, _ := q.Draw(func(name string, dims ...int) *graph.Node {
			noise := drawing(p, "posterior")(name, append([]int{dims[0] / 2}, dims[1:]...)...)
			return graph.Concatenate([]*graph.Node{noise, graph.Neg(noise)}, 0)
		}, 2, rows, l.model.latents())
		out, likelihood := l.model.decode(p, graph.Reshape(z, 2*rows, -1)), p.In("likelihood")
		results := []*graph.Node{graph.Neg(l.model.Likelihood.LogProb(likelihood, out, x, mask))}
		if residuals {
			results = append(results, l.model.residuals(likelihood, out, x, mask)...)
		}
		for i, r := range results {
			results[i] = graph.ReduceMean(graph.Reshape(r, 2, rows), 0)
		}
		return append([]*graph.Node{rate}, results...)
	})
	if err != nil {
		return replay{}, err
	}
	in := append([]engine.Tensor{
		{Name: "t", Shape: []int{1}, Data: slices.Repeat([]float32{float32(t)}, b.Len())},
		{Name: "numbers", Shape: []int{len(numbers) / b.Len()}, Data: numbers},
	}, inputs(b)...)
	out, err := l.call(f, w, key, b.Labels, b.Len(), in...)
	if err != nil {
		return replay{}, err
	}
	r := replay{rate: total(out[0]), distortion: total(out[1])}
	if residuals {
		r.data, r.drawn = total(out[2]), total(out[3])
	}
	return r, nil
}

// residuals are the mean squared residuals of x and of draws from the likelihood, [batch, 1].
func (b *built) residuals(likelihood *nets.Pass, out, x, mask *graph.Node) []*graph.Node {
	mean, present := b.Likelihood.Mean(likelihood, out), graph.OnesLike(x)
	if mask != nil {
		present = mask
	}
	count := graph.MaxScalar(graph.ReduceAndKeep(present, graph.ReduceSum, 1), 1)
	squared := func(x *graph.Node) *graph.Node { return graph.Mul(graph.Square(graph.Sub(x, mean)), present) }
	data := graph.Div(graph.ReduceAndKeep(squared(x), graph.ReduceSum, 1), count)
	drawn := graph.Min(squared(b.Likelihood.Sample(likelihood, out)), graph.MulScalar(data, 16))
	return []*graph.Node{data, graph.Div(graph.ReduceAndKeep(drawn, graph.ReduceSum, 1), count)}
}

// Replays are what an evaluation finds out by replaying examples: its curve, and evidence.
type replays struct {
	curve       []RatePoint // sums over n examples
	n           float64
	own, others replay // with their own z, and with those of other examples, of so many tried
	tried       float64
}

// mostTried is how many examples, in pieces all over the data, give evidence.
const mostTried = 4 * lookRows

// count replays a piece of the data, for the curve or where it is one that gives evidence.
func (r *replays) count(t *tally, from int, b *datasets.Batch, a account, key func(int) uint64) error {
	every := (t.examples + mostTried - 1) / mostTried
	tried := from/lookRows%every == 0
	if !tried && !t.what.Curve {
		return nil
	}
	at := slopeAt
	if t.what.Curve {
		at = curveAt
	}
	if r.curve == nil {
		for _, T := range at {
			r.curve = append(r.curve, RatePoint{T: T})
		}
	}
	again := func(numbers []float32, T float64) (replay, error) {
		return t.run.look.replay(t.run.weights, b, numbers, T, T == 1 && tried, key)
	}
	for i, T := range at {
		if math.IsNaN(r.curve[0].Rate) && T != 1 {
			continue // nothing is tempered
		}
		here, err := again(a.numbers, T)
		if err != nil {
			return err
		}
		r.curve[i].Distortion += here.distortion
		r.curve[i].Rate += here.rate
		if T == 1 && tried {
			r.own.add(here)
		}
	}
	r.n += float64(b.Len())
	if !tried {
		return nil
	}
	outputs := len(a.numbers) / b.Len()
	others, err := again(slices.Concat(a.numbers[outputs:], a.numbers[:outputs]), 1)
	r.others.add(others)
	r.tried += float64(b.Len())
	return err
}

func (r *replay) add(s replay) {
	*r = replay{r.distortion + s.distortion, r.rate + s.rate, r.data + s.data, r.drawn + s.drawn}
}

// conclude writes what was found out into the figures.
func (r *replays) conclude(t *tally, f *Figures) {
	for i := range r.curve {
		r.curve[i].Rate /= r.n
		r.curve[i].Distortion /= r.n
	}
	f.Slope = slope(r.curve)
	if t.what.Curve {
		if f.Curve = r.curve; math.IsNaN(f.Curve[0].Rate) {
			f.Curve, f.CurveNote = nil, fmt.Sprintf("a %s tempered towards a %s has no closed form", describe.Name(t.run.Model.Posterior), describe.Name(t.run.Model.Prior))
		}
	}
	f.Diagnosis = diagnose(evidence{
		Figures: *f, history: t.run.History, values: float64(t.values) / float64(t.examples),
		swap: (r.others.distortion - r.own.distortion) / r.tried,
		data: math.Sqrt(r.own.data / r.tried), drawn: math.Sqrt(r.own.drawn / r.tried),
	})
}

func total(x []float32) (sum float64) {
	for _, v := range x {
		sum += float64(v)
	}
	return sum
}
