package optim_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"gonum.org/v1/gonum/mat"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit/internal/check"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
	"github.com/vaebook/vaebook/vaekit/optim"
)

// Eight updates of a tall and a wide matrix and of a kernel, against singular values from
// gonum: the polynomial that makes them near 1 is of numbers there.
func TestMuonMovesAlongOrthogonalMatrices(t *testing.T) {
	for _, dims := range [][]int{{6, 3}, {3, 6}, {2, 2, 3, 4}, {1, 5}} {
		t.Run(fmt.Sprint(dims), func(t *testing.T) {
			check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
				update := compileUpdate(t, b, optim.Muon{})
				columns := dims[len(dims)-1]
				rows := datasets.Size(dims[:len(dims)-1])
				m, θ := mat.NewDense(rows, columns, nil), mat.NewDense(rows, columns, nil)
				state := slices.Repeat([]check.Array{check.New(make([]float64, rows*columns), dims...)}, 3)
				for n := 1; n <= 8; n++ {
					gradient := make([]float64, rows*columns)
					for i := range gradient {
						gradient[i] = math.Sin(float64(7*n+i*i)) * math.Pow(10, float64(n-4)) // of any length
					}
					g := mat.NewDense(rows, columns, gradient)
					var next mat.Dense
					m.Scale(0.95, m)
					m.Add(m, g)
					next.Scale(0.95, m)
					next.Add(&next, g)
					step := nearlyOrthogonal(t, &next)
					step.Scale(rate*0.2*math.Sqrt(float64(max(rows, columns))), step)
					θ.Sub(θ, step)

					in := append([]check.Array{state[0], check.New(gradient, dims...), check.New([]float64{float64(n)}, 1)}, state[1:]...)
					state = update(in...)
					for i, got := range state[0].Values {
						if want := θ.At(i/columns, i%columns); math.Abs(got-want) > 1e-9 {
							t.Fatalf("update %d of number %d: %v, by singular values %v", n, i, got, want)
						}
					}
				}
			})
		})
	}
}

// nearlyOrthogonal is x with its singular values by Jordan's polynomial, all of which that
// are not lost beside the others have to be near 1.
func nearlyOrthogonal(t *testing.T, x *mat.Dense) *mat.Dense {
	var svd mat.SVD
	if !svd.Factorize(x, mat.SVDThin) {
		t.Fatal("no singular values")
	}
	values := svd.Values(nil)
	length := mat.Norm(x, 2)
	for i, v := range values {
		s := v / length
		for range 5 {
			s = 3.4445*s - 4.7750*s*s*s + 2.0315*math.Pow(s, 5)
		}
		if v > length/100 && (s < 0.65 || s > 1.25) {
			t.Errorf("singular value %v of a matrix of length %v became %v", v, length, s)
		}
		values[i] = s
	}
	var u, v, y mat.Dense
	svd.UTo(&u)
	svd.VTo(&v)
	y.Product(&u, mat.NewDiagDense(len(values), values), v.T())
	return &y
}

// A bias follows Adam, as does a matrix of more than Largest numbers. One whose gradients
// are 0 stays where it is.
func TestMuonBesidesMatrices(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		for _, c := range []struct {
			dims []int
			muon optim.Muon
			adam bool
		}{
			{[]int{4}, optim.Muon{}, true},
			{[]int{2, 2}, optim.Muon{Largest: 3}, true},
			{[]int{2, 2}, optim.Muon{Largest: 4}, false},
			{[]int{2, 2}, optim.Muon{}, false},
		} {
			value, gradient := check.New([]float64{1, 2, 3, 4}, c.dims...), check.New([]float64{3, -1e-3, 0, 1}, c.dims...)
			one, zero := check.New([]float64{1}, 1), check.New(make([]float64, 4), c.dims...)
			update := compileUpdate(t, b, c.muon)
			muon, adam := update(value, gradient, one, zero, zero), compileUpdate(t, b, optim.Adam{})(value, gradient, one, zero, zero)
			same := true
			for i := range muon {
				same = same && slices.Equal(muon[i].Values, adam[i].Values)
			}
			if same != c.adam {
				t.Errorf("%+v on %v: %v, by Adam %v", c.muon, c.dims, muon, adam)
			}
			if still := update(value, zero, one, zero, zero); !slices.Equal(still[0].Values, value.Values) {
				t.Errorf("%+v on %v without a gradient: %v became %v", c.muon, c.dims, value.Values, still[0].Values)
			}
		}
	})
}

// compileUpdate is one update at the learning rate of the tests: from the value, the
// gradient, the count of updates and the slots to the value and the slots.
func compileUpdate(t *testing.T, b *engine.Backend, o optim.Optimiser) func(in ...check.Array) []check.Array {
	return check.Compile(t, b, func(in []*graph.Node) []*graph.Node {
		u := optim.Update{
			Value: in[0], Gradient: in[1], Slots: in[3:],
			Rate: graph.Scalar(in[0].Graph(), in[0].DType(), rate), Count: graph.Reshape(in[2]),
		}
		u.Slots = o.Keep(u)
		return append([]*graph.Node{o.Step(u)}, u.Slots...)
	})
}
