package vaekit

import (
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/internal/engine"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// A Stream sends sound, or another series of [length, channels], of any length through a
// [Model.Local] whose layers slide (nets.Sliding), block by block: what comes out is
// E[x|z] at z = E[z|x], the same as of the whole at once. It must not be used from two
// goroutines at once.
type Stream struct {
	encode, decode *slider
	in, out        int // numbers that came and went
}

// streamBlock is how many positions a stream waits for unless told.
const streamBlock = 1 << 14

// Stream begins a stream. Block is how many positions it takes at a time, rounded up to whole
// positions of the latents; 0: 16,384, which costs least. Each block goes through the nets
// together with what it depends on before and, where the model is not causal, after it; so
// much must have come before a block goes out. A series shorter than that is followed by
// silence where the whole at once would be followed by nothing, which only the end of one that
// is not causal tells.
//
//	stream, err := run.Stream(0)
//	y, err := stream.Write(x) // as often as there is more
//	rest, err := stream.Close()
func (r *Run) Stream(block int) (*Stream, error) {
	encode, err := r.encoder(block)
	if err != nil {
		return nil, err
	}
	decode, err := r.decoder(block)
	if err != nil {
		return nil, err
	}
	return &Stream{encode: encode, decode: decode}, nil
}

// Write takes any number of positions in and returns those that are ready, one after another
// with those before. Of a causal model all whole blocks are.
func (s *Stream) Write(x []float32) ([]float32, error) {
	z, err := s.encode.write(x)
	if err != nil {
		return nil, err
	}
	s.in += len(x)
	y, err := s.decode.write(z)
	s.out += len(y)
	return y, err
}

// Close returns the rest: in all as much has come out as went in.
func (s *Stream) Close() ([]float32, error) {
	if s.encode.finished {
		return nil, nil
	}
	z, err := s.encode.close()
	if err != nil {
		return nil, err
	}
	y, err := s.decode.write(z)
	if err != nil {
		return nil, err
	}
	rest, err := s.decode.close()
	y = append(y, rest...)
	return y[:min(len(y), s.in-s.out)], err
}

// EncodeLong is the mean of q(z|x) of a series [length, channels] of any length: every
// position of the latents is as an example; the σ are left out. See [Run.Stream] for the
// models that can.
func (r *Run) EncodeLong(x []float32) (*Latents, error) {
	s, err := r.encoder(0)
	if err != nil {
		return nil, err
	}
	z, err := whole(x, s.write, s.close)
	if err != nil {
		return nil, err
	}
	return &Latents{Dim: r.Model.Latent, Mean: z}, nil
}

// DecodeLong is E[x|z] for latents of any number of positions, [Latent] each.
func (r *Run) DecodeLong(z ...[]float32) ([]float32, error) {
	s, err := r.decoder(0)
	if err != nil {
		return nil, err
	}
	for i, one := range z {
		if len(one) != r.Model.Latent {
			return nil, fmt.Errorf("vaekit: z at position %d has %d values; the model has %d latents at each", i, len(one), r.Model.Latent)
		}
	}
	return whole(slices.Concat(z...), s.write, s.close)
}

// ReconstructLong is a series of any length through its posterior mean and back.
func (r *Run) ReconstructLong(x []float32) ([]float32, error) {
	s, err := r.Stream(0)
	if err != nil {
		return nil, err
	}
	return whole(x, s.Write, s.Close)
}

// whole is what becomes of a whole series.
func whole(in []float32, write func([]float32) ([]float32, error), end func() ([]float32, error)) ([]float32, error) {
	out, err := write(in)
	if err != nil {
		return nil, err
	}
	rest, err := end()
	return append(out, rest...), err
}

// encoder makes latents of a series.
func (r *Run) encoder(block int) (*slider, error) {
	s, err := r.slider(block, false)
	if err != nil {
		return nil, err
	}
	s.apply, err = r.windowed(s.window()*s.down, "x", func(b *built, p *nets.Pass, x *graph.Node) *graph.Node {
		return b.encode(p, x).Mean()
	})
	return s, err
}

// decoder makes a series of latents.
func (r *Run) decoder(block int) (*slider, error) {
	s, err := r.slider(block, true)
	if err != nil {
		return nil, err
	}
	s.apply, err = r.windowed(s.window()*s.up, "z", func(b *built, p *nets.Pass, z *graph.Node) *graph.Node {
		return b.Likelihood.Mean(p.In("likelihood"), b.decode(p, z))
	})
	return s, err
}

// slider is one for the encoder or the decoder, without what it applies.
func (r *Run) slider(block int, decoder bool) (*slider, error) {
	b := r.look.model
	switch {
	case !b.Local:
		return nil, fmt.Errorf("vaekit: the model has one set of latents for examples of shape %v; one of any length has Model.Local", b.event)
	case len(b.event) != 2 || b.event[0]%b.positions[0] != 0:
		return nil, fmt.Errorf("vaekit: the latents lie at %v of the positions of examples of shape %v; a series is [length, channels], with a whole number of positions for each", b.positions, b.event)
	case block > 1<<24:
		return nil, fmt.Errorf("vaekit: a block of %d positions; up to %d go through the nets at once", block, 1<<24)
	case b.Classes > 0 && r.class == nil:
		return nil, fmt.Errorf("vaekit: the model has %d classes; choose one for the series with run.Class", b.Classes)
	}
	if block <= 0 {
		block = streamBlock
	}
	stride, net, part := b.event[0]/b.positions[0], b.Encoder, "Encoder"
	s := &slider{up: 1, down: stride, made: b.Latent, width: b.event[1]}
	if decoder {
		s.up, s.down, s.made, s.width = s.down, s.up, s.width, s.made
		net, part = b.Decoder, "Decoder"
	}
	s.block = (block + stride - 1) / stride
	var err error
	if s.before, s.after, err = reach(net, s.up, s.down); err != nil {
		return nil, fmt.Errorf("vaekit: Model.%s is not one for any length: %w", part, err)
	}
	return s, nil
}

// windowed is a function of windows of so many positions of a series, compiled once.
func (r *Run) windowed(length int, name string, f func(b *built, p *nets.Pass, x *graph.Node) *graph.Node) (func([]float32) ([]float32, error), error) {
	look, err := r.look.sized(length)
	if err != nil {
		return nil, err
	}
	fn, err := look.function(name, func(p *nets.Pass, in []*graph.Node) []*graph.Node {
		return []*graph.Node{f(look.model, p, in[0])}
	})
	if err != nil {
		return nil, err
	}
	return func(window []float32) ([]float32, error) {
		args := append(look.model.leading(0, 1, r.drawn(1, nil)), engine.Tensor{Name: name, Shape: []int{1, len(window)}, Data: window})
		out, err := fn.Call(r.weights, args...)
		if err != nil {
			return nil, fmt.Errorf("vaekit: %w", err)
		}
		return out[0].Floats(), nil
	}, nil
}

// Length is the same run for examples of so many positions, whatever length it was trained
// on: it reconstructs, measures, samples, fits priors and exports those. Series of [length,
// channels] alone can, with a model none of whose parameters depends on the length, as most
// with [Model.Local], and in whole positions of the latents. The history stays behind: it is of
// the other length. Each length is compiled for itself and kept; for sounds that all differ
// see [Run.ReconstructLong].
//
//	whole, err := run.Length(10000)
//	y, err := whole.Reconstruct(speech.Test)
func (r *Run) Length(positions int) (*Run, error) {
	look, err := r.look.sized(positions)
	if err != nil {
		return nil, err
	}
	if look == r.look {
		return r, nil
	}
	other := *r
	other.look, other.description.Event, other.History, other.Dir = look, look.model.event, nil, ""
	return &other, nil
}

// sized is the same for examples of so many positions, which must have the same parameters;
// itself where it is that already.
func (l *looker) sized(length int) (_ *looker, err error) {
	defer recovered(&err)
	if len(l.model.event) != 2 {
		return nil, fmt.Errorf("vaekit: examples of shape %v are no series of [length, channels], which alone have other lengths", l.model.event)
	}
	if length == l.model.event[0] {
		return l, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if have := l.other[length]; have != nil {
		return have, nil
	}
	b, err := l.model.Model.build([]int{length, l.model.event[1]})
	if err != nil {
		return nil, err
	}
	told := func(params []nets.Param) (all []string) {
		for _, p := range params {
			all = append(all, fmt.Sprintf("%s %v", p.Name, p.Shape))
		}
		return append(all, "none")
	}
	mine, others := told(l.model.params()), told(b.params())
	for i := range min(len(mine), len(others)) {
		if mine[i] != others[i] {
			return nil, fmt.Errorf("vaekit: examples of shape %v have the parameter %s and those of %v have %s: a model of any length keeps nothing for each position of its examples",
				l.model.event, mine[i], b.event, others[i])
		}
	}
	b.precision = l.model.precision
	l.other[length] = newLooker(l.backend, b)
	return l.other[length], nil
}
