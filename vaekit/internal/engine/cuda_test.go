//go:build cgo

package engine

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/gomlx/go-xla/compute/xla"
	"github.com/gomlx/gomlx/core/graph"
)

// A graph that is built for a recipe with TF32 multiplies so, and no other.
func TestTF32IsForOneProgram(t *testing.T) {
	path, err := findPlugin("xla")
	if err != nil {
		if os.Getenv("VAEKIT_BOTH_BACKENDS") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	b, err := open("xla:"+path, "a test", 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		kind       string
		tf32, want bool
	}{{"cuda", true, true}, {"cuda", false, false}, {"xla", true, false}} {
		b.Kind = c.kind
		var seen bool
		program := graph.MustNewExec(b.Backend, func(x *graph.Node) *graph.Node {
			seen = b.Backend.(*xla.Backend).DotGeneralUseTF32
			return graph.OnePlus(x)
		})
		if _, err := b.call(program, c.tf32, float32(1)); err != nil {
			t.Fatal(err)
		}
		if seen != c.want || b.Backend.(*xla.Backend).DotGeneralUseTF32 {
			t.Errorf("on %s, asked for TF32 %v, a graph is built with it: %v", c.kind, c.tf32, seen)
		}
	}
}

// What a reader has set stays, and all is as before for the CPU's plugin.
func TestFlagsForCUDA(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "nvidia", "cu13", "nvvm", "libdevice"), 0o755); err != nil {
		t.Fatal(err)
	}
	plugin := filepath.Join(dir, "cuda", "xla_cuda_plugin.so")
	where := "--xla_gpu_cuda_data_dir=" + filepath.Join(dir, "nvidia", "cu13")
	for before, want := range map[string]string{
		"": "--xla_gpu_deterministic_ops=true " + where,
		"--xla_gpu_deterministic_ops=false --other": "--xla_gpu_deterministic_ops=false --other " + where,
		"--xla_gpu_cuda_data_dir=/mine":             "--xla_gpu_cuda_data_dir=/mine --xla_gpu_deterministic_ops=true",
	} {
		t.Setenv("XLA_FLAGS", before)
		undo := flagsForCUDA(plugin)
		if got := os.Getenv("XLA_FLAGS"); got != want {
			t.Errorf("with %q XLA is told %q, expected %q", before, got, want)
		}
		undo()
		if got := os.Getenv("XLA_FLAGS"); got != before {
			t.Errorf("%q became %q for good", before, got)
		}
	}
}
