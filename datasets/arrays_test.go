package datasets

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

// The files in testdata are NumPy's own; testdata/make.py says what is in them.

func TestArraysOfEveryType(t *testing.T) {
	for _, resident := range []int{1 << 30, 0} {
		holding(t, resident)
		for _, kind := range strings.Fields("u1 u2 u4 u8 i1 i2 i4 i8 f2 f4 f8") {
			for _, order := range []string{"little_", "big_"} {
				data := must(NPZ("testdata/types.npz", Array{Name: order + kind}))
				agrees(t, data)
				if _, ok := data.(Resident); ok != (resident > 0) {
					t.Errorf("%s%s: resident is %v", order, kind, ok)
				}
				want := []float32{1, 2, 3, 100, 0, 7}
				if kind[0] != 'u' {
					want[4] = -5
				}
				if kind[0] == 'f' {
					want[0] = 0.5
				}
				if kind == "u1" { // bytes are kept, and stand for v/255
					for i := range want {
						want[i] /= 255
					}
					var table Table
					if err := ReadTable(data, &table, 0, []int{1}); err != nil || !bytes.Equal(table.Bytes, []byte{3, 100}) {
						t.Errorf("u1: %v, %v", table, err)
					}
				}
				if got := must(All(data)).Values; !slices.Equal(got, want) {
					t.Errorf("%s%s: %v, want %v", order, kind, got, want)
				}
			}
		}
	}
	holding(t, 1<<30)
	if got := must(All(must(NPZ("testdata/types.npz", Array{Name: "bools"})))).Values; !slices.Equal(got, []float32{1, 0}) {
		t.Errorf("bools: %v", got)
	}
	halves := must(All(must(NPZ("testdata/halves.npz", Array{Name: "halves"}))))
	floats := must(All(must(NPZ("testdata/halves.npz", Array{Name: "floats"}))))
	if !slices.Equal(halves.Values, floats.Values) || len(halves.Values) < 400 {
		t.Error("floats of 16 bits are not what NumPy makes of them in 32")
	}
}

