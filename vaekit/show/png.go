package show

import (
	"bytes"
	"cmp"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"maps"
	"slices"
)

// display encodes a drawing and shows it, unless err says that there is none.
// The kind of drawing names it where the picture has no title.
func (p Picture) display(kind string, img *image.RGBA, err error) {
	Check(err)
	file, err := encode(img)
	Check(err)
	Check(out.picture(p.name(kind), file, (img.Rect.Dx()+1)/2))
}

// name is the title, or what kind of drawing it is.
func (p Picture) name(kind string) string { return cmp.Or(p.Title, kind) }

// encode writes img as a PNG, of one byte a pixel where that loses nothing that
// can be seen. For greys PNG knows two ways to do so; the shorter file is taken.
func encode(img *image.RGBA) ([]byte, error) {
	forms := []image.Image{img}
	if reduced := reduce(img); reduced != nil {
		forms[0] = reduced
	}
	if grey := greys(img); grey != nil {
		forms = append(forms, grey)
	}
	var shortest []byte
	for _, form := range forms {
		var file bytes.Buffer
		encoder := png.Encoder{CompressionLevel: png.BestCompression}
		if err := encoder.Encode(&file, form); err != nil {
			return nil, fmt.Errorf("show: %w", err)
		}
		if shortest == nil || file.Len() < len(shortest) {
			shortest = file.Bytes()
		}
	}
	return shortest, nil
}

// greys returns img without colour, or nil where it has any.
func greys(img *image.RGBA) *image.Gray {
	grey, coloured := image.NewGray(img.Rect), false
	eachPixel(img, func(x, y int, c color.RGBA) {
		coloured = coloured || c.R != c.G || c.G != c.B
		grey.SetGray(x, y, color.Gray{Y: c.R})
	})
	if coloured {
		return nil
	}
	return grey
}

// reduce returns img with at most 256 colours, or nil where it needs more. Grey
// digits have no more. In a drawing the commonest 256 make up nearly all of it,
// and the rest, rims of lines and letters, take the nearest of those. In a
// photograph they do not.
func reduce(img *image.RGBA) *image.Paletted {
	const most, nearlyAll = 256, 0.9
	count := map[color.RGBA]int{}
	eachPixel(img, func(x, y int, c color.RGBA) { count[c]++ })

	colours := slices.SortedFunc(maps.Keys(count), func(a, b color.RGBA) int { // commonest first, ties in a fixed order
		return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a.R, b.R), cmp.Compare(a.G, b.G), cmp.Compare(a.B, b.B))
	})
	kept := colours[:min(len(colours), most)]
	index := make(map[color.RGBA]uint8, len(colours))
	palette := make(color.Palette, len(kept))
	covered := 0
	for i, c := range kept {
		index[c], palette[i] = uint8(i), c
		covered += count[c]
	}
	if float64(covered) < nearlyAll*float64(img.Rect.Dx()*img.Rect.Dy()) {
		return nil
	}
	for _, c := range colours[len(kept):] {
		index[c] = uint8(palette.Index(c))
	}

	reduced := image.NewPaletted(img.Rect, palette)
	eachPixel(img, func(x, y int, c color.RGBA) { reduced.SetColorIndex(x, y, index[c]) })
	return reduced
}

func eachPixel(img *image.RGBA, f func(x, y int, c color.RGBA)) {
	for y := img.Rect.Min.Y; y < img.Rect.Max.Y; y++ {
		for x := img.Rect.Min.X; x < img.Rect.Max.X; x++ {
			f(x, y, img.RGBAAt(x, y))
		}
	}
}
