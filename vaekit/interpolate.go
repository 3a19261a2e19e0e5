package vaekit

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/vaebook/vaebook/datasets"
)

// A Path is a way from one latent to another.
type Path int

const (
	// Linear is the straight line.
	Linear Path = iota

	// Spherical turns from one direction into the other while the length changes
	// steadily. In many dimensions the prior lies near a sphere of radius √d, and a
	// straight line cuts through the inside, where no example is (White, 2016).
	Spherical
)

// Between are n points on the path from a to b, both ends included. Where the two
// differ in length, what one has more is left out.
func (p Path) Between(a, b []float32, n int) [][]float32 {
	n, dims := max(n, 0), min(len(a), len(b))
	a, b = a[:dims], b[:dims]
	points := make([][]float32, n)
	for i := range points {
		t := 0.0
		if n > 1 {
			t = float64(i) / float64(n-1)
		}
		points[i] = p.at(a, b, t)
	}
	return points
}

func (p Path) at(a, b []float32, t float64) []float32 {
	wa, wb := 1-t, t
	if p == Spherical {
		var aa, bb, ab float64
		for i := range a {
			x, y := float64(a[i]), float64(b[i])
			aa, bb, ab = aa+x*x, bb+y*y, ab+x*y
		}
		la, lb := math.Sqrt(aa), math.Sqrt(bb)
		angle := math.Acos(max(-1, min(1, ab/(la*lb))))
		// Directions that agree, are opposite or do not exist have no one great
		// circle; the straight line serves.
		if s := math.Sin(angle); s > 1e-6 {
			length := (1-t)*la + t*lb
			wa, wb = math.Sin((1-t)*angle)/s*length/la, math.Sin(t*angle)/s*length/lb
		}
	}
	z := make([]float32, len(a))
	for i := range z {
		z[i] = float32(wa*float64(a[i]) + wb*float64(b[i]))
	}
	return z
}

// Interpolate decodes n points on the path from a to b, both ends included.
func (r *Run) Interpolate(a, b []float32, n int, path Path) (*datasets.Batch, error) {
	if _, err := r.flat([][]float32{a, b}); err != nil {
		return nil, err
	}
	if n < 2 {
		return nil, fmt.Errorf("vaekit: an interpolation has at least its 2 ends; %d points asked for", n)
	}
	return r.Decode(path.Between(a, b, n)...)
}

// Corners decodes n rows of n points between four latents, at the top left, top
// right, bottom left and bottom right.
func (r *Run) Corners(corners [4][]float32, n int, path Path) (*datasets.Batch, error) {
	if _, err := r.flat(corners[:]); err != nil {
		return nil, err
	}
	if n < 2 {
		return nil, fmt.Errorf("vaekit: a grid between four corners has at least 2 rows; %d asked for", n)
	}
	left, right := path.Between(corners[0], corners[2], n), path.Between(corners[1], corners[3], n)
	var points [][]float32
	for i := range left {
		points = append(points, path.Between(left[i], right[i], n)...)
	}
	return r.Decode(points...)
}

// Manifold decodes n rows of n points of a model with two latents, spread so that
// each stands for as much of a standard normal prior as any other: rows from the
// top, where z₂ is large, columns from the left, where z₁ is small.
func (r *Run) Manifold(n int) (*datasets.Batch, error) {
	if latents := r.look.model.latents(); latents != 2 {
		return nil, fmt.Errorf("vaekit: a manifold is drawn of 2 latents; the model has %d: Traverse shows one at a time", latents)
	}
	if n < 1 {
		return nil, fmt.Errorf("vaekit: a manifold of %d by %d has no picture", n, n)
	}
	quantile := func(i int) float32 {
		return float32(distuv.UnitNormal.Quantile((float64(i) + 0.5) / float64(n)))
	}
	var points [][]float32
	for row := range n {
		for column := range n {
			points = append(points, []float32{quantile(column), quantile(n - 1 - row)})
		}
	}
	return r.Decode(points...)
}

// Traverse decodes z with one latent replaced by each of the values.
func (r *Run) Traverse(z []float32, latent int, values ...float32) (*datasets.Batch, error) {
	if latents := r.look.model.latents(); latent < 0 || latent >= latents {
		return nil, fmt.Errorf("vaekit: latent %d asked for; the model has %d, numbered from 0", latent, latents)
	}
	points := make([][]float32, len(values))
	for i, v := range values {
		points[i] = append([]float32(nil), z...)
		if latent < len(z) {
			points[i][latent] = v
		}
	}
	return r.Decode(points...)
}
