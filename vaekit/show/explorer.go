package show

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"strings"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit"
)

// Explorer shows where examples lie in the latent space of a run, and lets a reader go
// about in it: below a map, which is a picture as any other, comes a page that needs no
// kernel and no network. What is under the pointer is decoded at once; two ends can be
// dragged, and the walk between them is shown, straight or along a sphere; of more than two
// latents the map is a plane of two of them or of the two principal directions, and there
// is a slider for each that tells anything. It works by mouse, finger and keyboard.
//
// A decoder of up to 290,000 parameters, of the layers of package nets, runs in the page;
// of another a number of images are decoded beforehand. A run of sounds, where data has a
// method Rate or [Picture].Rate is set, gets a pad of 7 by 7 of them. The page is smaller
// than 900 kB. Outside a notebook it is a file of HTML.
//
//	show.Explorer(run, digits.Test)
func Explorer(run *vaekit.Run, data datasets.Dataset) { Picture{}.Explorer(run, data) }

// Explorer shows where examples lie in the latent space of a run, and lets a reader go about in it.
func (p Picture) Explorer(run *vaekit.Run, data datasets.Dataset) {
	s, err := p.explorer(run, data)
	Check(err)
	_, _, names := s.plane()
	img, err := p.plane(onMap{s}, s.latents.Labels, names, s.Circles, s.Note)
	p.display("explorer", img, err)
	page, err := s.page()
	Check(err)
	Check(out.page(p.name("explorer"), page))
}

func (p Picture) explorer(run *vaekit.Run, data datasets.Dataset) (*spec, error) {
	s, err := newSpec(run, data)
	if err != nil {
		return nil, err
	}
	rate := p.Rate
	if r, ok := data.(interface{ Rate() int }); ok && rate == 0 {
		rate = r.Rate()
	}
	if rate > 0 {
		return s, s.sounds(run, rate, p.Sound)
	}
	return s, s.decoder(run)
}

//go:embed explorer/explorer.html
var explorerMarkup string

//go:embed explorer/decoder.js
var explorerDecoder string

//go:embed explorer/explorer.js
var explorerDrawing string

//go:embed explorer/listen.js
var explorerHands string

// page is the explorer as a piece of HTML that stands alone.
func (s *spec) page() (string, error) {
	data, err := json.Marshal(s) // which leaves no < or > in a text
	if err != nil {
		return "", fmt.Errorf("show: %w", err)
	}
	h := fnv.New64a()
	h.Write(data)
	id := fmt.Sprintf("vae-%x", h.Sum64())
	var page strings.Builder
	fmt.Fprintf(&page, "<div class=\"vae-explorer\" id=%q>\n%s</div>\n<script>\n(() => {\n\"use strict\";\n", id, explorerMarkup)
	for _, script := range []string{explorerDecoder, explorerDrawing, explorerHands} {
		page.WriteString(script)
	}
	// A notebook may show an output twice.
	fmt.Fprintf(&page, `
const spec = %s;
for (const root of document.querySelectorAll("#%s:not([data-live])")) {
  root.dataset.live = "";
  listen(root.explorer = new Explorer(root, spec));
}
})();
</script>
`, data, id)
	return page.String(), nil
}
