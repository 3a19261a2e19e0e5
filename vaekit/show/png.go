package show

import (
	"bytes"
	"cmp"
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
	name := p.Title
	if name == "" {
		name = kind
	}
	file, err := encode(img)
	Check(err)
	Check(out.picture(name, file, (img.Rect.Dx()+1)/2))
}

// encode writes img as a PNG, of one byte a pixel where that loses nothing that can be seen.
func encode(img *image.RGBA) ([]byte, error) {
	var file bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if reduced := reduce(img); reduced != nil {
		err := encoder.Encode(&file, reduced)
		return file.Bytes(), err
	}
	err := encoder.Encode(&file, img)
	return file.Bytes(), err
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
