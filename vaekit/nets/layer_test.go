package nets_test

import (
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/internal/check"
	"github.com/vaebook/vaebook/vaekit/internal/describe"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// layers are layers that fit an input shape, with the shape they make of it. No
// activation here has a kink, so that finite differences hold wherever a draw falls.
var layers = []struct {
	name    string
	layer   nets.Layer
	in, out []int
	params  int // how many numbers it learns
}{
	{"dense", nets.Dense{Units: 3}, []int{4}, []int{3}, 15},
	{"dense on the last axis", nets.Dense{Units: 3, Activation: nets.Tanh}, []int{2, 5, 4}, []int{2, 5, 3}, 15},
	{"dense to one", nets.Dense{Units: 1, Activation: nets.Sigmoid}, []int{1}, []int{1}, 2},
	{"flatten", nets.Flatten{}, []int{2, 3, 4}, []int{24}, 0},
	{"flatten a number", nets.Flatten{}, nil, []int{1}, 0},
	{"reshape", nets.Reshape{Shape: []int{3, 2, 2}}, []int{4, 3}, []int{3, 2, 2}, 0},
	{"reshape to a number", nets.Reshape{}, []int{1, 1}, nil, 0},
	{"gated", nets.Gated{Units: 3}, []int{2, 4}, []int{2, 3}, 30},
	{"residual", nets.Residual{Net: nets.Net{nets.Dense{Units: 4, Activation: nets.Tanh}}}, []int{3, 4}, []int{3, 4}, 20},
	{"residual with more channels", nets.Residual{Net: nets.Net{
		nets.Conv2D{Channels: 3, Activation: nets.SiLU}, nets.Conv2D{Channels: 5},
	}}, []int{3, 4, 2}, []int{3, 4, 5}, 9*6 + 3 + 9*15 + 5 + 10},
	{"group norm", nets.GroupNorm{Groups: 2}, []int{3, 2, 6}, []int{3, 2, 6}, 12},
	{"group norm of a sound", nets.GroupNorm{}, []int{5, 3}, []int{5, 3}, 6},
	{"group norm of a vector", nets.GroupNorm{Groups: 3}, []int{9}, []int{9}, 18},
	{"layer norm", nets.LayerNorm{}, []int{3, 2, 4}, []int{3, 2, 4}, 8},
	{"upsample a sound", nets.Upsample{Factor: 3}, []int{4, 2}, []int{12, 2}, 0},
	{"upsample an image", nets.Upsample{}, []int{2, 3, 2}, []int{4, 6, 2}, 0},
	{"downsample a sound", nets.Downsample{}, []int{6, 2}, []int{3, 2}, 0},
	{"downsample an image", nets.Downsample{Factor: 3}, []int{3, 6, 2}, []int{1, 2, 2}, 0},
	{"empty net", nets.Net{}, []int{2, 3}, []int{2, 3}, 0},
	{"multi-layer perceptron", nets.MLPWith(nets.SiLU, 5, 4), []int{2, 3}, []int{4}, 59},
	{"net in a net", nets.Net{
		nets.Dense{Units: 6, Activation: nets.Softplus},
		nets.Net{nets.Flatten{}, nets.Dense{Units: 8, Activation: nets.SiLU}},
		nets.Reshape{Shape: []int{2, 2, 2}},
		nets.Dense{Units: 3},
	}, []int{2, 3}, []int{2, 2, 3}, 24 + 104 + 9},
}

func TestLayers(t *testing.T) {
	const batch = 2
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		for _, c := range layers {
			t.Run(c.name, func(t *testing.T) {
				out, err := c.layer.Out(c.in)
				if err != nil || !equal(out, c.out) {
					t.Fatalf("Out(%v) is %v (error %v), want %v", c.in, out, err, c.out)
				}
				learned := 0
				rng := rand.New(rand.NewPCG(7, 7))
				all := inputs(rng, c.layer, batch, c.in)
				for _, p := range all[1:] {
					learned += len(p.Values)
				}
				if learned != c.params {
					t.Errorf("%d parameters, want %d", learned, c.params)
				}
				f := apply(c.layer, c.in)
				if y := run(t, b, f, all...); !equal(y.Shape, append([]int{batch}, c.out...)) {
					t.Errorf("a batch of %d becomes %v, want [%d, %v]", batch, y.Shape, batch, c.out)
				}
				check.GradientOnEach(t, b, f, all...)
			})
		}
	})
}

