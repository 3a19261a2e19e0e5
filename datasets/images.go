package datasets

import (
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // decoders that image.Decode finds
	_ "image/png"
	"path/filepath"
	"slices"
)

// Images says how the pictures of a folder become examples. The zero value takes
// them as they are.
type Images struct {
	Size          int  // pixels; short for Height and Width
	Height, Width int  // in pixels, that all are brought to; 0: as they are, all of one size
	Crop          bool // cut off at the sides, or above and below, what does not fit the form; else it is squeezed
	Channels      int  // 1: grey, 3: red, green, blue; 0: grey where every pixel of every picture is, else 3

	// HeadersOnly opens a folder that is too large for memory without decoding all
	// of it once. A file that turns out to be broken then ends the reading, and
	// Channels 0 goes by what the headers say.
	HeadersOnly bool
}

// Pictures are the images of a folder, a [Resident] data set where they fit into memory.
type Pictures interface {
	Dataset

	// Skipped says which files could not be read and were left out, and why.
	Skipped() []error

	// String says what there is, such as "940 examples of shape 64×64×3, 2 labels, 3 files skipped".
	String() string
}

// residentBytes bounds what is taken into memory without being asked to. It is a
// variable for tests, which have little data.
var residentBytes = 1 << 30

// ImageFolder reads all PNG and JPEG files in dir and below, in alphabetic order.
//
//	photos, err := datasets.ImageFolder("photos", datasets.Images{Size: 64, Crop: true})
//
// The shape is [height, width, channels]. Scaling is bilinear, and
// where it makes smaller every pixel of the file counts, as in Pillow and
// torchvision. What is transparent is laid over black; an orientation that a
// camera noted (EXIF) is not looked at. Where the files lie in sub-folders of dir,
// each sub-folder is a label, numbered in alphabetic order. Origin is the path in dir.
//
// A file that cannot be decoded is skipped; see [Pictures]. It is an error when
// none can be, or when sizes differ and no size is asked for. Up to 1 GiB of
// pixels are held in memory, one byte for each channel; a larger folder is
// decoded anew whenever it is read, on all processors.
func ImageFolder(dir string, how Images) (Pictures, error) {
	f := &imageFiles{dir: dir, how: how}
	if err := f.open(); err != nil {
		return nil, fmt.Errorf("images: %s: %w", dir, err)
	}
	if f.table == nil {
		return f, nil
	}
	e, err := FromBytes(f.shape, f.table, f.labels)
	if err != nil {
		return nil, err
	}
	e.what, e.origin = dir, f.names
	return &heldImages{e, f.skipped}, nil
}

// imageFiles are pictures that lie on the disk.
type imageFiles struct {
	dir     string
	how     Images // with Height and Width, and Channels once they are known
	names   []string
	labels  []int
	shape   []int
	skipped []error
	table   []uint8 // while a folder that fits into memory is read
}

// heldImages are pictures that lie in memory.
type heldImages struct {
	*Examples
	skipped []error
}

func (h *heldImages) Skipped() []error { return h.skipped }
func (h *heldImages) String() string   { return h.Examples.String() + skippedFiles(h.skipped) }

func (f *imageFiles) Len() int         { return len(f.names) }
func (f *imageFiles) Shape() []int     { return slices.Clone(f.shape) }
func (f *imageFiles) Skipped() []error { return f.skipped }
func (f *imageFiles) String() string {
	return describe(len(f.names), f.shape, f.labels) + " in files" + skippedFiles(f.skipped)
}

func skippedFiles(errs []error) string {
	switch len(errs) {
	case 0:
		return ""
	case 1:
		return ", 1 file skipped"
	}
	return fmt.Sprintf(", %d files skipped", len(errs))
}

// Read sets batch to the pictures with the given indices.
func (f *imageFiles) Read(batch *Batch, visit uint64, indices []int) error {
	t := Table{Labels: batch.Labels}
	if err := f.ReadTable(&t, visit, indices); err != nil {
		return err
	}
	batch.Labels = t.Labels
	batch.reset(f.shape, len(indices), f.labels != nil, false, true)
	bytesToFloats(batch.Values, t.Bytes)
	for i, index := range indices {
		batch.Origin[i] = f.names[index]
	}
	return nil
}

