package engine_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vaebook/vaebook/vaekit/internal/engine"
)

func TestABackendAskedForByNameMustWork(t *testing.T) {
	broken := filepath.Join(t.TempDir(), "pjrt_c_api_cpu_plugin.so")
	if err := os.WriteFile(broken, []byte("not a library"), 0o755); err != nil {
		t.Fatal(err)
	}
	for asked, want := range map[string]string{
		"tpu":               "there is no such backend",
		"xla:/no/plugin.so": "no such plugin",
		"xla:" + broken:     "does not start",
	} {
		t.Setenv("VAEKIT_BACKEND", asked)
		if _, err := engine.Default(); err == nil || !strings.Contains(err.Error(), want) && !strings.Contains(err.Error(), "without cgo") {
			t.Errorf("VAEKIT_BACKEND=%s: want an error with %q, got %v", asked, want, err)
		}
	}
	t.Setenv("VAEKIT_BACKEND", "go")
	b, err := engine.Default()
	if err != nil || !strings.Contains(b.Line, "Go") || !strings.Contains(b.Line, "VAEKIT_BACKEND=go") {
		t.Errorf("VAEKIT_BACKEND=go: %v, %v", b, err)
	}
}

func TestABrokenPluginIsReportedAndTheNextTaken(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"cuda/xla_cuda_plugin.so", "pjrt_c_api_cpu_plugin.so"} {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("not a library"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("VAEKIT_PJRT", folder)
	t.Setenv("VAEKIT_BACKEND", "")
	t.Setenv("GOMLX_BACKEND", "")
	b, err := engine.Best(1)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"backend: Go", "cuda", "cpu"} {
		if !strings.Contains(b.Line, want) {
			t.Errorf("the line says nothing of %s: %s", want, b.Line)
		}
	}
}
