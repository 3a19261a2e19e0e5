package metrics

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/vaebook/vaebook/vaekit/internal/engine"
)

// An Estimate is a number with its standard error.
type Estimate struct{ Value, Error float64 }

// String is such as "9.684 ± 2.53".
func (e Estimate) String() string { return fmt.Sprintf("%.4g ± %.3g", e.Value, e.Error) }

// Both sets are cut into kernelBlocks blocks, or more where one would be of more than
// kernelBlock examples: the time grows with the block's size squared.
const (
	kernelBlocks = 10
	kernelBlock  = 1000
)

// Kernel is the squared maximum mean discrepancy between two sets under the kernel
// k(x,y) = (x·y/Dim + 1)³, which compares means, covariances and third moments
// (Bińkowski et al., 2018):
//
//	E k(a,a′) + E k(b,b′) − 2 E k(a,b)
//
// It is estimated without bias, so it is 0 on average for sets from one distribution,
// whatever their size, and may be negative. The estimate is the mean over ten or more
// blocks of examples, drawn without replacement by a fixed seed; its standard error is
// from their spread. Of a set that is larger by far than the other, only as many are used as
// blocks of a thousand hold. It takes 20 examples or more on both sides, drawn independently: a set
// beside itself comes out below 0.
func Kernel(a, b Features) (Estimate, error) {
	if err := matched(a, b, 2*kernelBlocks); err != nil {
		return Estimate{}, err
	}
	small, large := min(a.Len(), b.Len()), max(a.Len(), b.Len())
	blocks := min(max(kernelBlocks, (large+kernelBlock-1)/kernelBlock), small/2)
	a, b = a.few(blocks*kernelBlock), b.few(blocks*kernelBlock)
	cutA, cutB := cut(a, blocks, "kernel a"), cut(b, blocks, "kernel b")
	distances := make([]float64, blocks)
	each(blocks, func(i int) { distances[i] = mmd2(cutA[i], cutB[i]) })
	mean, σ := stat.MeanStdDev(distances, nil)
	return Estimate{mean, σ / math.Sqrt(float64(blocks))}, nil
}

// cut deals a set's examples out to blocks, in an order of chance: data often lies sorted.
// The two sets take orders of their own, so that examples that belong together, as a
// picture and its reconstruction, seldom meet in a block.
func cut(f Features, blocks int, name string) []*mat.Dense {
	order := engine.Rand(0, name, 0).Perm(f.Len())
	parts := make([]*mat.Dense, blocks)
	for i := range parts {
		mine := order[i*len(order)/blocks : (i+1)*len(order)/blocks]
		parts[i] = mat.NewDense(len(mine), f.Dim, nil)
		for row, from := range mine {
			parts[i].SetRow(row, wide(f.Values[from*f.Dim:(from+1)*f.Dim]))
		}
	}
	return parts
}

// mmd2 is the unbiased estimate for two blocks: no example is compared with itself.
func mmd2(a, b *mat.Dense) float64 {
	n, d := a.Dims()
	m, _ := b.Dims()
	sum := func(x, y *mat.Dense, self bool) float64 {
		var products mat.Dense
		products.Mul(x, y.T())
		rows, columns := products.Dims()
		total := 0.0
		for i := range rows {
			for j, v := range products.RawRowView(i)[:columns] {
				if !self || i != j {
					k := v/float64(d) + 1
					total += k * k * k
				}
			}
		}
		return total
	}
	return sum(a, a, true)/float64(n*(n-1)) + sum(b, b, true)/float64(m*(m-1)) - 2*sum(a, b, false)/float64(n*m)
}
