package vaekit

import (
	"errors"
	"fmt"
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
	every := s.how.LogEvery
	if every > 0 {
		to = min(to, (at/every+1)*every)
	}
	began := time.Now()
	if err := s.trainer.Run(s.feed.table, s.feed.from, at-s.feed.from, to-s.feed.from); err != nil {
		return fmt.Errorf("vaekit: epoch %d, from batch %d on: %w", epoch+1, at+1, err)
	}
	status, err := s.trainer.Status()
	if err != nil {
		return err
	}
	if int(status.Step) == s.step {
		return fmt.Errorf("vaekit: training stands still at step %d", s.step)
	}
	pace.took(int(status.Step)-s.step, time.Since(began))
	pace.status = status
	dropped := status.LastBad >= float64(s.step)
	s.step = int(status.Step)
	if dropped {
		if err := s.explainDrop(epoch, status); errors.Is(err, errInterrupted) {
			return s.stop()
		} else if err != nil {
			return err
		}
	}
	if every > 0 && to%every == 0 {
		s.lines = append(s.lines, fmt.Sprintf("epoch %d, batch %d: loss %.4g", epoch+1, to, status.Last[0]))
	}
	return nil
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
	line := Epoch{Epoch: epoch + 1, Train: means(status), Dropped: int(status.Dropped)}
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
		} else { // JSON has no word for it
			s.lines = append(s.lines, fmt.Sprintf("epoch %d: the loss on the held-out data is not finite", epoch+1))
		}
	}
	s.history = append(s.history, line)
	return nil
}

func means(s engine.Status) Losses {
	n := max(s.Counted, 1)
	return Losses{s.Sums[0] / n, s.Sums[1] / n, s.Sums[2] / n}
}
