package vaekit

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
)

// An Evaluation says what to measure. Its zero value measures the bound and its
// parts on all examples, in seconds.
type Evaluation struct {
	// ImportanceSamples is how many latents to draw for each example to estimate
	// log p(x) (Burda, Grosse and Salakhutdinov, 2015); 0: not at all. The estimate
	// is a lower bound on average, and closer the more are drawn.
	ImportanceSamples int

	Examples int    // only the first so many; 0: all
	Seed     uint64 // of the draws of z, and of the data where it is drawn anew at every visit
}

// Figures are what an evaluation found, in nats, means over examples.
type Figures struct {
	Examples   int
	ELBO       float64   // −(Distortion + Rate)
	Distortion float64   // −log p(x|z) at one draw of z
	Rate       float64   // KL(q(z|x) ‖ p(z))
	KL         []float64 // of each latent; nil where there is no closed form

	// ActiveUnits counts the latents whose posterior mean has a variance over the
	// data above 0.01 (Burda, Grosse and Salakhutdinov, 2015).
	ActiveUnits int
	Latent      int

	// Proper is false where −log p(x|z) is not a negative log-likelihood of such
	// data: Bernoulli on grey values. Distortion and ELBO then are cross-entropies,
	// good to compare with other programs that report them, and not bits of anything.
	Proper     bool
	BitsPerDim float64 // of −ELBO; NaN where not Proper

	ImportanceSamples int
	NLL               float64 // −log p(x) by importance sampling; NaN where not asked for
	NLLError          float64 // its standard error over examples
}

// BitsPerDim is a number of nats for an example of so many values in bits a value.
func BitsPerDim(nats float64, values int) float64 {
	return nats / (math.Ln2 * float64(values))
}

// activeVariance is the variance above which a latent counts as active.
const activeVariance = 1e-2

// Evaluate measures the run on data.
func (r *Run) Evaluate(data datasets.Dataset, what Evaluation) (Figures, error) {
	if err := r.look.suits(data); err != nil {
		return Figures{}, err
	}
	if what.Examples < 0 || what.ImportanceSamples < 0 {
		return Figures{}, fmt.Errorf("vaekit: Evaluation counts %d examples and %d importance samples", what.Examples, what.ImportanceSamples)
	}
	if what.Examples > 0 && what.Examples < data.Len() {
		first, err := datasets.Subset(data, firstIndices(data.Len(), what.Examples))
		if err != nil {
			return Figures{}, fmt.Errorf("vaekit: %w", err)
		}
		data = first
	}
	f := Figures{Examples: data.Len(), Latent: r.Model.Latent, Proper: true, BitsPerDim: math.NaN(), NLL: math.NaN(), NLLError: math.NaN()}
	spread := make([]moments, r.Model.Latent)
	var nll moments
	var kl []float64
	values := 0
	err := pieces(data, what.Seed, func(from int, b *datasets.Batch) error {
		proper, err := r.look.model.Likelihood.Check(unmasked(b))
		if err != nil {
			return fmt.Errorf("vaekit: from example %d on: %w", from, err)
		}
		f.Proper = f.Proper && proper
		values += count(b)
		a, err := r.look.account(r.weights, b, func(int) uint64 { return engine.Key(what.Seed, "evaluate", uint64(from)) })
		if err != nil {
			return err
		}
		mean, _, err := r.look.encode(r.weights, b)
		if err != nil {
			return err
		}
		for i := range b.Len() {
			f.Distortion += float64(a.distortion[i])
			f.Rate += float64(a.rate[i])
			for j := range spread {
				spread[j].add(float64(mean[i*len(spread)+j]))
			}
		}
		if a.kl != nil {
			if kl == nil {
				kl = make([]float64, len(spread))
			}
			for i, v := range a.kl {
				kl[i%len(kl)] += float64(v)
			}
		}
		if what.ImportanceSamples > 0 {
			logs, err := r.look.importance(r.weights, b, what.ImportanceSamples, engine.Key(what.Seed, "importance", uint64(from)))
			if err != nil {
				return err
			}
			for _, v := range logs {
				nll.add(-v)
			}
		}
		return nil
	})
	if err != nil {
		return Figures{}, err
	}
	n := float64(f.Examples)
	f.Distortion, f.Rate = f.Distortion/n, f.Rate/n
	f.ELBO = -f.Distortion - f.Rate
	for i := range kl {
		kl[i] /= n
	}
	f.KL = kl
	for _, s := range spread {
		if s.variance() > activeVariance {
			f.ActiveUnits++
		}
	}
	if f.Proper {
		f.BitsPerDim = BitsPerDim(-f.ELBO*n, values)
	}
	if what.ImportanceSamples > 0 {
		f.ImportanceSamples = what.ImportanceSamples
		f.NLL, f.NLLError = nll.mean, math.Sqrt(nll.variance()/n)
	}
	return f, nil
}

