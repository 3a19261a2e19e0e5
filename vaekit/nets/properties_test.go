package nets_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/internal/check"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// A transposed convolution is the transpose: Σ conv(x)·y = Σ x·transposed(y), with one
// kernel, its channels swapped.
func TestTransposedIsTheTranspose(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	for _, c := range []nets.Conv2D{
		{Kernel: 3, Stride: 2},
		{Kernel: 4, Stride: 2},
		{Kernel: 5, Stride: 3, Padding: nets.Valid},
		{Kernel: 2, Dilation: 3, Padding: nets.Valid},
	} {
		c.Channels = 4
		transposed := nets.ConvTranspose2D(c)
		transposed.Channels = 5
		coarse := []int{3, 2, 4}
		fine, err := transposed.Out(coarse)
		if err != nil {
			t.Fatal(err)
		}
		there := inputs(rng, c, 2, fine)
		back := inputs(rng, transposed, 2, coarse)
		zero(there[2])
		zero(back[2])
		for k := range there[1].Values { // [taps, 5, 4] and [taps, 4, 5]
			back[1].Values[k/20*20+k%4*5+k%20/4] = there[1].Values[k]
		}
		check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
			left := dot(run(t, b, apply(c, fine), there...), back[0])
			right := dot(there[0], run(t, b, apply(transposed, coarse), back...))
			near(t, "product", []float64{left}, []float64{right})
		})
	}
}

// What is causal knows nothing of the future.
func TestCausal(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	for _, c := range []struct {
		layer nets.Layer
		ratio float64 // outputs for an input
	}{
		{nets.Conv1D{Channels: 2, Kernel: 4, Padding: nets.Causal}, 1},
		{nets.Conv1D{Channels: 2, Kernel: 3, Stride: 2, Dilation: 2, Padding: nets.Causal}, 0.5},
		{nets.ConvTranspose1D{Channels: 2, Kernel: 5, Stride: 3, Padding: nets.Causal}, 3},
	} {
		const length, changed = 10, 6
		all := inputs(rng, c.layer, 1, []int{length, 1})
		check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
			f := apply(c.layer, []int{length, 1})
			before := run(t, b, f, all...)
			all[0].Values[changed]++
			after := run(t, b, f, all...)
			all[0].Values[changed]--
			first := 2 * int(math.Ceil(changed*c.ratio)) // of two channels
			near(t, "past", after.Values[:first], before.Values[:first])
			if d := after.Values[first] - before.Values[first]; math.Abs(d) < 1e-3 {
				t.Errorf("%v: the present changes by %g", c.layer, d)
			}
		})
	}
}

func TestNormsNormalise(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 6))
	const batch, positions, channels = 2, 12, 6
	x := normal(rng, batch, 4, 3, channels)
	for i := range x.Values {
		x.Values[i] = 5 + 3*x.Values[i]
	}
	ones, zeros := check.New([]float64{1, 1, 1, 1, 1, 1}, channels), check.New(make([]float64, channels), channels)
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		for _, c := range []struct {
			layer nets.Layer
			set   func(example, position, channel int) int // which values share a mean
		}{
			{nets.GroupNorm{Groups: 3}, func(e, _, c int) int { return 3*e + c/2 }},
			{nets.GroupNorm{}, func(e, _, _ int) int { return e }},
			{nets.LayerNorm{}, func(e, p, _ int) int { return positions*e + p }},
		} {
			y := run(t, b, apply(c.layer, []int{4, 3, channels}), x, ones, zeros)
			sum, squares, count := map[int]float64{}, map[int]float64{}, map[int]float64{}
			for i, v := range y.Values {
				set := c.set(i/(positions*channels), i/channels%positions, i%channels)
				sum[set] += v
				squares[set] += v * v
				count[set]++
			}
			for set, n := range count {
				if mean, variance := sum[set]/n, squares[set]/n; math.Abs(mean) > 1e-9 || math.Abs(variance-1) > 1e-4 {
					t.Errorf("%v: mean %g, variance %g", c.layer, mean, variance)
				}
			}
			flat := run(t, b, apply(c.layer, []int{channels}), check.New([]float64{7, 7, 7, 7, 7, 7}, 1, channels), ones, ones)
			near(t, "values all alike", flat.Values, ones.Values)
		}
	})
}

func TestDownsampleUndoesUpsample(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for _, x := range []check.Array{normal(rng, 2, 4, 3), normal(rng, 2, 3, 2, 2)} {
		net := nets.Net{nets.Upsample{Factor: 3}, nets.Downsample{Factor: 3}}
		check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
			near(t, "there and back", run(t, b, apply(net, x.Shape[1:]), x).Values, x.Values)
		})
	}
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		x := check.New([]float64{1, 2, 3, 4}, 1, 1, 2, 2)
		y := run(t, b, apply(nets.Upsample{}, []int{1, 2, 2}), x)
		near(t, "nearest", y.Values, []float64{1, 2, 1, 2, 3, 4, 3, 4, 1, 2, 1, 2, 3, 4, 3, 4})
		near(t, "mean", run(t, b, apply(nets.Downsample{}, []int{2, 2, 1}), check.New(x.Values, 1, 2, 2, 1)).Values, []float64{2.5})
	})
}

