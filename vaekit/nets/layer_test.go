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
				check.Gradient(t, b, f, all...)
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
	for _, c := range layers {
		data, err := describe.Encode(&c.layer)
		if err != nil {
			t.Fatal(err)
		}
		var got nets.Layer
		if err := describe.Decode(data, &got); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, c.layer) {
			t.Errorf("%s: read %#v, wrote %#v", c.name, got, c.layer)
		}
	}
}
