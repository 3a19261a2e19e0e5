package show

import (
	"fmt"
	"io"
	"math"
	"os"
	"time"

	"github.com/janpfeifer/gonb/gonbui"
	"github.com/schollz/progressbar/v3"
	"github.com/vaebook/vaebook/vaekit"
	"golang.org/x/term"
)

// Progress returns what shows a training run while it goes: in a notebook one
// line that changes in place, so that a saved notebook holds its last state
// alone; on a terminal a bar; elsewhere, in a file or a pipe, a line an epoch.
// Loss lines asked for by Training.LogEvery are printed as they come.
func Progress() vaekit.Progress {
	if c, ok := out.(cell); ok {
		return c.progress(gonbui.UniqueId(), os.Stdout)
	}
	if term.IsTerminal(int(os.Stdout.Fd())) {
		return bar(os.Stdout)
	}
	return lines(os.Stdout)
}

// lines reports each epoch that ends in a line of its own.
func lines(w io.Writer) vaekit.Progress {
	told, begun := 0, false
	return func(r vaekit.Report) {
		for _, l := range r.Lines {
			fmt.Fprintln(w, l)
		}
		if !begun { // epochs of an earlier call are told already, save the last
			told, begun = max(0, len(r.History)-1), true
		}
		for ; told < len(r.History); told++ {
			fmt.Fprintln(w, epochLine(r, r.History[told]))
		}
		if r.Done {
			fmt.Fprintln(w, ending(r))
			begun = false // the same value may show the next run
		}
	}
}

func epochLine(r vaekit.Report, e vaekit.Epoch) string {
	l := fmt.Sprintf("epoch %d/%d: %s", e.Epoch, r.Epochs, losses(e.Train))
	if e.Validation != nil {
		l += fmt.Sprintf(", validation loss %s", nats(e.Validation.Loss))
	}
	if e.Dropped > 0 {
		l += fmt.Sprintf(", %d steps dropped as not finite", e.Dropped)
	}
	if !r.Done {
		l += ", " + pace(r)
	}
	return l
}

// bar shows a progress bar, and above it the loss lines. A line of 80 characters holds it.
func bar(w io.Writer) vaekit.Progress {
	var b *progressbar.ProgressBar
	return func(r vaekit.Report) {
		if b == nil {
			b = progressbar.NewOptions(max(1, r.Steps),
				progressbar.OptionSetWriter(w),
				progressbar.OptionSetWidth(10),
				progressbar.OptionSetPredictTime(false),
				progressbar.OptionSetElapsedTime(false),
				progressbar.OptionSetTheme(progressbar.Theme{Saucer: "█", SaucerPadding: "░"}),
			)
		}
		if len(r.Lines) > 0 || r.Done {
			_ = b.Clear() // a terminal that cannot be written to is no reason to stop training
		}
		for _, l := range r.Lines {
			fmt.Fprintln(w, l)
		}
		if r.Done {
			fmt.Fprintln(w, ending(r))
			b = nil // the same value may show the next run
			return
		}
		now := latest(r)
		b.Describe(fmt.Sprintf("epoch %d/%d loss %s rec. %s KL %s %s/s %s left", r.Epoch, r.Epochs,
			nats(now.Loss), nats(now.Distortion), nats(now.Rate), thousands(int(math.Round(r.ExamplesPerSecond))), clock(r.Left)))
		_ = b.Set(min(r.Step, max(1, r.Steps)))
	}
}

// status is a run's state in one line.
func status(r vaekit.Report) string {
	if r.Done {
		return ending(r)
	}
	now := latest(r)
	if now == (vaekit.Losses{}) {
		return fmt.Sprintf("epoch %d/%d begins", r.Epoch, r.Epochs)
	}
	l := fmt.Sprintf("epoch %d/%d: %s", r.Epoch, r.Epochs, losses(now))
	if r.ExamplesPerSecond == 0 { // a run that goes on, and has not yet made a step
		return l
	}
	return l + ", " + pace(r)
}

// latest is the means of the epoch under way, or where there are none yet, or
// no more, those of the last whole one.
func latest(r vaekit.Report) vaekit.Losses {
	if (r.Done || r.Running == (vaekit.Losses{})) && len(r.History) > 0 {
		return r.History[len(r.History)-1].Train
	}
	return r.Running
}

// ending is the last line on a training: where it stands, and whether that is the end.
func ending(r vaekit.Report) string {
	where := fmt.Sprintf("%d of %d epochs", len(r.History), r.Epochs)
	verb := "stopped after"
	if r.Step >= r.Steps {
		verb = "trained"
	}
	l := fmt.Sprintf("%s %s: %s", verb, where, losses(latest(r)))
	if n := len(r.History); n > 0 && r.History[n-1].Validation != nil {
		l += fmt.Sprintf(", validation loss %s", nats(r.History[n-1].Validation.Loss))
	}
	if r.Dir != "" {
		l += ", kept in " + r.Dir
	}
	return l
}

func losses(l vaekit.Losses) string {
	return fmt.Sprintf("loss %s, reconstruction %s, KL %s", nats(l.Loss), nats(l.Distortion), nats(l.Rate))
}

// nats writes a number of nats with as many digits as tell something.
func nats(v float64) string {
	if v >= 1000 || v <= -1000 {
		return fmt.Sprintf("%.0f", v)
	}
	if v >= 10 || v <= -10 {
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.3f", v)
}

func pace(r vaekit.Report) string {
	return fmt.Sprintf("%s examples/s, %s left", thousands(int(math.Round(r.ExamplesPerSecond))), clock(r.Left))
}

// thousands writes 25300 as 25,300.
func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}

// clock writes a duration as 0:42, 12:05 or 3:12:05.
func clock(d time.Duration) string {
	s := int(d.Round(time.Second).Seconds())
	if s < 3600 {
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}
