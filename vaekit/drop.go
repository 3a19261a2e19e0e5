package vaekit

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gomlx/gomlx/core/graph"

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
	cause := "its values are finite, so the weights or the learning rate are to blame: try a lower Training.Rate, a Schedule that warms up, or Clip"
	first := ""
	if err := s.feed.show(&batch, indices); errors.Is(err, errInterrupted) {
		return err
	} else if err == nil {
		if culprits := notFinite(&batch, indices); culprits != "" {
			names, cause = culprits, "the data holds a value that is not finite: mask it or leave the example out"
		} else if culprit, err := s.firstNotFinite(&batch, bad); err != nil { // no memory for it, say
			first = fmt.Sprintf("; what was first could not be found: %v", err)
		} else if culprit != "" {
			first = "; first not finite is " + culprit
		}
	}
	s.lines = append(s.lines, fmt.Sprintf("step %d was dropped, its loss or gradient is not finite (%g dropped in this epoch); it saw %s%s",
		bad, status.Dropped, names, first))
	if status.Streak < engine.MaxStreak {
		return nil
	}
	// The last checkpoint stays as it is: training that goes on from here could take no step.
	return fmt.Errorf("vaekit: %d steps in a row, up to step %d (epoch %d), had a loss or gradient that is not finite; "+
		"the last saw %s%s; %s. The learning rate was %.3g", engine.MaxStreak, bad, epoch+1, names, first, cause, status.Rate)
}

// firstNotFinite takes a dropped step again, without its update, and says which layer,
// term or gradient is the first that is not finite, in the order in which a step comes
// to them; "" where all are.
func (s *session) firstNotFinite(batch *datasets.Batch, step int) (string, error) {
	weights := s.trainer.Trained()
	if s.finite == nil {
		var err error
		if s.finite, err = s.newFinite(weights.Names()); err != nil {
			return "", err
		}
	}
	args := append(s.model.leading(engine.StepKey(s.how.Seed, step), batch.Len(), batch.Labels),
		engine.Tensor{Name: "step", Shape: []int{1}, Data: []float32{float32(step)}})
	for _, t := range inputs(batch) {
		args = append(args, rowsOf(t, batch.Len(), t.Floats()))
	}
	out, err := s.finite.look.Call(weights, args...)
	if err != nil {
		return "", err
	}
	for i, bad := range out[0].Floats() {
		if bad != 0 {
			return s.finite.names[i], nil
		}
	}
	return "", nil
}

// finite counts what is not finite in each part of a step.
type finite struct {
	look  *engine.Function // of what leads, step, x and perhaps a mask: [parts]
	names []string         // of the parts
}

func (s *session) newFinite(weights []string) (*finite, error) {
	f := &finite{}
	vars := s.model.params()
	var err error
	f.look, err = s.backend.NewFunction(weights, func(values map[string]*graph.Node, in []*graph.Node) []*graph.Node {
		f.names = nil
		var counts []*graph.Node
		look := func(name string, value *graph.Node) {
			f.names = append(f.names, name)
			bad := graph.ReduceAllSum(graph.Where(graph.IsFinite(value), graph.ZerosLike(value), graph.OnesLike(value)))
			counts = append(counts, graph.Reshape(bad, 1))
		}
		pass, in := s.model.pass(true, values, in)
		pass.Watch(func(layer string, out *graph.Node) { look("the output of "+layer, out) })
		t, loss := s.model.in(s.how.Precision).objective(pass, in[1], at(in, 2), nil, graph.Reshape(in[0]), s.feed.data.Len())
		look("the draw of z", t.Z)
		look("the term log p(x|z)", t.LogLikelihood)
		look("the term log p(z)", t.LogPrior)
		look("the term log q(z|x)", t.LogPosterior)
		if t.KL != nil {
			look("the term KL(q(z|x) ‖ p(z))", t.KL)
		}
		look("the loss", loss.Value)
		if loss.Encoder != nil {
			look("the encoder's loss", loss.Encoder)
		}
		// Gradients are come to from the end of the model.
		var learned []*graph.Node
		var of []string
		for _, v := range slices.Backward(vars) {
			if !v.State {
				learned, of = append(learned, values[v.Name]), append(of, v.Name)
			}
		}
		for i, gradient := range loss.forEngine().Gradients(of, learned) {
			look("the gradient of "+of[i], gradient)
		}
		return []*graph.Node{graph.Concatenate(counts, 0)}
	})
	if err != nil {
		return nil, err
	}
	return f, nil
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
