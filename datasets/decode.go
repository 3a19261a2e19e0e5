package datasets

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"
	"os"

	"golang.org/x/image/draw"
)

// maxPixels is the largest image that is decoded: a header may claim more than
// the file holds.
const maxPixels = 1 << 26

// fill checks what is asked for and lets Size be Height and Width.
func (how *Images) fill() error {
	switch {
	case how.Size < 0 || how.Height < 0 || how.Width < 0:
		return fmt.Errorf("Images asks for size %d, height %d, width %d; they count pixels", how.Size, how.Height, how.Width)
	case how.Size > 0 && (how.Height > 0 || how.Width > 0):
		return errors.New("Images.Size is short for Height and Width; give it or them")
	case (how.Height > 0) != (how.Width > 0):
		return fmt.Errorf("Images asks for height %d and width %d; give both, or neither to take the files' own size", how.Height, how.Width)
	case how.Channels != 0 && how.Channels != 1 && how.Channels != 3:
		return fmt.Errorf("Images.Channels is %d; 1 is grey, 3 is red, green, blue, and 0 takes what is there", how.Channels)
	}
	if how.Size > 0 {
		how.Height, how.Width = how.Size, how.Size
	}
	if how.Crop && how.Height == 0 {
		return errors.New("Images.Crop cuts to a size; give one, as in datasets.Images{Size: 64, Crop: true}")
	}
	if how.Height > 0 && how.Width > maxPixels/how.Height {
		return fmt.Errorf("Images asks for %d×%d pixels; %d are the most", how.Width, how.Height, maxPixels)
	}
	return nil
}

// imageHeader reads the size and the colours that a file claims.
func imageHeader(path string) (image.Config, error) {
	f, err := os.Open(path)
	if err != nil {
		return image.Config{}, err
	}
	defer f.Close()
	return header(f)
}

func header(f io.Reader) (image.Config, error) {
	c, _, err := image.DecodeConfig(f)
	switch {
	case err != nil:
		return c, fmt.Errorf("not a PNG or JPEG image that can be read: %w", err)
	case c.Width < 1 || c.Height < 1 || c.Width > maxPixels/c.Height:
		return c, fmt.Errorf("%d×%d pixels; at most %d are read", c.Width, c.Height, maxPixels)
	}
	return c, nil
}

func greyModel(m color.Model) bool { return m == color.GrayModel || m == color.Gray16Model }

// decode sets to, [Height, Width, Channels], to the picture in a file, and says
// whether all its pixels are grey.
func (how Images) decode(path string, to []uint8) (grey bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	c, err := header(f)
	if err != nil {
		return false, err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return false, err
	}
	picture, _, err := image.Decode(f)
	if err != nil {
		return false, err
	}
	if box := picture.Bounds(); box.Dx() != c.Width || box.Dy() != c.Height {
		return false, fmt.Errorf("%d×%d pixels, where its header says %d×%d", box.Dx(), box.Dy(), c.Width, c.Height)
	}
	return how.channels(to, how.fit(picture)), nil
}

// fit is the picture at the wanted size. Colours come multiplied by their alpha:
// laid over black.
func (how Images) fit(picture image.Image) *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, how.Width, how.Height))
	from := picture.Bounds()
	if how.Crop {
		from = how.middle(from)
	}
	if from.Size() == out.Rect.Size() {
		draw.Draw(out, out.Rect, picture, from.Min, draw.Src)
	} else {
		draw.BiLinear.Scale(out, out.Rect, picture, from, draw.Src, nil)
	}
	return out
}

// middle is the largest part of box that has the wanted form, in its middle.
func (how Images) middle(box image.Rectangle) image.Rectangle {
	w, h := box.Dx(), box.Dy()
	if w*how.Height > h*how.Width {
		w = max(1, (h*how.Width+how.Height/2)/how.Height)
	} else {
		h = max(1, (w*how.Height+how.Width/2)/how.Width)
	}
	corner := box.Min.Add(image.Pt((box.Dx()-w)/2, (box.Dy()-h)/2))
	return image.Rectangle{Min: corner, Max: corner.Add(image.Pt(w, h))}
}

// channels sets to, [height, width, Channels], to the pixels of a picture.
func (how Images) channels(to []uint8, picture *image.RGBA) (grey bool) {
	grey = true
	for i := range len(picture.Pix) / 4 {
		p := picture.Pix[4*i : 4*i+3 : 4*i+3]
		grey = grey && p[0] == p[1] && p[1] == p[2]
		if how.Channels == 1 {
			// The luma of ITU-R BT.601, as Go's color.GrayModel has it.
			to[i] = uint8((19595*uint32(p[0]) + 38470*uint32(p[1]) + 7471*uint32(p[2]) + 1<<15) >> 16)
		} else {
			copy(to[3*i:3*i+3], p)
		}
	}
	return grey
}
