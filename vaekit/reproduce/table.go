package main

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

// String is a figure with its error and its bar.
func (f figure) String() string {
	s := fmt.Sprintf("%s %s", f.What, number(f.Value))
	if f.Error > 0 {
		s += " ± " + number(f.Error)
	}
	switch {
	case f.Low != nil && f.High != nil:
		s += fmt.Sprintf(" (bar %s to %s", number(*f.Low), number(*f.High))
	case f.High != nil:
		s += fmt.Sprintf(" (bar ≤ %s", number(*f.High))
	case f.Low != nil:
		s += fmt.Sprintf(" (bar ≥ %s", number(*f.Low))
	default:
		return s
	}
	if !f.met() {
		s += ", missed"
	}
	return s + ")"
}

// number has four digits or so, and no more than are worth reading.
func number(x float64) string {
	switch {
	case x == float64(int(x)):
		return fmt.Sprint(int(x))
	case x > -10 && x < 10:
		return fmt.Sprintf("%.3f", x)
	}
	return fmt.Sprintf("%.2f", x)
}

// write writes the table of all rows that are done.
func (l *lab) write(rows []row) error {
	var s strings.Builder
	s.WriteString("| row | model | data | batch, epochs, seeds | minutes: training, measuring | figures |\n")
	s.WriteString("| --- | --- | --- | --- | --- | --- |\n")
	machines := map[string]bool{}
	for _, r := range rows {
		res, err := l.result(r)
		if err != nil {
			return err
		}
		if res == nil {
			continue
		}
		var figures []string
		for _, f := range res.Figures {
			figures = append(figures, f.String())
		}
		var minutes []string
		for _, seconds := range res.Train {
			minutes = append(minutes, fmt.Sprintf("%.1f", seconds/60))
		}
		fmt.Fprintf(&s, "| %s | %s | %s | %s | %s, %.1f | %s |\n", r.name, r.what, r.data, res.Settings, strings.Join(minutes, " + "), res.Measure/60, strings.Join(figures, "; "))
		machines[res.Machine] = true
	}
	s.WriteString("\nA row is run by `make reproduce ROWS=its-name`.")
	for _, machine := range slices.Sorted(maps.Keys(machines)) {
		fmt.Fprintf(&s, " Machine: %s.", machine)
	}
	s.WriteString("\n")
	if err := os.MkdirAll(l.out, 0o755); err != nil {
		return err
	}
	return os.WriteFile(l.table(), []byte(s.String()), 0o644)
}

// settings are batch, epochs and seeds of all trainings of a row.
func (r row) settings() string {
	var batches, epochs, seeds []string
	add := func(to *[]string, n any) {
		if text := fmt.Sprint(n); len(*to) == 0 || (*to)[len(*to)-1] != text {
			*to = append(*to, text)
		}
	}
	for _, t := range r.trains {
		add(&batches, t.how.Batch)
		add(&epochs, t.how.Epochs)
		add(&seeds, t.how.Seed)
	}
	return fmt.Sprintf("%s, %s, %s", strings.Join(batches, " and "), strings.Join(epochs, " and "), strings.Join(seeds, " "))
}
