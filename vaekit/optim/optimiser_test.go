package optim_test

import (
	"math"
	"testing"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/internal/check"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
	"github.com/vaebook/vaebook/vaekit/optim"
)

// slow is an optimiser for one number, written as its paper writes it: from the value,
// the gradient, what it kept and the count of updates to a new value.
type slow func(θ, g float64, kept *[2]float64, n float64) float64

const rate = 0.1

func adam(decay float64) slow {
	return func(θ, g float64, kept *[2]float64, n float64) float64 {
		const β1, β2, ε = 0.9, 0.999, 1e-8
		kept[0] = β1*kept[0] + (1-β1)*g
		kept[1] = β2*kept[1] + (1-β2)*g*g
		m, v := kept[0]/(1-math.Pow(β1, n)), kept[1]/(1-math.Pow(β2, n))
		return θ - rate*decay*θ - rate*m/(math.Sqrt(v)+ε)
	}
}

func adamax(θ, g float64, kept *[2]float64, n float64) float64 {
	const β1, β2, ε = 0.9, 0.999, 1e-8
	kept[0] = β1*kept[0] + (1-β1)*g
	kept[1] = math.Max(β2*kept[1], math.Abs(g))
	return θ - rate/(1-math.Pow(β1, n))*kept[0]/(kept[1]+ε)
}

func sgd(momentum float64, nesterov bool) slow {
	return func(θ, g float64, kept *[2]float64, _ float64) float64 {
		kept[0] = momentum*kept[0] + g
		if nesterov {
			return θ - rate*(g+momentum*kept[0])
		}
		return θ - rate*kept[0]
	}
}

// Each optimiser takes eight updates on numbers and gradients of several sizes.
func TestOptimisersFollowTheirPapers(t *testing.T) {
	start := []float64{1, -2, 0.5, 3, 0, -0.1}
	for _, test := range []struct {
		name string
		fast optim.Optimiser
		slow slow
	}{
		{"Adam", optim.Adam{}, adam(0)},
		{"AdamW", optim.AdamW{Decay: 0.2}, adam(0.2)},
		{"AdamW with the usual decay", optim.AdamW{}, adam(0.01)},
		{"Adamax", optim.Adamax{}, adamax},
		{"SGD", optim.SGD{}, sgd(0, false)},
		{"momentum", optim.SGD{Momentum: 0.9}, sgd(0.9, false)},
		{"Nesterov", optim.SGD{Momentum: 0.9, Nesterov: true}, sgd(0.9, true)},
	} {
		t.Run(test.name, func(t *testing.T) {
			check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
				slots := len(test.fast.Slots())
				update := compileUpdate(t, b, test.fast)
				state := []check.Array{check.New(start, 2, 3)}
				for range slots {
					state = append(state, check.New(make([]float64, 6), 2, 3))
				}
				want := append([]float64(nil), start...)
				kept := make([][2]float64, 6)
				for n := 1; n <= 8; n++ {
					gradient := make([]float64, 6)
					for i := range gradient {
						gradient[i] = math.Sin(float64(3*n+i)) * math.Pow(10, float64(i-4))
						want[i] = test.slow(want[i], gradient[i], &kept[i], float64(n))
					}
					in := append([]check.Array{state[0], check.New(gradient, 2, 3), check.New([]float64{float64(n)}, 1)}, state[1:]...)
					state = update(in...)
					for i, got := range state[0].Values {
						if math.Abs(got-want[i]) > 1e-12 {
							t.Fatalf("update %d of number %d: %v, by the paper's formula %v", n, i, got, want[i])
						}
					}
				}
			})
		})
	}
}

// A bias does not decay.
func TestAdamWLeavesVectorsAlone(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		out := check.Run(t, b, func(in []*graph.Node) []*graph.Node {
			one := graph.OnesLike(graph.ReduceAllSum(in[0]))
			u := optim.Update{Value: in[0], Gradient: in[1], Slots: []*graph.Node{in[1], in[2]}, Rate: one, Count: one}
			return []*graph.Node{optim.AdamW{Decay: 0.5}.Step(u)}
		}, check.New([]float64{2, 4}, 2), check.New([]float64{0, 0}, 2), check.New([]float64{0, 0}, 2))
		if v := out[0].Values; v[0] != 2 || v[1] != 4 {
			t.Errorf("with a gradient of 0 a bias of 2, 4 became %v", v)
		}
	})
}
