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
// Training raises the bound. The distortion is what reconstruction costs, summed over an
// example's values, the rate what the latents cost, summed over them; both are in nats and
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
// gradient and the optimiser into one compiled program. A new layer, likelihood or objective
// is a type with a few methods, in your own package.
//
// With [Model.Local] every position of what the encoder makes has latents of its own, a
// sequence of sound; [Run.Stream] sends sound of any length through such a model.
//
// Errors say what was wrong and what to do; no call panics for wrong input.
//
// There is one layer of continuous latents. Discrete latents will be a dist.Posterior and a
// dist.Prior over codes, hierarchies a dist.Density whose latents come in groups, models of
// few labels an Objective over Terms that know the labels, and data for disentanglement a
// datasets.Dataset of known factors.
//
// # A paper is a line
//
// A variant is a value in one of the choices; each has an Example.
//
//	Posterior: dist.FullGaussian{}
//	    Kingma and Welling, 2019
//	Posterior: dist.FlowPosterior{Flows: slices.Repeat([]dist.Flow{dist.Planar{}}, 4)}
//	    Rezende and Mohamed, 2015
//	Posterior: dist.FlowPosterior{Flows: slices.Repeat([]dist.Flow{dist.IAF{Context: 16}}, 2)}
//	    Kingma et al., 2016
//	Prior: dist.MixtureOfGaussians{Components: 20}
//	    Dilokthanakul et al., 2016
//	Prior: dist.VampPrior{Components: 20}
//	    Tomczak and Welling, 2017
//	Prior: dist.FlowPrior{Flows: slices.Repeat([]dist.Flow{dist.Coupling{}}, 4)}
//	    Dinh et al., 2016, and Huang et al., 2017
//	Prior: dist.FlowPrior{Flows: slices.Repeat([]dist.Flow{dist.Reversed{Flow: dist.IAF{}}}, 4)}
//	    Papamakarios et al., 2017
//	run.FitPrior(data, dist.MixtureOfGaussians{})
//	    Ghosh et al., 2020
//	Likelihood: dist.Gaussian{Sigma: dist.Optimal}
//	    Rybkin, Daniilidis and Levine, 2020
//	Likelihood: dist.StudentT{Freedom: 4, Sigma: dist.Learned, Scale: 0.1}
//	    Takahashi et al., 2018
//	Likelihood: dist.ContinuousBernoulli{}
//	    Loaiza-Ganem and Cunningham, 2019
//	Likelihood: dist.DiscretisedLogistic{}
//	    Kingma et al., 2016
//	Likelihood: dist.DiscretisedLogistic{Components: 5}
//	    Salimans et al., 2017
//	Likelihood: dist.Categorical{}
//	    Van den Oord et al., 2016
//	Classes: 5
//	    Sohn, Lee and Yan, 2015
//	Objective: vaekit.IWAE{K: 20}
//	    Burda, Grosse and Salakhutdinov, 2015
//	Objective: vaekit.IWAE{K: 5, M: 4}
//	    Rainforth et al., 2018
//	Objective: vaekit.IWAE{K: 20, Beta: 0.5}
//	    Rainforth et al., 2018
//	Objective: vaekit.IWAE{K: 5, M: 4, Encoder: vaekit.PIWAE}
//	    Rainforth et al., 2018
//	Objective: vaekit.IWAE{K: 20, Encoder: vaekit.DReG}
//	    Tucker et al., 2018
//	Objective: vaekit.IWAE{Encoder: vaekit.STL}
//	    Roeder, Wu and Duvenaud, 2017
//	Objective: vaekit.ELBO{Beta: 4}
//	    Higgins et al., 2017
//	Objective: vaekit.ELBO{Schedule: optim.Linear{Steps: 100}}
//	    Bowman et al., 2015
//	Objective: vaekit.ELBO{Schedule: optim.Cyclical{Period: 100}}
//	    Fu et al., 2019
//	Objective: vaekit.FreeBits{Nats: 1}
//	    Kingma et al., 2016
//	Objective: vaekit.Capacity{Weight: 10, Nats: 2}
//	    Burgess et al., 2018
//	Objective: vaekit.GECO{Distortion: -1.8}
//	    Rezende and Viola, 2018
//	Objective: vaekit.TotalCorrelation{Beta: 6}
//	    Chen et al., 2018
//	Objective: vaekit.DIP{OffDiagonal: 10, Diagonal: 5}
//	    Kumar, Sattigeri and Balakrishnan, 2018
//	Objective: vaekit.DIP{OffDiagonal: 10, Diagonal: 5, II: true}
//	    Kumar, Sattigeri and Balakrishnan, 2018
//	Objective: vaekit.MMD{Alpha: 0.5, Lambda: 50}
//	    Zhao, Song and Ermon, 2017
//	Objective: vaekit.MMD{Alpha: 1, Lambda: 50, Kernel: vaekit.InverseMultiquadratic{}}
//	    Tolstikhin et al., 2018
package vaekit
