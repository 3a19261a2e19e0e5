package vaekit

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math"
	"slices"
	"time"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
	"github.com/vaebook/vaebook/vaekit/optim"
)

// ErrStopped is what Train returns when it was interrupted (SIGINT, SIGTERM). A run
// with a folder is saved, and the same call, without Restart, goes on with it.
var ErrStopped = errors.New("training was stopped")

// A Precision is the kind of numbers that layers compute with.
type Precision string

const (
	Float32  Precision = ""
	BFloat16 Precision = "bfloat16" // three digits; half the memory of what layers make, and faster on many machines

	// TF32 has NVIDIA's GPUs from 2020 on multiply matrices with ten bits of mantissa in
	// place of 23, forward and back, which is several times as fast; everywhere else it is Float32.
	TF32 Precision = "tf32"
)

// A Training says how to train. Its zero value trains 10 epochs in memory.
type Training struct {
	// Dir is the run's folder. Train goes on with a run that it holds. "" keeps
	// the run in memory.
	Dir string

	// Epochs are the passes over the data; 0 means 10. Asking for more than a
	// finished run has continues it; for fewer, returns it as it is.
	Epochs int

	// Batch is the examples of a step; 0 means 128, and no more than there are.
	// Examples that do not fill a batch are left out of an epoch, others each time.
	Batch int

	Seed uint64 // of the first weights, the shuffling and all noise

	// Optimiser says how weights follow their gradients; nil means optim.Adam{}. Its
	// learning rate is Rate (0 means 1e-3) times what Schedule says of the step, and
	// less once the held-out loss, or without one the training loss, is on a Plateau; the
	// latter follows the objective's schedule, and is not to be compared while that rises.
	Optimiser optim.Optimiser
	Rate      float64
	Schedule  optim.Schedule
	Plateau   optim.Plateau

	// Clip shortens a gradient that is longer, over all parameters, to this length;
	// 0: none. Skip leaves out the whole step: its length tells of a batch gone wrong
	// (Child, 2020). After each that is left out the next may be twice as long, so that
	// training cannot stand still; 0: none is.
	Clip, Skip float64

	// Accumulate averages the gradients of so many batches for one update of the
	// weights: a larger batch in the memory of a small one. 0 means 1.
	Accumulate int

	// Average keeps an exponential mean of the weights, of this decay (0.999 is usual);
	// held-out data is measured with it, and the run has it. 0: the weights themselves.
	Average float64

	// Precision is that of the nets' layers while they train; the weights, their
	// updates, every density and every measure stay float32.
	Precision Precision

	// Devices is how many XLA devices, such as GPUs, share every batch; 0 means 1. Each
	// holds the data and the weights and takes its part of the examples: the same steps
	// as on one device, but for rounding.
	Devices int

	// Patience stops training after so many epochs without a lower loss on the held-out
	// data, counted from the first that is finite; the run then has the weights of its best
	// epoch. 0: never. See [Run.Best].
	Patience int

	// Holdout is the fraction of the data kept from training and measured after
	// every epoch, by the objective without its schedule, so that losses of epochs can be
	// compared. Validation is other data to measure instead; a run whose Plateau followed
	// it goes on with no other.
	Holdout    float64
	Validation datasets.Dataset

	// From is a run whose weights to begin with, where names and shapes agree.
	// Progress hears where they do not; none that agrees is an error.
	From *Run

	// Restart throws away the run that Dir holds. Take it out again before calling
	// Train to go on.
	Restart bool

	// SaveEvery is the time between checkpoints; 0 means 10 s. The end of training
	// and an interrupt save as well. When a checkpoint is written changes no number.
	SaveEvery time.Duration

	Keep int // older checkpoints that stay beside the last; 0 means 1

	Progress Progress // hears how it goes; nil: nobody does
	LogEvery int      // asks Progress to be told a loss line every so many batches; 0: none
}

