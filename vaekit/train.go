package vaekit

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/gofrs/flock"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// Train fits a model to data and returns the run.
//
// On a folder that holds a run it goes on with it, bit for bit as if it had never
// stopped; a finished run is returned at once. A run of another model, other
// settings or other data is left alone: the error names the first difference.
// After an interrupt the run is saved and the error is [ErrStopped].
//
//	run, err := vaekit.Train(model, digits.Train, vaekit.Training{Dir: "runs/digits", Epochs: 50})
func Train(model Model, data datasets.Dataset, how Training) (run *Run, err error) {
	defer recovered(&err)
	s, err := newSession(model, data, how)
	if err != nil {
		return nil, err
	}
	defer s.unlock()
	if err := s.open(); err != nil {
		return nil, err
	}
	if s.done() {
		newPace(s).report(true)
		return s.run()
	}
	if how.Dir != "" && s.locked == nil {
		return nil, fmt.Errorf("vaekit: %s cannot be written by this user, so no training can be kept there; take another Dir", how.Dir)
	}
	trained := s.train()
	if trained != nil && !errors.Is(trained, ErrStopped) {
		return nil, trained
	}
	if run, err = s.run(); err != nil {
		return nil, err
	}
	return run, trained
}

// A session is one call of Train.
type session struct {
	how         Training
	model       *built
	backend     *engine.Backend
	description description
	trainer     *engine.Trainer
	feed        *feed
	valid       datasets.Dataset
	losses      *looker // measures valid
	finite      *finite // made when a step is dropped
	history     []Epoch
	best        []engine.Tensor // the weights of the best epoch, by their names in a checkpoint
	step        int
	warning     string
	lines       []string
	batches     []Losses     // of the steps that Progress has not heard of
	stopped     func() error // an error once the user has interrupted

	locked  *flock.Flock
	writing chan error // the checkpoint being written; nil: none is
}

func newSession(model Model, data datasets.Dataset, how Training) (*session, error) {
	how, err := how.filled()
	if err != nil {
		return nil, err
	}
	if data == nil || data.Len() == 0 {
		return nil, errors.New("vaekit: there is no data to train on")
	}
	b, err := model.build(data.Shape())
	if err != nil {
		return nil, err
	}
	train, valid, err := how.split(data)
	if err != nil {
		return nil, fmt.Errorf("vaekit: %w", err)
	}
	first, err := datasets.Read(train, firstIndices(train.Len(), 256)...)
	if err != nil {
		return nil, fmt.Errorf("vaekit: reading the data: %w", err)
	}
	if _, err := b.Likelihood.Check(unmasked(first)); err != nil {
		return nil, fmt.Errorf("vaekit: Model.Likelihood does not suit the data: %w", err)
	}
	if err := b.classes(first.Labels); err != nil {
		return nil, err
	}
	set := how.settings(train.Len())
	if set.Data, err = fingerprint(train, b.Classes > 0); err != nil {
		return nil, err
	}
	if how.Plateau.Patience > 0 && how.Validation != nil {
		if set.Held, err = fingerprint(how.Validation, b.Classes > 0); err != nil {
			return nil, err
		}
	}
	training, err := set.describe()
	if err != nil {
		return nil, err
	}
	s := &session{how: how, model: b, valid: valid}
	if s.description, err = describeRun(b.Model, b.event, training); err != nil {
		return nil, err
	}
	if set.Batch%how.Devices != 0 {
		return nil, fmt.Errorf("vaekit: a batch of %d examples does not divide among Training.Devices, %d", set.Batch, how.Devices)
	}
	if s.backend, err = engine.Devices(how.Devices); err != nil {
		return nil, fmt.Errorf("vaekit: %w", err)
	}
	s.description.Made = madeOn(s.backend)
	s.lines = []string{s.backend.Line}
	s.feed = newFeed(s.backend, train, how.Batch, how.Seed)
	s.feed.check, s.feed.labels = b.explains, b.Classes > 0
	vars, err := variables(b.params(), how.Seed, train)
	if err != nil {
		return nil, err
	}
	if how.From != nil {
		without, err := how.From.lend(vars)
		if err != nil {
			return nil, err
		}
		if len(without) > 0 {
			s.lines = append(s.lines, "Training.From has nothing for "+strings.Join(without, ", "))
		}
	}
	if s.trainer, err = engine.NewTrainer(s.backend, how.Seed, how.recipe(), vars, b.in(how.Precision).loss(train.Len())); err != nil {
		return nil, fmt.Errorf("vaekit: %w", err)
	}
	return s, nil
}

// loss is the model's objective as the engine wants it.
func (b *built) loss(examples int) func(*engine.Build) engine.Loss {
	return func(e *engine.Build) engine.Loss {
		pass := nets.NewPass(true, e.Values, e.Noise).Labelled(e.Labels)
		t, loss := b.objective(pass, e.X, e.Mask, nil, e.Step, examples)
		l := loss.forEngine()
		l.Measures = [3]*graph.Node{loss.Value, t.Distortion(), t.Rate()}
		l.State = pass.Changed()
		return l
	}
}

