package engine_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vaebook/vaebook/vaekit/internal/engine"
)

// The first line is as the open and the closed kernel module write it.
func TestDriver(t *testing.T) {
	t.Setenv("LD_LIBRARY_PATH", "")
	open := "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.95.05  Release Build\nGCC version:  gcc version 12.2.0 (Debian 12.2.0-14)\n"
	closed := "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.104.05  Sat Aug 19 01:15:15 UTC 2023\n"
	for name, c := range map[string]struct {
		files map[string]string
		want  string // a part of the problem
	}{
		"nothing":    {nil, "no NVIDIA driver"},
		"not passed": {map[string]string{"proc/driver/nvidia/version": open}, "580.95.05 is loaded, but there are no devices"},
		"old":        {map[string]string{"proc/driver/nvidia/version": closed, "dev/nvidiactl": "", "usr/lib64/libcuda.so.1": ""}, "535.104.05 is older than 580"},
		"no library": {map[string]string{"proc/driver/nvidia/version": open, "dev/nvidiactl": ""}, "libcuda.so.1"},
		"whole":      {map[string]string{"proc/driver/nvidia/version": open, "dev/nvidiactl": "", "usr/lib64/libcuda.so.1": ""}, ""},
		"WSL":        {map[string]string{"dev/dxg": "", "usr/lib/wsl/lib/libcuda.so.1": ""}, ""},
	} {
		root := t.TempDir()
		for path, content := range c.files {
			path = filepath.Join(root, path)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		problem := engine.FindDriver(root).Problem()
		if (c.want == "") != (problem == "") || !strings.Contains(problem, c.want) {
			t.Errorf("%s: want %q, got %q", name, c.want, problem)
		}
	}
}

func TestSurveyTriesEveryKind(t *testing.T) {
	taken, trials, err := engine.Survey()
	if err != nil || len(trials) != 3 {
		t.Fatalf("%v, %v", trials, err)
	}
	for _, trial := range trials {
		if trial.Err == nil && trial.Devices < 1 {
			t.Errorf("%s works, without a device", trial.Kind)
		}
		if trial.Kind == taken.Kind && trial.Err != nil {
			t.Errorf("%s is taken and does not work: %v", trial.Kind, trial.Err)
		}
	}
	if last := trials[2]; last.Kind != "go" || last.Err != nil {
		t.Errorf("the Go backend is always there: %+v", last)
	}
}
