package main

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
	"github.com/vaebook/vaebook/vaekit/internal/engine/compiled"
)

// facts are what the machine shows.
type facts struct {
	image    string // cpu or cuda in a container of the image
	wsl      bool   // a Linux within Windows, which has its driver from there
	versions []version
	taken    string // the backend's line
	err      error  // why none could be taken
	trials   []engine.Trial
	driver   engine.Driver

	data     string // the folder
	mnist    error
	speech   bool
	freeMB   int64 // where the data lies; −1: unknown
	cells    cache // what Go has compiled
	programs cache // what XLA has compiled
}

// A cache is a folder of what is kept between processes; "" is none.
type cache struct {
	folder   string
	writable bool
	entries  int
}

type version struct{ of, is string }

// computing are the modules whose versions decide what comes out.
var computing = []string{"github.com/vaebook/vaebook", "github.com/gomlx/gomlx", "github.com/gomlx/compute", "github.com/gomlx/go-xla"}

func look() facts {
	f := facts{image: os.Getenv("VAEKIT_IMAGE"), driver: engine.FindDriver("/")}
	_, err := os.Stat("/dev/dxg")
	f.wsl = err == nil

	f.versions = append(f.versions, version{"Go", runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH})
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range append([]*debug.Module{&info.Main}, info.Deps...) {
			for _, path := range computing {
				if module.Path == path {
					f.versions = append(f.versions, version{path, module.Version})
				}
			}
		}
	}

	taken, trials, err := engine.Survey()
	f.trials, f.err = trials, err
	if err == nil {
		f.taken = taken.Line
	}

	f.data = datasets.Dir()
	_, f.mnist = datasets.MNIST()
	_, err = os.Stat(filepath.Join(f.data, "fsdd", "recordings"))
	f.speech = err == nil
	f.freeMB = free(f.data)
	f.cells = inspect(cellsFolder(), "??/*-a")
	f.programs = inspect(compiled.Folder(), "*.xla")
	return f
}

// cellsFolder is where Go keeps what it has compiled.
func cellsFolder() string {
	told, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(told))
}

// inspect makes a folder, as its first user would, and counts what is in it by a pattern.
func inspect(folder, pattern string) cache {
	if folder == "" {
		return cache{}
	}
	found, _ := fs.Glob(os.DirFS(folder), pattern)
	c := cache{folder: folder, entries: len(found)}
	probe := filepath.Join(folder, ".doctor"+time.Now().Format("150405.000000"))
	if os.MkdirAll(folder, 0o700) == nil && os.WriteFile(probe, nil, 0o600) == nil {
		c.writable = os.Remove(probe) == nil
	}
	return c
}
