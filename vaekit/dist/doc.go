// Package dist holds the distributions of a variational autoencoder, inside graphs.
//
// Three of the four choices that make a VAE are distributions:
//
//	posterior   q(z|x)  what the encoder says of the latents
//	                    DiagonalGaussian, FullGaussian; FlowPosterior with Planar, IAF, Coupling
//	prior       p(z)    what the latents are before any data
//	                    StandardNormal, MixtureOfGaussians, VampPrior, FlowPrior
//	likelihood  p(x|z)  what the decoder says of the data
//	                    Bernoulli, Gaussian, …
//
// They are plain values. A [Posterior] or [Prior], given its numbers in a graph,
// is a [Density]: it can be drawn from with noise that is handed in (so that
// gradients flow through the draw, Kingma and Welling, 2013) and has a
// log-density, at any z but after planar flows ([ErrOwnDrawsOnly]). A [Likelihood]
// has a log-density summed over the event.
//
// Everything is in nats, summed over the event and never averaged over it:
//
//	ELBO = E_q[log p(x|z)] − KL(q(z|x) ‖ p(z)) ≤ log p(x)
//
// Which likelihood to take depends on what values the data can have:
//
//	0 or 1                        Bernoulli
//	from 0 to 1, such as greys    ContinuousBernoulli
//	real                          Gaussian; Laplace and StudentT mind outliers less
//	levels, such as bytes         DiscretisedLogistic, BetaBinomial, Categorical
//	sound                         Spectral, which explains spectra beside samples
//
// A density of continuous values and a probability of levels are not comparable: only
// the latter is a number of nats or bits that the data can be stored in.
//
// Discrete latents will implement Posterior and Prior with a Density over codes;
// hierarchies a Density whose latents come in groups.
package dist
