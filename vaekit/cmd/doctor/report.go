package main

import (
	"fmt"
	"runtime"

	"github.com/vaebook/vaebook/vaekit/internal/engine"
)

// names are the backends' as a reader knows them.
var names = map[string]string{"cuda": "XLA on CUDA", "xla": "XLA on the CPU", "go": "Go"}

func (f facts) works() bool { return f.err == nil }

// trial finds one kind's.
func (f facts) trial(kind string) engine.Trial {
	for _, t := range f.trials {
		if t.Kind == kind {
			return t
		}
	}
	return engine.Trial{Kind: kind, Err: fmt.Errorf("not tried")}
}

// report is all there is to say, line by line, with what to do at the end.
func (f facts) report() (lines []string) {
	add := func(format string, values ...any) { lines = append(lines, fmt.Sprintf(format, values...)) }
	if f.works() {
		add("%s", f.taken)
	} else {
		add("no backend: %v", f.err)
	}
	for _, t := range f.trials {
		switch {
		case t.Err == nil && t.Devices == 1:
			add("  %-15s works, 1 device", names[t.Kind])
		case t.Err == nil:
			add("  %-15s works, %d devices", names[t.Kind], t.Devices)
		default:
			add("  %-15s no: %v", names[t.Kind], t.Err)
		}
	}
	add("driver: %s", f.driverLine())
	for _, v := range f.versions {
		add("%s %s", v.of, v.is)
	}
	if f.mnist == nil {
		add("data: %s, with MNIST%s", f.data, map[bool]string{true: " and the spoken digits"}[f.speech])
	} else {
		add("data: %s, without MNIST", f.data)
	}
	if f.freeMB >= 0 {
		add("disk: %d MB free there", f.freeMB)
	}
	add("compiled by Go: %s", f.cells.line("go is not on PATH"))
	add("compiled by XLA: %s", f.programs.line("not kept"))

	advice := f.advice()
	if len(advice) == 0 {
		add("Nothing to fix.")
	}
	for _, say := range advice {
		add("→ %s", say)
	}
	return lines
}

// line is what there is, or what is said of none.
func (c cache) line(none string) string {
	switch {
	case c.folder == "":
		return none
	case !c.writable:
		return fmt.Sprintf("%s, %d entries, cannot be written", c.folder, c.entries)
	}
	return fmt.Sprintf("%s, %d entries", c.folder, c.entries)
}

func (f facts) driverLine() string {
	version := f.driver.Version
	if version == "" && f.wsl {
		version = "of Windows"
	}
	if problem := f.driver.Problem(); problem != "" {
		return problem
	}
	return fmt.Sprintf("NVIDIA %s, %s", version, f.driver.Library)
}

// advice is one sentence for each thing to fix; a machine without a GPU need not have one.
func (f facts) advice() (say []string) {
	if !f.works() {
		say = append(say, "Leave VAEKIT_BACKEND and GOMLX_BACKEND out: the best backend that works is taken, and Go's needs nothing.")
	}
	if gpu := f.gpuAdvice(); gpu != "" {
		say = append(say, gpu)
	}
	if f.trial("xla").Err != nil && f.image == "" && runtime.GOOS+"/"+runtime.GOARCH == "linux/amd64" {
		say = append(say, "XLA's CPU plugin is faster than the Go backend, 1.5 times on dense nets: make setup installs it.")
	}
	if f.mnist != nil {
		say = append(say, "Notebooks 01, 02, 04 and 05 read MNIST: "+f.mnist.Error())
	}
	if f.freeMB >= 0 && f.freeMB < 500 {
		say = append(say, "Free some space: runs and compiled cells want 500 MB.")
	}
	switch {
	case f.cells.folder == "":
		say = append(say, "Put Go's bin folder on PATH: every cell of a notebook is compiled.")
	case !f.cells.writable:
		say = append(say, "Point GOCACHE to a folder that you can write to: every cell of a notebook is compiled.")
	case f.cells.entries < 500:
		say = append(say, "The first cell will take a minute, because everything is compiled once: make setup does that beforehand.")
	}
	if f.programs.folder != "" && !f.programs.writable {
		say = append(say, "Point VAEKIT_CACHE to a folder that you can write to, or XLA compiles anew in every cell.")
	}
	return say
}

func (f facts) gpuAdvice() string {
	cuda, problem := f.trial("cuda"), f.driver.Problem()
	installed := cuda.Plugin != ""
	switch {
	case cuda.Err == nil:
		return ""
	case f.image == "cpu" && f.driver.Version == "" && !f.driver.Device:
		return "" // an image for CPUs on a machine that has none
	case f.image == "cpu":
		return "This image is the CPU's; for the GPU: docker build --target cuda -t vaebook:cuda . and docker run --rm --gpus all … vaebook:cuda"
	case f.image == "cuda" && problem != "" && (f.driver.Version == "" || !f.driver.Device || f.driver.Library == ""):
		return "No driver in this container: start it with --gpus all; check with docker run --rm --gpus all debian nvidia-smi"
	case installed && f.driver.Version == "" && !f.driver.Device:
		return "Install NVIDIA's driver, " + fmt.Sprint(engine.OldestDriver) + " or later, and check it with nvidia-smi."
	case !installed && (f.driver.Device || f.driver.Version != ""):
		return "There is an NVIDIA GPU: make cuda installs XLA's plugin for it (2.2 GB)."
	case problem != "" && (installed || f.driver.Device):
		return "Update NVIDIA's driver on the machine itself to " + fmt.Sprint(engine.OldestDriver) + " or later (" + problem + "), and check it with nvidia-smi."
	case installed:
		return "The driver is there and CUDA does not start: look at nvidia-smi, whether another program holds the GPU's memory."
	}
	return ""
}
