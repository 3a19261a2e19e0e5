package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
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

	data       string // the folder
	mnist      error
	speech     bool
	freeMB     int64 // where the data lies; −1: unknown
	cache      string
	cacheWrite bool
	compiled   int // entries of Go's build cache
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
	f.cache = cacheFolder()
	f.cacheWrite, f.compiled = inspect(f.cache)
	return f
}

// cacheFolder is where Go keeps what it has compiled.
func cacheFolder() string {
	told, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(told))
}

// inspect says whether a build cache can be written to, and how many entries it has.
func inspect(folder string) (writable bool, entries int) {
	if folder == "" {
		return false, 0
	}
	probe := filepath.Join(folder, ".doctor"+time.Now().Format("150405.000000"))
	if err := os.WriteFile(probe, nil, 0o600); err == nil {
		writable = os.Remove(probe) == nil
	}
	found, _ := filepath.Glob(filepath.Join(folder, "??", "*-a"))
	return writable, len(found)
}
