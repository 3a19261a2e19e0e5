package optim

import (
	"math"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/internal/describe"
)

// Muon moves a matrix by its momentum made orthogonal: as far along directions of which
// the gradients tell little as along those that fill them (Jordan et al., 2024). At the
// scale of Liu et al. (2025), section 2.2, so that learning rates of Adam suit it:
//
//	m ← Momentum · m + g    U Σ Vᵀ = g + Momentum · m    θ ← θ − rate · 0.2 √max(rows, columns) · U Vᵀ
//
// U Vᵀ is found with products of matrices alone, singular values being 0.7 to 1.2 and not 1.
// Of more than two axes all but the last, a layer's outputs, are the rows. What has fewer,
// such as a bias or a scale, follows Adam.
type Muon struct {
	Adam
	Momentum float64 // 0 means 0.95

	// Largest is how many numbers a matrix may have. Larger ones follow Adam, as Jordan
	// et al. have a net's first and last layers do, which are often the largest: there the
	// products take most and bring least. 0: any.
	Largest int
}

func (m Muon) followsAdam(u Update) bool {
	return u.Value.Rank() < 2 || m.Largest > 0 && u.Value.Shape().Size() > m.Largest
}

// Keep is the momentum in the place of Adam's mean, or what Adam keeps.
func (m Muon) Keep(u Update) []*graph.Node {
	if m.followsAdam(u) {
		return m.Adam.Keep(u)
	}
	return []*graph.Node{pushed(u.Slots[0], or(m.Momentum, 0.95), u.Gradient), u.Slots[1]}
}

// Step is one step along the orthogonal matrix, or Adam's.
func (m Muon) Step(u Update) *graph.Node {
	if m.followsAdam(u) {
		return m.Adam.Step(u)
	}
	dims := u.Value.Shape().Dimensions
	columns := dims[len(dims)-1]
	rows := u.Value.Shape().Size() / columns
	next := pushed(u.Slots[0], or(m.Momentum, 0.95), u.Gradient)
	step := orthogonal(graph.Reshape(next, rows, columns))
	rate := graph.MulScalar(u.Rate, 0.2*math.Sqrt(float64(max(rows, columns))))
	return graph.Sub(u.Value, graph.Mul(rate, graph.Reshape(step, dims...)))
}

// orthogonal is a matrix with its singular values near 1: five steps of Newton and Schulz,
// with the odd polynomial of fifth degree of Jordan et al., which sends all of them from
// 1/100 to 1, the largest that a matrix of length 1 can have, to between 0.7 and 1.2.
func orthogonal(x *graph.Node) *graph.Node {
	if dims := x.Shape().Dimensions; dims[0] > dims[1] { // the products are of the shorter side
		return graph.Transpose(orthogonal(graph.Transpose(x, 0, 1)), 0, 1)
	}
	const smallest = 1e-20 // for 0/0
	x = graph.Div(x, graph.AddScalar(graph.Sqrt(graph.ReduceAllSum(graph.Mul(x, x))), smallest))
	for range 5 {
		square := graph.MatMul(x, graph.Transpose(x, 0, 1))
		higher := graph.Add(graph.MulScalar(square, -4.7750), graph.MulScalar(graph.MatMul(square, square), 2.0315))
		x = graph.Add(graph.MulScalar(x, 3.4445), graph.MatMul(higher, x))
	}
	return x
}

func init() { describe.Register(Muon{}) }
