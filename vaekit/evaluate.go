package vaekit

import (
	"fmt"
	"math"
	"slices"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit/dist"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
)

// An Evaluation says what to measure. Its zero value measures the bound and its parts on
// all examples, and what they say of the model, in seconds.
type Evaluation struct {
	// ImportanceSamples is how many latents to draw for each example to estimate
	// log p(x) (Burda, Grosse and Salakhutdinov, 2015); 0: not at all. The estimate
	// is a lower bound on average, and closer the more are drawn. The draws depend on
	// the seed, the examples' order, their number and their size.
	ImportanceSamples int

	Curve bool // also the rate–distortion curve: ten more passes through the decoder

	Examples int    // only the first so many; 0: all
	Seed     uint64 // of the draws of z, and of the data where it is drawn anew at every visit

	Progress func(done, total int) // hears how many examples are measured, as show.Count does; nil: nobody
}

// Figures are what an evaluation found, in nats, means over examples.
type Figures struct {
	Examples   int
	ELBO       float64   // −(Distortion + Rate)
	Distortion float64   // −log p(x|z) at one draw of z
	Rate       float64   // KL(q(z|x) ‖ p(z))
	KL         []float64 // of each latent; nil where there is no closed form

	// The parts of the rate, MutualInformation + MarginalKL, and the total correlation
	// of the latents, TotalCorrelation, all under the mixture q(z) of the posteriors of
	// Mixed examples: all, or 10,000 all over larger data, at 1,000 draws (100 after flows,
	// fewer of thousands of latents). NaN where the posterior's density at any z, or of a latent alone, is not known.
	//
	// So many examples can show no more than log Mixed of information. AtCeiling is
	// true within a quarter of a nat of that: then the first is at least what it says, and
	// the others are at most that.
	MutualInformation float64 // I(x; z)
	MarginalKL        float64 // KL(q(z) ‖ p(z))
	TotalCorrelation  float64 // KL(q(z) ‖ Πⱼ q(zⱼ))
	AtCeiling         bool
	Mixed             int

	// ActiveUnits counts the latents whose posterior mean has a variance over the
	// data above 0.01 (Burda, Grosse and Salakhutdinov, 2015).
	ActiveUnits int
	Latent      int

	// Proper is false where −log p(x|z) is not a negative log-likelihood of such
	// data: Bernoulli on grey values, or spectra beside samples. Distortion and ELBO are
	// then good to compare with others of their kind, such as the cross-entropies that
	// other programs report, and not bits of anything.
	Proper         bool
	DistortionName string  // what it is called where not Proper
	Improper       string  // why it is not
	BitsPerDim     float64 // of −ELBO; NaN where not Proper

	ImportanceSamples int
	NLL               float64 // −log p(x) by importance sampling; NaN where not asked for
	NLLError          float64 // its standard error over examples

	Curve     []RatePoint // where asked for
	CurveNote string      // why there is none though it was asked for

	// Slope is how many nats of distortion one more nat of rate would buy, about 1
	// after training with the ELBO and about β with another weight of the rate,
	// measured on up to a thousand examples or on those of the Curve. NaN where the
	// posterior has no tempered form, or next to no rate.
	Slope float64

	Diagnosis []Finding // what is wrong with the model or its training, as far as measures tell
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
	t := tally{run: r, what: what, examples: data.Len(), proper: true, spread: make([]moments, r.look.model.latents())}
	if _, ok := r.Model.Posterior.(dist.FlowPosterior); ok {
		t.mixture.draws = mostFlowed
	}
	err := pieces(data, what.Seed, func(from int, b *datasets.Batch) error {
		if err := t.count(from, b); err != nil {
			return err
		}
		if what.Progress != nil {
			what.Progress(from+b.Len(), data.Len())
		}
		return nil
	})
	if err != nil {
		return Figures{}, err
	}
	return t.figures()
}

