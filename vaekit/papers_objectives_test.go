package vaekit_test

import (
	"fmt"
	"math"

	"github.com/vaebook/vaebook/vaekit"
	"github.com/vaebook/vaebook/vaekit/optim"
)

// Objectives on the pinwheel of papers_test.go. Those that are bounds are compared with the
// plain ELBO. Others ask for something else and pay for it in nats.

// Burda, Grosse and Salakhutdinov, 2015: the importance-weighted bound.
func Example_iwae() {
	m := plain()
	m.Objective = vaekit.IWAE{K: 20}
	fmt.Println("higher:", gains(after(m)) > 0.3)
	// Output: higher: true
}

// Rainforth et al., 2018: the mean of several such bounds.
func Example_miwae() {
	m := plain()
	m.Objective = vaekit.IWAE{K: 5, M: 4}
	fmt.Println("higher:", gains(after(m)) > 0.3)
	// Output: higher: true
}

// Rainforth et al., 2018: between the ELBO and IWAE.
func Example_ciwae() {
	m := plain()
	m.Objective = vaekit.IWAE{K: 20, Beta: 0.5}
	fmt.Println("higher:", gains(after(m)) > 0.3)
	// Output: higher: true
}

// Rainforth et al., 2018: one bound for the encoder, a tighter one for the decoder.
func Example_piwae() {
	m := plain()
	m.Objective = vaekit.IWAE{K: 5, M: 4, Encoder: vaekit.PIWAE}
	fmt.Println("higher:", gains(after(m)) > 0.3)
	// Output: higher: true
}

// Tucker et al., 2018: doubly reparameterised gradients.
func Example_dreg() {
	m := plain()
	m.Objective = vaekit.IWAE{K: 20, Encoder: vaekit.DReG}
	fmt.Println("higher:", gains(after(m)) > 0.3)
	// Output: higher: true
}

// Roeder, Wu and Duvenaud, 2017: sticking the landing.
func Example_stickingTheLanding() {
	m := plain()
	m.Objective = vaekit.IWAE{Encoder: vaekit.STL}
	fmt.Println("the same:", math.Abs(gains(after(m))) < 0.1)
	// Output: the same: true
}

// Higgins et al., 2017: β-VAE spends less on the latents.
func Example_betaVAE() {
	m := plain()
	m.Objective = vaekit.ELBO{Beta: 4}
	f := after(m)
	fmt.Println("rate below 0.1 nats:", f.Rate < 0.1, "within a nat:", math.Abs(gains(f)) < 1)
	// Output: rate below 0.1 nats: true within a nat: true
}

// Bowman et al., 2015: the weight of the rate grows from 0.
func Example_annealing() {
	m := plain()
	m.Objective = vaekit.ELBO{Schedule: optim.Linear{Steps: 100}}
	fmt.Println("the same:", math.Abs(gains(after(m))) < 0.2)
	// Output: the same: true
}

// Fu et al., 2019: again and again.
func Example_cyclicalAnnealing() {
	m := plain()
	m.Objective = vaekit.ELBO{Schedule: optim.Cyclical{Period: 100}}
	fmt.Println("the same:", math.Abs(gains(after(m))) < 0.3)
	// Output: the same: true
}

// Kingma et al., 2016: latents are used where the first nats cost nothing.
func Example_freeBits() {
	m := plain()
	m.Objective = vaekit.FreeBits{Nats: 1}
	f := after(m)
	fmt.Println("both latents in use:", min(f.KL[0], f.KL[1]) > 0.5, "within half a nat:", gains(f) > -0.5)
	// Output: both latents in use: true within half a nat: true
}

// Burgess et al., 2018: a rate of one's choice.
func Example_capacity() {
	m := plain()
	m.Objective = vaekit.Capacity{Weight: 10, Nats: 2}
	f := after(m)
	fmt.Println("rate of 2 nats:", math.Abs(f.Rate-2) < 0.2, "within a nat:", gains(f) > -1)
	// Output: rate of 2 nats: true within a nat: true
}

// Rezende and Viola, 2018: a distortion of one's choice.
func Example_geco() {
	m := plain()
	m.Objective = vaekit.GECO{Distortion: -1.8}
	f := after(m)
	fmt.Println("distortion of −1.8 nats:", math.Abs(f.Distortion+1.8) < 0.4, "within half a nat:", gains(f) > -0.5)
	// Output: distortion of −1.8 nats: true within half a nat: true
}

// Chen et al., 2018: β-TCVAE.
func Example_totalCorrelation() {
	m := plain()
	m.Objective = vaekit.TotalCorrelation{Beta: 6}
	fmt.Println("within a fifth of a nat:", gains(after(m)) > -0.2)
	// Output: within a fifth of a nat: true
}

// Kumar, Sattigeri and Balakrishnan, 2018: DIP-VAE-I, on the covariance of the means.
func Example_dipI() {
	m := plain()
	m.Objective = vaekit.DIP{OffDiagonal: 10, Diagonal: 5}
	f := after(m)
	fmt.Println("active units:", f.ActiveUnits, "within half a nat:", gains(f) > -0.5)
	// Output: active units: 2 within half a nat: true
}

// Kumar, Sattigeri and Balakrishnan, 2018: DIP-VAE-II, on the covariance of z.
func Example_dipII() {
	m := plain()
	m.Objective = vaekit.DIP{OffDiagonal: 10, Diagonal: 5, II: true}
	fmt.Println("within half a nat:", gains(after(m)) > -0.5)
	// Output: within half a nat: true
}

// Zhao, Song and Ermon, 2017: InfoVAE.
func Example_infoVAE() {
	m := plain()
	m.Objective = vaekit.MMD{Alpha: 0.5, Lambda: 50}
	fmt.Println("within half a nat:", gains(after(m)) > -0.5)
	// Output: within half a nat: true
}

// Tolstikhin et al., 2018: the Wasserstein autoencoder.
func Example_wassersteinAutoencoder() {
	m := plain()
	m.Objective = vaekit.MMD{Alpha: 1, Lambda: 50, Kernel: vaekit.InverseMultiquadratic{}}
	fmt.Println("within half a nat:", gains(after(m)) > -0.5)
	// Output: within half a nat: true
}
