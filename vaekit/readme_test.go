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
	examples := strings.Join(strings.Fields(string(must[[]byte](t)(os.ReadFile("example_test.go")))), " ")
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