func TestArraysAndTheirLabels(t *testing.T) {
	for _, resident := range []int{1 << 30, 32, 0} {
		holding(t, resident)
		for name, open := range map[string]func() (Dataset, error){
			"npy":    func() (Dataset, error) { return NPY("testdata/images.npy", Array{Labels: "testdata/labels.npy"}) },
			"stored": func() (Dataset, error) { return NPZ("testdata/stored.npz", Array{Labels: "labels"}) },
			"packed": func() (Dataset, error) { return NPZ("testdata/packed.npz", Array{Name: "images", Labels: "labels"}) },
		} {
			data, err := open()
			if name == "packed" && resident < 60 {
				if err == nil || !strings.Contains(err.Error(), "compressed, do not stream") {
					t.Errorf("compressed and too large: %v", err)
				}
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			agrees(t, data)
			b := must(Read(data, 2))
			if !slices.Equal(b.Shape, []int{4, 5}) || b.Values[19] != 59./255 || b.Labels[0] != 1 {
				t.Errorf("%s: shape %v, last value %v, label %v", name, b.Shape, b.Values[19]*255, b.Labels)
			}
		}
	}
	holding(t, 1<<30)
	data := must(NPY("testdata/images.npy", Array{Shape: []int{4, 5, 1}}))
	if got, want := fmt.Sprint(data), "3 examples of shape 4×5×1"; got != want {
		t.Errorf("String says %q, want %q", got, want)
	}
	for version := 1; version <= 3; version++ {
		data := must(NPY(fmt.Sprintf("testdata/version%d.npy", version), Array{}))
		if b := must(All(data)); !slices.Equal(b.Values, []float32{0, 1, 2, 3, 4, 5}) || !slices.Equal(b.Shape, []int{1}) {
			t.Errorf("version %d: %v", version, b)
		}
	}
	if _, err := NPZ("testdata/stored.npz", Array{}); err == nil || !strings.Contains(err.Error(), `it holds the arrays images, labels; say which`) {
		t.Errorf("two arrays and no name: %v", err)
	}
}

// npy is a file with the given header and values.
func npy(header string, values int) []byte {
	header += "\n"
	file := append([]byte("\x93NUMPY\x01\x00"), binary.LittleEndian.AppendUint16(nil, uint16(len(header)))...)
	return append(append(file, header...), make([]byte, values)...)
}

func npyOf(descr, shape string, values int) []byte {
	return npy(fmt.Sprintf("{'descr': %s, 'fortran_order': False, 'shape': %s, }", descr, shape), values)
}

// What is no array of numbers, or not whole, is an error that says so, and costs no
// memory whatever its header claims.
func TestArraysRefuse(t *testing.T) {
	dir := t.TempDir()
	whole, err := os.ReadFile("testdata/images.npy")
	if err != nil {
		t.Fatal(err)
	}
	packed, err := os.ReadFile("testdata/stored.npz")
	if err != nil {
		t.Fatal(err)
	}
	packed[bytes.Index(packed, []byte{0, 1, 2, 3, 4, 5})+3] ^= 1
	for want, file := range map[string][]byte{
		"too short for a header":           whole[:7],
		`begins with "P5 28 "`:             []byte("P5 28 28 255"),
		"version 9":                        append([]byte("\x93NUMPY\x09"), whole[7:]...),
		"too short for a header: EOF":      whole[:8],
		"a header of 4294967295 bytes":     []byte("\x93NUMPY\x02\x00\xff\xff\xff\xff"),
		"is cut off":                       whole[:60],
		"wants 60 bytes of values, 59":     whole[:len(whole)-1],
		"wants 60 bytes of values, 61":     append(slices.Clone(whole), 0),
		"wants 4611686018427387904 bytes":  npyOf("'|u1'", "(4611686018427387904,)", 9),
		"more values than there can be":    npyOf("'<f8'", "(4611686018427387904, 2)", 9),
		`"99999999999999999999" is no dim`: npyOf("'<f8'", "(99999999999999999999,)", 9),
		`"-1" is no dimension`:             npyOf("'<f8'", "(-1,)", 9),
		"dimensions of 1 or more":          npyOf("'<f8'", "(3, 0)", 0),
		"a single number":                  npyOf("'<f8'", "()", 8),
		"values of type '<M8'":             npyOf("'<M8'", "(1,)", 8),
		"values of another type":           npyOf("[('shape', '<f4')]", "(1,)", 4),
		"no byte order":                    npyOf("'=f4'", "(1,)", 4),
		"no 'shape'":                       npyOf("'<f4'", "3", 12),
		"no 'descr'":                       npy("{'shape': (1,)}", 4),
		"no 'fortran_order'":               npy("{'descr': '<f4', 'shape': (1,)}", 4),
	} {
		path := filepath.Join(dir, "x.npy")
		if err := os.WriteFile(path, file, 0o644); err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := NPY(path, Array{})
		runtime.ReadMemStats(&after)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("got %v, want %q in it", err, want)
		}
		if d := after.TotalAlloc - before.TotalAlloc; d > 1<<20 {
			t.Errorf("%s: %d bytes of memory", want, d)
		}
	}
	bad := filepath.Join(dir, "bad.npz")
	if err := os.WriteFile(bad, packed, 0o644); err != nil {
		t.Fatal(err)
	}
	for want, try := range map[string]func() (Dataset, error){
		"numpy.ascontiguousarray":  func() (Dataset, error) { return NPY("testdata/fortran.npy", Array{}) },
		"one array without a name": func() (Dataset, error) { return NPY("testdata/images.npy", Array{Name: "x"}) },
		"labels: testdata/images.npy: type u1 and shape [3 4 5]": func() (Dataset, error) {
			return NPY("testdata/images.npy", Array{Labels: "testdata/images.npy"})
		},
		"3 labels for 6 examples": func() (Dataset, error) {
			return NPY("testdata/version1.npy", Array{Labels: "testdata/labels.npy"})
		},
		"Array.Shape [4 4] has 16 values, an example of the array [4 5] has 20": func() (Dataset, error) {
			return NPY("testdata/images.npy", Array{Shape: []int{4, 4}})
		},
		"no such file":                   func() (Dataset, error) { return NPY("testdata/absent.npy", Array{}) },
		"no regular file":                func() (Dataset, error) { return NPY(dir, Array{}) },
		"not a valid zip file":           func() (Dataset, error) { return NPZ("testdata/images.npy", Array{}) },
		`no array "y"; there are images`: func() (Dataset, error) { return NPZ("testdata/stored.npz", Array{Name: "y"}) },
		`labels: it holds no array "y"`: func() (Dataset, error) {
			return NPZ("testdata/stored.npz", Array{Name: "images", Labels: "y"})
		},
		"checksum error":              func() (Dataset, error) { return NPZ(bad, Array{Name: "images"}) },
		"value 1 of example 0 is NaN": func() (Dataset, error) { return NPZ("testdata/types.npz", Array{Name: "nan"}) },
		`array "complex": header`:     func() (Dataset, error) { return NPZ("testdata/types.npz", Array{Name: "complex"}) },
		`array "text": header`:        func() (Dataset, error) { return NPZ("testdata/types.npz", Array{Name: "text"}) },
	} {
		if _, err := try(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q in it", err, want)
		}
	}
	holding(t, 0)
	data := must(NPZ("testdata/types.npz", Array{Name: "nan"}))
	if _, err := All(data); err == nil || !strings.Contains(err.Error(), "value 1 of example 0 is NaN") {
		t.Errorf("streamed NaN: %v", err)
	}
}

