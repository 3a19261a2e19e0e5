package vaekit

import (
	"fmt"
	"strings"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit/internal/describe"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// Summary is a table of the model's layers for examples of the given shape: what
// shape each makes, and how many parameters it has.
func (m Model) Summary(event ...int) (table string, err error) {
	defer recovered(&err)
	b, err := m.build(event)
	if err != nil {
		return "", err
	}
	var s strings.Builder
	total := 0
	row := func(part, layer string, out []int, params []nets.Param) {
		n := 0
		for _, p := range params {
			n += datasets.Size(p.Shape)
		}
		total += n
		fmt.Fprintf(&s, "%-11s %-34s %-14s %10d\n", part, layer, strings.ReplaceAll(fmt.Sprint(out), " ", "×"), n)
	}
	net := func(part string, net nets.Net, in []int) []int {
		for _, layer := range net {
			out, _ := layer.Out(in) // build has checked that it fits
			row(part, layerLine(layer), out, layer.Params(in))
			in = out
		}
		return in
	}
	fmt.Fprintf(&s, "%-11s %-34s %-14s %10s\n", "part", "layer", "output", "parameters")
	features := net("encoder", b.Encoder, event)
	row("posterior", layerLine(b.encoderHead), []int{b.encoderHead.Units}, b.encoderHead.Params([]int{datasets.Size(features)}))
	row("", describe.Name(b.Posterior), []int{b.Latent}, b.Posterior.Params(b.Latent))
	row("prior", describe.Name(b.Prior), []int{b.Latent}, b.Prior.Params(b.Latent))
	out := net("decoder", b.Decoder, []int{b.Latent})
	if b.decoderHead != nil {
		row("output", layerLine(*b.decoderHead), []int{b.decoderHead.Units}, b.decoderHead.Params([]int{datasets.Size(out)}))
	}
	row("likelihood", describe.Name(b.Likelihood), event, b.Likelihood.Params(event))
	fmt.Fprintf(&s, "%d parameters, %.1f MB as float32", total, float64(4*total)/1e6)
	return s.String(), nil
}

// Summary is the table of the run's own model.
func (r *Run) Summary() string {
	s, _ := r.Model.Summary(r.Shape()...) // it was built before
	return s
}

func layerLine(l nets.Layer) string {
	name := strings.TrimPrefix(fmt.Sprintf("%T", l), "nets.")
	if d, ok := l.(nets.Dense); ok {
		return strings.TrimSpace(fmt.Sprintf("Dense %d %s", d.Units, d.Activation))
	}
	return name
}
