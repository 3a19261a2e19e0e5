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
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// A Backend runs graphs on one kind of machine.
type Backend struct {
	compute.Backend

	// Line is one sentence: which backend, and why this one.
	Line string

	// Kind is go, xla or cuda: runs of two kinds draw different noise.
	Kind string

	devices  int          // how many train together
	loops    bool         // a whole chunk of steps runs as one program
	building sync.RWMutex // held alone by who builds graphs with TF32
}

// Default is the backend that the environment asks for, else the best that works:
// a CUDA plugin with a device, the XLA CPU plugin, Go. It is opened once for each
// setting of the environment.
//
// VAEKIT_BACKEND (or GOMLX_BACKEND) may be "go", "xla" (the CPU plugin), "cuda", or
// "xla:" and the path of a PJRT plugin; a backend asked for by name must work.
func Default() (*Backend, error) { return Devices(1) }

// Devices is the default backend with n devices that train together.
func Devices(n int) (*Backend, error) {
	for _, variable := range []string{"VAEKIT_BACKEND", "GOMLX_BACKEND"} {
		if asked := os.Getenv(variable); asked != "" {
			return named(asked, fmt.Sprintf("%s=%s asks for it", variable, asked), n)
		}
	}
	return named("", "", n)
}

var (
	opened   = map[string]*Backend{} // by what the environment asked for, and devices
	openedMu sync.Mutex
)

func named(config, why string, devices int) (*Backend, error) {
	openedMu.Lock()
	defer openedMu.Unlock()
	key := fmt.Sprint(config, " ", devices)
	if b := opened[key]; b != nil {
		return b, nil
	}
	var b *Backend
	var err error
	if config == "" {
		b, err = Best(devices)
	} else {
		b, err = open(config, why, devices)
	}
	if err != nil {
		return nil, err
	}
	opened[key] = b
	return b, nil
}

// Best opens the best kind of backend that works and has so many devices, from fast to certain.
func Best(devices int) (*Backend, error) {
	var passed []string
	for _, kind := range []string{"cuda", "xla"} {
		path, err := findPlugin(kind)
		if err != nil {
			if kind == "xla" {
				passed = append(passed, err.Error())
			}
			continue
		}
		if kind == "cuda" {
			if driver := FindDriver("/"); !driver.Device {
				passed = append(passed, "cuda: "+driver.Problem()+"; a container sees it with --gpus all")
				continue
			}
		}
		b, err := open("xla:"+path, "the fastest that works here", devices)
		if err == nil {
			if len(passed) > 0 {
				b.Line += " (" + strings.Join(passed, "; ") + ")"
			}
			return b, nil
		}
		passed = append(passed, err.Error())
	}
	return open("go", strings.Join(passed, "; "), devices)
}

// open starts one backend. Plugins are C++: what they throw at loading is turned
// into an error where that can be done.
func open(config, why string, devices int) (b *Backend, err error) {
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
	gpu := strings.Contains(path, "cuda") || strings.Contains(path, "nvidia")
	if gpu {
		undo := flagsForCUDA(path)
		defer func() {
			if err != nil {
				undo()
			}
		}()
	}
	defer func() {
		if r := recover(); r != nil {
			b, err = nil, fmt.Errorf("backend %s does not start: %v", config, r)
		}
	}()
	var inner compute.Backend
	switch {
	case config == "go":
		headroom()
		// One executor a core. GoMLX's eight hold on to all workers but one, so that a
		// large matrix product is left with a single core.
		inner, err = compute.NewWithConfig(fmt.Sprintf("go:num_executors=%d", max(2, runtime.GOMAXPROCS(0))))
	case kind == "xla" && !gpu:
		inner, err = openCPU(strings.TrimPrefix(config, "xla:"), devices)
	default:
		if gpu && !strings.Contains(config, "tf32") {
			config += ",tf32=false" // asked for by a recipe, or not at all
		}
		inner, err = compute.NewWithConfig(config)
	}
	if err != nil {
		first, _, _ := strings.Cut(err.Error(), "\n")
		return nil, fmt.Errorf("backend %s does not start: %s", config, first)
	}
	if have := int(inner.NumDevices()); have < devices {
		return nil, fmt.Errorf("backend %s has %d of the %d devices asked for", config, have, devices)
	}
	b = &Backend{Backend: inner, Kind: kind, devices: devices, loops: kind == "xla"}
	if gpu {
		b.Kind = "cuda"
	}
	if kind == "go" {
		b.Line = fmt.Sprintf("backend: Go on %d cores: %s", runtime.GOMAXPROCS(0), why)
	} else {
		b.Line = fmt.Sprintf("backend: XLA, %s: %s", filepath.Base(path), why)
	}
	if devices > 1 {
		b.Line += fmt.Sprintf("; %d devices", devices)
	}
	return b, nil
}

// call runs a program. With tf32 it multiplies matrices, on NVIDIA's GPUs, with ten bits of
// mantissa; anywhere else it does what it does without.
func (b *Backend) call(program *graph.Exec, tf32 bool, args ...any) ([]*tensors.Tensor, error) {
	if tf32 && b.Kind == "cuda" { // the first call builds the graph
		b.building.Lock()
		defer b.building.Unlock()
		defer setTF32(b.Backend, setTF32(b.Backend, true))
	} else {
		b.building.RLock()
		defer b.building.RUnlock()
	}
	return program.Call(args...)
}

// setTF32 says how graphs that a backend of XLA builds multiply, and returns how they did before.
var setTF32 = func(compute.Backend, bool) (before bool) { return false }

// openCPU starts an XLA plugin for the CPU; a build without cgo has none.
var openCPU func(config string, devices int) (compute.Backend, error)

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
	return "", fmt.Errorf("no %s plugin of XLA is installed (%s)", kind, map[string]string{"xla": "`make setup` installs it", "cuda": "`make cuda` installs it"}[kind])
}