func equal(a, b []int) bool {
	return len(a) == len(b) && (len(a) == 0 || reflect.DeepEqual(a, b))
}

func TestDenseIsAMatrixProduct(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	dense := nets.Dense{Units: 5, Activation: nets.ReLU}
	in := []int{3, 4}
	all := inputs(rng, dense, 2, in)
	x, weight, bias := all[0], all[1], all[2]
	var want []float64
	for row := range 2 * 3 {
		for unit := range 5 {
			sum := bias.Values[unit]
			for i := range 4 {
				sum += x.Values[row*4+i] * weight.Values[i*5+unit]
			}
			want = append(want, math.Max(0, sum))
		}
	}
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		near(t, "float64", run(t, b, apply(dense, in), all...).Values, want)
		for i := range all {
			all[i] = all[i].In32()
		}
		got := run(t, b, apply(dense, in), all...)
		if !got.Float32 {
			t.Error("a float32 input gives a float64 output")
		}
		near(t, "float32", got.Values, want)
	})
}

// Flatten and Reshape keep values in row-major order.
func TestReshapingKeepsOrder(t *testing.T) {
	x := normal(rand.New(rand.NewPCG(2, 2)), 2, 3, 4)
	there := nets.Net{nets.Flatten{}, nets.Reshape{Shape: []int{2, 6}}, nets.Flatten{}, nets.Reshape{Shape: []int{3, 4}}}
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		for _, layer := range there {
			if y := run(t, b, apply(nets.Net{nets.Flatten{}, nets.Reshape{Shape: []int{12}}, layer}, []int{3, 4}), x); !reflect.DeepEqual(y.Values, x.Values) {
				t.Errorf("%v changes %v into %v", layer, x.Values, y.Values)
			}
		}
	})
}

func TestShapeErrors(t *testing.T) {
	for _, c := range []struct {
		layer nets.Layer
		in    []int
		want  string
	}{
		{nets.Dense{}, []int{3}, "field Units is 0; it counts outputs and must be positive"},
		{nets.Dense{Units: 3}, nil, "needs an axis to work on"},
		{nets.Reshape{Shape: []int{2, 3}}, []int{7}, "cannot make [2 3] (6 values) of [7] (7 values)"},
		{nets.Reshape{Shape: []int{-2, -3}}, []int{6}, "field Shape is [-2 -3]; every axis must be positive"},
		{nets.Net{nets.Flatten{}, nets.Dense{}}, []int{3}, "layer 1 (nets.Dense): field Units is 0"},
		{nets.Net{nets.Flatten{}, nets.MLP(3, 0)}, []int{3}, "layer 1 (nets.Net): layer 2 (nets.Dense): field Units is 0"},
		{nets.Net{nets.Flatten{}, nil}, []int{3}, "layer 1 is nil"},
		{nets.Conv1D{Channels: 2}, []int{28, 28, 1}, "needs [length, channels], the input is [28 28 1]"},
		{nets.ConvTranspose2D{Channels: 2}, []int{64}, "needs [height, width, channels], the input is [64]"},
		{nets.Conv2D{}, []int{5, 5, 1}, "field Channels is 0; it counts outputs and must be positive"},
		{nets.Conv1D{Channels: 2, Kernel: -3}, []int{5, 1}, "field Kernel is -3"},
		{nets.Conv1D{Channels: 2, Stride: -1}, []int{5, 1}, "field Stride is -1"},
		{nets.ConvTranspose1D{Channels: 2, Dilation: -1}, []int{5, 1}, "field Dilation is -1"},
		{nets.Conv1D{Channels: 2, Dilation: 3, Padding: nets.Valid}, []int{6, 1}, "the kernel spans 7 of an input of [6 1]"},
		{nets.Conv2D{Channels: 2, Kernel: 5, Stride: 9, Padding: nets.Valid}, []int{5, 4, 1}, "the kernel spans 5 of an input of [5 4 1]"},
		{nets.Conv2D{Channels: 2, Padding: nets.Causal}, []int{5, 5, 1}, "field Padding is causal"},
		{nets.Conv1D{Channels: 2, Padding: "reflect"}, []int{5, 1}, "there is no padding \"reflect\""},
		{nets.GroupNorm{Groups: 4}, []int{5, 6}, "field Groups is 4; it must divide the 6 channels"},
		{nets.GroupNorm{Groups: -2}, []int{6}, "field Groups is -2"},
		{nets.LayerNorm{}, nil, "needs an axis of channels"},
		{nets.Upsample{}, []int{5}, "needs [length, channels] or [height, width, channels], the input is [5]"},
		{nets.Upsample{Factor: -1}, []int{5, 5}, "field Factor is -1"},
		{nets.Downsample{}, []int{6, 5, 1}, "the factor 2 does not divide 5 of the input [6 5 1]"},
		{nets.Residual{Net: nets.Net{nets.Flatten{}}}, []int{2, 3}, "the net makes [6] of [2 3]; only the last axis"},
		{nets.Residual{Net: nets.Net{nets.Conv1D{Channels: 2, Stride: 2}}}, []int{4, 2}, "the net makes [2 2] of [4 2]"},
		{nets.Residual{Net: nets.Net{nets.Dense{}}}, []int{2}, "layer 0 (nets.Dense): field Units is 0"},
		{nets.Gated{}, []int{2}, "field Units is 0"},
	} {
		out, err := c.layer.Out(c.in)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v on %v: shape %v, error %v; want %q", c.layer, c.in, out, err, c.want)
		}
	}
}

