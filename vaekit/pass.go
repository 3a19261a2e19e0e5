package vaekit

import (
	"fmt"
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit/dist"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// Between the nets everything is flat, [batch, values]: XLA's CPU compiler makes slow
// loops where the last axis is short, and an image of one channel ends in an axis of 1.
// Only the nets see the shape of an example.

// numbers are what the encoder says of x [batch, values]: [batch, Posterior.Outputs], those
// of a Local model position by position. Any other model has one position.
func (b *built) numbers(p *nets.Pass, x *graph.Node) *graph.Node {
	batch := x.Shape().Dimensions[0]
	if !b.Local {
		x = b.ofClass(p, graph.Reshape(x, batch, 1, -1))
	}
	x = graph.Reshape(x, append([]int{batch}, b.event...)...)
	h := b.through(b.Encoder, p.In("encoder"), x)
	h = graph.Reshape(h, batch, datasets.Size(b.positions), -1)
	if b.Local {
		h = b.ofClass(p, h)
	}
	return graph.Reshape(b.encoderHead.Apply(p.In("posterior"), h), batch, -1)
}

// ofClass is x [batch, positions, n] with what is learned of its class added everywhere.
func (b *built) ofClass(p *nets.Pass, x *graph.Node) *graph.Node {
	if p.Labels == nil {
		return x
	}
	example := graph.MatMul(b.class(p, x.DType(), 1), p.In("encoder").In("class").Param("example"))
	return graph.Add(x, graph.InsertAxes(example, 1))
}

// posterior is q(z|x) for the encoder's numbers.
func (b *built) posterior(p *nets.Pass, numbers *graph.Node) dist.Density {
	numbers = graph.Reshape(numbers, -1, b.Posterior.Outputs(b.Latent))
	return b.everyPosition(b.Posterior.Density(p.In("posterior").In("density"), numbers, b.Latent))
}

// encode is q(z|x) for x [batch, values].
func (b *built) encode(p *nets.Pass, x *graph.Node) dist.Density {
	return b.posterior(p, b.numbers(p, x))
}

// through sends x through a net in the precision of the pass. All else, the posterior's
// numbers and every density, is computed with what was kept.
func (b *built) through(net nets.Layer, p *nets.Pass, x *graph.Node) *graph.Node {
	if b.precision != BFloat16 {
		return net.Apply(p, x)
	}
	return p.As(dtypes.BFloat16, x, net.Apply)
}

// prior is p(z).
func (b *built) prior(p *nets.Pass, like *graph.Node) dist.Density {
	return b.everyPosition(b.Prior.Density(p.In("prior"), dist.Given{
		Graph: like.Graph(), DType: like.DType(), Latent: b.Latent,
		Encode: func(x *graph.Node) dist.Density {
			if b.Local {
				panic(fmt.Errorf("%T looks at the encoder, which says something of every position; with Model.Local take a prior that does not", b.Prior))
			}
			return b.encode(p.Labelled(nil), x)
		},
	}))
}

// class is the labels of a pass as 0 and 1, n times one after another, [n·batch, classes].
func (b *built) class(p *nets.Pass, dtype dtypes.DType, n int) *graph.Node {
	return repeat(graph.OneHot(p.Labels, b.Classes, dtype), n)
}

// decode is what the likelihood wants to know of z [n·batch, latent]: [n·batch, values, outputs].
func (b *built) decode(p *nets.Pass, z *graph.Node) *graph.Node {
	batch, positions := z.Shape().Dimensions[0], datasets.Size(b.positions)
	z = graph.Reshape(z, batch, positions, b.Latent)
	if p.Labels != nil {
		class := graph.InsertAxes(b.class(p, z.DType(), batch/p.Labels.Shape().Dimensions[0]), 1)
		class = graph.MulScalar(class, math.Sqrt(float64(b.Classes))) // a mean square of 1, as a latent's
		z = graph.Concatenate([]*graph.Node{z, graph.BroadcastToDims(class, batch, positions, b.Classes)}, -1)
	}
	z = graph.Reshape(z, append(append([]int{batch}, b.positions...), b.Latent+b.Classes)...)
	h := b.through(b.Decoder, p.In("decoder"), z)
	values, outputs := datasets.Size(b.event), b.Likelihood.Outputs()
	if b.decoderHead != nil {
		h = graph.Reshape(h, batch, values*outputs/b.decoderHead.Units, -1)
		h = b.through(b.decoderHead, p.In("output"), h)
	}
	return graph.Reshape(h, batch, values, outputs)
}

// terms sends x [batch, values] through the model, drawing k·m latents for each
// example. Mask may be nil.
func (b *built) terms(p *nets.Pass, x, mask *graph.Node, k, m int) *Terms {
	x = unpadded(x, mask)
	return b.explain(p, b.encode(p, x), x, mask, k, m)
}

// explain is terms where the posterior of x, which is unpadded, is known.
func (b *built) explain(p *nets.Pass, q dist.Density, x, mask *graph.Node, k, m int) *Terms {
	batch := x.Shape().Dimensions[0]
	prior := b.prior(p, x)
	z, logPosterior := q.Draw(drawing(p, "posterior"), k, m, batch, b.latents())
	z.AssertDims(k, m, batch, b.latents())
	logPosterior.AssertDims(k, m, batch)

	out := b.decode(p, graph.Reshape(z, k*m*batch, b.latents()))
	likelihood := p.In("likelihood")
	loglik := b.Likelihood.LogProb(likelihood, out, repeat(x, k*m), repeat(mask, k*m))
	return &Terms{
		X:             x,
		Mask:          mask,
		Z:             z,
		LogLikelihood: graph.Reshape(loglik, k, m, batch),
		LogPrior:      prior.LogProb(z),
		LogPosterior:  logPosterior,
		KL:            dist.KL(q, prior),
		Posterior:     q,
		Prior:         prior,
		pass:          p.In("objective"),
		mean: func() *graph.Node {
			return graph.Reshape(b.Likelihood.Mean(likelihood, out), k, m, batch, -1)
		},
	}
}

// drawing is the noise that densities of a part of the model draw with: z has the part's name.
func drawing(p *nets.Pass, part string) dist.Noise {
	return func(name string, dims ...int) *graph.Node {
		if name == "z" {
			return p.Noise(part, dims...)
		}
		return p.In(part).Noise(name, dims...)
	}
}

// objective is what the objective makes of a pass of x, at a step of training on so many
// examples. Mask and counts, see [Terms], may be nil.
func (b *built) objective(p *nets.Pass, x, mask, counts, step *graph.Node, examples int) (*Terms, Loss) {
	k, m := b.Objective.Samples()
	t := b.terms(p, x, mask, k, m)
	t.Step, t.Examples, t.counts = step, examples, counts
	return t, b.Objective.Loss(t)
}

// unpadded is x with zeros where mask says that it is padding, whatever lay there.
func unpadded(x, mask *graph.Node) *graph.Node {
	if mask == nil {
		return x
	}
	return graph.Where(graph.GreaterThan(mask, graph.ZerosLike(mask)), x, graph.ZerosLike(x))
}

// repeat is x [batch, ...] n times one after another, [n·batch, ...].
func repeat(x *graph.Node, n int) *graph.Node {
	if x == nil || n == 1 {
		return x
	}
	dims := x.Shape().Dimensions
	many := graph.BroadcastToDims(graph.InsertAxes(x, 0), append([]int{n}, dims...)...)
	return graph.Reshape(many, append([]int{n * dims[0]}, dims[1:]...)...)
}

// explains returns an error where the likelihood cannot explain values of a table.
func (b *built) explains(t datasets.Table) error {
	if err := b.classes(t.Labels); err != nil {
		return err
	}
	values := t.Floats
	if t.Bytes != nil {
		if _, err := b.Likelihood.Check(everyByte); err == nil { // nothing to look for
			return nil
		}
		var seen [256]bool
		for i, v := range t.Bytes {
			if t.Mask == nil || t.Mask[i] != 0 {
				seen[v] = true
			}
		}
		for v := range seen {
			if seen[v] {
				values = append(values, everyByte[v])
			}
		}
		t.Mask = nil
	}
	if _, err := b.Likelihood.Check(unmasked(&datasets.Batch{Values: values, Mask: t.Mask})); err != nil {
		return fmt.Errorf("vaekit: Model.Likelihood does not suit the data: %w", err)
	}
	return nil
}

// classes returns an error where labels are not those that the model is conditional on.
func (b *built) classes(labels []int) error {
	if b.Classes == 0 {
		return nil
	}
	if labels == nil {
		return fmt.Errorf("vaekit: Model.Classes is %d, and the data has no labels; give it some, or take 0", b.Classes)
	}
	for _, label := range labels {
		if label < 0 || label >= b.Classes {
			return fmt.Errorf("vaekit: an example has label %d; Model.Classes is %d, so labels are 0 to %d", label, b.Classes, b.Classes-1)
		}
	}
	return nil
}

// everyByte is what the bytes of a table stand for.
var everyByte = func() []float32 {
	values := make([]float32, 256)
	for v := range values {
		values[v] = float32(v) / 255
	}
	return values
}()

// leading are the first inputs of every function that looks at a model: the key of the
// noise and, where the model has classes, the labels of so many rows, the last of class 0
// where there are fewer.
func (b *built) leading(key uint64, rows int, labels []int) []engine.Tensor {
	in := []engine.Tensor{{Name: "key", Shape: []int{1}, Data: []uint64{key}}}
	if b.Classes > 0 {
		values := make([]int32, rows)
		for i, label := range labels {
			values[i] = int32(label)
		}
		in = append(in, engine.Tensor{Name: "labels", Shape: []int{rows}, Data: values})
	}
	return in
}

// pass is one over inputs that begin with [built.leading], and those behind them.
func (b *built) pass(training bool, values map[string]*graph.Node, in []*graph.Node) (*nets.Pass, []*graph.Node) {
	p, in := nets.NewPass(training, values, lookingNoise(in[0])), in[1:]
	if b.Classes > 0 {
		p, in = p.Labelled(in[0]), in[1:]
	}
	return p, in
}

func lookingNoise(key *graph.Node) func(name string, dims ...int) *graph.Node {
	key = graph.Reshape(key)
	return func(name string, dims ...int) *graph.Node {
		return engine.Normal(key, name, dtypes.Float32, dims...)
	}
}
