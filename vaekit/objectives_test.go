package vaekit_test

import (
	"bytes"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit"
	"github.com/vaebook/vaebook/vaekit/dist"
	"github.com/vaebook/vaebook/vaekit/internal/check"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// WakeSleep is a reader's own objective: reweighted wake-sleep (Bornschein and Bengio, 2015).
// The decoder lowers the importance-weighted bound; the encoder raises the density of
// draws, taken as they are, by their share of the weights.
type WakeSleep struct{ K int }

func (o WakeSleep) Samples() (k, m int) { return o.K, 1 }
func (WakeSleep) Params() []nets.Param  { return nil }
func (o WakeSleep) Loss(t *vaekit.Terms) vaekit.Loss {
	share := graph.StopGradient(graph.Softmax(t.LogWeight(), 0)) // [K, 1, batch]
	logQ := t.Posterior.LogProb(graph.StopGradient(t.Z))
	return vaekit.Loss{
		Value:   vaekit.IWAE{K: o.K}.Loss(t).Value,
		Encoder: graph.Neg(t.BatchMean(graph.ReduceSum(graph.Mul(share, logQ), 0))),
	}
}

func init() { vaekit.Register(WakeSleep{}) }

// Every objective trains, is written beside the weights, and stopped and taken up again
// ends bit for bit as if it had not been.
func TestObjectivesAreWrittenAndTakenUpAgain(t *testing.T) {
	onGo(t)
	all := maps.Clone(vaekit.Objectives)
	all["a reader's own"] = WakeSleep{K: 4}
	for name, o := range all {
		m := floatModel()
		m.Objective = o
		how := vaekit.Training{Dir: t.TempDir(), Epochs: 3, Batch: 40, Holdout: 0.25, Rate: 1e-2}
		train(t, m, floatsOf(), how)
		if again := must[*vaekit.Run](t)(vaekit.Load(how.Dir)); !reflect.DeepEqual(again.Model.Objective, o) {
			t.Errorf("%s, %#v, is read as %#v", name, o, again.Model.Objective)
		}
		before := weights(t, how.Dir)
		how.Dir = t.TempDir()
		for _, how.Epochs = range []int{1, 3} {
			train(t, m, floatsOf(), how)
		}
		if !bytes.Equal(before, weights(t, how.Dir)) {
			t.Errorf("%s: stopped after an epoch and taken up again, the run ends otherwise", name)
		}
	}
}

// What an objective keeps between steps is carried, saved and taken up again.
func TestGECOReachesItsBound(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, _ *engine.Backend) {
		m := floatModel()
		m.Likelihood, m.Objective = dist.Gaussian{Scale: 0.5}, vaekit.GECO{Distortion: 6, Average: 0.9, Speed: 0.01}
		data := floats(t, 400)
		how := vaekit.Training{Dir: t.TempDir(), Epochs: 200, Batch: 40, Rate: 3e-3}
		whole := train(t, m, data, how)
		var late float64 // of the last 50 epochs, which differ by about 0.4
		for _, e := range whole.History[150:] {
			late += e.Train.Distortion / 50
		}
		near(t, "the distortion that was asked for", late, 6, 0.3)
		before := weights(t, how.Dir)

		how.Dir = t.TempDir()
		for _, how.Epochs = range []int{7, 200} {
			train(t, m, data, how)
		}
		if !bytes.Equal(before, weights(t, how.Dir)) {
			t.Error("stopped after 7 epochs and taken up again, the run ends otherwise")
		}
	})
}

// The encoder's own loss moves the encoder and the posterior, and nothing else; and it
// gets somewhere.
func TestDReGMovesTheEncoderAlone(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, _ *engine.Backend) {
		after := func(encoder vaekit.Estimator, epochs int) *vaekit.Run {
			m := floatModel()
			m.Likelihood, m.Objective = dist.Gaussian{Scale: 0.5}, vaekit.IWAE{K: 8, Encoder: encoder}
			return train(t, m, floats(t, 256), vaekit.Training{Epochs: epochs, Batch: 256, Rate: 1e-2, Seed: 2})
		}
		plain, doubly := after(vaekit.Bound, 1), after(vaekit.DReG, 1)
		z := []float32{0.3, -0.7}
		a, b := must[*datasets.Batch](t)(plain.Decode(z)), must[*datasets.Batch](t)(doubly.Decode(z))
		if !slices.Equal(a.Values, b.Values) {
			t.Error("after one step the decoders differ")
		}
		p, q := must[*vaekit.Latents](t)(plain.Encode(floats(t, 256))), must[*vaekit.Latents](t)(doubly.Encode(floats(t, 256)))
		if slices.Equal(p.Mean, q.Mean) {
			t.Error("after one step the encoders are the same")
		}
		if long := after(vaekit.DReG, 100); long.History[99].Train.Loss > 0.8*long.History[0].Train.Loss {
			t.Errorf("100 steps of DReG went from %.3f to %.3f", long.History[0].Train.Loss, long.History[99].Train.Loss)
		}
	})
}

// What there is not is an error.
func TestObjectivesRefuse(t *testing.T) {
	onGo(t)
	m := floatModel()
	m.Objective = vaekit.IWAE{Encoder: "best"}
	_, err := vaekit.Train(m, floatsOf(), vaekit.Training{Epochs: 1})
	if want := `there is no IWAE.Encoder "best"; it is Bound, PIWAE, DReG or STL`; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("want an error with %q, got %v", want, err)
	}
}
