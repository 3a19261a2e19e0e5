package show

import (
	"fmt"
	"image"

	"github.com/vaebook/vaebook/datasets"
)

// frame is the thickness, in file pixels, of the frame around an image that was given.
const frame = 4

// Morph shows images that turn into one another, side by side without gaps.
// With columns 0 they are a film strip from the first example of b to the last;
// else a grid with that many columns, between the four in its corners. The
// ends, or the corners, are framed: all others lie between them.
func Morph(b *datasets.Batch, columns int) { Picture{}.Morph(b, columns) }

// Morph shows images that turn into one another: a film strip with columns 0, else a grid.
func (p Picture) Morph(b *datasets.Batch, columns int) {
	img, err := p.morph(b, columns)
	p.display("morph", img, err)
}

func (p Picture) morph(b *datasets.Batch, columns int) (*image.RGBA, error) {
	if err := checkImages(b); err != nil {
		return nil, err
	}
	if columns == 0 {
		columns = b.Len()
	}
	if columns < 0 || b.Len()%columns != 0 {
		return nil, fmt.Errorf("show: %d images do not fill a morphing grid of %d columns; decode a multiple of %[2]d", b.Len(), columns)
	}
	img, err := p.grid(b, columns, 0)
	if err != nil {
		return nil, err
	}
	tile := image.Pt(b.Shape[1], b.Shape[0]).Mul(p.scale(b.Shape[1], columns))
	top := img.Rect.Dy() - b.Len()/columns*tile.Y
	for _, i := range []int{0, columns - 1, b.Len() - columns, b.Len() - 1} {
		corner := image.Pt(i%columns*tile.X, top+i/columns*tile.Y)
		outline(img, image.Rectangle{Min: corner, Max: corner.Add(tile)})
	}
	return img, nil
}

// outline draws a frame inside r.
func outline(img *image.RGBA, r image.Rectangle) {
	inner := r.Inset(frame)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			if !image.Pt(x, y).In(inner) {
				img.SetRGBA(x, y, orange)
			}
		}
	}
}
