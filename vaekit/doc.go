// Package vaekit trains and uses variational autoencoders.
//
// A variational autoencoder (Kingma and Welling, 2013) explains data x by latents
// z that nobody sees: z is drawn from a prior p(z), x from a likelihood p(x|z)
// whose parameters a decoder net computes from z. How likely the data is cannot be
// computed; a bound on it can, with an encoder net that guesses for each x which z
// it came from, the posterior q(z|x):
//
//	log p(x) ≥ ELBO = E_q[log p(x|z)] − KL(q(z|x) ‖ p(z)) = −(distortion + rate)
//
// Training raises the bound. The distortion is what reconstruction costs, the rate
// what the latents cost; both are in nats, summed over an example's values and
// averaged over examples, never anything else.
//
// So every VAE is four choices, and a [Model] is a struct that holds them: encoder
// and posterior, prior, decoder and likelihood, objective.
//
//	         encoder            posterior          prior
//	x ──────► features ──────► q(z|x)  ─── KL ───► p(z)
//	                             │ z ~ q
//	                             ▼
//	                 decoder ► features ──────► p(x|z)  likelihood ──► log p(x|z)
//	                                                         │
//	                      objective: a function of the terms ▼
//
// [Train] fits a model to a data set and returns a [Run], which draws samples,
// encodes, decodes, reconstructs, interpolates, scores and evaluates. A run's folder
// holds the model and its weights, so [Load] needs nothing but its name.
//
// There is no magic. Layers (package nets) and distributions (package dist) are plain
// values that build graphs of GoMLX; the trainer puts the objective's loss, its
// gradient and Adam into one compiled program. A new layer, likelihood or objective
// is a type with a few methods, in your own package.
//
// Errors say what was wrong and what to do; no call panics for wrong input.
package vaekit
