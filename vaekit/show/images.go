package show

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math"

	"github.com/vaebook/vaebook/datasets"
	"gonum.org/v1/plot/text"
)

const (
	imageWidth   = 760      // CSS pixels that a row of images may take unless the reader says otherwise
	gap          = 4        // file pixels between two images
	largestImage = 50 << 20 // pixels of a file; more is a mistake, not a picture
)

// Images shows the examples of b, images [height, width, 1 or 3] with values
// from 0 to 1, in a row, and in rows of ten where there are more.
func Images(b *datasets.Batch) { Picture{}.Images(b) }

// Images shows the examples of b in a row, and in rows of ten where there are more.
func (p Picture) Images(b *datasets.Batch) {
	img, err := p.grid(b, 10, gap)
	p.display("images", img, err)
}

// Grid shows the examples of b, images [height, width, 1 or 3] with values from
// 0 to 1, row by row with the given number of columns: a manifold decoded on a
// grid of latents, say.
func Grid(b *datasets.Batch, columns int) { Picture{}.Grid(b, columns) }

// Grid shows the examples of b row by row with the given number of columns.
func (p Picture) Grid(b *datasets.Batch, columns int) {
	img, err := p.grid(b, columns, gap)
	p.display("grid", img, err)
}

// A Row is a line of images with a few words before it.
type Row struct {
	Label string
	Batch *datasets.Batch // images [height, width, 1 or 3], values from 0 to 1
}

// Rows shows lines of images one below the other, each with its label at the left.
func Rows(rows ...Row) { Picture{}.Rows(rows...) }

// Rows shows lines of images one below the other, each with its label at the left.
func (p Picture) Rows(rows ...Row) {
	img, err := p.rows(rows)
	p.display("rows", img, err)
}

// Pairs shows each original above its reconstruction.
func Pairs(originals, reconstructions *datasets.Batch) { Picture{}.Pairs(originals, reconstructions) }

// Pairs shows each original above its reconstruction.
func (p Picture) Pairs(originals, reconstructions *datasets.Batch) {
	img, err := p.rows([]Row{{"original", originals}, {"reconstruction", reconstructions}})
	p.display("pairs", img, err)
}

// grid draws all examples of b, space file pixels apart.
func (p Picture) grid(b *datasets.Batch, columns, space int) (*image.RGBA, error) {
	if err := checkImages(b); err != nil {
		return nil, err
	}
	if columns < 1 {
		return nil, fmt.Errorf("show: %d columns: images need at least one to a row", columns)
	}
	columns = min(columns, b.Len())
	rows := (b.Len() + columns - 1) / columns
	h, w := b.Shape[0], b.Shape[1]
	scale := p.scale(w, columns)
	width, height := columns*(w*scale+space)-space, rows*(h*scale+space)-space
	if width*height > largestImage {
		return nil, fmt.Errorf("show: %d images of %dx%d make a picture of %dx%d pixels; show fewer, such as batch.Slice(0, 100)", b.Len(), h, w, width, height)
	}
	s, top := newSheet(width, height, p.Title)
	for i := range b.Len() {
		x, y := i%columns*(w*scale+space), top+i/columns*(h*scale+space)
		paint(s.img, x, y, scale, b.Shape, b.Example(i))
	}
	return s.img, nil
}

// rows draws labelled rows. Their images may differ in size; all get the same magnification.
func (p Picture) rows(rows []Row) (*image.RGBA, error) {
	if len(rows) == 0 {
		return nil, errors.New("show: no rows to show")
	}
	style := textStyle(labelSize, ink, text.XRight, text.YCenter)
	margin, widest, columns := 0, 0, 0
	for _, r := range rows {
		if err := checkImages(r.Batch); err != nil {
			return nil, fmt.Errorf("row %q: %w", r.Label, err)
		}
		margin = max(margin, int(math.Ceil(float64(style.Width(r.Label)/px)*density))+14*density)
		widest, columns = max(widest, r.Batch.Shape[1]), max(columns, r.Batch.Len())
	}
	scale := p.scale(widest, columns)
	height := -gap
	for _, r := range rows {
		height += r.Batch.Shape[0]*scale + gap
	}
	width := margin + columns*(widest*scale+gap) - gap
	if width*height > largestImage {
		return nil, fmt.Errorf("show: %d images in a row make a picture of %dx%d pixels; show fewer, such as batch.Slice(0, 10)", columns, width, height)
	}
	s, y := newSheet(width, height, p.Title)
	for _, r := range rows {
		h := r.Batch.Shape[0] * scale
		s.text(margin-10*density, y+h/2, r.Label, style)
		for i := range r.Batch.Len() {
			paint(s.img, margin+i*(widest*scale+gap), y, scale, r.Batch.Shape, r.Batch.Example(i))
		}
		y += h + gap
	}
	return s.img, nil
}

// scale is the whole number by which images of the given width are magnified:
// whole, because a pixel of a digit is to stay a square.
func (p Picture) scale(width, columns int) int {
	page, tile := imageWidth, 120 // CSS pixels for all, and for one
	if p.Width > 0 {
		page, tile = p.Width, p.Width
	}
	return max(1, min(page*density/(width*columns), tile*density/width))
}

// paint draws one image, each of its pixels a square of scale by scale.
func paint(img *image.RGBA, x0, y0, scale int, shape []int, values []float32) {
	h, w := shape[0], shape[1]
	channels := len(values) / (h * w)
	for y := range h {
		for x := range w {
			c := pixel(values[(y*w+x)*channels:][:channels])
			square := image.Rect(x, y, x+1, y+1)
			square.Min, square.Max = square.Min.Mul(scale), square.Max.Mul(scale)
			draw.Draw(img, square.Add(image.Pt(x0, y0)), image.NewUniform(c), image.Point{}, draw.Src)
		}
	}
}

// pixel is the colour of one or three values from 0 to 1. Values outside are
// drawn as the nearest inside, values that are not finite in magenta.
func pixel(values []float32) color.RGBA {
	var level [3]uint8
	for i := range level {
		v := float64(values[min(i, len(values)-1)])
		if !finite(v) {
			return missing
		}
		level[i] = uint8(math.Round(255 * min(max(v, 0), 1)))
	}
	return color.RGBA{level[0], level[1], level[2], 255}
}

// checkImages returns an error unless b holds at least one image.
func checkImages(b *datasets.Batch) error {
	if b == nil || b.Len() == 0 {
		return errors.New("show: no images to show: the batch is empty")
	}
	if len(b.Shape) != 3 || b.Shape[2] != 1 && b.Shape[2] != 3 {
		return fmt.Errorf("show: examples of shape %v are no images; those have [height, width, 1] (grey) or [height, width, 3] (colour). For sound there is show.Waveforms", b.Shape)
	}
	return nil
}
