package show

import (
	"bytes"
	"encoding/base64"
	"encoding/gob"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/janpfeifer/gonb/gonbui/protocol"
	"github.com/vaebook/vaebook/vaekit/audio"
)

// TestMain lets tests run this program again as a notebook cell that does one thing.
func TestMain(m *testing.M) {
	switch os.Getenv("SHOW_TEST_CELL") {
	case "must":
		fmt.Println(Must(1, nil), Must(2, errors.New("mnist: no data; run make data")))
	case "wrong shape":
		Images(someSounds())
	case "cell":
		Picture{Title: "Discs"}.Images(someDiscs(3))
		Play(someSounds().Example(0), 16000, "a rising tone")
		Players(someSounds(), 16000)
		Table([]string{"model", "ELBO"}, []any{"β = 1", -151.23})
		Check(out.page("a page", "<b>bold</b>"))
	default:
		os.Exit(m.Run())
	}
}

func runCell(t *testing.T, what string, env ...string) (stdout, stderr string, err error) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Dir = t.TempDir()
	cmd.Env = append(append(os.Environ(), "SHOW_TEST_CELL="+what), env...)
	var o, e bytes.Buffer
	cmd.Stdout, cmd.Stderr = &o, &e
	err = cmd.Run()
	return o.String(), e.String(), err
}

// A reader sees the sentence of the error and nothing else, and the cell fails.
func TestErrorsEndTheCell(t *testing.T) {
	for what, says := range map[string]string{
		"must":        "error: mnist: no data; run make data\n",
		"wrong shape": "error: show: examples of shape [4000 1] are no images; those have [height, width, 1] (grey) or [height, width, 3] (colour). For sound there is show.Waveforms\n",
	} {
		stdout, stderr, err := runCell(t, what)
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 1 {
			t.Errorf("%s: ended with %v, expected exit status 1", what, err)
		}
		if stderr != says || stdout != "" {
			t.Errorf("%s: printed %q and %q, expected %q", what, stdout, stderr, says)
		}
	}
}

