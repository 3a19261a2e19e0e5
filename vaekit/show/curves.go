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
	charts := make([]*plot.Plot, len(panels))
	var lines [][]curve
	for i, panel := range panels {
		name := ""
		if i == 0 {
			name = "nats"
		}
		chart := newPlot(panel.name, "epoch", name)
		chart.X.Tick.Marker = ticks{most: 6, whole: true}
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
		drawn := []curve{{train, line(blue, 2)}}
		if validation {
			drawn = append(drawn, curve{held, line(orange, 2, 6*px, 3*px)})
		}
		for _, c := range drawn {
			chart.Add(c)
		}
		room(&chart.X, 1)
		room(&chart.Y, max(0.02*math.Abs(chart.Y.Max), 1e-6))
		charts[i], lines = chart, append(lines, drawn)
	}
	if len(lines[0]) == 2 {
		nameLines(charts, lines)
	}
	for i, chart := range charts {
		chart.Draw(s.part(i*width/3+4*density, top, (i+1)*width/3-8*density, top+height-2*density))
	}
	return s.img, nil
}

// nameLines names the two lines once, in the first corner of a chart that no line runs through.
func nameLines(charts []*plot.Plot, lines [][]curve) {
	const wide, high = 0.55, 0.2 // of a chart
	best, fewest := 0, math.MaxInt
	for corner := range 4 * len(charts) {
		chart, hits := charts[corner/4], 0
		for _, l := range lines[corner/4] {
			for _, xy := range l.points {
				x, y := chart.X.Norm(xy.X), chart.Y.Norm(xy.Y)
				if corner%2 == 0 { // right
					x = 1 - x
				}
				if corner%4 < 2 { // top
					y = 1 - y
				}
				if x < wide && y < high {
					hits++
				}
			}
		}
		if hits < fewest {
			best, fewest = corner, hits
		}
	}
	chart := charts[best/4]
	chart.Legend.Top, chart.Legend.Left = best%4 < 2, best%2 == 1
	chart.Legend.Add("training", lines[best/4][0])
	chart.Legend.Add("validation", lines[best/4][1])
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
