package main

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"regexp"
)

// recordingName is what a recording is called in the archive, whose first folder
// has the name of the commit. Nothing else is unpacked, wherever it points.
var recordingName = regexp.MustCompile(`^[^/]+/recordings/[0-9A-Za-z_-]+\.wav$`)

// Bounds on what is unpacked, well above what the data set has: 3,000
// recordings, none above 40 kB.
const (
	maxRecordings = 20000
	maxBytes      = 4 << 20 // of one
)

// unpack writes the recordings in the archive into dir, which it makes.
func unpack(archive, dir string) error {
	f, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer f.Close()
	packed, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	files := tar.NewReader(packed)
	count := 0
	for {
		header, err := files.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if header.Typeflag != tar.TypeReg || !recordingName.MatchString(header.Name) {
			continue
		}
		if count++; count > maxRecordings || header.Size > maxBytes {
			return fmt.Errorf("%s of %d bytes, file %d: more than the data set has", header.Name, header.Size, count)
		}
		if err := writeFile(filepath.Join(dir, path.Base(header.Name)), files); err != nil {
			return err
		}
	}
	if count == 0 {
		return errors.New("no folder with recordings is in it")
	}
	// Read what is left, so that gzip compares its checksum.
	_, err = io.Copy(io.Discard, packed)
	return err
}

func writeFile(path string, from io.Reader) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, from)
	return errors.Join(err, f.Close())
}
