package vaekit

import (
	"errors"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/dist"
	"github.com/vaebook/vaebook/vaekit/internal/describe"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// These objectives look at the aggregate posterior q(z), the mean of q(z|x) over the data.
// All they see of it is a batch: their losses depend on its size, and those of two sizes,
// such as in training and on held-out data, do not compare. With none of their fields set
// they are the ELBO.

// TotalCorrelation is β-TCVAE (Chen et al., 2018). It divides the rate, log q(z|x) − log p(z)
// at the draws, into three parts with weights of their own:
//
//	mutual information       log q(z|x) − log q(z)
//	total correlation        log q(z) − Σ log q(z_j)
//	dimension-wise KL        Σ log q(z_j) − log p(z)
//
// The posterior must have a log-density for each latent, as dist.DiagonalGaussian.
type TotalCorrelation struct {
	Alpha, Beta, Gamma float64 // weights of the three; 0 means 1, [Nothing] is none

	// Stratified estimates q(z) without bias. The paper's stratified sampling gives one
	// example of the batch a weight of its own; this is the mean over which one it is, and
	// has less noise. False: weighted sampling, which is too small by a factor between the
	// batch's size, where posteriors overlap little, and the data's. The total correlation
	// then is too large by log of the factor for each latent but one.
	Stratified bool
}

// Samples is one latent an example.
func (TotalCorrelation) Samples() (k, m int) { return 1, 1 }

// Params is empty.
func (TotalCorrelation) Params() []nets.Param { return nil }

// Check refuses weights below 0.
func (o TotalCorrelation) Check() error {
	return errors.Join(notBelow0("TotalCorrelation", "Alpha", o.Alpha), notBelow0("TotalCorrelation", "Beta", o.Beta), notBelow0("TotalCorrelation", "Gamma", o.Gamma))
}

// Loss is −ELBO by the draws where all weights are 1.
func (o TotalCorrelation) Loss(t *Terms) Loss {
	joint, product := o.aggregate(t)
	loss := t.Distortion()
	for _, part := range []struct {
		weight    float64
		above, of *graph.Node
	}{
		{o.Alpha, t.LogPosterior, joint},
		{o.Beta, joint, product},
		{o.Gamma, product, t.LogPrior},
	} {
		difference := graph.Sub(graph.Reshape(part.above, -1), graph.Reshape(part.of, -1)) // [batch]
		loss = graph.Add(loss, weigh(t.BatchMean(difference), part.weight))
	}
	return Loss{Value: loss}
}

// aggregate estimates log q(z) and Σ log q(z_j) at the draws, [batch].
func (o TotalCorrelation) aggregate(t *Terms) (joint, product *graph.Node) {
	batch, latent := t.Z.Shape().Dimensions[2], t.Z.Shape().Dimensions[3]
	pairs := graph.BroadcastToDims(graph.Reshape(t.Z, batch, 1, latent), batch, batch, latent)
	each := logProbEach(t.Posterior, pairs) // [z, x, latent]
	size := float64(t.Examples)
	weights := graph.DivScalar(t.pairs(true), size) // of q(z|x) in q(z), [z, x]
	if o.Stratified {
		weights = graph.Add(graph.DivScalar(t.identity(batch), size), graph.MulScalar(t.pairs(false), 1-1/size))
	}
	logW := graph.Log(weights)
	joint = dist.LogSumExp(graph.Add(t.Posterior.LogProb(pairs), logW), 1)
	product = graph.ReduceSum(dist.LogSumExp(graph.Add(each, graph.InsertAxes(logW, -1)), 1), -1)
	return joint, product
}

// DIP holds the covariance of the aggregate posterior to the identity (DIP-VAE, Kumar,
// Sattigeri and Balakrishnan, 2018):
//
//	Distortion + Rate + OffDiagonal · Σ_i≠j cov_ij² + Diagonal · Σ_i (cov_ii − 1)²
type DIP struct {
	OffDiagonal, Diagonal float64 // λ_od and λ_d of the paper

	// II takes the covariance of z, DIP-VAE-II: for posteriors other than dist.DiagonalGaussian
	// that of the draws. False: that of the posterior's means, DIP-VAE-I.
	II bool
}

// Samples is one latent an example.
func (DIP) Samples() (k, m int) { return 1, 1 }

// Params is empty.
func (DIP) Params() []nets.Param { return nil }

// Check refuses weights below 0.
func (o DIP) Check() error {
	return errors.Join(notBelow0("DIP", "OffDiagonal", o.OffDiagonal), notBelow0("DIP", "Diagonal", o.Diagonal))
}

// Loss is −ELBO where the covariance is the identity.
func (o DIP) Loss(t *Terms) Loss {
	cov := o.covariance(t)
	identity := t.identity(cov.Shape().Dimensions[0])
	weights := graph.AddScalar(graph.MulScalar(identity, o.Diagonal-o.OffDiagonal), o.OffDiagonal)
	penalty := graph.ReduceAllSum(graph.Mul(weights, graph.Square(graph.Sub(cov, identity))))
	return Loss{Value: graph.Add(graph.Add(t.Distortion(), t.Rate()), penalty)}
}

// covariance is that of the latents over the batch, [latent, latent].
func (o DIP) covariance(t *Terms) *graph.Node {
	z := t.Posterior.Mean()
	normal, closed := t.Posterior.(dist.Normal)
	if o.II && !closed {
		z = graph.Squeeze(t.Z, 0, 1)
	}
	d := graph.Sub(z, graph.InsertAxes(t.meanOver(0, z), 0)) // [batch, latent]
	cov := t.meanOver(0, graph.Mul(graph.InsertAxes(d, 2), graph.InsertAxes(d, 1)))
	if o.II && closed {
		variance := t.meanOver(0, graph.Exp(normal.LogVar))
		cov = graph.Add(cov, graph.Mul(t.identity(z.Shape().Dimensions[1]), graph.InsertAxes(variance, 0)))
	}
	return cov
}

// MMD draws the aggregate posterior towards the prior by their maximum mean discrepancy, a
// distance between two sets of draws (Gretton et al., 2012), estimated without bias:
//
//	Distortion + (1 − Alpha) · Rate + (Alpha + Lambda − 1) · MMD²(q(z), p(z))
//
//	MMD{Alpha: 1, Lambda: 1000, Kernel: RBF{}}                      InfoVAE, Zhao et al., 2017
//	MMD{Alpha: 1, Lambda: 10, Kernel: InverseMultiquadratic{}}      WAE, Tolstikhin et al., 2018
type MMD struct {
	Alpha  float64
	Lambda float64 // 0 means 1
	Kernel Kernel  // nil means RBF{}
}

// Samples is one latent an example.
func (MMD) Samples() (k, m int) { return 1, 1 }

// Params is empty.
func (MMD) Params() []nets.Param { return nil }

// Check refuses a Lambda below 0 and kernels that grow with the distance.
func (o MMD) Check() error {
	var scale float64
	switch k := o.Kernel.(type) {
	case RBF:
		scale = k.Scale
	case InverseMultiquadratic:
		scale = k.Scale
	}
	return errors.Join(notBelow0("MMD", "Lambda", o.Lambda), notBelow0("MMD.Kernel", "Scale", scale))
}

// Loss is −ELBO where Alpha is 0 and Lambda 1.
func (o MMD) Loss(t *Terms) Loss {
	if o.Lambda == 0 {
		o.Lambda = 1
	}
	loss := graph.Add(t.Distortion(), graph.MulScalar(t.Rate(), 1-o.Alpha))
	return Loss{Value: graph.Add(loss, graph.MulScalar(o.discrepancy(t), o.Alpha+o.Lambda-1))}
}

// discrepancy estimates MMD² between the draws and as many from the prior.
func (o MMD) discrepancy(t *Terms) *graph.Node {
	if o.Kernel == nil {
		o.Kernel = RBF{}
	}
	prior, _ := t.Prior.Draw(t.Noise, t.Z.Shape().Dimensions...)
	posterior := t.Z
	mean := func(a, b, weights *graph.Node) *graph.Node {
		n, latent := t.Z.Shape().Dimensions[2], t.Z.Shape().Dimensions[3]
		d := graph.Sub(graph.Reshape(a, n, 1, latent), graph.Reshape(b, 1, n, latent))
		kernel := o.Kernel.At(graph.ReduceSum(graph.Square(d), -1), latent)
		return t.BatchMean(graph.ReduceSum(graph.Mul(kernel, weights), -1))
	}
	others := t.pairs(false)
	within := graph.Add(mean(posterior, posterior, others), mean(prior, prior, others))
	return graph.Sub(within, graph.MulScalar(mean(posterior, prior, t.pairs(true)), 2))
}

// A Kernel says how alike two latents are.
type Kernel interface {
	// At is the kernel of pairs from their squared distances, for so many latents.
	At(squared *graph.Node, latent int) *graph.Node
}

// RBF is the kernel exp(−d²/Scale) of a distance d.
type RBF struct {
	Scale float64 // 0 means 2 for each latent: the mean d² of two draws from N(0, I)
}

// At is exp(−squared/Scale).
func (k RBF) At(squared *graph.Node, latent int) *graph.Node {
	return graph.Exp(graph.Neg(graph.DivScalar(squared, scale(k.Scale, latent))))
}

// InverseMultiquadratic is the kernel Scale/(Scale + d²) of a distance d. It falls off more
// slowly, so that draws far from all others are drawn back as well.
type InverseMultiquadratic struct {
	Scale float64 // C in Tolstikhin et al., 2018; 0 means 2 for each latent, as there
}

// At is Scale/(Scale + squared).
func (k InverseMultiquadratic) At(squared *graph.Node, latent int) *graph.Node {
	return graph.Reciprocal(graph.OnePlus(graph.DivScalar(squared, scale(k.Scale, latent))))
}

func scale(scale float64, latent int) float64 {
	if scale == 0 {
		return 2 * float64(latent)
	}
	return scale
}

func init() { describe.Register(TotalCorrelation{}, DIP{}, MMD{}, RBF{}, InverseMultiquadratic{}) }
