package show

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Points lie in a plane: what [vaekit.Run.Encode] gives for a model with two latents.
type Points interface {
	Len() int
	At(i int) []float32 // [2]
}

// Scatter shows points of a latent plane, coloured by their labels [points]
// (nil: all alike). The name of each label stands at the median of its points.
// The circles hold 39% and 86% of what a standard normal prior draws: they lie
// one and two standard deviations from its mean.
func Scatter(points Points, labels []int) { Picture{}.Scatter(points, labels) }

// Scatter shows points of a latent plane, coloured by their labels [points] (nil: all alike).
func (p Picture) Scatter(points Points, labels []int) {
	img, err := p.scatter(points, labels)
	p.display("scatter", img, err)
}

// A cloud is the finite points of one label.
type cloud struct {
	label  int
	points plotter.XYs
}

func (p Picture) scatter(points Points, labels []int) (*image.RGBA, error) {
	return p.plane(points, labels, [2]string{"z₁", "z₂"}, true, "")
}

// plane draws points under axes with these names, with or without the prior's circles and
// a line of words.
func (p Picture) plane(points Points, labels []int, axes [2]string, circles bool, words string) (*image.RGBA, error) {
	clouds, left, err := cloudsOf(points, labels)
	if err != nil {
		return nil, err
	}
	plane := newPlot("", axes[0], axes[1])
	plane.X.Tick.Marker, plane.Y.Tick.Marker = ticks{most: 9}, ticks{most: 9}
	plane.Add(dots(clouds))
	if circles {
		plane.Add(circle{1, "1σ"}, circle{2, "2σ"})
	}
	if labels != nil {
		plane.Add(names(clouds))
	}

	width := 640 * density
	if p.Width > 0 {
		width = p.Width * density
	}
	key := 0
	if labels != nil {
		key = 60 * density
	}
	height := max(width-key, (18+22*len(clouds))*density) // a row for each label beside it
	style := textStyle(labelSize, pencil, text.XLeft, text.YCenter)
	notes := wrapped(words, style, width)
	if left > 0 {
		notes = append(notes, fmt.Sprintf("not finite, not shown: %d of %d", left, points.Len()))
	}
	const note = 22 * density
	s, top := newSheet(width, height+note*len(notes), p.Title)
	area := s.part(0, top, width-key, top+height)
	sameUnits(plane, area)
	plane.Draw(area)
	if labels != nil {
		legend(s, clouds, width-key+16*density, top+20*density)
	}
	for i, words := range notes {
		if i == len(notes)-1 && left > 0 {
			style.Color = missing
		}
		s.text(2*density, top+height+note*i+note/2, words, style)
	}
	return s.img, nil
}

// cloudsOf sorts points by label, and counts those that are not finite.
func cloudsOf(points Points, labels []int) (clouds []cloud, left int, err error) {
	if points == nil || points.Len() == 0 {
		return nil, 0, errors.New("show: no points to show")
	}
	n := points.Len()
	if labels != nil && len(labels) != n {
		return nil, 0, fmt.Errorf("show: %d points with %d labels; give one label a point, or nil", n, len(labels))
	}
	byLabel := map[int]plotter.XYs{}
	for i := range n {
		z := points.At(i)
		if len(z) != 2 {
			return nil, 0, fmt.Errorf("show: point %d has %d coordinates; a plane has two: train a model with two latents, or look at a wider one with run.Traverse", i, len(z))
		}
		label := 0
		if labels != nil {
			label = labels[i]
		}
		if x, y := float64(z[0]), float64(z[1]); finite(x) && finite(y) {
			byLabel[label] = append(byLabel[label], plotter.XY{X: x, Y: y})
		} else {
			left++
		}
	}
	for _, label := range slices.Sorted(maps.Keys(byLabel)) {
		clouds = append(clouds, cloud{label, byLabel[label]})
	}
	return clouds, left, nil
}

// class is the colour of a label.
func class(label int) color.RGBA {
	n := len(classes)
	return classes[(label%n+n)%n]
}

// dots draws the points of all labels in a shuffled order, so that none hides another as a whole.
type dots []cloud

func (d dots) Plot(c draw.Canvas, p *plot.Plot) {
	type dot struct {
		plotter.XY
		label int
	}
	var all []dot
	for _, cloud := range d {
		for _, xy := range cloud.points {
			all = append(all, dot{xy, cloud.label})
		}
	}
	shuffle := rand.New(rand.NewPCG(0, 0)) // the same picture every time
	shuffle.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	radius := 3.5
	if len(all) > 500 {
		radius = 1.6
	}
	x, y := p.Transforms(&c)
	for _, dot := range all {
		style := draw.GlyphStyle{Color: class(dot.label), Radius: vg.Length(radius) * px, Shape: draw.CircleGlyph{}}
		c.DrawGlyph(style, vg.Point{X: snap(x(dot.X)), Y: snap(y(dot.Y))})
	}
}

