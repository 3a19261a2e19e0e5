package engine_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Nothing but the engine knows XLA or GoMLX's ways of training. The benchmark's plain
// GoMLX program is what a model without the kit looks like.
func TestOnlyTheEngineTrains(t *testing.T) {
	const plain = "vaekit/bench/plain.go"
	seen := map[string]bool{}
	root := filepath.Join("..", "..", "..")
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(root, path)
		name = filepath.ToSlash(name)
		if entry.IsDir() && (name == "out" || len(name) > 1 && strings.HasPrefix(name, ".")) {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, imported := range file.Imports {
			module, _ := strconv.Unquote(imported.Path.Value)
			if !strings.HasPrefix(module, "github.com/gomlx/go-xla") && !strings.HasPrefix(module, "github.com/gomlx/gomlx/ml") {
				continue
			}
			seen[name] = true
			if name != plain && !strings.HasPrefix(name, "vaekit/internal/engine/") {
				t.Errorf("%s imports %s; only vaekit/internal/engine may", name, module)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if !seen[plain] || !seen["vaekit/internal/engine/backend_cgo.go"] {
		t.Errorf("imports of XLA or of GoMLX's training were seen in %v alone", seen)
	}
}
