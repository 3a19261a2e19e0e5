package show

import (
	"fmt"
	"html"
	"io"
	"strings"

	"github.com/vaebook/vaebook/vaekit"
)

// progress reports in one line of the notebook cell, known to the notebook by id.
func (c cell) progress(id string, w io.Writer) vaekit.Progress {
	run := 0
	return func(r vaekit.Report) {
		for _, l := range r.Lines {
			fmt.Fprintln(w, l)
		}
		plain := status(r)
		c.update(fmt.Sprintf("%s-%d", id, run), progressHTML(r, plain), plain)
		if r.Done {
			run++ // the same value may show the next run, in a line of its own
			c.flush()
		}
	}
}

// progressHTML is a line of text between a bar and a small curve of the loss.
// It takes its colours from the page, so that it suits a dark theme too, and is
// narrow enough to stay one line beside JupyterLab's list of files.
func progressHTML(r vaekit.Report, plain string) string {
	var b strings.Builder
	b.WriteString(`<div style="display:flex;align-items:center;flex-wrap:wrap;gap:10px;font-size:13px">`)
	if !r.Done {
		done := 100 * float64(r.Step) / float64(max(1, r.Steps))
		fmt.Fprintf(&b, `<div style="width:80px;height:8px;border:1px solid currentColor;border-radius:4px;overflow:hidden">`+
			`<div style="width:%.1f%%;height:100%%;background:%s"></div></div>`, done, css(blue))
	}
	fmt.Fprintf(&b, `<span style="font-variant-numeric:tabular-nums">%s</span>`, html.EscapeString(plain))
	var values []float64
	for _, e := range r.History {
		values = append(values, e.Train.Loss)
	}
	if !r.Done && r.Running != (vaekit.Losses{}) {
		values = append(values, r.Running.Loss)
	}
	b.WriteString(sparkline(values))
	b.WriteString(`</div>`)
	return b.String()
}

// sparkline is a curve of a word's size through at most 100 of the finite values, the last among them.
func sparkline(values []float64) string {
	const width, height, most = 140.0, 28.0, 100
	var ys []float64
	for _, v := range values {
		if finite(v) {
			ys = append(ys, v)
		}
	}
	if len(ys) > most {
		few := make([]float64, most)
		for i := range few {
			few[i] = ys[i*(len(ys)-1)/(most-1)]
		}
		ys = few
	}
	if len(ys) < 2 {
		return ""
	}
	low, high := ys[0], ys[0]
	for _, y := range ys {
		low, high = min(low, y), max(high, y)
	}
	if low == high {
		high = low + 1
	}
	var points strings.Builder
	for i, y := range ys {
		fmt.Fprintf(&points, "%.1f,%.1f ", 2+(width-4)*float64(i)/float64(len(ys)-1), 2+(height-4)*(high-y)/(high-low))
	}
	return fmt.Sprintf(`<svg width="%.0f" height="%.0f" role="img" aria-label="loss by epoch">`+
		`<polyline fill="none" stroke="%s" stroke-width="1.5" points="%s"/></svg>`,
		width, height, css(blue), strings.TrimSpace(points.String()))
}

func css(c interface{ RGBA() (r, g, b, a uint32) }) string {
	r, g, b, _ := c.RGBA()
	return fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8)
}
