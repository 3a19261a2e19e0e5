package datasets

import (
	"archive/zip"
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// Array says which arrays are the examples and their labels. The zero value takes
// a file's only array, without labels.
type Array struct {
	Name   string // of the examples in a .npz, such as "x_train"; "": the one that is there beside Labels
	Labels string // in a .npz the name of the labels, such as "y_train"; for a .npy the path of another .npy; "": none
	Shape  []int  // of one example, where it is not that of the array without its first axis, such as []int{28, 28, 1}
}

// NPY returns the examples in a .npy file, as numpy.save writes it, along the
// array's first axis. Bytes v (uint8) stand for v/255, as those of images do; any
// other numbers stand for themselves. Labels are whole numbers.
//
// Up to 1 GiB lies in memory ([Resident]), in bytes or in single precision; of a
// larger array only what is asked for is read, and examples that lie together are
// read at one go.
func NPY(path string, how Array) (Dataset, error) {
	data, err := openNPY(path, how)
	if err != nil {
		return nil, fmt.Errorf("npy: %s: %w", path, err)
	}
	return data, nil
}

// NPZ returns the examples in one array of a .npz file, as numpy.savez and
// numpy.savez_compressed write it, with the labels in another.
//
//	digits, err := datasets.NPZ("mnist.npz", datasets.Array{Name: "x_train", Labels: "y_train", Shape: []int{28, 28, 1}})
//
// Everything else is as [NPY] says, but a compressed array must fit into memory.
func NPZ(path string, how Array) (Dataset, error) {
	data, err := openNPZ(path, how)
	if err != nil {
		return nil, fmt.Errorf("npz: %s: %w", path, err)
	}
	return data, nil
}

func openNPY(path string, how Array) (Dataset, error) {
	if how.Name != "" {
		return nil, fmt.Errorf("Array.Name is %q; a .npy file holds one array without a name", how.Name)
	}
	var labels []int
	if how.Labels != "" {
		l, err := inFile(how.Labels)
		if err == nil {
			labels, err = l.labels()
		}
		if err != nil {
			return nil, fmt.Errorf("labels: %s: %w", how.Labels, err)
		}
	}
	a, err := inFile(path)
	if err != nil {
		return nil, err
	}
	return a.examples(how.Shape, labels)
}

func openNPZ(path string, how Array) (Dataset, error) {
	z, err := zip.OpenReader(path)
	if err != nil {
		return nil, err
	}
	defer z.Close()
	return inArchive(&z.Reader, path, how)
}

func inArchive(z *zip.Reader, path string, how Array) (Dataset, error) {
	members := map[string]*zip.File{}
	var names, others []string
	for _, m := range z.File {
		name, ok := strings.CutSuffix(m.Name, ".npy")
		if !ok {
			continue
		}
		members[name] = m
		names = append(names, name)
		if name != how.Labels {
			others = append(others, name)
		}
	}
	if how.Name == "" {
		if len(others) != 1 {
			return nil, fmt.Errorf("it holds the arrays %s; say which to read, as in datasets.Array{Name: \"x_train\"}", strings.Join(names, ", "))
		}
		how.Name = others[0]
	}
	get := func(name string) (*array, error) {
		m := members[name]
		if m == nil {
			return nil, fmt.Errorf("it holds no array %q; there are %s", name, strings.Join(names, ", "))
		}
		a, err := member(path, m)
		if err != nil {
			err = fmt.Errorf("array %q: %w", name, err)
		}
		return a, err
	}
	var labels []int
	if how.Labels != "" {
		l, err := get(how.Labels)
		if err == nil {
			labels, err = l.labels()
		}
		if err != nil {
			return nil, fmt.Errorf("labels: %w", err)
		}
	}
	a, err := get(how.Name)
	if err != nil {
		return nil, err
	}
	return a.examples(how.Shape, labels)
}

// An array is one that lies in a file, from from on where it does so as it is.
type array struct {
	npyHeader
	path string
	from int64 // of the values; −1: they are compressed
	open func() (io.ReadCloser, error)
}

func inFile(path string) (*array, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("no regular file")
	}
	a := &array{path: path, open: func() (io.ReadCloser, error) { return os.Open(path) }}
	return a, a.begin(info.Size())
}

func member(path string, m *zip.File) (*array, error) {
	a := &array{path: path, open: m.Open}
	if err := a.begin(int64(m.UncompressedSize64)); err != nil {
		return nil, err
	}
	if m.Method != zip.Store {
		a.from = -1
		return a, nil
	}
	start, err := m.DataOffset()
	a.from += start
	return a, err
}

// begin reads the header and holds it to the length of all.
func (a *array) begin(length int64) error {
	r, err := a.open()
	if err != nil {
		return err
	}
	defer r.Close()
	if a.npyHeader, err = readNPYHeader(bufio.NewReader(r)); err != nil {
		return err
	}
	a.from = int64(a.at)
	if there := length - a.from; there != int64(a.bytes()) {
		return fmt.Errorf("shape %v wants %d bytes of values, %d are there: the file is cut off, or its header damaged", a.shape, a.bytes(), there)
	}
	return nil
}

