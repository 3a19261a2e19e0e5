package vaekit_test

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit"
	"github.com/vaebook/vaebook/vaekit/dist"
	"github.com/vaebook/vaebook/vaekit/internal/check"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// classes are n points of three classes about their own centres, all of the same shape.
func classes(t testing.TB, n int) *datasets.Examples {
	rng := engine.Rand(1, "classes", 0)
	var values []float32
	var labels []int
	for i := range n {
		u := float32(rng.NormFloat64())
		labels = append(labels, i%3)
		values = append(values, 4*float32(i%3)+u, u+0.1*float32(rng.NormFloat64()))
	}
	return must[*datasets.Examples](t)(datasets.FromFloats([]int{2}, values, labels))
}

func classModel() vaekit.Model {
	m := floatModel()
	m.Latent, m.Classes = 1, 3
	return m
}

// A model that is given the class draws what belongs to it, keeps no class in z, and pays
// less for z than one that must tell the classes apart there.
func TestClasses(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, _ *engine.Backend) {
		data := classes(t, 900)
		how := vaekit.Training{Dir: t.TempDir(), Epochs: 60, Batch: 30, Rate: 5e-3, Holdout: 0.1}
		run := train(t, classModel(), data, how)
		for class := range 3 {
			one := must[*vaekit.Run](t)(run.Class(class))
			drawn := must[*datasets.Batch](t)(one.Sample(200))
			var mean float64
			for i := range 200 {
				mean += float64(drawn.Values[2*i]) / 200
			}
			near(t, "the centre of a class", mean, 4*float64(class), 0.5)
			as := must[*datasets.Batch](t)(one.Reconstruct(data))
			original := must[*datasets.Batch](t)(datasets.Read(data, 0))
			near(t, "an example of class 0 as another", float64(as.Values[0]), float64(original.Values[0])+4*float64(class), 1)
		}
		turns := must[*datasets.Batch](t)(run.Sample(5))
		for i, label := range turns.Labels {
			if label != i%3 || math.Abs(float64(turns.Values[2*i])-4*float64(label)) > 4 {
				t.Errorf("sample %d has class %d and lies at %v", i, label, turns.Example(i))
			}
		}
		with := must[vaekit.Figures](t)(run.Evaluate(data, vaekit.Evaluation{ImportanceSamples: 50}))
		without := classModel()
		without.Classes = 0
		alone := must[vaekit.Figures](t)(train(t, without, data, vaekit.Training{Epochs: 60, Batch: 30, Rate: 5e-3}).Evaluate(data, vaekit.Evaluation{}))
		if with.ELBO < alone.ELBO+0.5 { // up to log 3 of information about the class
			t.Errorf("ELBO %.3f with the class and %.3f without", with.ELBO, alone.ELBO)
		}
		near(t, "held-out loss", run.History[59].Validation.Loss, -with.ELBO, 1)

		// As a stream, stopped and taken up again, it is the same run.
		halves := how
		halves.Dir = t.TempDir()
		train(t, classModel(), struct{ datasets.Dataset }{data}, vaekit.Training{Dir: halves.Dir, Epochs: 2, Batch: 30, Rate: 5e-3, Holdout: 0.1})
		short := t.TempDir()
		train(t, classModel(), struct{ datasets.Dataset }{data}, vaekit.Training{Dir: short, Epochs: 1, Batch: 30, Rate: 5e-3, Holdout: 0.1})
		train(t, classModel(), struct{ datasets.Dataset }{data}, vaekit.Training{Dir: short, Epochs: 2, Batch: 30, Rate: 5e-3, Holdout: 0.1})
		if !bytes.Equal(weights(t, halves.Dir), weights(t, short)) {
			t.Error("stopped after an epoch and taken up again, the run ends otherwise")
		}
		all := must[*datasets.Batch](t)(datasets.All(data))
		for i := range all.Labels {
			all.Labels[i] = (all.Labels[i] + 1) % 3
		}
		others := must[*datasets.Examples](t)(datasets.FromFloats([]int{2}, all.Values, all.Labels))
		if _, err := vaekit.Train(classModel(), others, how); err == nil || !strings.Contains(err.Error(), "other data") {
			t.Errorf("with other labels the run is taken for the same: %v", err)
		}
		loaded := must[*vaekit.Run](t)(vaekit.Load(how.Dir))
		if loaded.Model.Classes != 3 {
			t.Errorf("loaded, the model has %d classes", loaded.Model.Classes)
		}
	})
}

