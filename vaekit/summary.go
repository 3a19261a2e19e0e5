package vaekit

import (
	"fmt"
	"slices"
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
	learned, state := 0, 0
	row := func(part, layer, out string, params []nets.Param) {
		n := 0
		for _, p := range params {
			if p.State {
				state += datasets.Size(p.Shape)
			} else {
				n += datasets.Size(p.Shape)
			}
		}
		learned += n
		fmt.Fprintf(&s, "%-11s %-34s %-14s %10d\n", part, layer, out, n)
	}
	var net func(part string, net nets.Net, in []int)
	net = func(part string, of nets.Net, in []int) {
		for _, layer := range of {
			out, _ := layer.Out(in) // build has checked that it fits
			if inner, ok := layer.(nets.Net); ok {
				net(part, inner, in)
			} else {
				row(part, layerLine(layer), times(out), layer.Params(in))
			}
			in = out
		}
	}
	fmt.Fprintf(&s, "%-11s %-34s %-14s %10s\n", "part", "layer", "output", "parameters")
	at := func(n int) []int { return append(slices.Clone(b.positions), n) } // every position n numbers
	net("encoder", b.Encoder, event)
	row("posterior", layerLine(b.encoderHead), times(at(b.encoderHead.Units)), b.part("posterior"))
	row("", describe.Name(b.Posterior), times(at(b.Latent)), b.part("posterior.density"))
	row("prior", describe.Name(b.Prior), times(at(b.Latent)), b.part("prior"))
	if b.Classes > 0 {
		row("class", "an example of each", times([]int{b.Classes}), b.part("encoder.class"))
	}
	net("decoder", b.Decoder, at(b.Latent+b.Classes))
	if b.decoderHead != nil {
		made := []int{b.decoderHead.Units}
		if b.Local {
			made = append(slices.Clone(event[:len(event)-1]), b.decoderHead.Units)
		}
		row("output", layerLine(*b.decoderHead), times(made), b.part("output"))
	}
	row("likelihood", describe.Name(b.Likelihood), times(event), b.part("likelihood"))
	row("objective", describe.Name(b.Objective), "", b.part("objective"))
	fmt.Fprintf(&s, "%d parameters, %.1f MB as float32", learned, float64(4*learned)/1e6)
	if state > 0 {
		fmt.Fprintf(&s, "; %d numbers kept that are not learned", state)
	}
	return s.String(), nil
}

// times writes a shape as [28×28×1].
func times(shape []int) string { return strings.ReplaceAll(fmt.Sprint(shape), " ", "×") }

// Summary is the table of the run's own model.
func (r *Run) Summary() string {
	s, _ := r.Model.Summary(r.Shape()...) // it was built before
	return s
}

// layerLine is a layer in a few words: its own, or the name of its type.
func layerLine(l nets.Layer) string {
	if l, ok := l.(fmt.Stringer); ok {
		return l.String()
	}
	return strings.TrimPrefix(describe.Name(l), "nets.")
}
