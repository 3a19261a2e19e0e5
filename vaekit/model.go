package vaekit

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit/dist"
	"github.com/vaebook/vaebook/vaekit/internal/describe"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// A Model is a variational autoencoder as data: four choices, and how many latents.
//
//	vaekit.Model{
//		Encoder:    nets.MLP(256, 128),
//		Latent:     2,
//		Decoder:    nets.MLP(128, 256),
//		Likelihood: dist.Bernoulli{},
//	}
//
// It says nothing of the data's shape: that comes from what it is trained on. The
// encoder's last features go through one linear layer to the numbers that the
// posterior wants. The decoder's go through one to the numbers that the
// likelihood wants, unless it ends in the shape of an example, or in as many numbers
// from a Dense layer without an activation.
type Model struct {
	Encoder    nets.Net        // from an example to features
	Latent     int             // dimensions of z
	Posterior  dist.Posterior  // q(z|x); nil means dist.DiagonalGaussian{}
	Prior      dist.Prior      // p(z); nil means dist.StandardNormal{}
	Decoder    nets.Net        // from z to features
	Likelihood dist.Likelihood // p(x|z); nil means dist.Bernoulli{}
	Objective  Objective       // what training lowers; nil means ELBO{}

	// Local gives every position of what the encoder makes latents of its own, in place of
	// one set for all: of [frames, channels] a sequence of [frames, Latent]. The decoder
	// begins with that, and nothing in the model knows how long an example is where all its
	// layers are convolutions or the like: [Run.Stream], [Run.Length]. Posterior, a
	// DiagonalGaussian, and prior are those of one position; an example has
	// positions · Latent latents.
	Local bool

	// Classes makes the model conditional on the labels of the data, 0 … Classes−1 (Sohn, Lee
	// and Yan, 2015): the encoder sees with each example a learned one of its class, added
	// to it (a Local model: to the encoder's features, at every position), and the decoder the
	// class beside z, as 0 and √Classes, a mean square of 1 as a latent has: with 0 and 1 the
	// decoder learns many classes too slowly, and z carries the class instead. [Run.Class] then
	// chooses what is drawn. 0: labels are not looked at.
	Classes int
}

// filled is the model with its zero values replaced by what they mean.
func (m Model) filled() Model {
	if m.Posterior == nil {
		m.Posterior = dist.DiagonalGaussian{}
	}
	if m.Prior == nil {
		m.Prior = dist.StandardNormal{}
	}
	if m.Likelihood == nil {
		m.Likelihood = dist.Bernoulli{}
	}
	if m.Objective == nil {
		m.Objective = ELBO{}
	}
	return m
}

// Register makes a reader's own layer, distribution or objective type known, so
// that a run that uses it can be opened without its Go model:
//
//	func init() { vaekit.Register(Swish{}) }
func Register(values ...any) { describe.Register(values...) }

// A part is a named piece of a built model.
type part struct {
	name   string
	params []nets.Param
}

// A built model is a model for examples of one shape.
type built struct {
	Model
	event       []int // shape of an example
	positions   []int // that have latents of their own; nil: one set for all
	encoderHead nets.Dense
	decoderHead *nets.Dense // nil: the decoder's output is taken as it is
	parts       []part
	precision   Precision // of the nets in a pass
}

// in is the same model with its nets in another precision.
func (b *built) in(p Precision) *built {
	other := *b
	other.precision = p
	return &other
}

