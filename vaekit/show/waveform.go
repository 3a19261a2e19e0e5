package show

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"math"
	"strconv"

	"github.com/vaebook/vaebook/datasets"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Waveform shows the samples of a sound at rate Hz against time in seconds.
func Waveform(samples []float32, rate int) { Picture{}.Waveform(samples, rate) }

// Waveform shows the samples of a sound at rate Hz against time in seconds.
func (p Picture) Waveform(samples []float32, rate int) {
	img, err := p.waves([]wave{{samples: samples}}, rate)
	p.display("waveform", img, err)
}

// Waveforms shows the examples of b, sounds [samples] or [samples, 1] at rate
// Hz, one below the other on the same scale, with their origin where it is
// known. Padding is grey.
func Waveforms(b *datasets.Batch, rate int) { Picture{}.Waveforms(b, rate) }

// Waveforms shows the examples of b, sounds [samples] or [samples, 1] at rate Hz, one below the other.
func (p Picture) Waveforms(b *datasets.Batch, rate int) {
	waves, err := wavesOf(b)
	Check(err)
	img, err := p.waves(waves, rate)
	p.display("waveforms", img, err)
}

// A wave is one sound of a picture.
type wave struct {
	name    string
	samples []float32
	mask    []uint8 // nil, or 0 where a sample is padding
}

func wavesOf(b *datasets.Batch) ([]wave, error) {
	if b == nil || b.Len() == 0 {
		return nil, errors.New("show: no sounds to show: the batch is empty")
	}
	if len(b.Shape) != 1 && (len(b.Shape) != 2 || b.Shape[1] != 1) {
		return nil, fmt.Errorf("show: examples of shape %v are no sounds; those have [samples, 1]. For images there is show.Images", b.Shape)
	}
	const most = 50
	if b.Len() > most {
		return nil, fmt.Errorf("show: %d sounds are more than anybody looks at; show at most %d, such as batch.Slice(0, 8)", b.Len(), most)
	}
	n := b.Shape[0]
	waves := make([]wave, b.Len())
	for i := range waves {
		waves[i] = wave{name: strconv.Itoa(i), samples: b.Example(i)}
		if b.Origin != nil {
			waves[i].name = b.Origin[i]
		}
		if b.Mask != nil {
			waves[i].mask = b.Mask[i*n : (i+1)*n]
		}
	}
	return waves, nil
}

// waves draws sounds one below the other, all on the scale of the loudest.
func (p Picture) waves(waves []wave, rate int) (*image.RGBA, error) {
	peak, longest := 0.0, 0
	for _, w := range waves {
		longest = max(longest, len(w.samples))
		for _, v := range w.samples {
			if v := math.Abs(float64(v)); finite(v) {
				peak = max(peak, v)
			}
		}
	}
	if err := checkSound(longest, rate); err != nil {
		return nil, err
	}
	if peak == 0 {
		peak = 1
	}
	each := 80
	if len(waves) == 1 {
		each = 174
	}
	s, _ := p.charts(waves, rate, each, 12, func(i int) *plot.Plot {
		chart := newPlot("", "time (s)", "")
		chart.Add(horizontals{}, trace{waves[i], rate})
		chart.Y.Tick.Marker = ticks{most: 4}
		chart.Y.Min, chart.Y.Max = -1.05*peak, 1.05*peak
		return chart
	})
	return s.img, nil
}

// charts draws a chart of each sound below the other, each CSS pixels high, with its name
// above it and room at the right. The last one's time axis serves all. It tells where the
// insides of the charts are.
func (p Picture) charts(waves []wave, rate, each, right int, chart func(i int) *plot.Plot) (s sheet, insides []image.Rectangle) {
	each *= density
	heading, axis, width := 0, 44*density, imageWidth*density
	if waves[0].name != "" {
		heading = 20 * density
	}
	if p.Width > 0 {
		width = p.Width * density
	}
	s, y := newSheet(width, len(waves)*(heading+each)+axis, p.Title)
	for i, w := range waves {
		y += heading
		chart := chart(i)
		chart.X.Tick.Marker = ticks{most: 10}
		chart.X.Min, chart.X.Max = 0, float64(len(w.samples))/float64(rate)
		if i < len(waves)-1 { // it stays there, unseen, so that all charts are laid out alike
			chart.BackgroundColor, chart.X.Color, chart.X.Tick.Color = nil, color.Transparent, color.Transparent
			chart.X.Label.TextStyle.Color, chart.X.Tick.Label.Color = color.Transparent, color.Transparent
		}
		area := s.part(4*density, y+8*density, width-right*density, y+each+axis)
		chart.Draw(area)
		inside := s.pixels(chart.DataCanvas(area).Rectangle)
		s.text(inside.Min.X+2*density, y-density, w.name, textStyle(labelSize, ink, text.XLeft, text.YCenter))
		insides = append(insides, inside)
		y += each
	}
	return s, insides
}

func checkSound(samples, rate int) error {
	if samples == 0 {
		return errors.New("show: no sound to show: it has no samples")
	}
	if rate <= 0 {
		return fmt.Errorf("show: a rate of %d Hz: give the samples a second, such as 16000", rate)
	}
	return nil
}

// A trace draws a sound: sample by sample where there is room, else from the
// lowest to the highest of the samples that share a pixel, so that no peak is lost.
type trace struct {
	wave
	rate int
}

func (t trace) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	at := func(i int) vg.Length { return x(float64(i) / float64(t.rate)) }
	columns := int(float64(at(len(t.samples))-at(0)) / float64(px) * density)
	step := max(1, len(t.samples)/max(1, columns))
	for from := 0; from < len(t.samples); from += step {
		to := min(from+step, len(t.samples)-1) // the first sample of the next column joins the two
		low, high := t.samples[from], t.samples[from]
		bad := false
		for _, v := range t.samples[from : to+1] {
			bad = bad || !finite(float64(v))
			low, high = min(low, v), max(high, v)
		}
		style := line(blue, 1.2)
		if t.mask != nil && t.mask[from] == 0 {
			style = line(pencil, 1.2)
		}
		switch {
		case bad:
			c.StrokeLine2(line(missing, 1.2), at(from), c.Min.Y, at(from), c.Max.Y)
		case step == 1:
			c.StrokeLine2(style, at(from), y(float64(t.samples[from])), at(to), y(float64(t.samples[to])))
		default:
			thickness := 0.5 * px // silence is a line, not nothing
			c.StrokeLine2(style, at(from), y(float64(low))-thickness, at(from), y(float64(high))+thickness)
		}
	}
}
