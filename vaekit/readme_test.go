package vaekit_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// Go code in README is code of an Example, so it compiles and runs as printed.
func TestReadmeShowsExamples(t *testing.T) {
	readme := string(must[[]byte](t)(os.ReadFile("../README.md")))
	var examples string
	for _, file := range []string{"example_test.go", "example_stream_test.go", "codec/example_test.go"} {
		examples += strings.Join(strings.Fields(string(must[[]byte](t)(os.ReadFile(file)))), " ")
	}
	snippets := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(readme, -1)
	if len(snippets) == 0 {
		t.Fatal("README has no Go code")
	}
	for _, snippet := range snippets {
		if code := strings.Join(strings.Fields(snippet[1]), " "); !strings.Contains(examples, code) {
			t.Errorf("README has code that no Example runs:\n%s", snippet[1])
		}
	}
}

// Each line that an Example of a paper changes stands in README and in the package's
// documentation, and each that stands there is an Example's.
func TestPapersAreListed(t *testing.T) {
	var examples []string
	for _, file := range []string{"papers_test.go", "papers_objectives_test.go"} {
		code := string(must[[]byte](t)(os.ReadFile(file)))
		for _, line := range regexp.MustCompile(`\tm\.(\w+) = (.+)\n`).FindAllStringSubmatch(code, -1) {
			examples = append(examples, line[1]+": "+line[2])
		}
		examples = append(examples, regexp.MustCompile(`run\.FitPrior\(.*\)`).FindAllString(code, -1)...)
	}
	if len(examples) < 25 {
		t.Errorf("%d papers", len(examples))
	}
	readme, doc := string(must[[]byte](t)(os.ReadFile("../README.md"))), string(must[[]byte](t)(os.ReadFile("doc.go")))
	for _, line := range examples {
		if !strings.Contains(readme, "| `"+line+"` |") || !strings.Contains(doc, "//\t"+line+"\n") {
			t.Errorf("%q is in an Example, but not in README's table and in the package's documentation", line)
		}
	}
	listed := regexp.MustCompile("(?m)^\\| [^|]+ \\| `((?:Posterior|Prior|Likelihood|Objective|Classes|run)[^`]+)` \\|").FindAllStringSubmatch(readme, -1)
	if len(listed) != len(examples) {
		t.Errorf("README lists %d lines, the Examples %d", len(listed), len(examples))
	}
}
