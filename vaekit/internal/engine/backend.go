package engine

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/gomlx/compute"
	_ "github.com/gomlx/compute/gobackend" // the backend that is always there
)

// A Backend runs graphs on one kind of machine.
type Backend struct {
	compute.Backend

	// Line is one sentence: which backend, and why this one.
	Line string

	// Kind is go, xla or cuda: runs of two kinds draw different noise.
	Kind string

	// loops says that a whole chunk of steps runs as one program.
	loops bool
}

// Default is the backend that the environment asks for, else the best that works:
// a CUDA plugin with a device, the XLA CPU plugin, Go. It is opened once for each
// setting of the environment.
//
// VAEKIT_BACKEND (or GOMLX_BACKEND) may be "go", "xla" (the CPU plugin), "cuda", or
// "xla:" and the path of a PJRT plugin; a backend asked for by name must work.
func Default() (*Backend, error) {
	for _, variable := range []string{"VAEKIT_BACKEND", "GOMLX_BACKEND"} {
		if asked := os.Getenv(variable); asked != "" {
			return named(asked, fmt.Sprintf("%s=%s asks for it", variable, asked))
		}
	}
	return named("", "")
}

var (
	opened   = map[string]*Backend{}
	openedMu sync.Mutex
)

func named(config, why string) (*Backend, error) {
	openedMu.Lock()
	defer openedMu.Unlock()
	if b := opened[config]; b != nil {
		return b, nil
	}
	var b *Backend
	var err error
	if config == "" {
		b, err = Best()
	} else {
		b, err = open(config, why)
	}
	if err != nil {
		return nil, err
	}
	opened[config] = b
	return b, nil
}

// Best opens the best kind of backend that works, from fast to certain.
func Best() (*Backend, error) {
	var passed []string
	for _, kind := range []string{"cuda", "xla"} {
		path, err := findPlugin(kind)
		if err != nil {
			if kind == "xla" {
				passed = append(passed, err.Error())
			}
			continue
		}
		b, err := open("xla:"+path, "the fastest that works here")
		if err == nil {
			if len(passed) > 0 {
				b.Line += " (" + strings.Join(passed, "; ") + ")"
			}
			return b, nil
		}
		passed = append(passed, err.Error())
	}
	return open("go", strings.Join(passed, "; "))
}

// open starts one backend. Plugins are C++: what they throw at loading is turned
// into an error where that can be done.
func open(config, why string) (b *Backend, err error) {
	kind, path, _ := strings.Cut(config, ":")
	if kind == "xla" || kind == "cuda" {
		if path == "" {
			if path, err = findPlugin(kind); err != nil {
				return nil, fmt.Errorf("backend %s: %w", config, err)
			}
		}
		kind, config = "xla", "xla:"+path
		if _, err := os.Stat(strings.Split(path, ",")[0]); err != nil {
			return nil, fmt.Errorf("backend %s: no such plugin; `make setup` installs one, or VAEKIT_BACKEND=go needs none", config)
		}
	}
	if !slices.Contains(compute.List(), kind) {
		if kind == "xla" {
			return nil, fmt.Errorf("backend xla: this program was built without cgo, which XLA needs; VAEKIT_BACKEND=go needs none")
		}
		return nil, fmt.Errorf("backend %q: there is no such backend; it is go, xla, cuda or xla:/path/of/plugin.so", config)
	}
	defer func() {
		if r := recover(); r != nil {
			b, err = nil, fmt.Errorf("backend %s does not start: %v", config, r)
		}
	}()
	if config == "go" {
		// One executor a core. GoMLX's eight hold on to all workers but one, so that a
		// large matrix product is left with a single core.
		config = fmt.Sprintf("go:num_executors=%d", max(2, runtime.GOMAXPROCS(0)))
	}
	inner, err := compute.NewWithConfig(config)
	if err != nil {
		first, _, _ := strings.Cut(err.Error(), "\n")
		return nil, fmt.Errorf("backend %s does not start: %s", config, first)
	}
	b = &Backend{Backend: inner, Kind: kind, loops: kind == "xla"}
	if kind == "xla" && (strings.Contains(path, "cuda") || strings.Contains(path, "nvidia")) {
		b.Kind = "cuda"
	}
	if kind == "go" {
		b.Line = fmt.Sprintf("backend: Go on %d cores: %s", runtime.GOMAXPROCS(0), why)
	} else {
		b.Line = fmt.Sprintf("backend: XLA, %s: %s", filepath.Base(path), why)
	}
	return b, nil
}

// pluginNames are the files that hold a PJRT plugin, by kind.
var pluginNames = map[string][]string{
	"xla":  {"pjrt_c_api_cpu_plugin.so"},
	"cuda": {"cuda/xla_cuda_plugin.so", "pjrt_c_api_cuda_plugin.so"},
}

// findPlugin looks in $VAEKIT_PJRT, in the set-up folder of the repository that
// the working directory is in, in $PJRT_PLUGIN_LIBRARY_PATH, and where go-xla's
// installer puts plugins.
func findPlugin(kind string) (string, error) {
	folders := filepath.SplitList(os.Getenv("VAEKIT_PJRT"))
	if dir, err := os.Getwd(); err == nil {
		for {
			folders = append(folders, filepath.Join(dir, ".setup", "pjrt"))
			up := filepath.Dir(dir)
			if up == dir {
				break
			}
			dir = up
		}
	}
	folders = append(folders, filepath.SplitList(os.Getenv("PJRT_PLUGIN_LIBRARY_PATH"))...)
	if home, err := os.UserHomeDir(); err == nil {
		folders = append(folders, filepath.Join(home, ".local", "lib", "go-xla"))
	}
	folders = append(folders, "/usr/local/lib/go-xla")
	for _, folder := range folders {
		for _, name := range pluginNames[kind] {
			path, err := filepath.Abs(filepath.Join(folder, name))
			if err != nil {
				continue
			}
			if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
				return path, nil
			}
		}
	}
	return "", fmt.Errorf("no %s plugin of XLA is installed (`make setup` installs the CPU's)", kind)
}