// Score is what the model says of each example, in nats: the ELBO where samples is
// 0, else log p(x) estimated with so many importance samples. Examples unlike the
// training data score low.
func (r *Run) Score(data datasets.Dataset, samples int) ([]float64, error) {
	if err := r.look.suits(data); err != nil {
		return nil, err
	}
	if samples < 0 {
		return nil, fmt.Errorf("vaekit: %d importance samples asked for; 0 scores by the ELBO", samples)
	}
	var scores []float64
	err := pieces(data, 0, func(from int, b *datasets.Batch) error {
		if _, err := r.look.model.Likelihood.Check(unmasked(b)); err != nil {
			return fmt.Errorf("vaekit: from example %d on: %w", from, err)
		}
		if samples > 0 {
			logs, err := r.look.importance(r.weights, b, samples, engine.Key(0, "score", uint64(from)))
			scores = append(scores, logs...)
			return err
		}
		a, err := r.look.account(r.weights, b, func(int) uint64 { return engine.Key(0, "score", uint64(from)) })
		for i := range a.rate {
			scores = append(scores, -float64(a.distortion[i])-float64(a.rate[i]))
		}
		return err
	})
	return scores, err
}

// String is a short report.
func (f Figures) String() string {
	var s strings.Builder
	name, note := "distortion −log p(x|z)", ""
	if !f.Proper {
		name = "cross-entropy"
		note = "the data has grey values, so these are cross-entropies, not likelihoods: compare them only with each other"
	}
	fmt.Fprintf(&s, "%d examples, means in nats\n", f.Examples)
	fmt.Fprintf(&s, "ELBO          %9.2f\n", f.ELBO)
	fmt.Fprintf(&s, "distortion    %9.2f   %s\n", f.Distortion, name)
	fmt.Fprintf(&s, "rate          %9.2f   KL(q(z|x) ‖ p(z))\n", f.Rate)
	if f.ImportanceSamples > 0 {
		what := "NLL"
		if !f.Proper {
			what = "tighter bound"
		}
		fmt.Fprintf(&s, "%-13s %9.2f ± %.2f with %d importance samples\n", what, f.NLL, f.NLLError, f.ImportanceSamples)
	}
	if f.Proper {
		fmt.Fprintf(&s, "bits per dim  %9.4f\n", f.BitsPerDim)
	}
	fmt.Fprintf(&s, "active units  %6d of %d", f.ActiveUnits, f.Latent)
	if note != "" {
		fmt.Fprintf(&s, "\n(%s)", note)
	}
	return s.String()
}

// unmasked are a batch's values with zeros where there is padding.
func unmasked(b *datasets.Batch) []float32 {
	if b.Mask == nil {
		return b.Values
	}
	values := slices.Clone(b.Values)
	for i, m := range b.Mask {
		if m == 0 {
			values[i] = 0
		}
	}
	return values
}

// count is how many values of a batch are data.
func count(b *datasets.Batch) int {
	if b.Mask == nil {
		return len(b.Values)
	}
	n := 0
	for _, m := range b.Mask {
		n += int(m)
	}
	return n
}

// moments are a running mean and variance (Welford, 1962).
type moments struct{ n, mean, sum float64 }

func (m *moments) add(x float64) {
	m.n++
	d := x - m.mean
	m.mean += d / m.n
	m.sum += d * (x - m.mean)
}

func (m *moments) variance() float64 {
	if m.n < 2 {
		return 0
	}
	return m.sum / (m.n - 1)
}
