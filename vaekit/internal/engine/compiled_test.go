//go:build cgo && linux

package engine_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/internal/check"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
)

// What XLA compiles is kept, taken from where it is kept, and compiled again where that is
// damaged.
func TestProgramsAreKept(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		dir := filepath.Join(t.TempDir(), "kept")
		t.Setenv("VAEKIT_CACHE", dir)
		plus := func(n float64) float64 {
			t.Helper()
			return check.Run(t, b, func(in []*graph.Node) []*graph.Node {
				return []*graph.Node{graph.AddScalar(in[0], n)}
			}, check.New([]float64{1}).In32())[0].Values[0]
		}
		kept := func(want int) []string {
			t.Helper()
			files, err := filepath.Glob(filepath.Join(dir, "*.xla"))
			if err != nil || len(files) != want {
				t.Fatalf("%v are kept (%v); want %d", files, err, want)
			}
			return files
		}

		if got := plus(2); got != 3 {
			t.Fatalf("1 + 2 is %v", got)
		}
		if b.Kind != "xla" {
			kept(0)
			return
		}
		two := kept(1)[0]
		program, err := os.ReadFile(two)
		if err != nil {
			t.Fatal(err)
		}

		// Another program in its place is what runs.
		if err := os.Remove(two); err != nil {
			t.Fatal(err)
		}
		if got := plus(4); got != 5 {
			t.Fatalf("1 + 4 is %v", got)
		}
		four := kept(1)[0]
		if err := os.WriteFile(four, program, 0o600); err != nil {
			t.Fatal(err)
		}
		if got := plus(4); got != 3 {
			t.Errorf("with the program of + 2 in its place, 1 + 4 is %v", got)
		}

		if err := os.WriteFile(four, program[:len(program)/2], 0o600); err != nil {
			t.Fatal(err)
		}
		if got := plus(4); got != 5 {
			t.Errorf("where what is kept is damaged, 1 + 4 is %v", got)
		}
		if again, err := os.ReadFile(four); err != nil || len(again) < len(program)/2+1 {
			t.Errorf("what was damaged is not kept anew: %d bytes, %v", len(again), err)
		}
		kept(1)

		t.Setenv("VAEKIT_CACHE", "off")
		if got := plus(6); got != 7 {
			t.Errorf("where nothing is kept, 1 + 6 is %v", got)
		}
		kept(1)
		t.Setenv("VAEKIT_CACHE", filepath.Join(four, "no-folder"))
		if got := plus(8); got != 9 {
			t.Errorf("where nothing can be kept, 1 + 8 is %v", got)
		}
	})
}
