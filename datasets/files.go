package datasets

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
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
		return fmt.Errorf("%s: its SHA-256 is %x, and %s was expected: the file is damaged or another; delete it and run \"make data\"", path, got, sum)
	}
	return nil
}

// listed returns the files under dir, in any depth, whose names end in one of
// the extensions in any case, as sorted slash-separated paths relative to dir.
// Names that begin with a dot are left out.
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
		case !entry.IsDir() && slices.Contains(extensions, strings.ToLower(filepath.Ext(path))):
			files = append(files, path)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s: no file ending in %s in it or below", dir, strings.Join(extensions, ", "))
	}
	slices.Sort(files)
	return files, nil
}

// folderLabels labels each file with the number of its first folder, in
// alphabetic order; nil where none lies in a folder.
func folderLabels(dir string, files []string) ([]int, error) {
	var folders []string
	top, inFolder := "", ""
	for _, f := range files {
		folder, _, ok := strings.Cut(f, "/")
		if !ok {
			top = f
			continue
		}
		inFolder = f
		if !slices.Contains(folders, folder) {
			folders = append(folders, folder)
		}
	}
	if inFolder == "" {
		return nil, nil
	}
	if top != "" {
		return nil, fmt.Errorf("%s: %s lies beside the folders and %s in one: sub-folders are labels, so put all files into sub-folders or none", dir, top, inFolder)
	}
	slices.Sort(folders)
	labels := make([]int, len(files))
	for i, f := range files {
		folder, _, _ := strings.Cut(f, "/")
		labels[i] = slices.Index(folders, folder)
	}
	return labels, nil
}
