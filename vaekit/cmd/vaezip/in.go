package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit/codec"
)

// open is the images at a path, of a model's shape and levels.
func open(path string, shape []int, levels int) (datasets.Dataset, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	var images datasets.Dataset
	switch {
	case info.IsDir():
		images, err = pictures(path, shape[len(shape)-1])
	case strings.HasSuffix(path, ".npy"):
		images, err = datasets.NPY(path, datasets.Array{})
	default:
		images, err = idx(path)
	}
	if err != nil {
		return nil, err
	}
	if err := areBytes(levels); err != nil {
		return nil, err
	}
	have := images.Shape()
	if !slices.Equal(have, shape) && !slices.Equal(append(have, 1), shape) {
		return nil, fmt.Errorf("%s: the images have the shape %v, the model's examples %v", path, have, shape)
	}
	return reshaped{images, shape}, nil
}

// areBytes refuses levels that bytes cannot tell apart and back.
func areBytes(levels int) error {
	if 255%(levels-1) != 0 {
		return fmt.Errorf("the model's values have %d levels, which are no bytes; use package codec", levels)
	}
	return nil
}

// pictures are those of a folder. None is left out, and none loses its colours.
func pictures(path string, channels int) (datasets.Dataset, error) {
	if channels != 3 {
		channels = 0 // grey where all of them are
	}
	images, err := datasets.ImageFolder(path, datasets.Images{Channels: channels})
	if err == nil && len(images.Skipped()) > 0 {
		err = fmt.Errorf("%s: %d files cannot be read, of which the first is %w", path, len(images.Skipped()), images.Skipped()[0])
	}
	return images, err
}

// idx is a file of bytes, one image after another.
func idx(path string) (datasets.Dataset, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	shape, values, err := datasets.ReadIDX(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(shape) < 2 {
		return nil, fmt.Errorf("%s: an array of the shape %v holds no images", path, shape)
	}
	return datasets.FromBytes(shape[1:], values, nil)
}

// reshaped gives grey images their channel.
type reshaped struct {
	datasets.Dataset
	shape []int
}

func (r reshaped) Shape() []int { return r.shape }

func (r reshaped) Read(b *datasets.Batch, visit uint64, indices []int) error {
	err := r.Dataset.Read(b, visit, indices)
	b.Shape = r.shape
	return err
}

// blocks are the examples of a compressed file.
type blocks struct {
	from  *os.File
	m     *codec.Model
	total int
	count func(done, total int)
}

// each hands over the bytes of all examples, some at a time, and fails where the file is
// not whole.
func (b *blocks) each(do func(bytes []uint8) error) error {
	if _, err := b.from.Seek(0, io.SeekStart); err != nil {
		return err
	}
	r, err := codec.NewReader(b.from, b.m)
	if err != nil {
		return err
	}
	for done := 0; ; {
		batch, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", b.from.Name(), err)
		}
		bytes := make([]uint8, len(batch.Values))
		for i, v := range batch.Values {
			bytes[i] = uint8(255*v + 0.5)
		}
		if err := do(bytes); err != nil {
			return err
		}
		done += batch.Len()
		b.count(done, b.total)
	}
}

// atomically writes a file beside the place where it is to be, and puts it there when it
// is whole.
func atomically(path string, force bool, write func(file *os.File) error) (err error) {
	if err := free(path, force); err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			file.Close()
			os.Remove(file.Name())
		}
	}()
	if err := write(file); err != nil {
		return err
	}
	if err := errors.Join(file.Chmod(0o644), file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

// free says that something lies at a path, unless it may be written over.
func free(path string, force bool) error {
	if _, err := os.Lstat(path); err == nil && !force {
		return fmt.Errorf("%s is there already; -f writes over it", path)
	}
	return nil
}
