package codec_test

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit"
	"github.com/vaebook/vaebook/vaekit/codec"
)

// Every bit of a file counts: flipped, it is an error, or with luck the same values.
func TestEveryFlippedBitIsFound(t *testing.T) {
	c := models()["Bernoulli"]
	data := stripes(12, 2, 6, 6, 1)
	m := compressor(t, trained(t, c.model, c.data))
	file, _ := compressed(t, m, data, codec.Options{Block: 5})
	for i := range 8 * len(file) {
		bad := bytes.Clone(file)
		bad[i/8] ^= 1 << (i % 8)
		if _, err := decompressed(bad, m); err == nil {
			t.Errorf("bit %d of byte %d was flipped, and nothing said", i%8, i/8)
		}
	}
	for n := range len(file) {
		if _, err := decompressed(file[:n], m); err == nil {
			t.Errorf("cut to %d bytes of %d, and nothing said", n, len(file))
		}
	}
	if _, err := decompressed(append(bytes.Clone(file), 0), m); err == nil || !strings.Contains(err.Error(), "more bytes follow") {
		t.Errorf("with a byte behind it: %v", err)
	}
	// What was read before the broken block is returned, and the error names it.
	bad := bytes.Clone(file)
	bad[len(file)/2] ^= 4
	values, err := decompressed(bad, m)
	if len(values) != 5*36 || err == nil || !strings.Contains(err.Error(), "block 2") {
		t.Errorf("of three blocks the second is broken: %d values, %v", len(values), err)
	}
}

// Whatever a file holds, reading it ends in an error or in values, and never in a panic.
func FuzzReader(f *testing.F) {
	run, err := vaekit.Load("testdata/binary")
	if err != nil {
		f.Fatal(err)
	}
	m := compressor(f, run)
	for _, how := range []codec.Options{{Block: 3}, {Block: 3, Embed: true}} {
		file, _ := compressed(f, m, stripes(7, 2, 6, 6, 1), how)
		f.Add(file)
		f.Add(file[:len(file)/2])
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		decompressed(file, m)
		decompressed(file, nil)
		codec.List(bytes.NewReader(file))
		if f, err := codec.Open(bytes.NewReader(file), int64(len(file)), m); err == nil {
			for i := range min(f.Blocks(), 10) {
				f.Block(i)
			}
		}
	})
}

// What no reader would take is not written.
func TestWriterRefuses(t *testing.T) {
	run, err := vaekit.Load("testdata/binary")
	if err != nil {
		t.Fatal(err)
	}
	m := compressor(t, run)
	for says, how := range map[string]codec.Options{
		"blocks of -1 examples": {Block: -1},
		"blocks of 2097152":     {Block: 1 << 21},
		"Workers is -1":         {Workers: -1},
	} {
		if _, err := m.NewWriter(io.Discard, how); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, expected %q", err, says)
		}
	}
	var empty bytes.Buffer
	w, err := m.NewWriter(&empty, codec.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if b, err := codec.Decompress(&empty, m); err != nil || b.Len() != 0 {
		t.Errorf("a file of no examples is read as %v (%v)", b, err)
	}
}

// Values between the levels are refused, with the first of them.
func TestWriteRefuses(t *testing.T) {
	c := models()["Bernoulli"]
	m := compressor(t, trained(t, c.model, c.data))
	for says, b := range map[string]*datasets.Batch{
		"value 7 of example 0 is 0.5": {Shape: []int{6, 6, 1}, Values: slices.Concat(make([]float32, 7), []float32{0.5}, make([]float32, 28))},
		"have the shape [3]":          {Shape: []int{3}, Values: make([]float32, 3)},
		"have padding":                {Shape: []int{6, 6, 1}, Values: make([]float32, 36), Mask: make([]uint8, 36)},
	} {
		w, err := m.NewWriter(io.Discard, codec.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(b); err == nil || !strings.Contains(fmt.Sprint(err), says) {
			t.Errorf("%v, expected %q", err, says)
		}
	}
}