// Whatever the bytes: an error, or exactly the values that the shape wants.
func FuzzArray(f *testing.F) {
	for _, name := range []string{"images.npy", "labels.npy", "fortran.npy", "version2.npy", "packed.npz", "stored.npz"} {
		file, err := os.ReadFile("testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(file)
	}
	f.Add(npyOf("'>f2'", "(4611686018427387904, 1)", 9))
	f.Fuzz(func(t *testing.T, file []byte) {
		a := &array{open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(file)), nil }}
		if a.begin(int64(len(file))) == nil {
			if _, err := a.labels(); err == nil && a.bytes() > len(file) {
				t.Fatalf("%d bytes of labels from %d", a.bytes(), len(file))
			}
			whole(t, either(a.examples(nil, nil)))
		}
		if z, err := zip.NewReader(bytes.NewReader(file), int64(len(file))); err == nil {
			whole(t, either(inArchive(z, "", Array{})))
		}
	})
}

// either is the data, or nil where there is an error instead.
func either(data Dataset, err error) Dataset {
	if err != nil {
		return nil
	}
	return data
}

func whole(t *testing.T, data Dataset) {
	if r, ok := data.(Resident); ok {
		if n := len(valuesOf(r.Resident(0))); n != data.Len()*Size(data.Shape()) {
			t.Fatalf("%d examples of shape %v with %d values", data.Len(), data.Shape(), n)
		}
	}
}

// Rows come back whatever their order, gaps and repeats, and neighbours in one call.
func TestRowsAreReadTogether(t *testing.T) {
	const row = 1000
	file := make([]byte, 5000*row)
	for i := range file {
		file[i] = byte(i / row)
	}
	for name, c := range map[string]struct {
		indices []int
		calls   int
	}{
		"none":                {nil, 0},
		"neighbours shuffled": {[]int{7, 5, 6, 5, 4, 8}, 1},
		"a small gap":         {[]int{4, 20, 4}, 1},
		"a large gap":         {[]int{4, 22}, 2},
		"more than a call":    {descending(3000), 3},
	} {
		calls := countedReads{file: file}
		got := make([]byte, len(c.indices))
		err := readRows(&calls, 0, row, c.indices, func(i int, raw []byte) error {
			if len(raw) != row {
				t.Errorf("a row of %d", len(raw))
			}
			got[i] = raw[row-1]
			return nil
		})
		if err != nil || int(calls.n.Load()) != c.calls {
			t.Errorf("%s: %d calls, want %d; %v", name, calls.n.Load(), c.calls, err)
		}
		for i, index := range c.indices {
			if got[i] != byte(index) {
				t.Fatalf("%s: row %d is not row %d", name, i, index)
			}
		}
	}
}

func descending(n int) []int {
	indices := make([]int, n)
	for i := range indices {
		indices[i] = n - 1 - i
	}
	return indices
}

type countedReads struct {
	file []byte
	n    atomic.Int32
}

func (c *countedReads) ReadAt(p []byte, at int64) (int, error) {
	c.n.Add(1)
	return bytes.NewReader(c.file).ReadAt(p, at)
}