// forEngine says what is lowered by which parameters.
func (l Loss) forEngine() engine.Loss {
	return engine.Loss{Value: l.Value, Instead: l.Encoder, InsteadOf: func(name string) bool {
		return strings.HasPrefix(name, "encoder.") || strings.HasPrefix(name, "posterior.")
	}}
}

// open takes over what the folder holds.
func (s *session) open() error {
	dir := s.how.Dir
	if dir == "" {
		return nil
	}
	if err := s.lock(); err != nil {
		return err
	}
	if s.how.Restart {
		if err := clearRun(dir); err != nil {
			return err
		}
	}
	held, err := readDescription(os.DirFS(dir))
	if err != nil {
		return fmt.Errorf("vaekit: %s: %w; take another Dir, or Restart: true to begin anew", dir, err)
	}
	all, text, warning, err := engine.LoadWeights(os.DirFS(dir))
	if errors.Is(err, engine.ErrNoWeights) {
		if s.locked == nil { // Train says that nothing can be kept there
			return nil
		}
		// A run that ended before its first checkpoint did so perhaps because of what is mended now.
		return s.description.write(dir)
	}
	if held == nil {
		return fmt.Errorf("vaekit: %s holds weights and no %s to say of which run; take another Dir, or Restart: true to begin anew", dir, descriptionFile)
	}
	if diff := held.difference(s.description); diff != "" {
		return fmt.Errorf("vaekit: %s holds another run: %s (there and asked for); take another Dir, or Restart: true to begin anew", dir, diff)
	}
	if err != nil {
		return fmt.Errorf("vaekit: %s: %w; take another Dir, or Restart: true to begin anew", dir, err)
	}
	n, err := held.noteOf(text)
	if err != nil {
		return fmt.Errorf("vaekit: %s: %w; take another Dir, or Restart: true to begin anew", dir, err)
	}
	if s.locked != nil && held.Opaque != "" && s.description.Opaque == "" { // registered since
		if err := s.description.write(dir); err != nil {
			return err
		}
	}
	if err := s.trainer.Restore(all); err != nil {
		return fmt.Errorf("vaekit: %s: %w", dir, err)
	}
	for _, t := range all {
		if strings.HasPrefix(t.Name, bestPrefix) {
			s.best = append(s.best, t)
		}
	}
	s.step, s.history, s.warning = n.Step, n.History, warning
	if warning != "" {
		s.lines = append(s.lines, warning)
	}
	if n.Backend != s.backend.Kind && !s.done() {
		s.lines = append(s.lines, fmt.Sprintf("the steps so far were taken on backend %s; from here on the noise is that of backend %s, and the run is not the one that either alone would make", n.Backend, s.backend.Kind))
	}
	if s.locked == nil { // it cannot be written
		return nil
	}
	return engine.Sweep(dir)
}

func (s *session) steps() int { return s.how.Epochs * s.feed.steps }

// done says that nothing is left to do: all epochs are, or patience is at its end.
func (s *session) done() bool {
	if s.step != len(s.history)*s.feed.steps && s.step < s.steps() {
		return false
	}
	best := s.bestEpoch() // 0 before the first finite held-out loss, from which patience counts
	return len(s.history) >= s.how.Epochs || best > 0 && s.how.Patience > 0 && len(s.history)-best >= s.how.Patience
}

// train takes the steps that are left.
func (s *session) train() (err error) {
	stop := make(chan os.Signal, 1)
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		if !signal.Ignored(sig) { // as of a job in a script's background
			signal.Notify(stop, sig)
		}
	}
	defer signal.Stop(stop)
	defer s.feed.close()
	defer func() { err = errors.Join(err, s.written()) }()

	s.feed.interrupt = stop
	s.stopped = func() error {
		select {
		case <-stop:
			return s.stop()
		default:
			return nil
		}
	}
	pace := newPace(s)
	defer pace.report(true)
	saved := time.Now()
	for {
		if err := s.endEpoch(); err != nil {
			return err
		}
		if s.done() {
			return s.save(true)
		}
		if time.Since(saved) >= s.how.SaveEvery {
			if err := s.save(false); err != nil {
				return err
			}
			saved = time.Now()
		}
		if err := s.stopped(); err != nil {
			return err
		}
		pace.report(false)
		if err := s.chunk(pace); err != nil {
			return err
		}
	}
}

// stop saves an interrupted run.
func (s *session) stop() error {
	if s.how.Dir == "" {
		return fmt.Errorf("%w and not kept, because Training.Dir is empty", ErrStopped)
	}
	if err := s.save(true); err != nil {
		return errors.Join(ErrStopped, err)
	}
	return fmt.Errorf("%w and is saved in %s; the same call to Train goes on from there", ErrStopped, s.how.Dir)
}

// run is what training has made so far.
func (s *session) run() (*Run, error) {
	all, n, err := s.checkpoint()
	if err != nil {
		return nil, err
	}
	return newRun(s.backend, s.model, s.description, s.how.Dir, all, n, s.warning)
}

// indicesAllOver are want of the numbers below have, at equal distances; all where there are fewer.
func indicesAllOver(have, want int) []int {
	indices := make([]int, min(have, want))
	for i := range indices {
		indices[i] = i * have / len(indices)
	}
	return indices
}

func firstIndices(have, want int) []int {
	indices := make([]int, min(have, want))
	for i := range indices {
		indices[i] = i
	}
	return indices
}
