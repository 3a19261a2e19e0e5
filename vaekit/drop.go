package vaekit

import (
	"errors"
	"fmt"
	"strings"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
)

// explainDrop says which examples a dropped step saw. It is an error once too
// many were dropped in a row.
func (s *session) explainDrop(epoch int, status engine.Status) error {
	bad := int(status.LastBad)
	indices := s.feed.examples(bad % s.feed.steps)
	var batch datasets.Batch
	names := "examples " + strings.Trim(fmt.Sprint(indices[:min(8, len(indices))]), "[]")
	if len(indices) > 8 {
		names += " …"
	}
	cause := "its values are finite, so the weights or the learning rate are to blame: try a lower Training.Rate"
	if err := s.feed.show(&batch, indices); errors.Is(err, errInterrupted) {
		return err
	} else if err == nil {
		if culprits := notFinite(&batch, indices); culprits != "" {
			names, cause = culprits, "the data holds a value that is not finite: mask it or leave the example out"
		}
	}
	s.lines = append(s.lines, fmt.Sprintf("step %d was dropped, its loss or gradient is not finite (%g dropped in this epoch); it saw %s",
		bad, status.Dropped, names))
	if status.Streak < engine.MaxStreak {
		return nil
	}
	// The last checkpoint stays as it is: training that goes on from here could take no step.
	return fmt.Errorf("vaekit: %d steps in a row, up to step %d (epoch %d), had a loss or gradient that is not finite; "+
		"the last saw %s; %s. The learning rate had been halved to %g", engine.MaxStreak, bad, epoch+1, names, cause,
		s.how.Rate*status.RateScale)
}

// notFinite names the examples of a batch that hold a NaN or an infinity.
func notFinite(b *datasets.Batch, indices []int) string {
	var names []string
	for i, index := range indices {
		n := datasets.Size(b.Shape)
		for j, v := range b.Example(i) {
			if v-v != 0 && (b.Mask == nil || b.Mask[i*n+j] != 0) {
				name := fmt.Sprint("example ", index)
				if b.Origin != nil {
					name += " (" + b.Origin[i] + ")"
				}
				names = append(names, name)
				break
			}
		}
	}
	return strings.Join(names, ", ")
}
