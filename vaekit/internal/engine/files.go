package engine

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// The names of a run's weights in its folder: those saved last, and those before. Older
// ones are weights.previous-2.safetensors, weights.previous-3.safetensors, …
const (
	WeightsFile  = "weights.safetensors"
	PreviousFile = "weights.previous.safetensors"
)

// olderFile is the name of the n-th checkpoint before the last.
func olderFile(n int) string {
	if n == 1 {
		return PreviousFile
	}
	return fmt.Sprintf("weights.previous-%d.safetensors", n)
}

// weightsFiles are the names of a folder's checkpoints, the last first. The last and the
// one before are among them even where they are missing.
func weightsFiles(dir fs.FS) ([]string, error) {
	older, err := fs.Glob(dir, "weights.previous-*.safetensors")
	slices.SortFunc(older, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
	})
	return append([]string{WeightsFile, PreviousFile}, older...), err
}

// WriteFile replaces a file so that at any moment the old or the new content is
// there whole: it writes beside, syncs the file, renames, and syncs the folder.
func WriteFile(path string, content []byte) error {
	return replace(path, content, func() error { return nil })
}

// replace is WriteFile with something to do once the new content is safe on disk
// and before it takes the old one's place.
func replace(path string, content []byte, before func() error) error {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, temporary(path))
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // gone already when all went well
	_, err = f.Write(content)
	err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
	if err == nil {
		err = before()
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return syncDir(dir)
}

// temporary is the pattern of the names under which a file is written before it takes its place.
func temporary(path string) string { return "." + filepath.Base(path) + ".unfinished*" }

// SaveWeights writes a checkpoint into dir. Of those before, the last keep stay beside it,
// unless they are damaged.
func SaveWeights(dir string, all []Tensor, note string, keep int) error {
	file, err := EncodeTensors(all, note)
	if err != nil {
		return err
	}
	current, previous := filepath.Join(dir, WeightsFile), filepath.Join(dir, PreviousFile)
	return replace(current, file, func() error {
		if keep == 0 {
			return nil
		}
		old, err := os.ReadFile(current)
		if err != nil {
			return nil // there is none to keep
		}
		if _, _, err := DecodeTensors(old); err != nil {
			return nil // the previous one is better
		}
		for n := keep; n > 1; n-- {
			from, to := filepath.Join(dir, olderFile(n-1)), filepath.Join(dir, olderFile(n))
			if err := os.Rename(from, to); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		// A hard link keeps the current file in its place; where the file system
		// has none it is moved, and for a moment only the previous name is there.
		link := previous + ".link"
		os.Remove(link)
		if os.Link(current, link) == nil {
			return os.Rename(link, previous)
		}
		return os.Rename(current, previous)
	})
}

// RemoveWeights removes a folder's checkpoints and what a killed process left of one.
func RemoveWeights(dir string) error {
	names, err := weightsFiles(os.DirFS(dir))
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return Sweep(dir)
}

// Sweep removes what processes that were killed while they wrote have left in a folder.
func Sweep(dir string) error {
	left, err := fs.Glob(os.DirFS(dir), temporary("*"))
	if err != nil {
		return err
	}
	for _, name := range append(left, PreviousFile+".link") {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// ErrNoWeights says that a folder holds no checkpoint, not even a damaged one.
var ErrNoWeights = errors.New("there is no checkpoint")

// LoadWeights reads the last checkpoint of a run's folder, or the one before it
// where the last is damaged or missing. Warning says so then; it is empty otherwise.
func LoadWeights(dir fs.FS) (all []Tensor, note, warning string, err error) {
	names, err := weightsFiles(dir)
	if err != nil {
		return nil, "", "", err
	}
	var damage []error
	missing := 0
	for _, name := range names {
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
		if errors.Is(err, fs.ErrNotExist) {
			missing++
		} else {
			err = fmt.Errorf("%s is damaged: %w", name, err)
		}
		damage = append(damage, err)
	}
	if missing == len(names) {
		return nil, "", "", ErrNoWeights
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
