package main

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vaebook/vaebook/datasets"
)

// pixels are n images of 6 × 6.
func pixels(n int) []byte {
	p := make([]byte, 36*n)
	for i := range p {
		if (i*i/7+i/36)%3 == 0 {
			p[i] = 255
		}
	}
	return p
}

func run(t *testing.T, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	if err := vaezip(args, &out); err != nil {
		t.Fatalf("vaezip %s: %v", strings.Join(args, " "), err)
	}
	return out.String()
}

func refused(t *testing.T, says string, args ...string) {
	t.Helper()
	if err := vaezip(args, &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), says) {
		t.Errorf("vaezip %s: %v, expected %q", strings.Join(args, " "), err, says)
	}
}

// Images come back from a file, byte for byte, in each form that they can have.
func TestThereAndBack(t *testing.T) {
	t.Chdir(t.TempDir())
	want := pixels(25)
	idx := append(idxHeader([]int{25, 6, 6}), want...)
	npy := append(npyHeader([]int{25, 6, 6}), want...)
	for name, text := range map[string][]byte{"in.idx": idx, "in.npy": npy} {
		if err := os.WriteFile(name, text, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir("in", 0o777); err != nil {
		t.Fatal(err)
	}
	for i := range 25 {
		if err := picture(filepath.Join("in", string(rune('a'+i))+".png"), []int{6, 6, 1}, want[36*i:36*i+36]); err != nil {
			t.Fatal(err)
		}
	}
	var first []byte
	for _, in := range []string{"in.idx", "in.npy", "in"} {
		said := run(t, "-model", here, "-block", "10", in, in+".vz")
		if !strings.Contains(said, "bits for each value of 1") {
			t.Errorf("compressing %s says %q", in, said)
		}
		file, err := os.ReadFile(in + ".vz")
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = file
		} else if !bytes.Equal(first, file) {
			t.Errorf("%s makes another file than in.idx", in)
		}
	}
	for name, text := range map[string][]byte{"out.idx": idx, "out.npy": npy, "back-images-idx3-ubyte": idx} {
		run(t, "-d", "-model", here, "in.vz", name)
		if got, err := os.ReadFile(name); err != nil || !bytes.Equal(got, text) {
			t.Errorf("%s differs from what was compressed (%v)", name, err)
		}
	}
	run(t, "-d", "-model", here, "in.vz", "out")
	back, err := datasets.ImageFolder("out", datasets.Images{})
	if err != nil {
		t.Fatal(err)
	}
	if b, err := datasets.All(back); err != nil || b.Len() != 25 || b.Values[0] != float32(want[0])/255 {
		t.Errorf("the folder holds %v (%v)", back, err)
	}
	if said := run(t, "-list", "in.vz"); !strings.Contains(said, "25 examples of shape [6 6 1] in 3 blocks") {
		t.Errorf("-list says %q", said)
	}
	if said := run(t, "-test", "-model", here, "in.vz"); !strings.Contains(said, "whole, 25 examples") {
		t.Errorf("-test says %q", said)
	}
}

// here is a model of 6 × 6 pixels, black or white, wherever a test goes.
var here = func() string {
	path, err := filepath.Abs("../../codec/testdata/binary")
	if err != nil {
		panic(err)
	}
	return path
}()

// A file that holds its model is all that is needed.
func TestEmbedded(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("in.idx", append(idxHeader([]int{9, 6, 6}), pixels(9)...), 0o666); err != nil {
		t.Fatal(err)
	}
	if said := run(t, "-model", here, "-embed", "in.idx", "all.vz"); !strings.Contains(said, "beside a model of") {
		t.Errorf("it says %q", said)
	}
	run(t, "-d", "all.vz", "out.idx")
	want, _ := os.ReadFile("in.idx")
	if got, err := os.ReadFile("out.idx"); err != nil || !bytes.Equal(got, want) {
		t.Errorf("other images came back (%v)", err)
	}
}

// What cannot be done is said, and nothing is left behind.
func TestRefusals(t *testing.T) {
	t.Chdir(t.TempDir())
	write := func(name string, text []byte) {
		t.Helper()
		if err := os.WriteFile(name, text, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir("there", 0o777); err != nil {
		t.Fatal(err)
	}
	write("in.idx", append(idxHeader([]int{20, 6, 6}), pixels(20)...))
	write("grey.idx", append(idxHeader([]int{1, 6, 6}), bytes.Repeat([]byte{77}, 36)...))
	write("large.idx", append(idxHeader([]int{1, 7, 7}), make([]byte, 49)...))
	run(t, "-model", here, "-block", "5", "in.idx", "in.vz")
	file, err := os.ReadFile("in.vz")
	if err != nil {
		t.Fatal(err)
	}
	broken := bytes.Clone(file)
	broken[len(file)/2] ^= 1
	write("broken.vz", broken)

	refused(t, "-model is needed", "in.idx", "x.vz")
	refused(t, "is there already; -f", "-model", here, "in.idx", "in.vz")
	refused(t, "value 0 of example 0 is 0.3", "-model", here, "grey.idx", "x.vz")
	refused(t, "shape [7 7]", "-model", here, "large.idx", "x.vz")
	refused(t, "no such file", "-model", here, "none.idx", "x.vz")
	refused(t, "holds no model", "-d", "in.vz", "x.idx")
	refused(t, "another model", "-d", "-model", filepath.Join(filepath.Dir(here), "levels"), "in.vz", "x.idx")
	refused(t, "checksum is wrong", "-d", "-model", here, "broken.vz", "x.idx")
	refused(t, "checksum is wrong", "-d", "-model", here, "broken.vz", "x")
	refused(t, "checksum is wrong", "-list", "broken.vz")
	refused(t, "not written over", "-d", "-f", "-model", here, "in.vz", "there/")
	refused(t, ".npy, .idx and", "-d", "-model", here, "in.vz", "x.gif")
	refused(t, "vaezip -d FILE.vz IMAGES", "-d", "in.vz")
	run(t, "-model", here, "-f", "in.idx", "in.vz")

	left, err := filepath.Glob("*")
	if hidden, _ := filepath.Glob(".*"); err != nil || len(left)+len(hidden) != 6 {
		t.Errorf("left behind: %v %v", left, hidden)
	}
}

// Colours come back in their order.
func TestColours(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.png")
	if err := picture(path, []int{1, 2, 3}, []uint8{1, 2, 3, 250, 20, 30}); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	img, err := png.Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	if got := color.NRGBAModel.Convert(img.At(1, 0)); img.Bounds() != image.Rect(0, 0, 2, 1) || got != (color.NRGBA{250, 20, 30, 255}) {
		t.Errorf("the second pixel is %v", got)
	}
}

// NumPy's header is as long as its reader wants.
func TestHeaderOfNumPy(t *testing.T) {
	for _, dims := range [][]int{{1}, {10000, 28, 28}, {123456789, 1234, 1234, 3}} {
		h := npyHeader(dims)
		if n := int(binary.LittleEndian.Uint16(h[8:])); len(h)%64 != 0 || n != len(h)-10 || h[len(h)-1] != '\n' {
			t.Errorf("%v: a header of %d bytes that speaks of %d", dims, len(h), n)
		}
	}
}
