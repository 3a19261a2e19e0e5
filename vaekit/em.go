package vaekit

import (
	"errors"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// A mixture is Σ π_c · N(μ_c, L_c·L_cᵀ) in Go's memory.
type mixture struct {
	dim       int
	full      bool        // whether any L_c has more than a diagonal
	logWeight []float64   // log π_c
	mean      [][]float64 // μ_c
	lower     [][]float64 // L_c, row by row
}

// fitMixture fits k components to points [n, dim] by expectation and maximisation
// (Dempster, Laird and Rubin, 1977), from components about k of the points that lie far
// apart (k-means++, Arthur and Vassilvitskii, 2007). Full lets covariances be full.
func fitMixture(rng *rand.Rand, points []float64, dim, k int, full bool) (*mixture, error) {
	n := len(points) / dim
	if n < k {
		return nil, errors.New("there are fewer draws than components; give it more examples, or take fewer Components")
	}
	centres := farApart(rng, points, dim, k)
	// The first step gives each point to its nearest centre alone.
	s := gather(points, dim, k, full, func(z, share [][]float64) float64 {
		for i := range z[0] {
			nearest, least := 0, math.Inf(1)
			for c, centre := range centres {
				var d float64
				for at, v := range centre {
					d += (z[at][i] - v) * (z[at][i] - v)
				}
				if d < least {
					nearest, least = c, d
				}
			}
			share[nearest][i] = 1
		}
		return 0
	})
	before := math.Inf(-1)
	for {
		m, err := s.maximise(n)
		if err != nil {
			return nil, err
		}
		s = gather(points, dim, k, full, m.shares())
		// A thousandth of a nat is less than a draw of other points would change.
		if mean := s.logProb / float64(n); mean-before < 1e-3 {
			return m, nil
		} else {
			before = mean
		}
	}
}

// farApart chooses k points, each with a chance that grows with the squared distance to
// the nearest chosen before.
func farApart(rng *rand.Rand, points []float64, dim, k int) [][]float64 {
	n := len(points) / dim
	point := func(i int) []float64 { return points[i*dim : (i+1)*dim] }
	chosen := [][]float64{point(rng.IntN(n))}
	least := slices.Repeat([]float64{math.Inf(1)}, n)
	for len(chosen) < k {
		var total float64
		for i := range least {
			least[i] = min(least[i], squaredDistance(point(i), chosen[len(chosen)-1]))
			total += least[i]
		}
		at, i := rng.Float64()*total, 0
		for ; i < n-1 && at > least[i]; i++ {
			at -= least[i]
		}
		chosen = append(chosen, point(i))
	}
	return chosen
}

func squaredDistance(a, b []float64) (d float64) {
	for i := range a {
		d += (a[i] - b[i]) * (a[i] - b[i])
	}
	return d
}

// sums are what a maximisation needs of all points.
type sums struct {
	dim     int
	full    bool
	logProb float64
	share   []float64   // of each component, Σ r
	first   [][]float64 // Σ r·z
	second  [][]float64 // Σ r·z·zᵀ, the lower half
}

func newSums(dim, k int, full bool) *sums {
	s := &sums{dim: dim, full: full, share: make([]float64, k), first: make([][]float64, k), second: make([][]float64, k)}
	for c := range k {
		s.first[c], s.second[c] = make([]float64, dim), make([]float64, dim*dim)
	}
	return s
}

// gather sums over the points, on all cores and a block of points at a time, so that inner
// loops run along points. Shares gets a block, [dim, points], sets how much of each point
// belongs to each component, [components, points] of zeros, and returns Σ log p(z).
func gather(points []float64, dim, k int, full bool, shares func(z, share [][]float64) float64) *sums {
	const (
		workers = 16 // a number that no machine changes, so that sums are the same on all
		block   = 128
	)
	parts := make([]*sums, workers)
	n := len(points) / dim
	limit := make(chan struct{}, runtime.GOMAXPROCS(0))
	var wait sync.WaitGroup
	for w := range parts {
		wait.Go(func() {
			limit <- struct{}{}
			defer func() { <-limit }()
			s := newSums(dim, k, full)
			for from, end := n*w/workers, n*(w+1)/workers; from < end; from += block {
				size := min(block, end-from)
				z, share := matrix(dim, size), matrix(k, size)
				for i := range size {
					for at := range dim {
						z[at][i] = points[(from+i)*dim+at]
					}
				}
				s.logProb += shares(z, share)
				for c, r := range share {
					s.add(c, r, z)
				}
			}
			parts[w] = s
		})
	}
	wait.Wait()
	all := newSums(dim, k, full)
	for _, s := range parts {
		all.logProb += s.logProb
		for c := range k {
			all.share[c] += s.share[c]
			floats.Add(all.first[c], s.first[c])
			floats.Add(all.second[c], s.second[c])
		}
	}
	return all
}

func matrix(rows, columns int) [][]float64 {
	all := make([]float64, rows*columns)
	m := make([][]float64, rows)
	for i := range m {
		m[i] = all[i*columns : (i+1)*columns]
	}
	return m
}

// add adds the part r of each point of a block to component c.
func (s *sums) add(c int, r []float64, z [][]float64) {
	sum := floats.Sum(r)
	if sum < 1e-8 {
		return
	}
	s.share[c] += sum
	part := make([]float64, len(r))
	for i, v := range z {
		floats.MulTo(part, r, v)
		s.first[c][i] += floats.Sum(part)
		from := i
		if s.full {
			from = 0
		}
		for j := from; j <= i; j++ {
			s.second[c][i*s.dim+j] += floats.Dot(part, z[j])
		}
	}
}

// maximise is the most likely mixture for the shares. Every variance is at least 1e-4, in
// latents of size 1: a component may close in on one point.
func (s *sums) maximise(n int) (*mixture, error) {
	m := &mixture{dim: s.dim, full: s.full}
	for c, share := range s.share {
		share = max(share, 1e-8)
		mean := slices.Clone(s.first[c])
		for i := range mean {
			mean[i] /= share
		}
		covariance := mat.NewSymDense(s.dim, nil)
		for i := range s.dim {
			for j := 0; j <= i; j++ {
				if i == j {
					covariance.SetSym(i, i, max(s.second[c][i*s.dim+i]/share-mean[i]*mean[i], 0)+1e-4)
				} else if s.full {
					covariance.SetSym(i, j, s.second[c][i*s.dim+j]/share-mean[i]*mean[j])
				}
			}
		}
		var cholesky mat.Cholesky
		if !cholesky.Factorize(covariance) {
			return nil, errors.New("a covariance of the latents is singular or not finite; look at what Encode makes of the examples")
		}
		var lower mat.TriDense
		cholesky.LTo(&lower)
		l := make([]float64, s.dim*s.dim)
		for i := range s.dim {
			for j := 0; j <= i; j++ {
				l[i*s.dim+j] = lower.At(i, j)
			}
		}
		m.logWeight = append(m.logWeight, math.Log(share/float64(n)))
		m.mean, m.lower = append(m.mean, mean), append(m.lower, l)
	}
	return m, nil
}

// shares is the function that sets the probabilities of the components given the points of
// a block, and returns Σ log p(z).
func (m *mixture) shares() func(z, share [][]float64) float64 {
	constant := make([]float64, len(m.mean)) // of the densities
	for c := range constant {
		constant[c] = m.logWeight[c] - 0.5*float64(m.dim)*math.Log(2*math.Pi)
		for i := range m.dim {
			constant[c] -= math.Log(m.lower[c][i*m.dim+i])
		}
	}
	return func(z, share [][]float64) (logProb float64) {
		ε := matrix(m.dim, len(z[0])) // L⁻¹·(z − μ)
		for c, mean := range m.mean {
			for i := range ε {
				copy(ε[i], z[i])
				floats.AddConst(-mean[i], ε[i])
				row := m.lower[c][i*m.dim:]
				if m.full {
					for j := range i {
						floats.AddScaled(ε[i], -row[j], ε[j])
					}
				}
				floats.Scale(1/row[i], ε[i])
				for at, v := range ε[i] {
					share[c][at] -= 0.5 * v * v
				}
			}
			floats.AddConst(constant[c], share[c])
		}
		for i := range z[0] {
			top, sum := math.Inf(-1), 0.0
			for _, row := range share {
				top = max(top, row[i])
			}
			for _, row := range share {
				below := row[i] - top
				row[i] = 0
				if below > -40 { // else it is nothing beside the largest, and costs as much as any
					row[i] = math.Exp(below)
					sum += row[i]
				}
			}
			for _, row := range share {
				row[i] /= sum
			}
			logProb += top + math.Log(sum)
		}
		return logProb
	}
}

// logProb is the mean of log p(z) over points.
func (m *mixture) logProb(points []float64) float64 {
	return gather(points, m.dim, len(m.mean), m.full, m.shares()).logProb / float64(len(points)/m.dim)
}
