package nets_test

import (
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/vaebook/vaebook/vaekit/internal/check"
	"github.com/vaebook/vaebook/vaekit/internal/describe"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
	"github.com/vaebook/vaebook/vaekit/internal/plain"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// The plain form of every layer makes what its graph makes, to rounding.
func TestPlainForms(t *testing.T) {
	tried := map[string]bool{}
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		compare := func(layer nets.Layer, in []int) {
			if len(in) == 0 {
				return // a single number has no channels
			}
			inTree(reflect.ValueOf(layer), tried)
			rng := rand.New(rand.NewPCG(9, 9))
			all := inputs(rng, layer, 1, in)
			params := map[string][]float32{}
			for i, p := range layer.Params(in) {
				params["layer."+p.Name] = floats(all[i+1].Values)
			}
			for i := range all {
				all[i] = all[i].In32()
			}
			program := plain.New(params)
			if err := program.Layer("layer", layer, in); err != nil {
				t.Errorf("%v: %v", layer, err)
				return
			}
			want := run(t, b, apply(layer, in), all...).Values
			got := program.Run(floats(all[0].Values))
			if len(got) != len(want) {
				t.Errorf("%v: %d numbers, the graph makes %d", layer, len(got), len(want))
				return
			}
			for i, v := range want {
				if !(math.Abs(v-float64(got[i])) <= 2e-5*(1+math.Abs(v))) {
					t.Errorf("%v of %v: number %d is %v, the graph's is %v", layer, in, i, got[i], v)
					return
				}
			}
		}
		for _, c := range layers {
			compare(c.layer, c.in)
		}
		for _, c := range convolutions {
			compare(c.layer, c.in)
		}
		for _, c := range activations {
			compare(nets.Dense{Units: 50, Activation: c.activation}, []int{3})
		}
	})
	layer := reflect.TypeFor[nets.Layer]()
	for _, known := range describe.Registered() {
		if known.Implements(layer) && strings.HasPrefix(known.String(), "nets.") && !tried[known.String()] {
			t.Errorf("%v has no plain form that is tried here; list one in layers", known)
		}
	}
}

// inTree notes the types of all layers in one.
func inTree(v reflect.Value, seen map[string]bool) {
	switch v.Kind() {
	case reflect.Interface:
		inTree(v.Elem(), seen)
		return
	case reflect.Slice:
		for i := range v.Len() {
			inTree(v.Index(i), seen)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			inTree(v.Field(i), seen)
		}
	}
	seen[v.Type().String()] = true
}

// What is given and what has passed through a program are different arrays.
func TestPlainFormsLeaveTheirInput(t *testing.T) {
	program := plain.New(nil)
	net := nets.Net{nets.Flatten{}, nets.Residual{Net: nets.Net{nets.Flatten{}}}}
	if err := program.Layer("net", net, []int{3}); err != nil {
		t.Fatal(err)
	}
	x := []float32{1, 2, 3}
	if y := program.Run(x); !reflect.DeepEqual(x, []float32{1, 2, 3}) || !reflect.DeepEqual(y, []float32{2, 4, 6}) {
		t.Errorf("of %v it made %v", x, y)
	}
}

func floats(values []float64) []float32 {
	x := make([]float32, len(values))
	for i, v := range values {
		x[i] = float32(v)
	}
	return x
}