// build checks that the pieces fit each other and examples of shape event.
func (m Model) build(event []int) (*built, error) {
	b := &built{Model: m.filled(), event: slices.Clone(event)}
	if m.Latent < 1 {
		return nil, fmt.Errorf("vaekit: Model.Latent is %d; it counts the latent dimensions and must be at least 1", m.Latent)
	}
	if m.Classes < 0 {
		return nil, fmt.Errorf("vaekit: Model.Classes is %d; it counts labels, 0 for a model that does not see them", m.Classes)
	}
	if len(event) == 0 || slices.Min(event) < 1 {
		return nil, fmt.Errorf("vaekit: examples of shape %v have no values", event)
	}
	for _, choice := range []struct {
		name  string
		layer nets.Net
	}{{"Encoder", m.Encoder}, {"Decoder", m.Decoder}} {
		if slices.Contains(choice.layer, nil) {
			return nil, fmt.Errorf("vaekit: Model.%s has a layer that is nil", choice.name)
		}
	}
	if _, err := b.Likelihood.Check(nil); err != nil {
		return nil, fmt.Errorf("vaekit: Model.Likelihood cannot be: %w", err)
	}
	if l, ok := b.Likelihood.(interface{ Suits(event []int) error }); ok {
		if err := l.Suits(event); err != nil {
			return nil, fmt.Errorf("vaekit: Model.Likelihood does not suit the data: %w", err)
		}
	}
	features, err := m.Encoder.Out(event)
	if err != nil {
		return nil, fmt.Errorf("vaekit: Model.Encoder does not fit examples of shape %v: %w", event, err)
	}
	if o, ok := b.Objective.(interface{ Check() error }); ok {
		if err := o.Check(); err != nil {
			return nil, fmt.Errorf("vaekit: Model.Objective cannot be: %w", err)
		}
	}
	if m.Local {
		if err := b.local(features); err != nil {
			return nil, err
		}
	}
	seen := []int{datasets.Size(features) / datasets.Size(b.positions)} // by the layer that makes the posterior's numbers
	b.encoderHead = nets.Dense{Units: b.Posterior.Outputs(m.Latent), Init: nets.GlorotUniform}
	in := append(slices.Clone(b.positions), m.Latent+m.Classes)
	out, err := m.Decoder.Out(in)
	if err != nil {
		return nil, fmt.Errorf("vaekit: Model.Decoder does not fit %d latents and %d classes: %w", m.Latent, m.Classes, err)
	}
	n := b.Likelihood.Outputs()
	b.parts = []part{
		{"encoder", m.Encoder.Params(event)},
		{"posterior", b.encoderHead.Params(seen)},
		{"posterior.density", b.Posterior.Params(m.Latent)},
		{"prior", b.Prior.Params(m.Latent, event)},
		{"decoder", m.Decoder.Params(in)},
	}
	if m.Classes > 0 {
		one := datasets.Size(event)
		if m.Local {
			one = seen[0]
		}
		b.parts = append(b.parts, part{"encoder.class", []nets.Param{{Name: "example", Shape: []int{m.Classes, one}}}})
	}
	if !fits(m.Decoder, out, event, n) {
		if b.decoderHead, seen, err = b.output(out, n); err != nil {
			return nil, err
		}
		b.parts = append(b.parts, part{"output", b.decoderHead.Params(seen)})
	}
	b.parts = append(b.parts,
		part{"likelihood", b.Likelihood.Params(event)},
		part{"objective", b.Objective.Params()})
	listed := map[string]bool{}
	for _, p := range b.params() {
		if listed[p.Name] {
			return nil, fmt.Errorf("vaekit: two parameters are called %s; a layer lists each name once", p.Name)
		}
		if listed[p.Name] = true; len(p.Shape) > 0 && slices.Min(p.Shape) < 1 {
			return nil, fmt.Errorf("vaekit: parameter %s has shape %v; every dimension must be at least 1", p.Name, p.Shape)
		}
	}
	return b, nil
}

// fits says whether a decoder's output already is n numbers for every value of an example.
func fits(decoder nets.Net, out, event []int, n int) bool {
	if n == 1 && slices.Equal(out, event) {
		return true
	}
	if len(decoder) > 0 && slices.Equal(out, []int{datasets.Size(event) * n}) {
		switch last := decoder[len(decoder)-1].(type) {
		case nets.Dense: // with an activation it makes features, as in nets.MLP
			return last.Activation == nets.Linear
		case nets.Flatten:
			return true
		}
	}
	wide := slices.Clone(event)
	wide[len(wide)-1] *= n
	return slices.Equal(out, wide) || slices.Equal(out, append(slices.Clone(event), n))
}

// part are the parameters of the part called name, by their names in it.
func (b *built) part(name string) []nets.Param {
	i := slices.IndexFunc(b.parts, func(p part) bool { return p.name == name })
	return b.parts[i].params
}

// params are the model's parameters by their full names.
func (b *built) params() []nets.Param {
	var all []nets.Param
	for _, p := range b.parts {
		all = append(all, nets.Within(p.name, p.params)...)
	}
	return all
}

// variables are parameters with the values that seed gives them, some of them examples of
// the data.
func variables(params []nets.Param, seed uint64, data datasets.Dataset) ([]engine.Variable, error) {
	var vars []engine.Variable
	for _, p := range params {
		rng := engine.Rand(seed, "init "+p.Name, 0)
		values, err := []float32(nil), error(nil)
		if p.Init == nets.Examples {
			values, err = examples(rng, data, p.Shape[0])
		} else {
			values, err = p.Init.Values(rng, p.Shape)
		}
		if err != nil {
			return nil, fmt.Errorf("vaekit: %s: %w", p.Name, err)
		}
		vars = append(vars, engine.Variable{Name: p.Name, Shape: p.Shape, Learned: !p.State, Value: values})
	}
	return vars, nil
}

// examples are the values of n of data, each as often as any other, give or take one.
func examples(rng *rand.Rand, data datasets.Dataset, n int) ([]float32, error) {
	var indices []int
	for len(indices) < n {
		order := rng.Perm(data.Len())
		indices = append(indices, order[:min(n-len(indices), len(order))]...)
	}
	batch, err := datasets.Read(data, indices...)
	if err != nil {
		return nil, err
	}
	return unmasked(batch), nil
}