func (t Training) filled() (Training, error) {
	if t.Epochs == 0 {
		t.Epochs = 10
	}
	if t.Batch == 0 {
		t.Batch = 128
	}
	if t.Rate == 0 {
		t.Rate = 1e-3
	}
	if t.Optimiser == nil {
		t.Optimiser = optim.Adam{}
	}
	if t.Accumulate == 0 {
		t.Accumulate = 1
	}
	if t.Devices == 0 {
		t.Devices = 1
	}
	if t.SaveEvery == 0 {
		t.SaveEvery = 10 * time.Second
	}
	if t.Keep == 0 {
		t.Keep = 1
	}
	switch {
	case t.Epochs < 0:
		return t, fmt.Errorf("vaekit: Training.Epochs is %d; it counts passes over the data", t.Epochs)
	case t.Batch < 0:
		return t, fmt.Errorf("vaekit: Training.Batch is %d; it counts the examples of a step", t.Batch)
	case !(t.Rate > 0) || math.IsInf(t.Rate, 0):
		return t, fmt.Errorf("vaekit: Training.Rate is %v; a learning rate is positive, 1e-3 is usual", t.Rate)
	case t.Precision != Float32 && t.Precision != BFloat16 && t.Precision != TF32:
		return t, fmt.Errorf("vaekit: Training.Precision is %q; it is vaekit.Float32, vaekit.TF32 or vaekit.BFloat16", t.Precision)
	case !(t.Holdout >= 0 && t.Holdout < 1):
		return t, fmt.Errorf("vaekit: Training.Holdout is %v; it is a fraction from 0 to below 1", t.Holdout)
	case t.Holdout > 0 && t.Validation != nil:
		return t, errors.New("vaekit: Training has both Holdout and Validation; choose which data to measure on")
	case !(t.Clip >= 0) || !(t.Skip >= 0):
		return t, fmt.Errorf("vaekit: Training.Clip is %v and Skip is %v; each is the length of a gradient, 0 for none", t.Clip, t.Skip)
	case t.Devices < 0:
		return t, fmt.Errorf("vaekit: Training.Devices is %d; it counts devices", t.Devices)
	case t.Accumulate < 0:
		return t, fmt.Errorf("vaekit: Training.Accumulate is %d; it counts the batches of an update", t.Accumulate)
	case !(t.Average >= 0 && t.Average < 1):
		return t, fmt.Errorf("vaekit: Training.Average is %v; it is a decay from 0 to below 1, 0.999 is usual", t.Average)
	case t.Keep < 0:
		return t, fmt.Errorf("vaekit: Training.Keep is %d; it counts older checkpoints", t.Keep)
	case t.Patience < 0:
		return t, fmt.Errorf("vaekit: Training.Patience is %d; it counts epochs", t.Patience)
	case t.Patience > 0 && t.Holdout == 0 && t.Validation == nil:
		return t, errors.New("vaekit: Training.Patience waits for the loss on held-out data, and there is none; set Holdout or Validation")
	case t.LogEvery < 0:
		return t, fmt.Errorf("vaekit: Training.LogEvery is %d; it counts batches", t.LogEvery)
	}
	return t, nil
}

// split is the data to train on and the data to measure on, which may be nil.
func (t Training) split(data datasets.Dataset) (train, valid datasets.Dataset, err error) {
	train, valid = data, t.Validation
	if t.Holdout > 0 {
		if train, valid, err = datasets.Split(data, t.Holdout, t.Seed); err != nil {
			return nil, nil, err
		}
	}
	if train.Len() == 0 || valid != nil && valid.Len() == 0 {
		return nil, nil, fmt.Errorf("%d examples to train on and %d to measure on; change Training.Holdout or Validation", train.Len(), valid.Len())
	}
	if valid != nil && !slices.Equal(valid.Shape(), train.Shape()) {
		return nil, nil, fmt.Errorf("the validation examples have shape %v, those to train on %v", valid.Shape(), train.Shape())
	}
	return train, valid, nil
}

// settings are what decides a run's numbers, as its folder keeps them.
type settings struct {
	Batch      int
	Optimiser  optim.Optimiser
	Rate       float64
	Schedule   optim.Schedule
	Plateau    optim.Plateau
	Clip, Skip float64
	Accumulate int
	Average    float64
	Precision  Precision
	Devices    int
	Seed       uint64
	Holdout    float64
	Examples   int    // in the training data
	Data       string // fingerprint of the training data
	Held       string // of Validation, where Plateau follows the loss on it
	From       string // fingerprint of the weights it began with
}

// settings are those of training on so many examples.
func (t Training) settings(examples int) settings {
	return settings{
		Batch: min(t.Batch, examples), Optimiser: t.Optimiser, Rate: t.Rate, Schedule: t.Schedule, Plateau: t.Plateau,
		Clip: t.Clip, Skip: t.Skip, Accumulate: t.Accumulate, Average: t.Average, Precision: t.Precision, Devices: t.Devices,
		Seed: t.Seed, Holdout: t.Holdout, Examples: examples, From: t.From.fingerprint(),
	}
}

// recipe is what the engine wants to know of it.
func (t Training) recipe() engine.Recipe {
	return engine.Recipe{
		Optimiser: t.Optimiser, Rate: t.Rate, Schedule: t.Schedule,
		Clip: t.Clip, Skip: t.Skip, Accumulate: t.Accumulate, Average: t.Average,
		TF32: t.Precision == TF32,
	}
}

// fingerprint tells data sets apart by their size and some of their examples, at two
// visits: what is drawn anew at each is other data than what is drawn once. Labels count
// where a model sees them.
func fingerprint(data datasets.Dataset, labels bool) (string, error) {
	const looks = 64
	h := fnv.New64a()
	fmt.Fprint(h, data.Len(), data.Shape())
	indices := indicesAllOver(data.Len(), looks)
	n := len(indices)
	var batch datasets.Batch
	for visit := range uint64(2) {
		err := data.Read(&batch, visit, indices)
		if err == nil {
			err = batch.Check(data.Shape(), n)
		}
		if err != nil {
			return "", fmt.Errorf("vaekit: reading the data: %w", err)
		}
		hashFloats(h, unmasked(&batch))
		h.Write(batch.Mask)
		if labels {
			fmt.Fprint(h, batch.Labels)
		}
	}
	return fmt.Sprintf("%016x", h.Sum64()), nil
}

func hashFloats(h io.Writer, values []float32) {
	var word [4]byte
	for _, v := range values {
		bits := math.Float32bits(v)
		word = [4]byte{byte(bits), byte(bits >> 8), byte(bits >> 16), byte(bits >> 24)}
		h.Write(word[:])
	}
}