// A net of zeros leaves the input, or its projection; an open gate is a dense layer, a
// closed one nothing.
func TestResidualAndGatedAtTheirEnds(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	same := nets.Residual{Net: nets.Net{nets.Dense{Units: 3}}}
	wider := nets.Residual{Net: nets.Net{nets.Dense{Units: 4}}}
	gated, dense := nets.Gated{Units: 4}, nets.Dense{Units: 4}
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		all := inputs(rng, same, 2, []int{3})
		zero(all[1])
		zero(all[2])
		near(t, "residual", run(t, b, apply(same, []int{3}), all...).Values, all[0].Values)

		all = inputs(rng, wider, 2, []int{3})
		zero(all[1])
		zero(all[2])
		bare := run(t, b, apply(dense, []int{3}), all[0], all[3], check.New(make([]float64, 4), 4))
		near(t, "projection", run(t, b, apply(wider, []int{3}), all...).Values, bare.Values)

		all = inputs(rng, gated, 2, []int{3}) // x, value weight and bias, gate weight and bias
		for gate, want := range map[float64]check.Array{
			50:  run(t, b, apply(dense, []int{3}), all[:3]...),
			-50: check.New(make([]float64, 8), 2, 4),
		} {
			zero(all[3])
			for i := range all[4].Values {
				all[4].Values[i] = gate
			}
			near(t, "gate", run(t, b, apply(gated, []int{3}), all...).Values, want.Values)
		}
	})
}

// One input, or one kernel, may serve two convolutions, and one alone may be asked for.
func TestConvolutionsShare(t *testing.T) {
	rng := rand.New(rand.NewPCG(10, 10))
	conv := nets.Conv1D{Channels: 5, Kernel: 4}
	up := nets.ConvTranspose1D{Channels: 5, Kernel: 4, Stride: 2}
	x, k := normal(rng, 2, 7, 5), normal(rng, 4, 5, 5)
	f := func(in []*graph.Node) *graph.Node {
		bias := graph.ZerosLike(graph.Reshape(graph.Slice(in[1], graph.AxisElem(0), graph.AxisElem(0)), 5))
		p := nets.NewPass(true, map[string]*graph.Node{"weight": in[1], "bias": bias}, nil)
		return graph.Mul(conv.Apply(p, conv.Apply(p, in[0])), conv.Apply(p, graph.Slice(up.Apply(p, in[0]), graph.AxisRange(), graph.AxisRange(0, 7))))
	}
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		check.Gradient(t, b, f, x, k)
		check.Gradient(t, b, func(in []*graph.Node) *graph.Node {
			return f([]*graph.Node{in[0], graph.StopGradient(graph.MulScalar(graph.OnesLike(graph.Slice(in[0], graph.AxisRange(), graph.AxisRange(0, 5))), 0.3))})
		}, normal(rng, 4, 7, 5))
	})
}

func zero(a check.Array) {
	for i := range a.Values {
		a.Values[i] = 0
	}
}

func dot(a, b check.Array) float64 {
	sum := 0.0
	for i := range a.Values {
		sum += a.Values[i] * b.Values[i]
	}
	return sum
}

// Layers say themselves in a few words, as they are after their zero values are filled.
func TestLayersInWords(t *testing.T) {
	for want, layer := range map[string]nets.Layer{
		"Dense 8 tanh":          nets.Dense{Units: 8, Activation: nets.Tanh},
		"Gated 8":               nets.Gated{Units: 8},
		"Conv2D 32 3×3 /2 relu": nets.Conv2D{Channels: 32, Stride: 2, Activation: nets.ReLU},
		"Conv1D 4 k9 dilated 2 causal leaky relu": nets.Conv1D{Channels: 4, Kernel: 9, Dilation: 2, Padding: nets.Causal, Activation: nets.LeakyReLU},
		"ConvTranspose1D 4 k9 ×4":                 nets.ConvTranspose1D{Channels: 4, Kernel: 9, Stride: 4},
		"ConvTranspose2D 4 2×2 valid":             nets.ConvTranspose2D{Channels: 4, Kernel: 2, Padding: nets.Valid},
		"Residual of Conv1D 4 k3":                 nets.Residual{Net: nets.Net{nets.Conv1D{Channels: 4}}},
		"Residual of 3 layers":                    nets.Residual{Net: nets.MLP(8, 8)},
		"GroupNorm 1":                             nets.GroupNorm{},
		"LayerNorm":                               nets.LayerNorm{},
		"Upsample ×2":                             nets.Upsample{},
		"Downsample /3":                           nets.Downsample{Factor: 3},
	} {
		if got := fmt.Sprint(layer); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
