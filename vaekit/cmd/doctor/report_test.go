package main

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/vaebook/vaebook/vaekit/internal/engine"
)

// sound is a machine without a GPU on which nothing is amiss.
func sound() facts {
	return facts{
		taken: "backend: XLA, pjrt_c_api_cpu_plugin.so: the fastest that works here",
		trials: []engine.Trial{
			{Kind: "cuda", Err: errors.New("no cuda plugin of XLA is installed")},
			{Kind: "xla", Plugin: "/p/pjrt_c_api_cpu_plugin.so", Devices: 1},
			{Kind: "go", Devices: 1},
		},
		data: "/d", freeMB: 9000, cells: cache{"/c", true, 3000}, programs: cache{"/x", true, 0},
	}
}

func TestNothingToFix(t *testing.T) {
	lines := sound().report()
	if last := lines[len(lines)-1]; last != "Nothing to fix." {
		t.Errorf("a sound machine is told: %s", last)
	}
	for _, want := range []string{"backend: XLA", "XLA on CUDA", "driver: no NVIDIA driver", "with MNIST", "9000 MB", "compiled by Go: /c, 3000 entries", "compiled by XLA: /x, 0 entries"} {
		if !strings.Contains(strings.Join(lines, "\n"), want) {
			t.Errorf("the report lacks %q:\n%s", want, strings.Join(lines, "\n"))
		}
	}
}

// One thing is amiss, and one sentence says what to do.
func TestWhatToFix(t *testing.T) {
	whole := engine.Driver{Version: "580.65.06", Device: true, Library: "/usr/lib/libcuda.so.1"}
	plugin := func(f *facts) { f.trials[0].Plugin = "/p/cuda/xla_cuda_plugin.so" }
	for name, c := range map[string]struct {
		change func(*facts)
		want   string
	}{
		"cuda image, no driver":       {func(f *facts) { f.image = "cuda"; plugin(f) }, "start it with --gpus all; check with docker run --rm --gpus all debian nvidia-smi"},
		"cuda image, kernel's driver": {func(f *facts) { f.image = "cuda"; plugin(f); f.driver.Version = "580.65.06" }, "--gpus all"},
		"cuda image, old driver": {func(f *facts) {
			f.image, f.driver = "cuda", whole
			f.driver.Version = "535.104.05"
			plugin(f)
		}, "older than 580"},
		"cpu image, GPU":          {func(f *facts) { f.image, f.driver = "cpu", whole }, "--target cuda"},
		"GPU, plugin missing":     {func(f *facts) { f.driver = whole }, "make cuda"},
		"plugin, no driver":       {plugin, "Install NVIDIA's driver"},
		"plugin, old driver":      {func(f *facts) { plugin(f); f.driver = whole; f.driver.Version = "470.82.01" }, "Update NVIDIA's driver"},
		"plugin, no library":      {func(f *facts) { plugin(f); f.driver = whole; f.driver.Library = "" }, "libcuda.so.1"},
		"all there, does not run": {func(f *facts) { plugin(f); f.driver = whole }, "nvidia-smi"},
		"no MNIST":                {func(f *facts) { f.mnist = errors.New("mnist: run \"make data\"") }, "make data"},
		"full disk":               {func(f *facts) { f.freeMB = 20 }, "Free some space"},
		"no go":                   {func(f *facts) { f.cells = cache{} }, "PATH"},
		"cache read-only":         {func(f *facts) { f.cells.writable = false }, "GOCACHE"},
		"cache cold":              {func(f *facts) { f.cells.entries = 3 }, "first cell"},
		"programs read-only":      {func(f *facts) { f.programs.writable = false }, "VAEKIT_CACHE"},
		"nothing works":           {func(f *facts) { f.err = errors.New("backend tpu") }, "VAEKIT_BACKEND"},
	} {
		f := sound()
		c.change(&f)
		if said := f.advice(); len(said) != 1 || !strings.Contains(said[0], c.want) {
			t.Errorf("%s: want one sentence with %q, got %q", name, c.want, said)
		}
		if f.works() != (name != "nothing works") {
			t.Errorf("%s: works is %v", name, f.works())
		}
	}
	f := sound()
	f.trials[0] = engine.Trial{Kind: "cuda", Plugin: "/p/cuda/xla_cuda_plugin.so", Devices: 2}
	f.driver = whole
	if said := f.report(); !slices.Contains(said, "driver: NVIDIA 580.65.06, /usr/lib/libcuda.so.1") || len(f.advice()) != 0 {
		t.Errorf("two GPUs that work: %q", said)
	}
}

// What this machine shows is a report, whatever it has.
func TestLook(t *testing.T) {
	f := look()
	if said := f.report(); !f.works() || len(said) < 8 || f.cells.folder == "" {
		t.Errorf("the report is %q", said)
	}
}
