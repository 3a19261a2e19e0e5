//go:build cgo && linux

package compiled

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestFolder(t *testing.T) {
	for _, c := range []struct{ setting, home, want string }{
		{"", "/home/a", "/home/a/.cache/vaebook/compiled"},
		{"/else", "/home/a", "/else"},
		{"off", "/home/a", ""},
		{"relative/folder", "/home/a", ""},
		{"", "", ""},
	} {
		t.Setenv("VAEKIT_CACHE", c.setting)
		t.Setenv("XDG_CACHE_HOME", "")
		t.Setenv("HOME", c.home)
		if got := Folder(); got != c.want {
			t.Errorf("VAEKIT_CACHE=%q, HOME=%q: %q; want %q", c.setting, c.home, got, c.want)
		}
	}
}

func TestEntry(t *testing.T) {
	name := func(parts ...string) string {
		all := make([][]byte, len(parts))
		for i, part := range parts {
			all[i] = []byte(part)
		}
		return entry("dir", all...)
	}
	same := name("mlir", "code", "options")
	if again := name("mlir", "code", "options"); again != same || filepath.Dir(same) != "dir" {
		t.Errorf("one program is %s and %s", same, again)
	}
	for i, other := range []string{
		name("hlo", "code", "options"), name("mlir", "code2", "options"), name("mlir", "cod", "eoptions"),
	} {
		if other == same {
			t.Errorf("program %d has another's name", i)
		}
	}
}

// What machine code depends on: the plugin's build and XLA's variables; with a dump to write or
// flags in a file, nothing is known.
func TestMachine(t *testing.T) {
	for _, variable := range []string{"XLA_FLAGS", "NPROC", "PJRT_NPROC"} {
		t.Setenv(variable, "")
	}
	plugin := filepath.Join(t.TempDir(), "plugin.so")
	if got := machine(plugin); got != "" {
		t.Errorf("a plugin that is not there is %q", got)
	}
	if err := os.WriteFile(plugin, []byte("one"), 0o600); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	once := func(what string) {
		t.Helper()
		got := machine(plugin)
		if got == "" || seen[got] || got != machine(plugin) {
			t.Errorf("%s: %q is empty, seen before, or not always so", what, got)
		}
		seen[got] = true
	}
	once("the plugin")
	later := time.Now().Add(time.Hour)
	if err := os.Chtimes(plugin, later, later); err != nil {
		t.Fatal(err)
	}
	once("a newer plugin of the same size")
	for _, variable := range []string{"XLA_FLAGS", "NPROC", "PJRT_NPROC"} {
		t.Setenv(variable, "--1")
		once(variable)
	}
	for _, flags := range []string{"--xla_dump_to=/tmp/dump", "flags.txt"} {
		t.Setenv("XLA_FLAGS", flags)
		if got := machine(plugin); got != "" {
			t.Errorf("with XLA_FLAGS=%s the machine is %q", flags, got)
		}
	}
}

func TestReadAndWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "made", "a.xla")
	if got := read(path); got != nil {
		t.Errorf("nothing is read as %q", got)
	}
	program := []byte("a program")
	if err := write(path, program); err != nil {
		t.Fatal(err)
	}
	if got := read(path); !bytes.Equal(got, program) {
		t.Errorf("%q is read as %q", program, got)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	flipped := bytes.Clone(content)
	flipped[len(flipped)-1] ^= 1
	for what, damaged := range map[string][]byte{
		"cut": content[:len(content)-1], "cut in its sum": content[:9], "empty": nil, "flipped": flipped,
	} {
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		if got := read(path); got != nil {
			t.Errorf("what is %s is read as %q", what, got)
		}
	}
	if err := write(filepath.Join(path, "below-a-file.xla"), program); err == nil {
		t.Error("a folder that is a file was written to")
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*")); len(left) != 1 {
		t.Errorf("beside the entry there are %v", left)
	}
}

// What is deleted was not used for longest, and is an entry.
func TestTrim(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a[1]") // no pattern
	for i, name := range []string{"notes.txt", "oldest.xla", "used.xla", "newest.xla"} {
		path := filepath.Join(dir, name)
		if err := write(path, make([]byte, 100)); err != nil {
			t.Fatal(err)
		}
		written := time.Now().Add(time.Duration(i-10) * time.Hour)
		if err := os.Chtimes(path, written, written); err != nil {
			t.Fatal(err)
		}
	}
	if read(filepath.Join(dir, "used.xla")) == nil {
		t.Fatal("an entry cannot be read")
	}
	if err := trim(dir, 3*132); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 4 {
		t.Errorf("what fits was deleted: %v are left", left)
	}
	for _, c := range []struct {
		limit int64
		gone  string
	}{{395, "oldest.xla"}, {263, "newest.xla"}} {
		if err := trim(dir, c.limit); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(dir, c.gone)); !os.IsNotExist(err) {
			t.Errorf("with %d bytes allowed, %s is still there (%v)", c.limit, c.gone, err)
		}
		for _, kept := range []string{"notes.txt", "used.xla"} {
			if _, err := os.Stat(filepath.Join(dir, kept)); err != nil {
				t.Error(err)
			}
		}
	}
}
