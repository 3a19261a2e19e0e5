package show

import (
	"errors"
	"fmt"
	"image"
	"math"

	"github.com/vaebook/vaebook/vaekit"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Curves shows a run's loss, distortion and rate by epoch, in nats: training as
// a solid line, validation as a dashed one. Values that are not finite leave a
// gap. With Picture.Log the vertical axes are logarithmic.
func Curves(history []vaekit.Epoch) { Picture{}.Curves(history) }

// Curves shows a run's loss, distortion and rate by epoch, in nats.
func (p Picture) Curves(history []vaekit.Epoch) {
	img, err := p.curves(history)
	p.display("curves", img, err)
}

// panels are the three pictures side by side.
var panels = []struct {
	name string
	of   func(vaekit.Losses) float64
}{
	{"loss", func(l vaekit.Losses) float64 { return l.Loss }},
	{"distortion −log p(x|z)", func(l vaekit.Losses) float64 { return l.Distortion }},
	{"rate KL(q(z|x) ‖ p(z))", func(l vaekit.Losses) float64 { return l.Rate }},
}

func (p Picture) curves(history []vaekit.Epoch) (*image.RGBA, error) {
	if len(history) == 0 {
		return nil, errors.New("show: no epochs to show: the run has not finished its first")
	}
	width, height := 900*density, 270*density
	if p.Width > 0 {
		width = p.Width * density
	}
	s, top := newSheet(width, height, p.Title)
	for i, panel := range panels {
		name := ""
		if i == 0 {
			name = "nats"
		}
		chart := newPlot(panel.name, "epoch", name)
		chart.X.Tick.Marker = ticks{most: 6, whole: true}
		chart.Legend.Top = true
		chart.Add(horizontals{})
		if p.Log {
			chart.Y.Scale, chart.Y.Tick.Marker = plot.LogScale{}, logTicks{}
		}
		validation := false
		var train, held plotter.XYs
		for _, e := range history {
			train = append(train, plotter.XY{X: float64(e.Epoch), Y: panel.of(e.Train)})
			if e.Validation != nil {
				validation = true
				held = append(held, plotter.XY{X: float64(e.Epoch), Y: panel.of(*e.Validation)})
			}
		}
		for _, xys := range []plotter.XYs{train, held} {
			for _, xy := range xys {
				if p.Log && xy.Y <= 0 {
					return nil, fmt.Errorf("show: %s is %.4g in epoch %.0f, and a logarithmic axis has no place for it; leave out Log", panel.name, xy.Y, xy.X)
				}
			}
		}
		solid := curve{train, line(blue, 2)}
		chart.Add(solid)
		if validation {
			dashed := curve{held, line(orange, 2, 6*px, 3*px)}
			chart.Add(dashed)
			if i == 0 {
				chart.Legend.Add("training", solid)
				chart.Legend.Add("validation", dashed)
			}
		}
		room(&chart.X, 1)
		room(&chart.Y, max(0.02*math.Abs(chart.Y.Max), 1e-6))
		chart.Draw(s.part(i*width/3+4*density, top, (i+1)*width/3-8*density, top+height-2*density))
	}
	return s.img, nil
}

// A curve is a line through points that breaks where one is not finite.
type curve struct {
	points plotter.XYs
	style  draw.LineStyle
}

func (l curve) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	var piece []vg.Point
	end := func() {
		if len(piece) == 1 {
			c.DrawGlyph(draw.GlyphStyle{Color: l.style.Color, Radius: 3 * px, Shape: draw.CircleGlyph{}}, piece[0])
		}
		c.StrokeLines(l.style, piece)
		piece = nil
	}
	for _, xy := range l.points {
		if finite(xy.Y) {
			piece = append(piece, vg.Point{X: x(xy.X), Y: y(xy.Y)})
		} else {
			end()
		}
	}
	end()
}

func (l curve) DataRange() (xmin, xmax, ymin, ymax float64) {
	xmin, xmax, ymin, ymax = math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for _, xy := range l.points {
		xmin, xmax = min(xmin, xy.X), max(xmax, xy.X)
		if finite(xy.Y) {
			ymin, ymax = min(ymin, xy.Y), max(ymax, xy.Y)
		}
	}
	return
}

// Thumbnail draws the line in a legend.
func (l curve) Thumbnail(c *draw.Canvas) {
	y := c.Center().Y
	c.StrokeLine2(l.style, c.Min.X, y, c.Max.X, y)
}
