package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/vaebook/vaebook/datasets"
)

// save writes all examples to a path: .npy, IDX where it ends in .idx or in idx3-ubyte, and
// else a folder of pictures.
func save(path string, force bool, all *blocks) error {
	if err := areBytes(all.m.Levels()); err != nil {
		return err
	}
	path = filepath.Clean(path)
	shape := all.m.Shape()
	if n := len(shape); n > 1 && shape[n-1] == 1 {
		shape = shape[:n-1] // grey
	}
	dims := append([]int{all.total}, shape...)
	switch name := filepath.Base(path); {
	case strings.HasSuffix(name, ".npy"):
		return array(path, force, npyHeader(dims), all)
	case strings.HasSuffix(name, ".idx"), strings.Contains(name, "idx") && strings.HasSuffix(name, "-ubyte"):
		return array(path, force, idxHeader(dims), all)
	case filepath.Ext(name) != "":
		return fmt.Errorf("%s: .npy, .idx and …idx3-ubyte are written, and a name without an ending makes a folder of PNG files", path)
	}
	return folder(path, all)
}

// array writes a file of bytes behind a header.
func array(path string, force bool, header []byte, all *blocks) error {
	return atomically(path, force, func(file *os.File) error {
		w := bufio.NewWriter(file)
		if _, err := w.Write(header); err != nil {
			return err
		}
		err := all.each(func(bytes []uint8) error {
			_, err := w.Write(bytes)
			return err
		})
		if err != nil {
			return err
		}
		return w.Flush()
	})
}

func idxHeader(dims []int) []byte {
	h := []byte{0, 0, 8, byte(len(dims))}
	for _, d := range dims {
		h = binary.BigEndian.AppendUint32(h, uint32(d))
	}
	return h
}

// npyHeader is that of version 1.0, filled up to a multiple of 64 bytes.
func npyHeader(dims []int) []byte {
	text := fmt.Sprintf("{'descr': '|u1', 'fortran_order': False, 'shape': (%s,), }", strings.Trim(strings.Join(strings.Fields(fmt.Sprint(dims)), ", "), "[]"))
	text += strings.Repeat(" ", 63-(len(text)+10)%64) + "\n"
	h := append([]byte("\x93NUMPY"), 1, 0)
	return append(binary.LittleEndian.AppendUint16(h, uint16(len(text))), text...)
}

// folder writes a PNG file for each example, into a folder that is put in its place when it
// is whole. One that is there is never removed.
func folder(path string, all *blocks) (err error) {
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("%s is there already; a folder is not written over", path)
	}
	shape := all.m.Shape()
	if len(shape) != 3 || shape[2] != 1 && shape[2] != 3 {
		return fmt.Errorf("examples of the shape %v are no pictures; write .npy", shape)
	}
	dir, err := os.MkdirTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.RemoveAll(dir)
		}
	}()
	number, per := 0, datasets.Size(shape)
	digits := max(6, len(strconv.Itoa(all.total)))
	err = all.each(func(bytes []uint8) error {
		for ; len(bytes) > 0; bytes = bytes[per:] {
			if err := picture(filepath.Join(dir, fmt.Sprintf("%0*d.png", digits, number)), shape, bytes[:per]); err != nil {
				return err
			}
			number++
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	return os.Rename(dir, path)
}

func picture(path string, shape []int, bytes []uint8) error {
	where := image.Rect(0, 0, shape[1], shape[0])
	var img image.Image = &image.Gray{Pix: bytes, Stride: shape[1], Rect: where}
	if shape[2] == 3 {
		colour := image.NewNRGBA(where)
		for i := range shape[0] * shape[1] {
			copy(colour.Pix[4*i:], bytes[3*i:3*i+3])
			colour.Pix[4*i+3] = 255
		}
		img = colour
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := png.Encode(file, img); err != nil {
		file.Close()
		return err
	}
	return file.Close()
}
