package vaekit_test

import (
	"fmt"
	"log"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"sync"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit"
	"github.com/vaebook/vaebook/vaekit/dist"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// A paper is a line. Each Example below changes one of the four choices of the same model
// and trains it for 300 steps on the same data: a pinwheel in the plane (Johnson et al.,
// 2016), its coordinates from 0 to 1 in bytes, its five arms as labels.

// plain is the model that all of them change.
func plain() vaekit.Model {
	return vaekit.Model{
		Encoder:    nets.MLPWith(nets.SiLU, 64),
		Latent:     2,
		Decoder:    nets.MLPWith(nets.SiLU, 64),
		Likelihood: dist.Gaussian{Sigma: dist.Learned, Scale: 0.1},
	}
}

// pinwheel is n points.
func pinwheel(n int, seed uint64) *datasets.Examples {
	rng := rand.New(rand.NewPCG(seed, 0))
	var values []uint8
	var labels []int
	for i := range n {
		arm := i % 5
		r, across := 1+0.3*rng.NormFloat64(), 0.05*rng.NormFloat64()
		angle := 2*math.Pi*float64(arm)/5 + 0.25*math.Exp(r)
		sin, cos := math.Sincos(angle)
		for _, v := range []float64{r*cos - across*sin, r*sin + across*cos} {
			values = append(values, uint8(max(0, min(255, math.Round(127.5+55*v)))))
		}
		labels = append(labels, arm)
	}
	data, err := datasets.FromBytes([]int{2}, values, labels)
	if err != nil {
		log.Fatal(err)
	}
	return data
}

// trained is the model after 300 steps, which take the Go backend less time than XLA takes
// to compile one.
func trained(m vaekit.Model) *vaekit.Run {
	if backend, ok := os.LookupEnv("VAEKIT_BACKEND"); ok {
		defer os.Setenv("VAEKIT_BACKEND", backend)
	} else {
		defer os.Unsetenv("VAEKIT_BACKEND")
	}
	os.Setenv("VAEKIT_BACKEND", "go")
	run, err := vaekit.Train(m, pinwheel(3000, 0), vaekit.Training{Epochs: 10, Batch: 100, Rate: 5e-3})
	if err != nil {
		log.Fatal(err)
	}
	return run
}

// after are the model's figures on 1,000 other points.
func after(m vaekit.Model) vaekit.Figures { return on(trained(m), samplesOf(m)) }

// on are a run's figures on 1,000 other points, with so many importance samples.
func on(run *vaekit.Run, samples int) vaekit.Figures {
	f, err := run.Evaluate(pinwheel(1000, 1), vaekit.Evaluation{ImportanceSamples: samples})
	if err != nil {
		log.Fatal(err)
	}
	return f
}

// samplesOf are those of the bound that a model is trained with: K of an importance-weighted one.
func samplesOf(m vaekit.Model) int {
	if m.Objective == nil {
		return 0
	}
	k, _ := m.Objective.Samples()
	return k
}

// ofPlain is the plain model's bound in nats.
var ofPlain = sync.OnceValue(func() float64 { return after(plain()).ELBO })

// gains is by how many nats a bound lies above the plain ELBO. One that weighs several
// draws is the estimate of log p(x) with as many.
func gains(f vaekit.Figures) float64 {
	if f.ImportanceSamples > 1 {
		return -f.NLL - ofPlain()
	}
	return f.ELBO - ofPlain()
}

// Kingma and Welling, 2019: latents that depend on each other.
func Example_fullGaussian() {
	m := plain()
	m.Posterior = dist.FullGaussian{}
	fmt.Println("no lower:", gains(after(m)) > -0.05)
	// Output: no lower: true
}

// Rezende and Mohamed, 2015: planar flows.
func Example_planarFlows() {
	m := plain()
	m.Posterior = dist.FlowPosterior{Flows: slices.Repeat([]dist.Flow{dist.Planar{}}, 4)}
	fmt.Println("higher:", gains(after(m)) > 0.2)
	// Output: higher: true
}

// Kingma et al., 2016: inverse autoregressive flows.
func Example_inverseAutoregressiveFlows() {
	m := plain()
	m.Posterior = dist.FlowPosterior{Flows: slices.Repeat([]dist.Flow{dist.IAF{Context: 16}}, 2)}
	fmt.Println("higher:", gains(after(m)) > 0.3)
	// Output: higher: true
}

// Dilokthanakul et al., 2016: a prior that is a learned mixture.
func Example_mixturePrior() {
	m := plain()
	m.Prior = dist.MixtureOfGaussians{Components: 20}
	fmt.Println("higher:", gains(after(m)) > 0.3)
	// Output: higher: true
}

// Tomczak and Welling, 2017: a prior of posteriors.
func Example_vampPrior() {
	m := plain()
	m.Prior = dist.VampPrior{Components: 20}
	fmt.Println("higher:", gains(after(m)) > 0.3)
	// Output: higher: true
}

// Dinh et al., 2016, and Huang et al., 2017: RealNVP as a prior.
func Example_realNVPPrior() {
	m := plain()
	m.Prior = dist.FlowPrior{Flows: slices.Repeat([]dist.Flow{dist.Coupling{}}, 4)}
	fmt.Println("higher:", gains(after(m)) > 0.3)
	// Output: higher: true
}

// Papamakarios et al., 2017: a masked autoregressive flow as a prior.
func Example_maskedAutoregressivePrior() {
	m := plain()
	m.Prior = dist.FlowPrior{Flows: slices.Repeat([]dist.Flow{dist.Reversed{Flow: dist.IAF{}}}, 4)}
	fmt.Println("higher:", gains(after(m)) > 0.3)
	// Output: higher: true
}

// Ghosh et al., 2020: a prior that is fitted after training.
func Example_fittedPrior() {
	run, data := trained(plain()), pinwheel(3000, 0)
	run, err := run.FitPrior(data, dist.MixtureOfGaussians{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("higher:", gains(on(run, 0)) > 0.3)
	// Output: higher: true
}

// Rybkin, Daniilidis and Levine, 2020: σ-VAE.
func Example_optimalSigma() {
	m := plain()
	m.Likelihood = dist.Gaussian{Sigma: dist.Optimal}
	fmt.Println("higher:", gains(after(m)) > 0.3)
	// Output: higher: true
}

// Takahashi et al., 2018: Student's t, for outliers.
func Example_studentT() {
	m := plain()
	m.Likelihood = dist.StudentT{Freedom: 4, Sigma: dist.Learned, Scale: 0.1}
	fmt.Println("higher:", gains(after(m)) > 0.3)
	// Output: higher: true
}

// Loaiza-Ganem and Cunningham, 2019: values from 0 to 1. Those of the pinwheel are in the
// middle, where this likelihood says little more than a uniform density, 0 nats.
func Example_continuousBernoulli() {
	m := plain()
	m.Likelihood = dist.ContinuousBernoulli{}
	fmt.Println("uniform:", math.Abs(after(m).ELBO) < 0.05)
	// Output: uniform: true
}

// bytewise is what a model of bytes gains: a density times the two bytes' widths is a
// probability.
func bytewise(f vaekit.Figures) float64 { return gains(f) + 2*math.Log(255) }

// Kingma et al., 2016: discretised logistics, for bytes.
func Example_discretisedLogistic() {
	m := plain()
	m.Likelihood = dist.DiscretisedLogistic{}
	fmt.Println("higher:", bytewise(after(m)) > 0.3)
	// Output: higher: true
}

// Salimans et al., 2017: mixtures of discretised logistics.
func Example_mixtureOfLogistics() {
	m := plain()
	m.Likelihood = dist.DiscretisedLogistic{Components: 5}
	fmt.Println("higher:", bytewise(after(m)) > 0.3)
	// Output: higher: true
}

// Van den Oord et al., 2016: a softmax over the levels of a byte.
func Example_categorical() {
	m := plain()
	m.Likelihood = dist.Categorical{}
	fmt.Println("higher:", bytewise(after(m)) > 0.5)
	// Output: higher: true
}

// Sohn, Lee and Yan, 2015: encoder and decoder know the class.
func Example_conditional() {
	m := plain()
	m.Classes = 5
	fmt.Println("higher:", gains(after(m)) > 0.3)
	// Output: higher: true
}
