// Package plain writes nets out as steps on flat arrays of numbers, for whoever runs them
// without GoMLX: the decoder in the page that show.Explorer makes.
//
// A [Program] has one list of steps and one array of parameters. All shapes are worked out
// beforehand, so that a step is a loop: there is nothing to look up, and nothing can fail.
package plain

import (
	"cmp"
	"fmt"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit/dist"
	"github.com/vaebook/vaebook/vaekit/internal/describe"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// A Program is a net, from an array of numbers to another.
type Program struct {
	Steps  []Step    `json:"steps"`
	Values []float32 `json:"-"` // of all parameters, one tensor after another

	params map[string][]float32
}

// A Step is one operation on [Rows, From] numbers, and an activation of what it makes.
//
//	dense       [Rows, From] · weight + bias, [Rows, To]
//	conv        a convolution, from [Axes[0].In, Axes[1].In, From] to [Axes[0].Out, Axes[1].Out, To]
//	transposed  its transpose: Axes[i].In is still what comes in
//	norm        each of Rows/Block blocks and of Groups groups of channels to mean 0 and
//	            variance 1, then times the weight plus the bias of its channel
//	repeat      every position Factor times along both axes, or those with more than one
//	mean        the mean of as many
//	product     what Inner[0] makes, times what Inner[1] makes
//	sum         what Inner[0] makes, plus what Inner[1] makes
//	first       the first of every From numbers
//
// A series is an image one pixel high.
type Step struct {
	Op         string          `json:"op"`
	Activation nets.Activation `json:"activation,omitempty"`
	Rows       int             `json:"rows,omitempty"`
	From       int             `json:"from,omitempty"`
	To         int             `json:"to,omitempty"`
	Axes       []Axis          `json:"axes,omitempty"`
	Block      int             `json:"block,omitempty"`
	Groups     int             `json:"groups,omitempty"`
	Weight     int             `json:"weight"` // where it begins in Values
	Bias       int             `json:"bias"`   // −1: there is none
	Inner      [][]Step        `json:"inner,omitempty"`
}

// An Axis is how a kernel goes along one side: tap t of the position n of the coarse side
// lies at Stride·n + Dilation·t − Low of the fine one.
type Axis struct {
	In       int `json:"in"`
	Out      int `json:"out"`
	Taps     int `json:"taps"`
	Stride   int `json:"stride"` // of repeat and mean: how many positions go together
	Dilation int `json:"dilation"`
	Low      int `json:"low"`
}

// New is an empty program of a model with these parameters, by name.
func New(params map[string][]float32) *Program { return &Program{params: params} }

// Decoder is the program of a model's decoder for so many numbers in, with the layer behind
// it that makes the likelihood's numbers, where the model has one.
func Decoder(params map[string][]float32, net nets.Net, in int) (*Program, error) {
	p := New(params)
	if err := p.Layer("decoder", net, []int{in}); err != nil {
		return nil, err
	}
	if units := len(params["output.bias"]); units > 0 {
		return p, p.Layer("output", nets.Dense{Units: units}, []int{len(params["output.weight"]) / units})
	}
	return p, nil
}

// Layer adds the layer called name for examples of shape in. A layer of a type that is not
// one of package nets has no plain form; the error names it.
func (p *Program) Layer(name string, layer nets.Layer, in []int) error {
	steps, err := p.steps(name, layer, in)
	p.Steps = append(p.Steps, steps...)
	return err
}

// continuousBernoulli makes the mean of a dist.ContinuousBernoulli of its logit.
const continuousBernoulli nets.Activation = "continuous bernoulli"

// Mean adds E[x|z], of what the decoder says for a likelihood. One whose mean is not a
// function of one number at a time has no plain form.
func (p *Program) Mean(likelihood dist.Likelihood) error {
	first := Step{Op: "first", From: likelihood.Outputs()}
	switch likelihood.(type) {
	case dist.Bernoulli:
		first.Activation = nets.Sigmoid
	case dist.ContinuousBernoulli:
		first.Activation = continuousBernoulli
	case dist.Gaussian, dist.Laplace, dist.StudentT:
	default:
		return fmt.Errorf("%s has no plain form", describe.Name(likelihood))
	}
	p.Steps = append(p.Steps, first)
	return nil
}

func (p *Program) steps(name string, layer nets.Layer, in []int) ([]Step, error) {
	out, err := layer.Out(in)
	if err != nil {
		return nil, err
	}
	if len(in) == 0 {
		return nil, fmt.Errorf("%s: a single number without an axis has no plain form; give it one, as [1]", name)
	}
	for _, shape := range [][]int{in, out} {
		if _, err := Size(shape); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	channels := in[len(in)-1]
	rows := datasets.Size(in) / channels
	switch l := layer.(type) {
	case nets.Net:
		var all []Step
		for i, inner := range l {
			steps, err := p.steps(fmt.Sprint(name, ".", i), inner, in)
			if err != nil {
				return nil, err
			}
			all = append(all, steps...)
			in, _ = inner.Out(in) // the whole net fits
		}
		return all, nil
	case nets.Flatten, nets.Reshape:
		return nil, nil
	case nets.Dense:
		return []Step{p.dense(name, rows, channels, l.Units, l.Activation)}, nil
	case nets.Gated:
		return []Step{{Op: "product", Inner: [][]Step{
			{p.dense(name+".value", rows, channels, l.Units, nets.Linear)},
			{p.dense(name+".gate", rows, channels, l.Units, nets.Sigmoid)},
		}}}, nil
	case nets.Residual:
		net, err := p.steps(name, l.Net, in)
		if err != nil {
			return nil, err
		}
		var around []Step
		if to := out[len(out)-1]; to != channels {
			around = []Step{{Op: "dense", Rows: rows, From: channels, To: to, Weight: p.at(name + ".projection"), Bias: -1}}
		}
		return []Step{{Op: "sum", Inner: [][]Step{net, around}}}, nil
	case nets.GroupNorm:
		return []Step{p.norm(name, rows, rows, channels, max(l.Groups, 1))}, nil
	case nets.LayerNorm:
		return []Step{p.norm(name, rows, 1, channels, 1)}, nil
	case nets.Conv1D:
		return []Step{p.conv(name, "conv", l, in, out)}, nil
	case nets.Conv2D:
		return []Step{p.conv(name, "conv", nets.Conv1D(l), in, out)}, nil
	case nets.ConvTranspose1D:
		return []Step{p.conv(name, "transposed", nets.Conv1D(l), in, out)}, nil
	case nets.ConvTranspose2D:
		return []Step{p.conv(name, "transposed", nets.Conv1D(l), in, out)}, nil
	case nets.Upsample:
		return []Step{{Op: "repeat", From: channels, Axes: together(in, out, cmp.Or(l.Factor, 2))}}, nil
	case nets.Downsample:
		return []Step{{Op: "mean", From: channels, Axes: together(in, out, cmp.Or(l.Factor, 2))}}, nil
	}
	return nil, fmt.Errorf("%s has no plain form", describe.Name(layer))
}

// most numbers that a step makes: what a description says is not believed.
const most = 1 << 28

// Size is how many numbers a shape has, or an error where they are too many or none.
func Size(shape []int) (int, error) {
	n := 1
	for _, d := range shape {
		if d < 1 || n > most/d {
			return 0, fmt.Errorf("the shape %v has not 1 to %d numbers", shape, most)
		}
		n *= d
	}
	return n, nil
}

func (p *Program) dense(name string, rows, from, to int, a nets.Activation) Step {
	return Step{Op: "dense", Activation: a, Rows: rows, From: from, To: to, Weight: p.at(name + ".weight"), Bias: p.at(name + ".bias")}
}

func (p *Program) norm(name string, rows, block, channels, groups int) Step {
	return Step{Op: "norm", Rows: rows, Block: block, From: channels, Groups: groups, Weight: p.at(name + ".scale"), Bias: p.at(name + ".bias")}
}

// conv is a convolution of either kind; see nets.Padding for the sizes.
func (p *Program) conv(name, op string, c nets.Conv1D, in, out []int) Step {
	last := len(in) - 1
	s := Step{Op: op, Activation: c.Activation, From: in[last], To: c.Channels, Weight: p.at(name + ".weight"), Bias: p.at(name + ".bias")}
	for i := range last {
		axis := Axis{In: in[i], Out: out[i], Taps: cmp.Or(c.Kernel, 3), Stride: cmp.Or(c.Stride, 1), Dilation: cmp.Or(c.Dilation, 1)}
		coarse, fine := axis.Out, axis.In
		if op == "transposed" {
			coarse, fine = fine, coarse
		}
		reach := axis.Dilation * (axis.Taps - 1)
		switch {
		case c.Padding == nets.Same:
			axis.Low = max((coarse-1)*axis.Stride+reach+1-fine, 0) / 2
		case c.Padding == nets.Causal && op == "conv":
			axis.Low = reach
		}
		s.Axes = append(s.Axes, axis)
	}
	s.Axes = image(s.Axes, Axis{In: 1, Out: 1, Taps: 1, Stride: 1, Dilation: 1})
	return s
}

// together are the axes of a step in which so many neighbours become one, or one as many.
func together(in, out []int, factor int) []Axis {
	var axes []Axis
	for i := range len(in) - 1 {
		axes = append(axes, Axis{In: in[i], Out: out[i], Stride: factor})
	}
	return image(axes, Axis{In: 1, Out: 1, Stride: 1})
}

// image makes a series one pixel high.
func image(axes []Axis, one Axis) []Axis {
	if len(axes) == 1 {
		return append([]Axis{one}, axes...)
	}
	return axes
}

// at puts a parameter into the array, and says where.
func (p *Program) at(name string) int {
	values, ok := p.params[name]
	if !ok {
		panic(fmt.Errorf("plain: there is no parameter %q", name))
	}
	p.Values = append(p.Values, values...)
	return len(p.Values) - len(values)
}