// snap moves a length to the nearest whole pixel of the file. Dots that are all
// alike pack into a fifth of the bytes.
func snap(l vg.Length) vg.Length {
	return vg.Length(math.Round(float64(l/px*density))) / density * px
}

// DataRange is that of the points and of the prior's two standard deviations.
func (d dots) DataRange() (xmin, xmax, ymin, ymax float64) {
	xmin, xmax, ymin, ymax = -2.5, 2.5, -2.5, 2.5
	for _, cloud := range d {
		x0, x1, y0, y1 := plotter.XYRange(cloud.points)
		xmin, xmax, ymin, ymax = min(xmin, x0), max(xmax, x1), min(ymin, y0), max(ymax, y1)
	}
	rim := 0.03 * max(xmax-xmin, ymax-ymin)
	return xmin - rim, xmax + rim, ymin - rim, ymax + rim
}

// A circle lies radius standard deviations from the prior's mean.
type circle struct {
	radius float64
	name   string
}

func (r circle) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	const steps = 180
	points := make([]vg.Point, steps+1)
	for i := range points {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / steps)
		points[i] = vg.Point{X: x(r.radius * cos), Y: y(r.radius * sin)}
	}
	c.StrokeLines(line(paper, 2.8), points)
	c.StrokeLines(line(ink, 1.6), points)
	at := points[steps/8]
	haloed(c, vg.Point{X: at.X + 4*px, Y: at.Y + 4*px}, r.name, textStyle(labelSize, ink, text.XLeft, text.YBottom))
}

// names writes each label at the median of its points.
type names []cloud

func (n names) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for _, cloud := range n {
		var xs, ys []float64
		for _, xy := range cloud.points {
			xs, ys = append(xs, xy.X), append(ys, xy.Y)
		}
		slices.Sort(xs)
		slices.Sort(ys)
		at := vg.Point{X: x(xs[len(xs)/2]), Y: y(ys[len(ys)/2])}
		haloed(c, at, strconv.Itoa(cloud.label), textStyle(22, ink, text.XCenter, text.YCenter))
	}
}

// haloed writes dark words with a light rim, readable on any ground.
func haloed(c draw.Canvas, at vg.Point, words string, style text.Style) {
	rim := style
	rim.Color = paper
	for i := range 12 {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / 12)
		c.FillText(rim, vg.Point{X: at.X + vg.Length(2*cos)*px, Y: at.Y + vg.Length(2*sin)*px}, words)
	}
	c.FillText(style, at, words)
}

// legend names the labels' colours from a place down.
func legend(s sheet, clouds []cloud, x, y int) {
	for i, cloud := range clouds {
		row := y + i*22*density
		s.canvas.DrawGlyph(draw.GlyphStyle{Color: class(cloud.label), Radius: 6 * px, Shape: draw.CircleGlyph{}}, s.point(x, row))
		s.text(x+14*density, row, strconv.Itoa(cloud.label), textStyle(labelSize+1, ink, text.XLeft, text.YCenter))
	}
}

// sameUnits widens the range of one axis so that a unit is as long on both: a circle is round.
func sameUnits(p *plot.Plot, c draw.Canvas) {
	for range 3 { // wider ranges may need wider tick labels, which leave less room
		room := p.DataCanvas(c).Size()
		perX, perY := (p.X.Max-p.X.Min)/float64(room.X), (p.Y.Max-p.Y.Min)/float64(room.Y)
		axis, by := &p.X, perY/perX
		if by < 1 {
			axis, by = &p.Y, perX/perY
		}
		middle, half := (axis.Min+axis.Max)/2, (axis.Max-axis.Min)/2
		axis.Min, axis.Max = middle-half*by, middle+half*by
	}
}

// wrapped is words in lines of at most so many file pixels.
func wrapped(words string, style text.Style, width int) (lines []string) {
	for _, word := range strings.Fields(words) {
		if n := len(lines) - 1; n >= 0 {
			longer := lines[n] + " " + word
			if float64(style.Width(longer)/px)*density <= float64(width-4*density) {
				lines[n] = longer
				continue
			}
		}
		lines = append(lines, word)
	}
	return lines
}
