package metrics

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// Frechet is the Fréchet distance between Gaussians with the means and covariances of two
// sets (Dowson and Landau, 1982; between features of pictures: Heusel et al., 2017),
//
//	‖μa − μb‖² + tr(Σa + Σb − 2 (Σa Σb)^½),
//
// in squares of the features' unit. It is 0 for equal sets. Two sets of n examples from one
// distribution with variances of 1 are about Dim²/2n apart: compare distances of equal n only.
func Frechet(a, b Features) (float64, error) {
	if err := matched(a, b, 2); err != nil {
		return 0, err
	}
	meanA, covA := gaussian(a)
	meanB, covB := gaussian(b)
	distance := mat.Trace(covA) + mat.Trace(covB)
	for i := range meanA {
		distance += (meanA[i] - meanB[i]) * (meanA[i] - meanB[i])
	}

	// Σa Σb has the eigenvalues of Σa^½ Σb Σa^½, which is symmetric: their roots are real.
	var eigen mat.EigenSym
	if !eigen.Factorize(covA, true) {
		return 0, fmt.Errorf("metrics: the eigenvalues of a covariance of %d features were not found", a.Dim)
	}
	var vectors, half, product mat.Dense
	eigen.VectorsTo(&vectors)
	values := eigen.Values(nil)
	half.Apply(func(_, j int, v float64) float64 { return v * root(values[j]) }, &vectors)
	product.Product(half.T(), covB, &half)
	symmetric := mat.NewSymDense(a.Dim, nil)
	for i := range a.Dim {
		for j := i; j < a.Dim; j++ {
			symmetric.SetSym(i, j, (product.At(i, j)+product.At(j, i))/2)
		}
	}
	if !eigen.Factorize(symmetric, false) {
		return 0, fmt.Errorf("metrics: the eigenvalues of a product of covariances of %d features were not found", a.Dim)
	}
	for _, v := range eigen.Values(nil) {
		distance -= 2 * root(v)
	}
	return max(distance, 0), nil
}

// root is √x of what is not negative but for rounding.
func root(x float64) float64 { return math.Sqrt(max(x, 0)) }

// gaussian is the mean and the covariance of a set, the unbiased one.
func gaussian(f Features) ([]float64, *mat.SymDense) {
	x := mat.NewDense(f.Len(), f.Dim, wide(f.Values))
	var cov mat.SymDense
	stat.CovarianceMatrix(&cov, x, nil)
	mean := make([]float64, f.Dim)
	for j := range mean {
		mean[j] = stat.Mean(mat.Col(nil, j, x), nil)
	}
	return mean, &cov
}
