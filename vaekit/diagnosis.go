package vaekit

import (
	"fmt"
	"math"
)

// A Finding is something wrong with a model or its training.
type Finding struct {
	Problem  string // in a few words
	Measured string // what says so
	Advice   string // what to do
}

// String is a finding in two lines.
func (f Finding) String() string {
	return fmt.Sprintf("%s: %s\n  %s", f.Problem, f.Measured, f.Advice)
}

// evidence is what findings are made of.
type evidence struct {
	Figures
	history []Epoch
	values  float64 // of an example
	swap    float64 // what another example's z adds to the distortion, NaN where there is none

	// Roots of the mean squared residuals of the data and of draws from the likelihood.
	data, drawn float64
}

// The examiners each know one thing that goes wrong, and are silent where it does not.
// Their thresholds are wide: what they find is worth a look. They want so many examples
// and, those that read the history, so many epochs.
const (
	fewestExamples = 30
	fewestEpochs   = 5
)

var examiners = []func(e evidence) Finding{
	collapsed, averagedLoss, underTrained, heldOutGap, wrongSpread, deaf, wrongWeight,
}

// diagnose asks every examiner.
func diagnose(e evidence) (found []Finding) {
	if e.Examples < fewestExamples {
		return nil
	}
	for _, examine := range examiners {
		if f := examine(e); f.Problem != "" {
			found = append(found, f)
		}
	}
	return found
}

// collapsed: all latents, or more than half of them, are no active units.
func collapsed(e evidence) Finding {
	switch {
	case e.ActiveUnits == 0:
		return Finding{"collapsed posterior",
			fmt.Sprintf("none of %d latents tells examples apart; the rate is %.3g nats", e.Latent, e.Rate),
			"look for a loss that weighs the rate too much, and let its weight grow from 0: vaekit.ELBO{Schedule: optim.Linear{Steps: 5000}}"}
	case 2*e.ActiveUnits < e.Latent:
		return Finding{"collapsed latents",
			fmt.Sprintf("%d of %d latents do not tell examples apart", e.Latent-e.ActiveUnits, e.Latent),
			"where the ELBO is good they do no harm and a smaller Model.Latent would do; else let the rate's weight grow from 0"}
	}
	return Finding{}
}

// averagedLoss: in every epoch the loss is distortion + rate divided by the number of values,
// give or take what a constant and a weight may add to it: a fiftieth of that, to five times.
func averagedLoss(e evidence) Finding {
	if len(e.history) == 0 || e.values < 30 {
		return Finding{}
	}
	var last Losses
	for _, epoch := range e.history {
		last = epoch.Train
		nats, scaled := math.Abs(last.Distortion)+last.Rate, math.Abs(last.Loss)*e.values
		if scaled < nats/50 || scaled > 5*nats || math.Abs(last.Loss) > math.Abs(last.bound())/5 {
			return Finding{}
		}
	}
	return Finding{"a loss that averages where it should sum",
		fmt.Sprintf("training's loss is %.3g where distortion + rate is %.4g nats: a mean over %.0f values, not their sum", last.Loss, last.bound(), e.values),
		"sum over the values of an example, as vaekit.ELBO does; a mean weighs the rate too much"}
}

// underTrained: in the last fifth of its epochs −ELBO, of held-out data where it was
// measured, fell by more than a tenth of what it fell in all, and a tenth of a nat an epoch;
// and the data measured gains by it as the training data does.
func underTrained(e evidence) Finding {
	late, fell, all := e.lately()
	if heldOutGap(e).Problem != "" { // more of the same would not help other data
		return Finding{}
	}
	if !(fell > 0.1*all && fell > 0.1*float64(late)) {
		return Finding{}
	}
	return Finding{"not trained to the end",
		fmt.Sprintf("−ELBO still fell by %.3g nats in the last %d of %d epochs", fell, late, len(e.history)),
		"raise Training.Epochs and call Train again, which goes on; or train anew with a higher Training.Rate"}
}

// heldOutGap: −ELBO is higher here than on the training data in the last epoch, by more
// than a quarter of what training gained there, and by 5 % of what it is.
func heldOutGap(e evidence) Finding {
	n := len(e.history)
	if n < fewestEpochs {
		return Finding{}
	}
	trained := e.history[n-1].Train.bound()
	gap := -e.ELBO - trained
	if !(gap > 0.25*math.Abs(e.history[0].Train.bound()-trained) && gap > 0.05*math.Abs(trained)) {
		return Finding{}
	}
	return Finding{"a gap to the training data",
		fmt.Sprintf("−ELBO is %.5g nats here and %.5g on the training data in the last epoch", -e.ELBO, trained),
		"more data, a smaller model, or an earlier end: Training.Patience, or run.Best() where held-out data was measured"}
}

// What follows tells of a model as it was meant only where training has come to its end
// and the data is like what it was trained on.

// wrongSpread: draws from a proper likelihood stray from its mean twice as far as the data,
// or a third as far.
func wrongSpread(e evidence) Finding {
	ratio := e.drawn / e.data
	if e.unsettled() || !e.Proper || !(ratio > 2 || ratio < 1./3) {
		return Finding{}
	}
	return Finding{"a likelihood that does not fit the data's range",
		fmt.Sprintf("its draws stray from their mean by %.2g, the data by %.2g", e.drawn, e.data),
		"learn the spread, as dist.Gaussian{Sigma: dist.Optimal} does, or scale the data"}
}

// deaf: latents that cost more than a tenth of a nat do not help the decoder: those of
// another example raise the distortion by less than a tenth of their rate.
func deaf(e evidence) Finding {
	if e.unsettled() || !(e.Rate > 0.1 && e.swap < e.Rate/10) {
		return Finding{}
	}
	return Finding{"the decoder ignores z",
		fmt.Sprintf("with another example's z the distortion changes by %.2g nats, where z costs %.2g", e.swap, e.Rate),
		"make sure that z reaches the decoder's output, or weaken a decoder that does without"}
}

// wrongWeight: one more nat of rate would buy more than two nats of distortion, or less
// than half a nat, of a decoder that listens.
func wrongWeight(e evidence) Finding {
	if e.unsettled() || e.ActiveUnits == 0 || deaf(e).Problem != "" {
		return Finding{}
	}
	measured := fmt.Sprintf("one more nat of rate would buy %.2g nats of distortion; at the best ELBO it is 1", e.Slope)
	switch {
	case e.Slope > 2:
		return Finding{"over-regularised", measured, "if likelihood is what you want, weigh the rate less: Beta 1; more buys simpler latents"}
	case e.Slope < 0.5:
		return Finding{"under-regularised", measured, "if likelihood or samples are what you want, weigh the rate more: Beta 1"}
	}
	return Finding{}
}

func (e evidence) unsettled() bool {
	return underTrained(e).Problem != "" || heldOutGap(e).Problem != ""
}

// lately is how far −ELBO fell in the last fifth of the epochs, how many they are, and how
// far it fell in all.
func (e evidence) lately() (late int, fell, all float64) {
	n := len(e.history)
	if n < fewestEpochs {
		return 0, 0, 0
	}
	at := func(i int) float64 {
		if v := e.history[i].Validation; v != nil {
			return v.bound()
		}
		return e.history[i].Train.bound()
	}
	late = n / 5
	return late, at(n-1-late) - at(n-1), at(0) - at(n-1)
}

// bound is −ELBO.
func (l Losses) bound() float64 { return l.Distortion + l.Rate }