// all reads every value, into memory that grows with what is there.
func (a *array) all() ([]byte, error) {
	if a.from < 0 && a.bytes() > residentBytes {
		return nil, fmt.Errorf("%d bytes, compressed, do not stream; save them with numpy.savez or numpy.save", a.bytes())
	}
	r, err := a.open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if _, err := io.CopyN(io.Discard, r, int64(a.at)); err != nil {
		return nil, err
	}
	values, err := readExactly(r, a.bytes())
	if err != nil {
		return nil, fmt.Errorf("shape %v wants %d bytes of values, %d are there: %w", a.shape, a.bytes(), len(values), err)
	}
	// Reading on makes an archive compare its checksum.
	if _, err := io.ReadFull(r, make([]byte, 1)); err != io.EOF {
		return nil, fmt.Errorf("after the values: %w", cmp.Or(err, errors.New("more bytes follow")))
	}
	return values, nil
}

// labels are the whole numbers of an array with one axis.
func (a *array) labels() ([]int, error) {
	if a.kind == 'f' || len(a.shape) > 2 || len(a.shape) == 2 && a.shape[1] != 1 {
		return nil, fmt.Errorf("type %c%d and shape %v; labels are whole numbers along one axis", a.kind, a.size, a.shape)
	}
	raw, err := a.all()
	if err != nil {
		return nil, err
	}
	labels := make([]int, a.shape[0])
	for i := range labels {
		labels[i] = int(a.integer(raw[i*a.size:]))
	}
	return labels, nil
}

// examples makes a data set of the array, in memory where it fits.
func (a *array) examples(shape, labels []int) (Dataset, error) {
	own := a.shape[1:]
	if len(own) == 0 {
		own = []int{1}
	}
	switch {
	case shape == nil:
		shape = own
	case Size(shape) != Size(own):
		return nil, fmt.Errorf("Array.Shape %v has %d values, an example of the array %v has %d", shape, Size(shape), own, Size(own))
	}
	// What is shown of it: the values are read into it where they fit.
	e, err := newExamples(a.path, shape, Table{}, 0)
	if err != nil {
		return nil, err
	}
	e.n = a.shape[0]
	if labels != nil && len(labels) != e.n {
		return nil, fmt.Errorf("%d labels for %d examples", len(labels), e.n)
	}
	e.table.Labels = labels
	f := &arrayFile{array: a, shape: e.shape, labels: labels, per: Size(shape)}
	width := 4 // bytes of a value in memory
	if f.keepsBytes() {
		width = 1
	}
	if a.from >= 0 && a.bytes()/a.size > residentBytes/width {
		return f, nil
	}
	raw, err := a.all()
	if err != nil {
		return nil, err
	}
	if f.keepsBytes() {
		e.table.Bytes = raw
		return e, nil
	}
	e.table.Floats = make([]float32, e.n*f.per)
	a.floats(e.table.Floats, raw)
	return e, finite(e.table.Floats, f.per, 0)
}

// An arrayFile is an array too large for memory.
type arrayFile struct {
	*array
	shape  []int
	labels []int
	per    int // values of an example
}

func (f *arrayFile) Len() int         { return f.array.shape[0] }
func (f *arrayFile) Shape() []int     { return slices.Clone(f.shape) }
func (f *arrayFile) keepsBytes() bool { return f.kind == 'u' && f.size == 1 }

// Shard is the examples of a quarter of a megabyte: a disk that turns reads as much
// in the time in which it finds the next.
func (f *arrayFile) Shard() int { return max(1, shardBytes/(f.per*f.size)) }

// String says what there is, such as "10000000 examples of shape 28×28×1 in a file".
func (f *arrayFile) String() string { return describe(f.Len(), f.shape, f.labels) + " in a file" }

// Read sets batch to the examples with the given indices.
func (f *arrayFile) Read(batch *Batch, visit uint64, indices []int) error {
	t := Table{Floats: batch.Values, Labels: batch.Labels}
	if err := f.ReadTable(&t, visit, indices); err != nil {
		return err
	}
	if t.Bytes == nil {
		batch.Values = t.Floats
	}
	batch.Labels = t.Labels
	batch.reset(f.shape, len(indices), f.labels != nil, false, false)
	if t.Bytes != nil {
		bytesToFloats(batch.Values, t.Bytes)
	}
	return nil
}

// ReadTable sets table to the examples with the given indices.
func (f *arrayFile) ReadTable(table *Table, _ uint64, indices []int) error {
	if err := checkIndices(f.path, indices, f.Len()); err != nil {
		return err
	}
	file, err := os.Open(f.path)
	if err != nil {
		return err
	}
	defer file.Close()
	table.reset(f.keepsBytes(), false, f.labels != nil, len(indices), f.per)
	for i := range table.Labels {
		table.Labels[i] = f.labels[indices[i]]
	}
	row := f.per * f.size
	return readRows(file, f.from, row, indices, func(i int, raw []byte) error {
		if f.keepsBytes() {
			copy(table.Bytes[i*f.per:], raw)
			return nil
		}
		to := table.Floats[i*f.per : (i+1)*f.per]
		f.floats(to, raw)
		if err := finite(to, f.per, indices[i]); err != nil {
			return fmt.Errorf("%s: %w", f.path, err)
		}
		return nil
	})
}
