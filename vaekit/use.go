package vaekit

import (
	"fmt"
	"slices"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
)

// Latents are the posteriors of a number of examples.
type Latents struct {
	Dim    int       // latents of one example
	Mean   []float32 // [examples, Dim]
	Sigma  []float32 // standard deviations, [examples, Dim]; nil where the posterior is not Gaussian
	Labels []int     // [examples]; nil where the data has none
}

// Len is the number of examples.
func (l *Latents) Len() int { return len(l.Mean) / l.Dim }

// At is the posterior mean of example i.
func (l *Latents) At(i int) []float32 { return l.Mean[i*l.Dim : (i+1)*l.Dim : (i+1)*l.Dim] }

// Encode is q(z|x) of every example.
func (r *Run) Encode(data datasets.Dataset) (*Latents, error) {
	if err := r.look.suits(data); err != nil {
		return nil, err
	}
	l := &Latents{Dim: r.look.model.latents()}
	err := pieces(data, 0, func(_ int, b *datasets.Batch) error {
		mean, sigma, err := r.look.encode(r.weights, b)
		l.Mean, l.Sigma, l.Labels = append(l.Mean, mean...), append(l.Sigma, sigma...), append(l.Labels, b.Labels...)
		return err
	})
	return l, err
}

// Class is the run with one class chosen, for a model with [Model.Classes]: what it samples
// and decodes is of that class, and it reconstructs as if the examples were.
//
//	threes, err := run.Class(3)
//	samples, err := threes.Sample(10)
func (r *Run) Class(class int) (*Run, error) {
	if class < 0 || class >= r.Model.Classes {
		return nil, fmt.Errorf("vaekit: class %d asked for; Model.Classes is %d", class, r.Model.Classes)
	}
	one := *r
	one.class = &class
	return &one, nil
}

// Chosen is the class that [Run.Class] chose; 0 where none was.
func (r *Run) Chosen() int {
	if r.class == nil {
		return 0
	}
	return *r.class
}

// drawn are the classes of n examples that are decoded: the one that was chosen, else
// otherwise; nil where the model knows of none.
func (r *Run) drawn(n int, otherwise []int) []int {
	if r.Model.Classes > 0 && r.class != nil {
		return slices.Repeat([]int{*r.class}, n)
	}
	return otherwise
}

// Decode is E[x|z] for each z, [latent], or [positions·latent] of a Local model:
// probabilities of 1 for a Bernoulli likelihood, means for a Gaussian. Where the model has classes, choose one by [Run.Class].
func (r *Run) Decode(z ...[]float32) (*datasets.Batch, error) {
	flat, err := r.flat(z)
	if err != nil {
		return nil, err
	}
	if r.Model.Classes > 0 && r.class == nil {
		return nil, fmt.Errorf("vaekit: the model has %d classes; choose one to decode with run.Class", r.Model.Classes)
	}
	labels := r.drawn(len(z), nil)
	values, err := r.look.decode(r.weights, flat, labels, false, noKey)
	return &datasets.Batch{Shape: r.Shape(), Values: values, Labels: labels}, err
}

// Sample draws n latents from the prior and decodes them: E[x|z], what pictures
// of samples show. A seed gives other draws; without one they are those of seed 0.
// The first draws of a larger n need not be those of a smaller one. Where the model has
// classes and none is chosen, they come in turn, 0, 1, 2, …
func (r *Run) Sample(n int, seed ...uint64) (*datasets.Batch, error) {
	return r.sample(n, false, seed)
}

// Draw draws n latents from the prior and x from the likelihood: p(x) itself, the
// likelihood's noise included.
func (r *Run) Draw(n int, seed ...uint64) (*datasets.Batch, error) {
	return r.sample(n, true, seed)
}

func (r *Run) sample(n int, draw bool, seed []uint64) (*datasets.Batch, error) {
	if n < 1 {
		return nil, fmt.Errorf("vaekit: %d samples asked for", n)
	}
	key := keys("sample", seed)
	z, err := r.look.prior(r.weights, n, key)
	if err != nil {
		return nil, err
	}
	var turns []int
	for i := range n {
		if r.Model.Classes > 0 {
			turns = append(turns, i%r.Model.Classes)
		}
	}
	labels := r.drawn(n, turns)
	values, err := r.look.decode(r.weights, z, labels, draw, key)
	return &datasets.Batch{Shape: r.Shape(), Values: values, Labels: labels}, err
}

// Reconstruct sends every example through its posterior mean and back: E[x|z] at
// z = E[z|x], with the labels, masks and origins of the data.
func (r *Run) Reconstruct(data datasets.Dataset) (*datasets.Batch, error) {
	if err := r.look.suits(data); err != nil {
		return nil, err
	}
	all := &datasets.Batch{Shape: r.Shape()}
	err := pieces(data, 0, func(_ int, b *datasets.Batch) error {
		mean, _, err := r.look.encode(r.weights, b)
		if err != nil {
			return err
		}
		b.Values, err = r.look.decode(r.weights, mean, r.drawn(b.Len(), b.Labels), false, noKey)
		all.Append(b)
		return err
	})
	return all, err
}

// flat joins latents, which must have the model's dimension.
func (r *Run) flat(z [][]float32) ([]float32, error) {
	if len(z) == 0 {
		return nil, fmt.Errorf("vaekit: there is no z to decode")
	}
	var flat []float32
	for i, one := range z {
		if latents := r.look.model.latents(); len(one) != latents {
			return nil, fmt.Errorf("vaekit: z number %d has %d values; the model has %d latents", i, len(one), latents)
		}
		flat = append(flat, one...)
	}
	return flat, nil
}

// keys are the noise keys of one use of a run, by piece.
func keys(use string, seed []uint64) func(int) uint64 {
	var s uint64
	if len(seed) > 0 {
		s = seed[0]
	}
	return func(piece int) uint64 { return engine.Key(s, use, uint64(piece)) }
}
