// Package metrics measures what a run's own terms do not say.
//
// The ELBO says how well a model compresses its data. It does not say whether the
// latents are of use, whether reconstructions look right, or whether samples do: a
// model can be good at any of these and bad at the others. So there are three kinds
// of measures, and none stands for another.
//
// Of latents, [KNN] and [LinearProbe] ask how much of the labels, which training
// never saw, can be read from the posterior means: by neighbourhood, and by planes. They
// say nothing of what the latents hold beside the labels.
//
// Of reconstructions, [PSNR] is the squared error in decibels, which rewards blur, and
// [SSIM] compares the structure of small windows. Both judge a pair of pictures, never
// whether a picture is a likely one.
//
// Of reconstructed sound, [ESR] and [SISDR] compare samples: a delay that no ear notices
// costs as much as noise as loud as the sound. [STFT] and [LogMel] compare the magnitudes of
// short spectra, those of LogMel in bands as wide as the ear's, by their logarithms, as
// loudness is heard. They are deaf to phase, and small delays cost them little.
//
// Of samples, [Frechet] and [Kernel] compare two sets of [Features]: the data's and the
// model's. With the means μ and covariances Σ of both,
//
//	Fréchet distance  ‖μa − μb‖² + tr(Σa + Σb − 2 (Σa Σb)^½)
//	kernel distance   E k(a,a′) + E k(b,b′) − 2 E k(a,b),   k(a,b) = (a·b/d + 1)³
//
// The first sees means and covariances alone, and is too large for small sets: compare
// sets of one size only. The second is right on average for any size, and comes with a
// standard error. Neither tells samples from copies of the training data.
//
// A distance is as good as its features. [Digits] are those of a small classifier that
// comes with the kit, so the numbers compare models of digits with each other; they are no
// FID or KID, which are those of an Inception net, nor near any. For other data give
// Features of your own.
//
//	data, err := metrics.Digits(test)           // test, err := datasets.All(digits.Test)
//	samples, err := metrics.Digits(drawn)       // drawn, err := run.Sample(10000)
//	distance, err := metrics.Frechet(data, samples)
package metrics
