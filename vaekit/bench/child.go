package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"strconv"
	"time"

	"github.com/vaebook/vaebook/vaekit"
	"github.com/vaebook/vaebook/vaekit/dist"
)

// ready is what a program says when it can take turns.
type ready struct {
	First   float64   `json:"first"`  // seconds to the first loss, compiling and placing the data included
	Losses  []float64 `json:"losses"` // means over the epochs that are compared, in nats
	Version string    `json:"version"`
}

// turn is what a program answers.
type turn struct {
	Steps   int     `json:"steps"`
	Seconds float64 `json:"seconds"`
}

// serve is a program's side, in this process.
func serve(argument string) error {
	var s spec
	if err := json.Unmarshal([]byte(argument), &s); err != nil {
		return fmt.Errorf("bench: the spec: %w", err)
	}
	content, err := os.ReadFile(s.Data)
	if err != nil {
		return err
	}
	h := &hand{spec: s, in: bufio.NewScanner(os.Stdin), out: os.Stdout, now: time.Now}
	if s.Mode == "plain" {
		return trainPlain(h, content)
	}
	return train(h, content)
}

// train is the kit as its readers call it; the progress report is where it takes turns.
func train(h *hand, content []byte) error {
	encoder, err := net(h.spec.Encoder, h.spec.Shape)
	if err != nil {
		return err
	}
	decoder, err := net(h.spec.Decoder, h.spec.Shape)
	if err != nil {
		return err
	}
	model := vaekit.Model{Encoder: encoder, Latent: h.spec.Latent, Decoder: decoder}
	if h.spec.Sigma > 0 {
		model.Likelihood = dist.Gaussian{Scale: h.spec.Sigma}
	}
	data, err := h.spec.dataset(content)
	if err != nil {
		return err
	}
	how := vaekit.Training{
		Epochs: math.MaxInt32, Batch: h.spec.Batch, Rate: h.spec.Rate,
		Progress: func(r vaekit.Report) {
			var losses []float64
			if len(r.History) == h.spec.Epochs {
				for _, e := range r.History {
					losses = append(losses, e.Train.Loss)
				}
			}
			h.took(r.Step, losses)
		},
	}
	if h.spec.Mode == "each" {
		how.LogEvery = 1
	}
	h.begin()
	_, err = vaekit.Train(model, data, how)
	return err
}

// A hand takes a program's turns: it is told of every step, or of some at once, and holds
// the program up while it is another's turn.
type hand struct {
	spec spec
	in   *bufio.Scanner
	out  io.Writer
	now  func() time.Time

	began  time.Time // of training, then of the turn
	first  float64
	losses []float64
	ready  bool
	wanted float64 // seconds of this turn
	from   int     // the step it began at
}

// begin starts the clock of the first step.
func (h *hand) begin() { h.began = h.now() }

// took hears how many steps have been taken in all, and the mean losses of the epochs to
// compare once these are done. It ends the process when nobody asks for turns any more.
func (h *hand) took(steps int, losses []float64) {
	if steps == 0 {
		return
	}
	if h.first == 0 {
		h.first = h.now().Sub(h.began).Seconds()
	}
	if h.losses == nil && len(losses) == h.spec.Epochs {
		h.losses = losses
	}
	if !h.ready {
		if len(h.losses) < h.spec.Epochs {
			return
		}
		h.ready = true
		h.say(ready{h.first, h.losses, "GoMLX on " + runtime.Version()})
	} else {
		seconds := h.now().Sub(h.began).Seconds()
		if seconds < h.wanted {
			return
		}
		h.say(turn{steps - h.from, seconds})
	}
	if !h.in.Scan() {
		os.Exit(0)
	}
	wanted, err := strconv.ParseFloat(h.in.Text(), 64)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench: a turn of", h.in.Text(), "seconds was asked for")
		os.Exit(1)
	}
	h.wanted, h.from, h.began = wanted, steps, h.now()
}

func (h *hand) say(what any) {
	if err := json.NewEncoder(h.out).Encode(what); err != nil {
		os.Exit(1) // nobody listens
	}
}
