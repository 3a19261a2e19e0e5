package datasets

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// idxFile encodes an array of bytes as the format says.
func idxFile(shape []int, values []uint8) []byte {
	b := []byte{0, 0, 8, byte(len(shape))}
	for _, d := range shape {
		b = binary.BigEndian.AppendUint32(b, uint32(d))
	}
	return append(b, values...)
}

func zipped(b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	w.Write(b)
	w.Close()
	return out.Bytes()
}

func TestReadIDX(t *testing.T) {
	want := []uint8{1, 2, 3, 4, 5, 6}
	raw := idxFile([]int{1, 2, 3}, want)
	for name, file := range map[string][]byte{"plain": raw, "gzip": zipped(raw)} {
		shape, values, err := ReadIDX(bytes.NewReader(file))
		if err != nil || !slices.Equal(shape, []int{1, 2, 3}) || !slices.Equal(values, want) {
			t.Errorf("%s: shape %v, values %v, %v", name, shape, values, err)
		}
	}
	packed := zipped(raw)
	packed[len(packed)-5] ^= 1 // in gzip's checksum
	for name, test := range map[string]struct {
		file []byte
		want string
	}{
		"empty":      {nil, "too short"},
		"magic":      {[]byte("P5 28 28"), "two zero bytes"},
		"floats":     {[]byte{0, 0, 13, 1, 0, 0, 0, 0}, "type 0xd"},
		"no shape":   {[]byte{0, 0, 8, 0}, "no dimensions"},
		"cut header": {raw[:9], "dimension 2 of 3"},
		"cut":        {raw[:len(raw)-1], "wants 6 bytes of values, 5 are there"},
		"long":       {append(slices.Clone(raw), 0), "more bytes follow"},
		"huge":       {idxFile([]int{0x7FFFFFFF}, []uint8{1}), "1 are there"},
		"overflow":   {idxFile([]int{0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF}, nil), "2³¹ bytes or more"},
		"gzip":       {packed, "gzip: invalid checksum"},
	} {
		if _, _, err := ReadIDX(bytes.NewReader(test.file)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q in it", name, err, test.want)
		}
	}
}

// Whatever the bytes: an error, or exactly the values that the shape wants.
func FuzzReadIDX(f *testing.F) {
	raw := idxFile([]int{2, 2}, []uint8{1, 2, 3, 4})
	f.Add(raw)
	f.Add(zipped(raw))
	f.Add(raw[:7])
	f.Add(idxFile([]int{0xFFFFFFFF, 0xFFFFFFFF}, nil))
	f.Add(idxFile([]int{0, 0xFFFFFFFF}, nil))
	f.Add([]byte{0, 0, 8, 255})
	f.Fuzz(func(t *testing.T, raw []byte) {
		shape, values, err := ReadIDX(bytes.NewReader(raw))
		if err == nil && Size(shape) != len(values) {
			t.Fatalf("shape %v with %d values", shape, len(values))
		}
	})
}

// writeDigits writes four files as MNIST has them, small, and returns their sums.
func writeDigits(t *testing.T, dir string, train, test int) (sums [4]string) {
	t.Helper()
	for i, n := range []int{train, train, test, test} {
		file := idxFile([]int{n}, make([]uint8, n))
		if i%2 == 0 {
			pixels := make([]uint8, n*784)
			for j := range pixels {
				pixels[j] = uint8(j)
			}
			file = idxFile([]int{n, 28, 28}, pixels)
		}
		file = zipped(file)
		sum := sha256.Sum256(file)
		sums[i] = hex.EncodeToString(sum[:])
		if err := os.WriteFile(filepath.Join(dir, mnistFiles[i].name), file, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return sums
}

func TestReadDigits(t *testing.T) {
	dir := t.TempDir()
	sums := writeDigits(t, dir, 12, 5)
	digits, err := readDigits(dir, sums)
	if err != nil {
		t.Fatal(err)
	}
	if digits.Train.Len() != 12 || digits.Test.Len() != 5 || !slices.Equal(digits.Test.Shape(), []int{28, 28, 1}) {
		t.Errorf("%v, %v", digits.Train, digits.Test)
	}
	agrees(t, digits.Train)
	agrees(t, digits.Binarised(Dynamic).Test)
	t.Setenv("VAEKIT_DATA", filepath.Join(dir, "absent"))
	if _, err := MNIST(); err == nil || !strings.Contains(err.Error(), "make data") || !strings.Contains(err.Error(), filepath.Join(dir, "absent", "mnist")) {
		t.Errorf("absent: %v", err)
	}
	sums[2] = sums[0]
	if _, err := readDigits(dir, sums); err == nil || !strings.Contains(err.Error(), "SHA-256") || !strings.Contains(err.Error(), `delete it and run "make setup"`) || !strings.Contains(err.Error(), mnistFiles[2].name) {
		t.Errorf("wrong sum: %v", err)
	}
}

// The real files, where they are, hold what LeCun's page says: 60,000 and 10,000
// images, of which the training labels begin 5, 0, 4, 1, 9.
func TestMNISTWhereItIs(t *testing.T) {
	dir := filepath.Join(Dir(), "mnist")
	if _, err := os.Stat(filepath.Join(dir, mnistFiles[0].name)); err != nil {
		return
	}
	digits, err := MNIST()
	if err != nil {
		t.Fatal(err)
	}
	if digits.Train.Len() != 60000 || digits.Test.Len() != 10000 {
		t.Errorf("%d and %d images", digits.Train.Len(), digits.Test.Len())
	}
	if b := must(Read(digits.Train, 0, 1, 2, 3, 4)); !slices.Equal(b.Labels, []int{5, 0, 4, 1, 9}) {
		t.Errorf("labels begin %v", b.Labels)
	}
	// The mean of all training pixels is 0.1307, which PyTorch's MNIST example normalises by.
	sum := 0.0
	for _, v := range digits.Train.Resident(0).Bytes {
		sum += float64(v)
	}
	if mean := sum / 255 / (60000 * 784); mean < 0.13065 || mean > 0.13075 {
		t.Errorf("mean grey value %v, want 0.1307", mean)
	}
}
