package datasets

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Dir is the folder that data sets are looked for in: $VAEKIT_DATA, else what set-up
// made where the working directory lies in the repository (.setup/data), else vaebook
// in the user's cache folder.
func Dir() string {
	if dir := os.Getenv("VAEKIT_DATA"); dir != "" {
		return dir
	}
	if at, err := os.Getwd(); err == nil {
		for ; at != filepath.Dir(at); at = filepath.Dir(at) {
			dir := filepath.Join(at, ".setup", "data")
			if info, err := os.Stat(dir); err == nil && info.IsDir() {
				return dir
			}
		}
	}
	cache, err := os.UserCacheDir()
	if err != nil { // no home folder, as in some containers
		cache = os.TempDir()
	}
	return filepath.Join(cache, "vaebook")
}

// checkSum returns an error unless sum is the SHA-256 of content.
func checkSum(path string, content []byte, sum string) error {
	if got := sha256.Sum256(content); hex.EncodeToString(got[:]) != sum {
		return fmt.Errorf("%s: its SHA-256 is %x, and %s was expected: the file is damaged or another; delete it and run \"make setup\"", path, got, sum)
	}
	return nil
}

// listed returns the files under dir, in any depth, whose names end in one of
// the extensions in any case, as sorted slash-separated paths relative to dir.
// Names that begin with a dot are left out, and so is what is no file: opening a
// named pipe would wait for ever.
func listed(dir string, extensions ...string) ([]string, error) {
	var files []string
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path != "." && strings.HasPrefix(entry.Name(), "."):
			if entry.IsDir() {
				return fs.SkipDir
			}
		case slices.Contains(extensions, strings.ToLower(filepath.Ext(path))) && isFile(dir, path, entry):
			files = append(files, path)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no file ending in %s in it or below", strings.Join(extensions, ", "))
	}
	slices.Sort(files)
	return files, nil
}

// isFile follows a link. One that leads nowhere counts, so that whoever opens it
// hears of it.
func isFile(dir, path string, entry fs.DirEntry) bool {
	if entry.Type()&fs.ModeSymlink == 0 {
		return entry.Type().IsRegular()
	}
	info, err := os.Stat(filepath.Join(dir, path))
	return err != nil || info.Mode().IsRegular()
}

// folderLabels labels each file with the number of its first folder, in
// alphabetic order; nil where none lies in a folder.
func folderLabels(files []string) ([]int, error) {
	numbers := map[string]int{}
	top, inFolder := "", ""
	for _, f := range files {
		folder, _, ok := strings.Cut(f, "/")
		if !ok {
			top = f
			continue
		}
		inFolder = f
		numbers[folder] = 0
	}
	if inFolder == "" {
		return nil, nil
	}
	if top != "" {
		return nil, fmt.Errorf("%s lies beside the folders and %s in one: sub-folders are labels, so put all files into sub-folders or none", top, inFolder)
	}
	for i, folder := range slices.Sorted(maps.Keys(numbers)) {
		numbers[folder] = i
	}
	labels := make([]int, len(files))
	for i, f := range files {
		folder, _, _ := strings.Cut(f, "/")
		labels[i] = numbers[folder]
	}
	return labels, nil
}
