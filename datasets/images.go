package datasets

import (
	"fmt"
	"image"
	"image/color"
	_ "image/jpeg" // decoders that image.Decode finds
	_ "image/png"
	"os"
	"path/filepath"
)

// maxPixels is the largest image that is decoded: a header may claim more than
// the file holds.
const maxPixels = 1 << 26

// ImageFolder reads all PNG and JPEG files in dir and below into memory, in
// alphabetic order. All must have one size.
//
// The shape is [height, width, 1] where every pixel of every image is grey, else
// [height, width, 3]: red, green, blue. What is transparent is laid over black.
// Where the images lie in sub-folders of dir, each sub-folder is a label,
// numbered in alphabetic order. Origin is the path in dir.
func ImageFolder(dir string) (*Examples, error) {
	files, err := listed(dir, ".png", ".jpg", ".jpeg")
	if err != nil {
		return nil, fmt.Errorf("images: %w", err)
	}
	labels, err := folderLabels(dir, files)
	if err != nil {
		return nil, fmt.Errorf("images: %w", err)
	}
	var size image.Point
	var rgb []uint8
	grey := true
	for i, name := range files {
		config, err := imageSize(filepath.Join(dir, name))
		if err != nil {
			return nil, fmt.Errorf("images: %s: %w", name, err)
		}
		if i == 0 {
			size = config
		}
		if config != size {
			return nil, fmt.Errorf("images: %s has %d×%d pixels, %s has %d×%d; a model takes one size: scale them, for example with \"mogrify -resize %dx%d! *.png\"",
				name, config.X, config.Y, files[0], size.X, size.Y, size.X, size.Y)
		}
		picture, err := decodeImage(filepath.Join(dir, name))
		if err != nil {
			return nil, fmt.Errorf("images: %s: %w", name, err)
		}
		before := len(rgb)
		rgb = appendRGB(rgb, picture)
		for p := before; p < len(rgb) && grey; p += 3 {
			grey = rgb[p] == rgb[p+1] && rgb[p] == rgb[p+2]
		}
	}
	channels := 3
	if grey {
		channels = 1
		for i := range len(rgb) / 3 {
			rgb[i] = rgb[3*i]
		}
		rgb = rgb[:len(rgb)/3]
	}
	e, err := FromBytes([]int{size.Y, size.X, channels}, rgb, labels)
	if err != nil {
		return nil, err
	}
	e.what, e.origin = dir, files
	return e, nil
}

func imageSize(path string) (image.Point, error) {
	f, err := os.Open(path)
	if err != nil {
		return image.Point{}, err
	}
	defer f.Close()
	c, _, err := image.DecodeConfig(f)
	if err != nil {
		return image.Point{}, fmt.Errorf("not a PNG or JPEG image that can be read: %w", err)
	}
	if c.Width < 1 || c.Height < 1 || c.Width > maxPixels/c.Height {
		return image.Point{}, fmt.Errorf("%d×%d pixels; at most %d are read", c.Width, c.Height, maxPixels)
	}
	return image.Pt(c.Width, c.Height), nil
}

func decodeImage(path string) (image.Image, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	picture, _, err := image.Decode(f)
	return picture, err
}

// appendRGB appends picture's pixels row by row, three bytes each.
func appendRGB(rgb []uint8, picture image.Image) []uint8 {
	box := picture.Bounds()
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			c := color.RGBAModel.Convert(picture.At(x, y)).(color.RGBA)
			rgb = append(rgb, c.R, c.G, c.B)
		}
	}
	return rgb
}
