package vaekit

import "time"

// Losses are the means over examples of what one pass through a model gives, in nats.
// Where the objective is the plain ELBO, Loss = Distortion + Rate.
type Losses struct {
	Loss       float64 // what the objective asks the optimiser to lower
	Distortion float64 // −log p(x|z): what reconstruction costs
	Rate       float64 // KL(q(z|x) ‖ p(z)): what the latents cost
}

// An Epoch is one line of a run's history.
type Epoch struct {
	Epoch      int     // from 1
	Train      Losses  // over the epoch's batches but those dropped, while the weights moved; 0 where all were
	Validation *Losses // over the held-out examples at the epoch's end; nil where there are none, or the loss on them is not finite
	Dropped    int     // steps dropped because a value was not finite
	Skipped    int     `json:",omitempty"` // steps skipped because their gradient was too long

	LearningRate float64 // of the epoch's last step
}

// A Report is what a training run tells of itself while it goes.
type Report struct {
	Dir               string   // the run's folder, "" for a run in memory
	Epoch, Epochs     int      // the epoch under way, from 1, and how many there will be
	Step, Steps       int      // steps done, and how many there will be, over all epochs
	Running           Losses   // means over the epoch so far
	Batches           []Losses // of every step since the last report
	ExamplesPerSecond float64
	Left              time.Duration
	History           []Epoch  // the epochs that are done
	Lines             []string // what there is to say since the last report: the backend, loss lines, warnings, dropped steps
	Done              bool     // the last report of this training: finished, stopped or failed
}

// Progress hears how training goes, a few times a second. show.Progress() makes
// one for notebooks and terminals.
type Progress func(Report)
