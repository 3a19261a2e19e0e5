package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// The names of a run's weights in its folder: those saved last, and those before.
const (
	WeightsFile  = "weights.safetensors"
	PreviousFile = "weights.previous.safetensors"
)

// WriteFile replaces a file so that at any moment the old or the new content is
// there whole: it writes beside, syncs the file, renames, and syncs the folder.
func WriteFile(path string, content []byte) error {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // gone already when all went well
	_, err = f.Write(content)
	err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return syncDir(dir)
}

// SaveWeights writes a checkpoint into dir. The one before stays beside it.
func SaveWeights(dir string, all []Tensor, note string) error {
	file, err := EncodeTensors(all, note)
	if err != nil {
		return err
	}
	current, previous := filepath.Join(dir, WeightsFile), filepath.Join(dir, PreviousFile)
	if _, err := os.Stat(current); err == nil {
		// A hard link keeps the current file in its place; where the file system
		// has none it is moved, and for a moment only the previous name is there.
		link := previous + ".link"
		os.Remove(link)
		if os.Link(current, link) == nil {
			err = os.Rename(link, previous)
		} else {
			err = os.Rename(current, previous)
		}
		if err != nil {
			return fmt.Errorf("keeping the last checkpoint of %s: %w", dir, err)
		}
	}
	return WriteFile(current, file)
}

// LoadWeights reads the last checkpoint of a run's folder, or the one before it
// where the last is damaged or missing. Warning says so then; it is empty otherwise.
func LoadWeights(dir fs.FS) (all []Tensor, note, warning string, err error) {
	var damage []error
	for _, name := range []string{WeightsFile, PreviousFile} {
		file, err := fs.ReadFile(dir, name)
		if err == nil {
			all, note, err = DecodeTensors(file)
		}
		if err == nil {
			if len(damage) > 0 {
				warning = fmt.Sprintf("%v; the checkpoint before it, %s, is used", damage[0], name)
			}
			return all, note, warning, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%s is damaged: %w", name, err)
		}
		damage = append(damage, err)
	}
	return nil, "", "", errors.Join(damage...)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return fmt.Errorf("syncing %s: %w", dir, err)
	}
	return nil
}
