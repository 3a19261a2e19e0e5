package codec

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io/fs"
	"os"

	"github.com/vaebook/vaebook/vaekit"
)

// zip is the model's run as [vaekit.Run.Export] writes it, in one archive.
func (m *Model) zip() ([]byte, error) {
	dir, err := os.MkdirTemp("", "codec")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if err := m.run.Export(dir); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	err = fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(dir + "/" + name)
		if err != nil {
			return err
		}
		// Without a date and as it is, so that the same model makes the same file.
		to, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err != nil {
			return err
		}
		_, err = to.Write(text)
		return err
	})
	if err != nil {
		return nil, err
	}
	err = w.Close()
	return out.Bytes(), err
}

// unzip is the model in an archive.
func unzip(archive []byte) (m *Model, err error) {
	defer recovered(&err)
	r, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		return nil, err
	}
	for _, f := range r.File {
		if f.Method != zip.Store || f.UncompressedSize64 > uint64(len(archive)) {
			return nil, fmt.Errorf("%s is packed, or says that it has %d bytes", f.Name, f.UncompressedSize64)
		}
	}
	run, err := vaekit.LoadFS(r)
	if err != nil {
		return nil, err
	}
	return New(run)
}