// ReadTable sets table to the pictures with the given indices.
func (f *imageFiles) ReadTable(table *Table, _ uint64, indices []int) error {
	if err := checkIndices(f.dir, indices, len(f.names)); err != nil {
		return err
	}
	per := Size(f.shape)
	table.reset(true, false, f.labels != nil, len(indices), per)
	for i := range table.Labels {
		table.Labels[i] = f.labels[indices[i]]
	}
	return each(len(indices), func(i int) error {
		name := f.names[indices[i]]
		_, err := f.how.decode(filepath.Join(f.dir, name), table.Bytes[i*per:(i+1)*per])
		if err != nil {
			return fmt.Errorf("images: %s: %w; open the folder again without Images.HeadersOnly to skip what is broken", filepath.Join(f.dir, name), err)
		}
		return nil
	})
}

// open finds the files, leaves out those that are broken, and reads them where
// they fit into memory.
func (f *imageFiles) open() error {
	if err := f.how.fill(); err != nil {
		return err
	}
	files, err := listed(f.dir, ".png", ".jpg", ".jpeg")
	if err != nil {
		return err
	}
	labels, err := folderLabels(files)
	if err != nil {
		return err
	}
	f.names, f.labels = files, labels
	headers := make([]image.Config, len(files))
	err = f.sift(func(i int) (err error) {
		headers[i], err = imageHeader(filepath.Join(f.dir, files[i]))
		return err
	}, func(to, from int) { headers[to] = headers[from] })
	if err != nil {
		return err
	}
	headers = headers[:len(f.names)]
	if err := f.size(headers); err != nil {
		return err
	}
	return f.look(headers)
}

// size takes the pictures' own size where none is asked for.
func (f *imageFiles) size(headers []image.Config) error {
	if f.how.Height > 0 {
		return nil
	}
	first := headers[0]
	for i, h := range headers {
		if h.Width != first.Width || h.Height != first.Height {
			return fmt.Errorf("%s has %d×%d pixels, %s has %d×%d; a model takes one size: ask for it, as in datasets.Images{Size: %d, Crop: true}",
				f.names[i], h.Width, h.Height, f.names[0], first.Width, first.Height, min(h.Width, h.Height, first.Width, first.Height))
		}
	}
	f.how.Height, f.how.Width = first.Height, first.Width
	return nil
}

// look decodes all files, to keep what comes of them where it fits into memory and
// else only to see whether they can be decoded, and settles the channels.
func (f *imageFiles) look(headers []image.Config) error {
	decoded := f.how // with colours, until it is known that there are none
	if decoded.Channels == 0 {
		decoded.Channels = 3
	}
	per := decoded.Height * decoded.Width * decoded.Channels
	holds := len(f.names) <= residentBytes/per
	grey := make([]bool, len(f.names))
	if f.how.HeadersOnly && !holds {
		for i, h := range headers {
			grey[i] = greyModel(h.ColorModel)
		}
	} else {
		if holds {
			f.table = make([]uint8, len(f.names)*per)
		}
		names := f.names
		err := f.sift(func(i int) (err error) {
			var to []uint8
			if holds {
				to = f.table[i*per : (i+1)*per]
			} else {
				to = make([]uint8, per)
			}
			grey[i], err = decoded.decode(filepath.Join(f.dir, names[i]), to)
			return err
		}, func(to, from int) {
			grey[to] = grey[from]
			if holds {
				copy(f.table[to*per:(to+1)*per], f.table[from*per:])
			}
		})
		if err != nil {
			return err
		}
		grey = grey[:len(f.names)]
		if holds {
			f.table = f.table[:len(f.names)*per]
		}
	}
	if f.how.Channels == 0 {
		f.how.Channels = 3
		if !slices.Contains(grey, false) {
			f.how.Channels = 1
			for i := range len(f.table) / 3 {
				f.table[i] = f.table[3*i]
			}
			f.table = slices.Clone(f.table[:len(f.table)/3])
		}
	}
	f.shape = []int{f.how.Height, f.how.Width, f.how.Channels}
	return nil
}

// sift tries every file and leaves out those that fail, with move(to, from) for
// what belongs to those that stay. It is an error when none does.
func (f *imageFiles) sift(try func(i int) error, move func(to, from int)) error {
	failed := make([]error, len(f.names))
	err := each(len(f.names), func(i int) error {
		failed[i] = safely(func() error { return try(i) })
		return nil
	})
	if err != nil {
		return err
	}
	names, labels := make([]string, 0, len(f.names)), f.labels
	if labels != nil {
		labels = make([]int, 0, len(f.names))
	}
	for i, name := range f.names {
		if failed[i] != nil {
			f.skipped = append(f.skipped, fmt.Errorf("%s: %w", name, failed[i]))
			continue
		}
		move(len(names), i)
		if labels != nil {
			labels = append(labels, f.labels[i])
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		return fmt.Errorf("none of the files there can be read: %w", errors.Join(f.skipped[:min(3, len(f.skipped))]...))
	}
	f.names, f.labels = names, labels
	return nil
}
