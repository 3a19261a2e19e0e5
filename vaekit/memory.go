package vaekit

import "fmt"

// tooLarge is the error of a step that did not fit into memory, with the largest batch
// that does: it is found by taking a step of half as many examples, and half of those.
func (s *session) tooLarge(err error) error {
	s.feed.free() // the trials hold the data again
	asked := min(s.how.Batch, s.feed.data.Len())
	for times := 2; asked/times >= s.how.Devices; times *= 2 {
		batch := asked / times / s.how.Devices * s.how.Devices
		if s.fits(batch) {
			return fmt.Errorf("%w. Batch: %d does not fit; Batch: %d does, and with Accumulate: %d it makes the same updates",
				err, asked, batch, max(s.how.Accumulate, 1)*times)
		}
	}
	return fmt.Errorf("%w. Not even the smallest batch fits: make the nets smaller", err)
}

// fits says whether a step of a batch can be taken.
func (s *session) fits(batch int) bool {
	how := s.how
	how.Dir, how.Progress, how.Holdout, how.Validation, how.Patience = "", nil, 0, nil, 0
	how.Batch = batch
	trial, err := newSession(s.model.Model, s.feed.data, how)
	if err != nil {
		return false
	}
	defer trial.feed.close()
	if err := trial.feed.seek(0, 0, false); err != nil {
		return false
	}
	_, err = trial.trainer.Run(trial.feed.table, 0, 0, 1)
	return err == nil
}
