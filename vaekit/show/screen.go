package show

import (
	"encoding/base64"
	"encoding/gob"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"

	"github.com/vaebook/vaebook/vaekit/audio"
)

// A screen is where things are shown: a notebook's cell, or files and text.
type screen interface {
	// picture shows a PNG that is to be width CSS pixels wide.
	picture(name string, png []byte, width int) error
	// sounds shows players side by side.
	sounds(recordings []recording) error
	// page shows a piece of HTML that stands alone.
	page(name, html string) error
	// table shows rows of cells, the first of them the header.
	table(rows [][]string) error
	// flush returns when all that was shown has arrived.
	flush()
}

// A recording is a sound with a few words about it.
type recording struct {
	caption string
	samples []float32
	rate    int // in Hz
}

// out is the screen of this process. Tests put their own in its place.
var out = newScreen()

func newScreen() screen {
	if gonbui.IsNotebook {
		return cell{send: gonbui.SendData}
	}
	return &files{folder: "out", written: map[string]int{}}
}

// A cell shows under the notebook cell that runs.
type cell struct {
	send func(*protocol.DisplayData)
}

func init() {
	gob.Register(map[string]any{}) // the sizes of pictures travel to the kernel as one
}

func (c cell) picture(name string, png []byte, width int) error {
	c.send(&protocol.DisplayData{
		Data: map[protocol.MIMEType]any{
			protocol.MIMEImagePNG:  png,
			protocol.MIMETextPlain: "[" + name + "]",
		},
		Metadata: map[string]any{string(protocol.MIMEImagePNG): map[string]any{"width": width, "alt": name}},
	})
	c.flush()
	return nil
}

func (c cell) sounds(recordings []recording) error {
	var players, captions []string
	for _, r := range recordings {
		html, err := player(r, len(recordings) > 1)
		if err != nil {
			return err
		}
		players, captions = append(players, html), append(captions, "[sound: "+r.caption+"]")
	}
	c.send(&protocol.DisplayData{Data: map[protocol.MIMEType]any{
		protocol.MIMETextHTML:  `<div style="display:flex;flex-wrap:wrap;gap:8px 16px;font-size:13px">` + strings.Join(players, "") + `</div>`,
		protocol.MIMETextPlain: strings.Join(captions, " "),
	}})
	c.flush()
	return nil
}

// player is an HTML audio player that carries its sound in itself, with its caption beside
// it, or above it where other players stand beside it.
func player(r recording, many bool) (string, error) {
	format := audio.PCM16
	if r.rate <= 8000 {
		format = audio.MuLaw
	}
	wav, err := r.wav(format)
	if err != nil {
		return "", err
	}
	style := "align-items:center"
	if many {
		style = "flex-direction:column-reverse"
	}
	return `<div style="display:flex;gap:2px 10px;` + style + `"><audio controls preload="metadata" style="height:32px;width:240px" aria-label="` +
		html.EscapeString(r.caption) + `" src="data:audio/wav;base64,` + base64.StdEncoding.EncodeToString(wav) + `"></audio><span>` +
		html.EscapeString(r.caption) + `</span></div>`, nil
}

func (c cell) page(name, html string) error {
	c.send(&protocol.DisplayData{Data: map[protocol.MIMEType]any{
		protocol.MIMETextHTML:  html,
		protocol.MIMETextPlain: "[" + name + "]",
	}})
	c.flush()
	return nil
}

func (c cell) table(rows [][]string) error {
	c.send(&protocol.DisplayData{Data: map[protocol.MIMEType]any{
		protocol.MIMETextMarkdown: markdown(rows),
		protocol.MIMETextPlain:    aligned(rows),
	}})
	c.flush()
	return nil
}

// update shows a line of HTML in the place of the one it showed before under the same id.
func (c cell) update(id, html, plain string) {
	c.send(&protocol.DisplayData{
		Data:      map[protocol.MIMEType]any{protocol.MIMETextHTML: html, protocol.MIMETextPlain: plain},
		DisplayID: id,
	})
}

// flush waits for the kernel: a program that ends right after it sent a picture
// may take the picture with it. It does not wait for a kernel that is gone.
func (cell) flush() {
	done := make(chan struct{})
	go func() {
		gonbui.Sync()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(2 * time.Second):
	}
}

// A files screen writes pictures and sounds into a folder and says where. A
// program that runs twice writes the same names twice.
type files struct {
	folder  string
	written map[string]int // how many files of each name there are
}

func (f *files) picture(name string, png []byte, _ int) error {
	return f.write(name, ".png", png)
}

func (f *files) sounds(recordings []recording) error {
	for _, r := range recordings {
		name := r.caption
		if name == "" {
			name = "sound"
		}
		wav, err := r.wav(audio.PCM16)
		if err != nil {
			return err
		}
		if err := f.write(name, ".wav", wav); err != nil {
			return err
		}
	}
	return nil
}

func (f *files) page(name, body string) error {
	return f.write(name, ".html", []byte("<!doctype html>\n<meta charset=utf-8>\n<title>"+html.EscapeString(name)+"</title>\n<body>\n"+body))
}

func (f *files) table(rows [][]string) error {
	_, err := fmt.Print(aligned(rows))
	return err
}

func (*files) flush() {}

func (f *files) write(name, extension string, content []byte) error {
	name = fileName(name)
	f.written[name+extension]++
	path := filepath.Join(f.folder, fmt.Sprintf("%s-%d%s", name, f.written[name+extension], extension))
	if err := os.MkdirAll(f.folder, 0o777); err != nil {
		return fmt.Errorf("show: no folder for pictures: %w", err)
	}
	if err := os.WriteFile(path, content, 0o666); err != nil {
		return fmt.Errorf("show: %w", err)
	}
	_, err := fmt.Println("show: wrote", filepath.ToSlash(path))
	return err
}

// fileName makes a title fit for a file's name: "Ten digits, β = 4" becomes "ten-digits-β-4".
func fileName(title string) string {
	words := strings.FieldsFunc(strings.ToLower(title), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	name := []rune(strings.Join(words, "-"))
	if len(name) > 60 {
		name = name[:60]
	}
	if len(name) == 0 {
		return "picture"
	}
	return string(name)
}