// VampPrior's pseudo-inputs are of no class.
func TestClassesWithVampPrior(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, _ *engine.Backend) {
		m := classModel()
		m.Prior = dist.VampPrior{Components: 4}
		run := train(t, m, classes(t, 90), vaekit.Training{Epochs: 2, Batch: 30})
		must[*datasets.Batch](t)(run.Sample(4))
	})
}

func TestClassesThatAreNot(t *testing.T) {
	onGo(t)
	run := train(t, classModel(), classes(t, 60), vaekit.Training{Epochs: 1, Batch: 30})
	unlabelled := must[*datasets.Examples](t)(datasets.FromFloats([]int{2}, make([]float32, 60), nil))
	fewer := classModel()
	fewer.Classes = 2
	for what, try := range map[string]func() error{
		"no labels":      func() error { _, err := vaekit.Train(classModel(), unlabelled, vaekit.Training{}); return err },
		"has label 2":    func() error { _, err := vaekit.Train(fewer, classes(t, 60), vaekit.Training{}); return err },
		"run.Class":      func() error { _, err := run.Decode([]float32{0}); return err },
		"class 3":        func() error { _, err := run.Class(3); return err },
		"give it some":   func() error { _, err := run.Encode(unlabelled); return err },
		"Classes is -1;": func() error { m := classModel(); m.Classes = -1; _, err := m.Summary(2); return err },
	} {
		if err := try(); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("error %v does not speak of %q", err, what)
		}
	}
}

// Of sixty classes, which z could tell apart as well, the decoder learns each at once: what
// is reconstructed as another class is of that class. Told them as 0 and 1 it knows ten
// after as many epochs.
func TestManyClasses(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, _ *engine.Backend) {
		const classes, dims, n = 60, 100, 1800
		rng := engine.Rand(2, "classes", 0)
		centres := make([]float32, classes*dims)
		for i := range centres {
			centres[i] = float32(rng.NormFloat64())
		}
		var values []float32
		var labels []int
		for i := range n {
			labels = append(labels, i%classes)
			for d := range dims {
				values = append(values, centres[i%classes*dims+d]+0.1*float32(rng.NormFloat64()))
			}
		}
		data := must[*datasets.Examples](t)(datasets.FromFloats([]int{dims}, values, labels))
		run := train(t, vaekit.Model{
			Encoder: nets.MLP(64), Latent: 16, Decoder: nets.MLP(64), Classes: classes,
			Likelihood: dist.Gaussian{Sigma: dist.Optimal},
		}, data, vaekit.Training{Epochs: 6, Batch: 30, Rate: 2e-3})
		right := 0
		for class := range classes {
			as := must[*datasets.Batch](t)(must[*vaekit.Run](t)(run.Class(class)).Reconstruct(
				must[datasets.Dataset](t)(datasets.Subset(data, []int{(class + 1) % classes}))))
			nearest, least := 0, math.Inf(1)
			for c := range classes {
				sum := 0.0
				for d := range dims {
					sum += math.Pow(float64(as.Values[d]-centres[c*dims+d]), 2)
				}
				if sum < least {
					nearest, least = c, sum
				}
			}
			if nearest == class {
				right++
			}
		}
		if right < 50 {
			t.Errorf("an example of another class decoded as of this one is of this one for %d of %d classes", right, classes)
		}
	})
}
