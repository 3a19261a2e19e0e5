//go:build cgo && linux

package compiled

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

const (
	extension = ".xla"
	limit     = 512 << 20 // bytes in the folder
)

// Folder is where programs are kept; it is empty where none are.
func Folder() string {
	dir := os.Getenv("VAEKIT_CACHE")
	if dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return "" // no home folder, as in some containers
		}
		dir = filepath.Join(cache, "vaebook", "compiled")
	}
	if !filepath.IsAbs(dir) {
		return ""
	}
	return dir
}

// machine tells what machine code depends on beside the program and its options: the build of
// the plugin, what XLA reads once of its environment, the processor and its cores. It is empty
// where that is not known.
func machine(plugin string) string {
	info, err := os.Stat(plugin)
	flags, processor := os.Getenv("XLA_FLAGS"), processor()
	if err != nil || processor == "" || strings.Contains(flags, "dump") || flags != "" && !strings.HasPrefix(flags, "-") {
		return ""
	}
	return fmt.Sprintln(info.Size(), info.ModTime().UnixNano(), flags, os.Getenv("NPROC"), os.Getenv("PJRT_NPROC"),
		runtime.GOARCH, runtime.NumCPU(), processor)
}

// processor is the first processor's name and what it can do, as Linux tells.
func processor() string {
	all, _ := os.ReadFile("/proc/cpuinfo")
	first, _, _ := strings.Cut(string(all), "\n\n")
	return strings.Join(slices.DeleteFunc(strings.Split(first, "\n"), func(line string) bool {
		name, _, _ := strings.Cut(line, "\t")
		return !slices.Contains([]string{"vendor_id", "cpu family", "model", "model name", "stepping", "flags",
			"CPU implementer", "CPU variant", "CPU part", "CPU revision", "Features"}, name)
	}), "\n")
}

// entry is the file in dir of the program that parts describe.
func entry(dir string, parts ...[]byte) string {
	hash := sha256.New()
	for _, part := range parts {
		fmt.Fprintln(hash, len(part))
		hash.Write(part)
	}
	return filepath.Join(dir, hex.EncodeToString(hash.Sum(nil)[:16])+extension)
}

// read returns what an entry holds, and nil where it is missing or damaged.
func read(path string) []byte {
	content, err := os.ReadFile(path)
	if err != nil || len(content) < sha256.Size {
		return nil
	}
	sum, program := content[:sha256.Size], content[sha256.Size:]
	if got := sha256.Sum256(program); !bytes.Equal(sum, got[:]) {
		return nil
	}
	now := time.Now()
	os.Chtimes(path, now, now) // used; where that cannot be written, it counts as unused
	return program
}

// write keeps a program as an entry, whole or not at all.
func write(path string, program []byte) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, "*"+extension)
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // gone already when all went well
	sum := sha256.Sum256(program)
	_, err = f.Write(append(sum[:], program...))
	if err := cmp.Or(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return trim(dir, limit)
}

// trim deletes entries of a folder, those first that were not used for longest, until it holds
// no more than limit bytes of them.
func trim(dir string, limit int64) error {
	files, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var entries []os.FileInfo
	for _, file := range files {
		info, err := file.Info() // another process may have deleted it
		if err == nil && filepath.Ext(file.Name()) == extension {
			entries = append(entries, info)
			limit -= info.Size()
		}
	}
	slices.SortFunc(entries, func(a, b os.FileInfo) int { return a.ModTime().Compare(b.ModTime()) })
	for i := 0; limit < 0 && i < len(entries); i++ {
		if err := os.Remove(filepath.Join(dir, entries[i].Name())); err == nil {
			limit += entries[i].Size()
		}
	}
	return nil
}
