package show

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit"
)

// browser runs a page in the machine's Chromium and returns what it has become.
func browser(t *testing.T, page string) string {
	t.Helper()
	program, told := os.LookupEnv("VAEKIT_BROWSER")
	if !told {
		program, _ = exec.LookPath("chromium")
	}
	if program == "" {
		if os.Getenv("CI") != "" {
			t.Fatal("there is no Chromium here; apt-get install chromium")
		}
		t.Skip("what runs in a page is not tested without a Chromium: apt-get install chromium")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "page.html")
	if err := os.WriteFile(path, []byte("<!doctype html><meta charset=utf-8><body>"+page), 0o666); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--user-data-dir="+filepath.Join(dir, "profile"), "--virtual-time-budget=20000",
		"--dump-dom", "file://"+path)
	cmd.Env = append(os.Environ(), "HOME="+dir)
	dom, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(dom)
}

// A question to a page: what does it decode z to, and how far is that from what is wanted?
type question struct {
	name  string
	spec  *spec
	z     [][]float32
	want  []float32
	worst float64 // the answer
}

// run has a script work on a page, and returns the lines that it comes to.
func run(t *testing.T, page, script string) []string {
	t.Helper()
	// Nothing is drawn to a screen here, so that no frame is ever due.
	dom := browser(t, "<script>window.requestAnimationFrame = f => setTimeout(f, 1)</script>"+page+`<script type="module">
const floats = text => new Float32Array(Uint8Array.from(atob(text), c => c.charCodeAt(0)).buffer);
const explorers = [...document.querySelectorAll(".vae-explorer")];
const lines = [];
try {
  for (const {explorer} of explorers) await explorer.unpacked;
`+script+`
} catch (error) {
  lines.push("failed: " + error.stack);
}
document.body.textContent = "[came" + " to]" + lines.join("\n") + "[the end]";
</script>`)
	_, found, ok := strings.Cut(dom, "[came to]")
	found, _, end := strings.Cut(found, "[the end]")
	if !ok || !end {
		t.Fatalf("the page came to no result: …%s", dom[max(0, len(dom)-2000):])
	}
	return strings.Split(found, "\n")
}

// ask has one page with an explorer for each question answer them.
func ask(t *testing.T, questions []question) {
	t.Helper()
	var page strings.Builder
	var asked []string
	for _, q := range questions {
		one, err := q.spec.page()
		if err != nil {
			t.Fatal(err)
		}
		page.WriteString(one)
		asked = append(asked, fmt.Sprintf("{z: floats(%q), want: floats(%q), d: %d}", packed(q.z...), packed(q.want), q.spec.Latent))
	}
	answers := run(t, page.String(), fmt.Sprintf(`
lines.push(...[%s].map(({z, want, d}, q) => {
  const {explorer} = explorers[q];
  let worst = 0;
  for (let i = 0; i * d < z.length; i++) {
    const at = z.slice(i * d, (i + 1) * d), got = explorer.spec.sounds ? explorer.sound(at) : explorer.decode(at);
    got.forEach((v, k) => {
      const error = Math.abs(v - want[i * got.length + k]);
      worst = error <= worst ? worst : error; // so that NaN stays
    });
  }
  return worst;
}));`, strings.Join(asked, ", ")))
	if len(answers) != len(questions) {
		t.Fatalf("%d questions, and the answers %v", len(questions), answers)
	}
	for i, answer := range answers {
		var err error
		if questions[i].worst, err = strconv.ParseFloat(answer, 64); err != nil {
			t.Fatal(err)
		}
	}
}

func packed(rows ...[]float32) string {
	var raw []byte
	for _, row := range rows {
		for _, v := range row {
			raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
		}
	}
	return base64.StdEncoding.EncodeToString(raw)
}

// over is a question about a grid of n by n latents.
func over(t *testing.T, name string, run *vaekit.Run, data datasets.Dataset, n int, half float64) question {
	t.Helper()
	if classes := run.Model.Classes; classes > 0 {
		var err error
		if run, err = run.Class(classes - 1); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Picture{}.explorer(run, data)
	if err != nil {
		t.Fatal(err)
	}
	z := s.grid(n, half)
	want, err := run.Decode(z...)
	if err != nil {
		t.Fatal(err)
	}
	return question{name: name, spec: s, z: z, want: want.Values}
}