// Params of a net whose shapes do not fit are those of the layers before.
func TestParamsOfANetThatDoesNotFit(t *testing.T) {
	for _, bad := range []nets.Layer{nil, nets.Dense{}, nets.Reshape{Shape: []int{5}}, nets.Net{nil}} {
		net := nets.Net{nets.Dense{Units: 2}, bad, nets.Dense{Units: 3}}
		var names []string
		for _, p := range net.Params([]int{4}) {
			names = append(names, p.Name)
		}
		if want := []string{"0.weight", "0.bias"}; !reflect.DeepEqual(names, want) {
			t.Errorf("%v lists %v, want %v", net, names, want)
		}
	}
	if got := (nets.Net{nets.Dense{Units: 2}}).Params(nil); got != nil {
		t.Errorf("a single number as the example: %v", got)
	}
}

// What Apply is given is checked against Out, layer by layer.
func TestApplyNamesTheLayerThatDoesNotFit(t *testing.T) {
	net := nets.Net{nets.Flatten{}, nets.Reshape{Shape: []int{5}}}
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		_, err := check.Try(b, func(nodes []*graph.Node) []*graph.Node {
			return []*graph.Node{net.Apply(nets.NewPass(false, nil, nil), nodes[0])}
		}, check.New(make([]float64, 6), 1, 6))
		if err == nil || !strings.Contains(err.Error(), "layer 1 (nets.Reshape): cannot make [5]") {
			t.Errorf("error %v", err)
		}
	})
}

func TestMLPBeginsAsItsActivationAsks(t *testing.T) {
	for activation, want := range map[nets.Activation]nets.Init{
		nets.ReLU: nets.HeUniform, nets.LeakyReLU: nets.HeUniform, nets.ELU: nets.HeUniform,
		nets.SiLU: nets.HeUniform, nets.GELU: nets.HeUniform,
		nets.Tanh: nets.GlorotUniform, nets.Sigmoid: nets.GlorotUniform, nets.Linear: nets.GlorotUniform,
	} {
		for _, p := range nets.MLPWith(activation, 3, 4).Params([]int{2, 2}) {
			want := want
			if strings.HasSuffix(p.Name, "bias") {
				want = nets.Zeros
			}
			if p.Init != want {
				t.Errorf("%s with activation %q begins %q, want %q", p.Name, activation, p.Init, want)
			}
		}
	}
	if got := (nets.Dense{Units: 2}).Params([]int{3})[0].Init; got != nets.GlorotUniform {
		t.Errorf("Dense begins %q", got)
	}
}

// A net is data: written and read it is the same net.
func TestNetsAsJSON(t *testing.T) {
	var all []nets.Layer
	for _, c := range layers {
		all = append(all, c.layer)
	}
	for _, c := range convolutions {
		all = append(all, c.layer)
	}
	for _, layer := range all {
		data, err := describe.Encode(&layer)
		if err != nil {
			t.Fatal(err)
		}
		var got nets.Layer
		if err := describe.Decode(data, &got); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, layer) {
			t.Errorf("read %#v, wrote %#v", got, layer)
		}
	}
}
