package engine

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// A Driver is what this process sees of NVIDIA's driver. A container shares the kernel of
// its machine, and so the module's version; devices and library it has only if it was
// started with them.
type Driver struct {
	Version string // of the kernel's module, as 580.65.06; empty where there is none, and on WSL
	Device  bool   // there are device files
	Library string // the path of libcuda.so.1
}

// OldestDriver is the first series that CUDA 13 runs on.
const OldestDriver = 580

// FindDriver looks at the machine; root is / but in tests.
func FindDriver(root string) Driver {
	var d Driver
	if told, err := os.ReadFile(filepath.Join(root, "proc/driver/nvidia/version")); err == nil {
		d.Version = driverVersion.FindString(string(told))
	}
	for _, name := range []string{"dev/nvidiactl", "dev/dxg"} { // dxg is WSL's
		if _, err := os.Stat(filepath.Join(root, name)); err == nil {
			d.Device = true
		}
	}
	folders := filepath.SplitList(os.Getenv("LD_LIBRARY_PATH"))
	for _, folder := range append(folders, "/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib",
		"/usr/lib/wsl/lib", "/usr/local/nvidia/lib64", "/run/opengl-driver/lib") {
		path := filepath.Join(root, folder, "libcuda.so.1")
		if _, err := os.Stat(path); err == nil && d.Library == "" {
			d.Library = path
		}
	}
	return d
}

var driverVersion = regexp.MustCompile(`\b\d{3,}\.\d+(\.\d+)?\b`)

// Problem says why no program can use a GPU, or nothing.
func (d Driver) Problem() string {
	series, _, _ := strings.Cut(d.Version, ".")
	number, _ := strconv.Atoi(series)
	switch {
	case !d.Device && d.Version == "":
		return "no NVIDIA driver is to be seen"
	case !d.Device:
		return "NVIDIA's driver " + d.Version + " is loaded, but there are no devices here"
	case d.Version != "" && number < OldestDriver:
		return "NVIDIA's driver " + d.Version + " is older than " + strconv.Itoa(OldestDriver) + ", which CUDA 13 needs"
	case d.Library == "":
		return "the driver's library libcuda.so.1 is not found"
	}
	return ""
}

// flagsForCUDA tells XLA two things that the reader has not told it, and returns what takes
// them back: the CPU's plugin reads the same variable.
//
//   - Operations are to be deterministic: one seed, one run. XLA then leaves out the faster
//     ones that add up in any order, and does not try out which of several is the fastest.
//   - The folder of ptxas and libdevice, if they came beside the plugin as wheels.
func flagsForCUDA(plugin string) (undo func()) {
	before, set := os.LookupEnv("XLA_FLAGS")
	flags := before
	tell := func(flag, value string) {
		if !strings.Contains(before, flag+"=") {
			flags = strings.TrimSpace(flags + " " + flag + "=" + value)
		}
	}
	tell("--xla_gpu_deterministic_ops", "true")
	if found, _ := filepath.Glob(filepath.Join(filepath.Dir(plugin), "..", "nvidia", "cu*", "nvvm", "libdevice")); len(found) > 0 {
		folder := filepath.Dir(filepath.Dir(found[0]))
		if strings.ContainsAny(folder, " \t") {
			folder = `"` + folder + `"`
		}
		tell("--xla_gpu_cuda_data_dir", folder)
	}
	os.Setenv("XLA_FLAGS", flags)
	return func() {
		if set {
			os.Setenv("XLA_FLAGS", before)
		} else {
			os.Unsetenv("XLA_FLAGS")
		}
	}
}
