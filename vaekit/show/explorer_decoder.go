package show

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/jpeg"

	"github.com/gomlx/compute/dtypes/float16"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit"
	"github.com/vaebook/vaebook/vaekit/audio"
	"github.com/vaebook/vaebook/vaekit/internal/plain"
)

const (
	mostValues  = 290_000 // parameters of a decoder that runs in a page: 775 kB
	mostPicture = 450_000 // bytes of images or sounds that were decoded beforehand: 600 kB
	padRate     = 8000    // Hz
)

// A program is a decoder that runs in the page.
type program struct {
	*plain.Program
	Values []byte `json:"values"` // in float16, the lower byte first
}

// An atlas is images decoded beforehand, N by N from −Half to Half along both directions of
// the map, in one JPEG with the lowest row first.
type atlas struct {
	N      int     `json:"n"`
	Half   float64 `json:"half"`
	Values []byte  `json:"values"`
}

// A pad is sounds in place of images, in the 8 bits of µ-law.
type pad struct {
	atlas
	Rate   int `json:"rate"`
	Length int `json:"length"` // samples of each
}

// decoder gives the page a decoder, or what one has made.
func (s *spec) decoder(run *vaekit.Run) error {
	p, err := plainDecoder(run)
	if err == nil && len(p.Values) > mostValues {
		err = fmt.Errorf("%d parameters are too many for a page", len(p.Values))
	}
	if err == nil {
		s.Program = &program{Program: p}
		for _, v := range p.Values {
			s.Program.Values = binary.LittleEndian.AppendUint16(s.Program.Values, uint16(float16.FromFloat32(v)))
		}
		s.Note += " The decoder runs in this page, with weights of 16 bits."
		return nil
	}
	if s.Image == nil {
		return fmt.Errorf("show: the decoder cannot run in a page: %w; and of examples of shape %v there are no pictures to decode beforehand", err, s.Shape)
	}
	return s.pictures(run, err)
}

// plainDecoder is E[x|z] as a program: the decoder's net, the layer behind it, and the
// mean of the likelihood.
func plainDecoder(run *vaekit.Run) (*plain.Program, error) {
	params, m := map[string][]float32{}, run.Model
	for _, v := range run.Parameters() {
		params[v.Name] = v.Values
	}
	p, err := plain.Decoder(params, m.Decoder, m.Latent+m.Classes)
	if err != nil {
		return nil, err
	}
	return p, p.Mean(m.Likelihood)
}

// pictures decodes as many images as a page holds.
func (s *spec) pictures(run *vaekit.Run, why error) error {
	for _, n := range []int{24, 20, 16, 12, 10, 8, 6, 4} {
		a := &atlas{N: n, Half: s.reach()}
		images, err := run.Decode(s.grid(n, a.Half)...)
		if err != nil {
			return err
		}
		h, w := s.Image[0], s.Image[1]
		sheet := image.NewRGBA(image.Rect(0, 0, n*w, n*h))
		for i := range images.Len() {
			paint(sheet, i%n*w, i/n*h, 1, s.Image, images.Example(i))
		}
		var file bytes.Buffer
		if err := jpeg.Encode(&file, sheet, &jpeg.Options{Quality: 90}); err != nil {
			return fmt.Errorf("show: %w", err)
		}
		if file.Len() <= mostPicture {
			a.Values, s.Atlas = file.Bytes(), a
			s.Note += fmt.Sprintf(" %d × %d images were decoded beforehand (%v); what you see is a mean of the nearest four.", n, n, why)
			return nil
		}
	}
	return fmt.Errorf("show: images of %v are too large for an explorer; show a few with show.Images", s.Shape)
}

// sounds fills a pad with sounds at rate Hz; heard makes them of what the run decodes, if that is not sound.
func (s *spec) sounds(run *vaekit.Run, rate int, heard func(*datasets.Batch) *datasets.Batch) error {
	p := &pad{atlas: atlas{N: 7, Half: s.reach()}, Rate: min(rate, padRate)}
	batch, err := run.Decode(s.grid(p.N, p.Half)...)
	if err != nil {
		return err
	}
	if heard != nil {
		batch = heard(batch)
	}
	if err := checkSound(len(batch.Example(0)), rate); err != nil {
		return err
	}
	var all [][]float32
	peak := float32(1e-6)
	for i := range batch.Len() {
		one, err := (&audio.Sound{Rate: rate, Channels: [][]float32{batch.Example(i)}}).Resample(p.Rate)
		if err != nil {
			return err
		}
		all = append(all, one.Channels[0])
		for t, v := range one.Channels[0] {
			if peak = max(peak, v, -v); max(v, -v) > 1e-3 {
				p.Length = max(p.Length, t+1)
			}
		}
	}
	p.Length = min(max(p.Length, 1), mostPicture/len(all))
	for _, x := range all {
		for _, v := range x[:p.Length] {
			p.Values = append(p.Values, audio.ToMuLaw(0.9*v/peak))
		}
	}
	s.Sounds, s.Image = p, nil
	s.Note += fmt.Sprintf(" %d × %d sounds, of %.2g s, at %d Hz in 8-bit µ-law, lie where the squares are; click there, or press Enter.", p.N, p.N, float64(p.Length)/float64(p.Rate), p.Rate)
	return nil
}
