package show

import (
	"image"
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

const (
	px      = vg.Inch / 96 // a CSS pixel, as a length on a drawing
	density = 2            // pixels of the file for each CSS pixel

	titleHeight = 30 // CSS pixels
	titleSize   = 15
	labelSize   = 13
)

var (
	paper   = color.RGBA{255, 255, 255, 255}
	ink     = color.RGBA{34, 34, 34, 255}
	pencil  = color.RGBA{110, 110, 110, 255}
	grid    = color.RGBA{228, 228, 228, 255}
	blue    = color.RGBA{0x1f, 0x6f, 0xb8, 255}
	orange  = color.RGBA{0xe7, 0x63, 0x00, 255}
	missing = color.RGBA{255, 0, 255, 255} // what is not a number
)

// classes are the colours of labels 0 to 9: the sequence of ten that M. Petroff
// found by search under simulated colour blindness ("Accessible Color Sequences
// for Data Visualization", 2021). Later labels begin again from the first.
var classes = [10]color.RGBA{
	{0x3f, 0x90, 0xda, 255}, {0xff, 0xa9, 0x0e, 255}, {0xbd, 0x1f, 0x01, 255}, {0x94, 0xa4, 0xa2, 255},
	{0x83, 0x2d, 0xb6, 255}, {0xa9, 0x6b, 0x59, 255}, {0xe7, 0x63, 0x00, 255}, {0xb9, 0xac, 0x70, 255},
	{0x71, 0x75, 0x81, 255}, {0x92, 0xda, 0xdd, 255},
}

// textStyle is a sans-serif of the given size in CSS pixels.
func textStyle(size float64, c color.Color, x text.XAlignment, y text.YAlignment) text.Style {
	return text.Style{
		Color:   c,
		Font:    font.Font{Typeface: "Liberation", Variant: "Sans", Size: vg.Length(size) * px},
		XAlign:  x,
		YAlign:  y,
		Handler: plot.DefaultTextHandler,
	}
}

// A sheet is white paper to draw on, by pixels of the file and by vector.
type sheet struct {
	img    *image.RGBA
	canvas draw.Canvas
}

// newSheet returns a sheet of at least width by height file pixels, with the title above them.
// The drawing begins top pixels from its upper edge.
func newSheet(width, height int, title string) (s sheet, top int) {
	style := textStyle(titleSize, ink, text.XLeft, text.YCenter)
	if title != "" {
		top = titleHeight * density
		width = max(width, 4*density+int(math.Ceil(float64(style.Width(title)/px)*density)))
	}
	size := func(n int) vg.Length { return vg.Length(n) / density * px }
	canvas := vgimg.NewWith(vgimg.UseWH(size(width), size(top+height)), vgimg.UseDPI(96*density))
	s = sheet{canvas.Image().(*image.RGBA), draw.New(canvas)}
	if title != "" {
		s.text(2*density, top/2, title, style)
	}
	return s, top
}

// text writes at a place counted in file pixels from the upper left corner.
func (s sheet) text(x, y int, words string, style text.Style) {
	s.canvas.FillText(style, s.point(x, y), words)
}

func (s sheet) point(x, y int) vg.Point {
	return vg.Point{X: vg.Length(x) / density * px, Y: vg.Length(s.img.Rect.Dy()-y) / density * px}
}

// part is the canvas between two corners, counted in file pixels from the upper left.
func (s sheet) part(x0, y0, x1, y1 int) draw.Canvas {
	return draw.Canvas{Canvas: s.canvas.Canvas, Rectangle: vg.Rectangle{Min: s.point(x0, y1), Max: s.point(x1, y0)}}
}

// pixels is a rectangle of the drawing, counted in file pixels from the upper left corner.
func (s sheet) pixels(r vg.Rectangle) image.Rectangle {
	of := func(l vg.Length) int { return int(math.Round(float64(l/px) * density)) }
	h := s.img.Rect.Dy()
	return image.Rect(of(r.Min.X), h-of(r.Max.Y), of(r.Max.X), h-of(r.Min.Y))
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