// A tally is the sums of an evaluation under way.
type tally struct {
	run      *Run
	what     Evaluation
	examples int

	proper           bool
	values           int // of all examples that are data
	distortion, rate float64
	kl               []float64
	spread           []moments // of the posterior's means
	nll              moments
	mixture          aggregate
	replays          replays
}

// count takes in a piece of the data.
func (t *tally) count(from int, b *datasets.Batch) error {
	look, weights, latent := t.run.look, t.run.weights, len(t.spread)
	proper, err := look.model.Likelihood.Check(unmasked(b))
	if err != nil {
		return fmt.Errorf("vaekit: from example %d on: %w", from, err)
	}
	t.proper = t.proper && proper
	t.values += count(b)
	key := func(int) uint64 { return engine.Key(t.what.Seed, "evaluate", uint64(from)) }
	a, err := look.account(weights, b, key)
	if err != nil {
		return err
	}
	outputs := len(a.numbers) / b.Len()
	for i := range b.Len() {
		t.distortion += float64(a.distortion[i])
		t.rate += float64(a.rate[i])
		for j := range t.spread {
			t.spread[j].add(float64(a.mean[i*latent+j]))
		}
		t.mixture.add(from+i, t.examples, a.numbers[i*outputs:(i+1)*outputs], a.z[i*latent:(i+1)*latent], float64(a.logPosterior[i]))
	}
	if a.kl != nil && t.kl == nil {
		t.kl = make([]float64, latent)
	}
	for i, v := range a.kl {
		t.kl[i%latent] += float64(v)
	}
	if t.what.ImportanceSamples > 0 {
		logs, err := look.importance(weights, b, a.numbers, t.what.ImportanceSamples, engine.Key(t.what.Seed, "importance", uint64(from)))
		if err != nil {
			return err
		}
		for _, v := range logs {
			t.nll.add(-v)
		}
	}
	return t.replays.count(t, from, b, a, key)
}

// figures are the means.
func (t *tally) figures() (Figures, error) {
	n := float64(t.examples)
	f := Figures{
		Examples: t.examples, Distortion: t.distortion / n, Rate: t.rate / n, ELBO: -(t.distortion + t.rate) / n, KL: t.kl,
		Latent: len(t.spread), Proper: t.proper, BitsPerDim: math.NaN(), NLL: math.NaN(), NLLError: math.NaN(),
	}
	for i := range f.KL {
		f.KL[i] /= n
	}
	for _, s := range t.spread {
		if s.variance() > activeVariance {
			f.ActiveUnits++
		}
	}
	if f.Proper {
		f.BitsPerDim = BitsPerDim(-f.ELBO*n, t.values)
	} else if l, ok := t.run.Model.Likelihood.(interface{ Improper() (name, why string) }); ok {
		f.DistortionName, f.Improper = l.Improper()
	}
	if f.ImportanceSamples = t.what.ImportanceSamples; f.ImportanceSamples > 0 {
		f.NLL, f.NLLError = t.nll.mean, math.Sqrt(t.nll.variance()/n)
	}
	var err error
	if f.MutualInformation, f.TotalCorrelation, err = t.mixture.figures(t.run.look, t.run.weights); err != nil {
		return Figures{}, err
	}
	f.MarginalKL, f.Mixed = f.Rate-f.MutualInformation, len(t.mixture.numbers)
	f.AtCeiling = f.MutualInformation > math.Log(float64(f.Mixed))-0.25
	t.replays.conclude(t, &f)
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
		a, err := r.look.account(r.weights, b, func(int) uint64 { return engine.Key(0, "score", uint64(from)) })
		if err == nil && samples > 0 {
			logs, err := r.look.importance(r.weights, b, a.numbers, samples, engine.Key(0, "score", uint64(from)))
			scores = append(scores, logs...)
			return err
		}
		for i := range a.rate {
			scores = append(scores, -float64(a.distortion[i])-float64(a.rate[i]))
		}
		return err
	})
	return scores, err
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
