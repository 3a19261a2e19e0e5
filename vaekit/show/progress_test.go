package show

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/janpfeifer/gonb/gonbui/protocol"
	"github.com/vaebook/vaebook/vaekit"
)

// train tells progress of a run of the given epochs, ten reports each, stopped after so many of them.
func train(progress vaekit.Progress, epochs, stop int) {
	history := someHistory(epochs)
	for e := range stop {
		for step := range 10 {
			r := vaekit.Report{
				Dir: "runs/digits", Epoch: e + 1, Epochs: epochs, Step: 10*e + step, Steps: 10 * epochs,
				Running: history[e].Train, ExamplesPerSecond: 25312.7, Left: 72 * time.Second, History: history[:e],
			}
			if step == 9 {
				r.Lines = []string{fmt.Sprintf("step %d loss 170", r.Step)}
			}
			progress(r)
		}
	}
	progress(vaekit.Report{
		Dir: "runs/digits", Epoch: stop, Epochs: epochs, Step: 10 * stop, Steps: 10 * epochs,
		History: history[:stop], Done: true,
	})
}

// In a notebook a run is one display, known by one id, whose last state is small and says how the run ended.
func TestProgressInACell(t *testing.T) {
	var sent []*protocol.DisplayData
	var printed bytes.Buffer
	progress := cell{send: func(d *protocol.DisplayData) { sent = append(sent, d) }}.progress("id", &printed)

	train(progress, 200, 200)
	ids := map[string]bool{}
	for _, d := range sent {
		ids[d.DisplayID] = true
	}
	if len(ids) != 1 || ids[""] {
		t.Errorf("a run was shown under the ids %v, expected one", ids)
	}
	during := sent[len(sent)/2].Data[protocol.MIMETextHTML].(string)
	for _, part := range []string{"epoch 101/200", "loss 151.6", "reconstruction 145.6", "KL 5.970", "25,313 examples/s", "1:12 left", "<svg", "width:50.0%"} {
		if !strings.Contains(during, part) {
			t.Errorf("no %q in %s", part, during)
		}
	}
	last := sent[len(sent)-1].Data[protocol.MIMETextHTML].(string)
	if !strings.Contains(last, "trained 200 of 200 epochs: loss 151.3") || !strings.Contains(last, "kept in runs/digits") {
		t.Errorf("a run ends with %s", last)
	}
	if len(last) > 3000 {
		t.Errorf("a run leaves %d bytes in its notebook", len(last))
	}
	if n := strings.Count(printed.String(), "\n"); n != 200 {
		t.Errorf("%d loss lines printed, expected 200", n)
	}

	train(progress, 3, 2)
	again := sent[len(sent)-1]
	if ids[again.DisplayID] {
		t.Error("a second run takes the place of the first")
	}
	if plain := again.Data[protocol.MIMETextPlain].(string); !strings.HasPrefix(plain, "stopped after 2 of 3 epochs") {
		t.Errorf("a stopped run ends with %q", plain)
	}
}

// In a log each epoch is one line.
func ExampleProgress() {
	train(Progress(), 3, 3)
	// Output:
	// step 9 loss 170
	// epoch 1/3: loss 208.0, reconstruction 205.0, KL 3.000, validation loss 211.1, 25,313 examples/s, 1:12 left
	// step 19 loss 170
	// epoch 2/3: loss 179.5, reconstruction 175.0, KL 4.500, validation loss 182.7, 25,313 examples/s, 1:12 left
	// step 29 loss 170
	// epoch 3/3: loss 170.0, reconstruction 165.0, KL 5.000, validation loss 173.3
	// trained 3 of 3 epochs: loss 170.0, reconstruction 165.0, KL 5.000, validation loss 173.3, kept in runs/digits
}

// A run that goes on does not tell again what it told before it stopped.
func TestLinesOfAResumedRun(t *testing.T) {
	var w bytes.Buffer
	progress := lines(&w)
	for done := 30; done <= 32; done++ {
		progress(vaekit.Report{Epochs: 50, Epoch: done + 1, History: someHistory(done)})
	}
	for i, want := range []string{"epoch 30/50", "epoch 31/50", "epoch 32/50"} {
		if got := strings.Split(w.String(), "\n"); len(got) != 4 || !strings.HasPrefix(got[i], want) {
			t.Errorf("line %d of %q does not begin with %s", i, got, want)
		}
	}
}

// On a terminal the loss lines stand whole above the bar, and the last line says how it ended.
func TestBar(t *testing.T) {
	var w bytes.Buffer
	train(bar(&w), 3, 3)
	for _, part := range []string{"step 9 loss 170\n", "step 29 loss 170\n", "epoch 2/3 loss 179.5 rec. 175.0 KL 4.500 25,313/s 1:12 left", "\rtrained 3 of 3 epochs"} {
		if !strings.Contains(w.String(), part) {
			t.Errorf("no %q in %q", part, w.String())
		}
	}
	for l := range strings.FieldsFuncSeq(w.String(), func(r rune) bool { return r == '\r' || r == '\n' }) {
		if n := utf8.RuneCountInString(l); n > 80 && !strings.HasPrefix(l, "trained") {
			t.Errorf("%q is %d characters long, expected at most 80", l, n)
		}
	}
}

// Before the first loss is known there is none to show, and between epochs the last one stands.
func TestStatusWithoutLosses(t *testing.T) {
	if got := status(vaekit.Report{Epoch: 1, Epochs: 5}); got != "epoch 1/5 begins" {
		t.Errorf("a run begins with %q", got)
	}
	if got := status(vaekit.Report{Epoch: 2, Epochs: 5, History: someHistory(1)}); got != "epoch 2/5: loss 208.0, reconstruction 205.0, KL 3.000" {
		t.Errorf("a run that goes on begins with %q", got)
	}
}

func TestSparkline(t *testing.T) {
	nan := math.NaN()
	for _, values := range [][]float64{nil, {3}, {nan, 3, math.Inf(1)}} {
		if got := sparkline(values); got != "" {
			t.Errorf("%v has the curve %s, expected none", values, got)
		}
	}
	if got := sparkline([]float64{nan, 2, 2, nan}); strings.Contains(got, "NaN") || !strings.Contains(got, "2.0,26.0 138.0,26.0") {
		t.Errorf("a level curve is drawn as %s", got)
	}
	many := make([]float64, 10_000)
	for i := range many {
		many[i] = float64(i)
	}
	if got := sparkline(many); len(got) > 2000 || !strings.Contains(got, "138.0,2.0") {
		t.Errorf("10,000 epochs make a curve of %d bytes that may not reach the last", len(got))
	}
}