// A label or a file's name is shown as it is, whatever Markdown would make of it.
func TestTablesAreLiteral(t *testing.T) {
	got := markdown([][]string{{"what"}, {"<nil> & *a* __b__ $c$ `d` [e](f) g|h \\\ni"}})
	want := "| what |\n| --- |\n| &lt;nil&gt; &amp; \\*a\\* \\_\\_b\\_\\_ \\$c\\$ \\`d\\` \\[e\\](f) g\\|h \\\\<br>i |\n"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestMustReturnsItsValue(t *testing.T) {
	if got := Must("a run", nil); got != "a run" {
		t.Errorf("Must returned %q", got)
	}
}

// Where there is no notebook, files are written and named, and a second run writes the same names.
func TestFiles(t *testing.T) {
	f := &files{folder: filepath.Join(t.TempDir(), "out"), written: map[string]int{}}
	for i, want := range []string{"ten-digits-β-4-1.png", "ten-digits-β-4-2.png", "picture-1.png"} {
		title := []string{"Ten digits, β = 4", "ten digits β 4", "…"}[i]
		if err := f.picture(title, []byte{byte(i)}, 1); err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(filepath.Join(f.folder, want))
		if err != nil || content[0] != byte(i) {
			t.Errorf("picture %q: %v", title, err)
		}
	}
}

// What a cell sends arrives in a kernel that reads it as GoNB does: pictures
// with their sizes, players with their sound, tables, each before the program ends.
func TestCellReachesTheKernel(t *testing.T) {
	dir := t.TempDir()
	there, back := filepath.Join(dir, "there"), filepath.Join(dir, "back")
	for _, path := range []string{there, back} {
		if err := syscall.Mkfifo(path, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	received := make(chan []protocol.DisplayData)
	go func() { received <- kernel(there, back) }()
	stdout, stderr, err := runCell(t, "cell", protocol.GONB_PIPE_ENV+"="+there, protocol.GONB_PIPE_BACK_ENV+"="+back)
	if err != nil || stdout != "" || stderr != "" {
		t.Fatalf("the cell printed %q, %q and ended with %v", stdout, stderr, err)
	}
	shown := <-received
	if len(shown) != 5 {
		t.Fatalf("%d things arrived, expected a picture, a player, two players, a table and a page", len(shown))
	}
	if page := shown[4].Data; page[protocol.MIMETextHTML] != "<b>bold</b>" || page[protocol.MIMETextPlain] != "[a page]" {
		t.Errorf("the page arrived as %v", page)
	}

	file, _ := shown[0].Data[protocol.MIMEImagePNG].([]byte)
	size, _ := shown[0].Metadata[string(protocol.MIMEImagePNG)].(map[string]any)
	if img := decode(t, file); size["width"] != img.Rect.Dx()/2 {
		t.Errorf("a picture of %d pixels is shown %v wide, expected half as many", img.Rect.Dx(), size["width"])
	}
	if size["alt"] != "Discs" {
		t.Errorf("a reader who cannot see the picture is told %q, expected its title", size["alt"])
	}
	html, _ := shown[1].Data[protocol.MIMETextHTML].(string)
	if !strings.Contains(html, "<audio controls") || !strings.Contains(html, "a rising tone") {
		t.Errorf("no player with its caption in %.200q", html)
	}
	html, _ = shown[2].Data[protocol.MIMETextHTML].(string)
	if strings.Count(html, "<audio controls") != 2 || !strings.Contains(html, "3_theo_7.wav@0") || !strings.Contains(html, "3_theo_7.wav@4000") {
		t.Errorf("no two players with their captions in %.200q", html)
	}
	for i, coded := range strings.Split(html, "base64,")[1:] { // padding is no sound
		coded, _, _ = strings.Cut(coded, `"`)
		file, err := base64.StdEncoding.DecodeString(coded)
		if err != nil {
			t.Fatal(err)
		}
		sound, err := audio.Read(bytes.NewReader(file))
		if want := [2]int{4000, 3001}[i]; err != nil || sound.Frames() != want {
			t.Errorf("player %d: %v, %v; want %d frames", i, sound, err, want)
		}
	}
	if table, _ := shown[3].Data[protocol.MIMETextMarkdown].(string); !strings.Contains(table, "| β = 1 | −151.2 |") {
		t.Errorf("the table arrived as %q", table)
	}
}

// kernel collects what a cell displays and answers its requests to synchronise.
func kernel(there, back string) (shown []protocol.DisplayData) {
	in, err := os.Open(there)
	if err != nil {
		return nil
	}
	defer in.Close()
	out, err := os.OpenFile(back, os.O_WRONLY, 0)
	if err != nil {
		return nil
	}
	defer out.Close()
	decoder, encoder := gob.NewDecoder(in), gob.NewEncoder(out)
	for {
		var data protocol.DisplayData
		if decoder.Decode(&data) != nil {
			return shown
		}
		if request, ok := data.Data[protocol.MIMECommValue].(protocol.CommValue); ok {
			_ = encoder.Encode(&protocol.CommValue{Address: protocol.GonbuiSyncAckAddress, Value: request.Value})
			continue
		}
		shown = append(shown, data)
	}
}

// A player holds the samples it was given, to within half a step of 16 bits.
func TestPlayerHoldsItsSound(t *testing.T) {
	samples := append([]float32{-1, 0.5, 2, float32(math.NaN())}, someSounds().Example(0)...)
	html, err := player(recording{`<3 & "more"`, samples, 16000}, false)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(html, "&lt;3 &amp; &#34;more&#34;"); n != 2 || strings.Contains(html, "<3") {
		t.Errorf("the caption is there %d times, escaped, and should be for eye and ear: %q", n, html[len(html)-100:])
	}
	_, coded, _ := strings.Cut(html, "data:audio/wav;base64,")
	coded, _, _ = strings.Cut(coded, `"`)
	file, err := base64.StdEncoding.DecodeString(coded)
	if err != nil {
		t.Fatal(err)
	}
	sound, err := audio.Read(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	if sound.Rate != 16000 || len(sound.Channels) != 1 || sound.Frames() != len(samples) {
		t.Fatalf("the player holds %d frames at %d Hz", sound.Frames(), sound.Rate)
	}
	for i, got := range sound.Channels[0] {
		want := min(max(float64(samples[i]), -1), 32767.0/32768)
		if math.IsNaN(want) {
			want = 0
		}
		if math.Abs(float64(got)-want) > 0.5/32768 {
			t.Fatalf("sample %d is %v, expected %v", i, got, want)
		}
	}
}
