package plain_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit/dist"
	"github.com/vaebook/vaebook/vaekit/internal/plain"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// That steps make what layers make is tested where they are run: TestExplorerRunsEveryLayer
// of package show does so in a page.

// All parameters are in the array once, in the order of the steps.
func TestProgramHoldsItsParameters(t *testing.T) {
	net := nets.Net{nets.Dense{Units: 6, Activation: nets.Tanh}, nets.Reshape{Shape: []int{2, 3}}, nets.Residual{Net: nets.Net{nets.Conv1D{Channels: 4, Dilation: 2}}}}
	params, n := map[string][]float32{}, 0
	for _, p := range net.Params([]int{2}) {
		size := datasets.Size(p.Shape)
		params["decoder."+p.Name] = slices.Repeat([]float32{float32(len(params))}, size)
		n += size
	}
	p := plain.New(params)
	if err := p.Layer("decoder", net, []int{2}); err != nil {
		t.Fatal(err)
	}
	if err := p.Mean(dist.Gaussian{Sigma: dist.Predicted}); err != nil {
		t.Fatal(err)
	}
	if len(p.Values) != n {
		t.Errorf("the program holds %d numbers, the net %d", len(p.Values), n)
	}
	ops := ""
	for _, s := range p.Steps {
		ops += s.Op + " "
	}
	if ops != "dense sum first " || p.Steps[2].From != 2 {
		t.Errorf("the steps are %s, and the mean is the first of every %d numbers", ops, p.Steps[2].From)
	}
	conv, around := p.Steps[1].Inner[0][0], p.Steps[1].Inner[1][0]
	if want := (plain.Axis{In: 2, Out: 2, Taps: 3, Stride: 1, Dilation: 2, Low: 2}); conv.Axes[1] != want {
		t.Errorf("the convolution goes %+v, expected %+v", conv.Axes[1], want)
	}
	if conv.Axes[0].Taps != 1 || around.Bias != -1 || p.Values[around.Weight] != params["decoder.2.projection"][0] {
		t.Errorf("the residual is %+v around %+v", conv, around)
	}
}

type own struct{ nets.LayerNorm }

func (own) Apply(_ *nets.Pass, x *graph.Node) *graph.Node { return x }

type anyLikelihood struct{ dist.Bernoulli }

// What has no plain form is named.
func TestNoPlainForm(t *testing.T) {
	p := plain.New(nil)
	for says, err := range map[string]error{
		"plain_test.own has no plain form":      p.Layer("decoder", nets.Net{nets.Flatten{}, own{}}, []int{2}),
		"dist.Categorical has no plain form":    p.Mean(dist.Categorical{}),
		"plain_test.anyLikelihood has no plain": p.Mean(anyLikelihood{}),
		"has not 1 to 268435456 numbers":        p.Layer("decoder", nets.Upsample{Factor: 1 << 20}, []int{1 << 10, 1 << 10, 1}),
		"a single number without an axis":       p.Layer("decoder", nets.Flatten{}, nil),
		"cannot make [3]":                       p.Layer("decoder", nets.Reshape{Shape: []int{3}}, []int{2}),
	} {
		if err == nil || !strings.Contains(fmt.Sprint(err), says) {
			t.Errorf("the error is %v, expected it to say %q", err, says)
		}
	}
}
