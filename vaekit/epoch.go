package vaekit

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/vaebook/vaebook/vaekit/internal/engine"
)

// chunk takes as many steps as fit into a moment.
func (s *session) chunk(pace *pace) error {
	epoch, at := s.step/s.feed.steps, s.step%s.feed.steps
	if err := s.feed.seek(epoch, at, epoch+1 < s.how.Epochs); errors.Is(err, errInterrupted) {
		return s.stop()
	} else if err != nil {
		return err
	}
	to := min(at+pace.chunk(), s.feed.to)
	began := time.Now()
	measures, err := s.trainer.Run(s.feed.table, s.feed.from, at-s.feed.from, to-s.feed.from)
	if err != nil {
		err = fmt.Errorf("vaekit: epoch %d, from batch %d on: %w", epoch+1, at+1, err)
		if errors.Is(err, engine.ErrMemory) {
			return s.tooLarge(err)
		}
		return err
	}
	if len(measures) == 0 {
		return fmt.Errorf("vaekit: training stands still at step %d", s.step)
	}
	status, err := s.trainer.Status()
	if err != nil {
		return err
	}
	pace.took(len(measures), time.Since(began))
	pace.status = status
	s.tellBatches(epoch, at, measures)
	dropped := status.LastBad >= float64(s.step)
	s.step = int(status.Step)
	if dropped {
		if err := s.explainDrop(epoch, status); errors.Is(err, errInterrupted) {
			return s.stop()
		} else if err != nil {
			return err
		}
	}
	return nil
}

// tellBatches keeps the losses of steps for the next report, and a line of each
// LogEvery-th.
func (s *session) tellBatches(epoch, at int, measures [][3]float64) {
	for i, m := range measures {
		s.batches = append(s.batches, Losses{m[0], m[1], m[2]})
		if batch := at + i + 1; s.how.LogEvery > 0 && batch%s.how.LogEvery == 0 {
			s.lines = append(s.lines, fmt.Sprintf("epoch %d, batch %d: loss %.4g", epoch+1, batch, m[0]))
		}
	}
}

// endEpoch writes the line of the history for an epoch whose steps are done, unless
// it is there. An interrupt while it measures leaves that to the next call.
func (s *session) endEpoch() error {
	if s.step < (len(s.history)+1)*s.feed.steps {
		return nil
	}
	status, err := s.trainer.Status()
	if err != nil {
		return err
	}
	epoch := len(s.history)
	line := Epoch{Epoch: epoch + 1, Train: means(status), Dropped: int(status.Dropped), Skipped: int(status.Skipped), LearningRate: status.Rate}
	if s.valid != nil {
		if err := s.feed.settle(); errors.Is(err, errInterrupted) {
			return s.stop()
		}
		if s.losses == nil {
			s.losses = newLooker(s.backend, s.model)
		}
		valid, err := s.losses.losses(s.trainer.Weights(), s.valid, s.how.Seed, s.step, s.feed.data.Len(), s.stopped)
		if errors.Is(err, ErrStopped) {
			return err
		}
		if err != nil {
			return fmt.Errorf("vaekit: measuring the held-out data: %w", err)
		}
		if sum := valid.Loss + valid.Distortion + valid.Rate; sum-sum == 0 {
			line.Validation = &valid
			if err := s.keepBest(line); err != nil {
				return err
			}
		} else { // JSON has no word for it
			s.lines = append(s.lines, fmt.Sprintf("epoch %d: the loss on the held-out data is not finite", epoch+1))
		}
	}
	s.history = append(s.history, line)
	var losses []float64
	for _, e := range s.history {
		losses = append(losses, s.watched(e))
	}
	return s.trainer.SetPlateau(s.how.Plateau.Scale(losses))
}

// watched is the loss of an epoch that decides of the learning rate and of patience: on
// held-out data where there is any; no number where there is no loss.
func (s *session) watched(e Epoch) float64 {
	switch {
	case e.Validation != nil:
		return e.Validation.Loss
	case s.valid != nil || e.Dropped == s.feed.steps:
		return math.NaN()
	}
	return e.Train.Loss
}

// bestEpoch is the epoch with the lowest loss, from 1; 0 where there is none.
func (s *session) bestEpoch() int {
	best, lowest := 0, math.Inf(1)
	for _, e := range s.history {
		if loss := s.watched(e); loss < lowest {
			best, lowest = e.Epoch, loss
		}
	}
	return best
}

// keepBest keeps the weights that were just measured, if none were better.
func (s *session) keepBest(line Epoch) error {
	if at := s.bestEpoch(); at > 0 && s.watched(s.history[at-1]) <= line.Validation.Loss {
		return nil
	}
	weights, err := s.trainer.Weights().Fetch()
	if err != nil {
		return err
	}
	for i := range weights {
		weights[i].Name = bestPrefix + weights[i].Name
	}
	s.best = weights
	return nil
}

func means(s engine.Status) Losses {
	n := max(s.Counted, 1)
	return Losses{s.Sums[0] / n, s.Sums[1] / n, s.Sums[2] / n}
}
