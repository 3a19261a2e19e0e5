package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
)

const (
	// tolerated is how far the middle half of the rounds of a ratio may lie apart, as a
	// part of their median.
	tolerated = 0.10

	// alike is how far the losses of two programs may lie apart, as a part of ours. Other
	// seeds make 2 %.
	alike = 0.05

	// enough rounds make a measurement; fewer are a trial.
	enough = 5
)

// quantile is the value below which the part q of values lies, between two of them where
// it falls there.
func quantile(values []float64, q float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	at := q * float64(len(sorted)-1)
	low := int(at)
	high := min(low+1, len(sorted)-1)
	return sorted[low] + (at-float64(low))*(sorted[high]-sorted[low])
}

func median(values []float64) float64 { return quantile(values, 0.5) }

// ranged is a median with the range of the rounds.
func ranged(values []float64) string {
	return fmt.Sprintf("%s (%s to %s)", number(median(values)), number(slices.Min(values)), number(slices.Max(values)))
}

// number has three digits that count.
func number(v float64) string {
	digits := 2 - int(math.Floor(math.Log10(math.Abs(v))))
	return fmt.Sprintf("%.*f", min(max(digits, 0), 3), v)
}

// ratios divides ours by theirs, round by round.
func ratios(ours, theirs []float64) []float64 {
	all := make([]float64, min(len(ours), len(theirs)))
	for i := range all {
		all[i] = ours[i] / theirs[i]
	}
	return all
}

// ratio is ours to theirs in words, or why there is none.
func ratio(ours, theirs *result) string {
	if a, b := lastLoss(ours), lastLoss(theirs); !(math.Abs(a-b) <= alike*math.Abs(a)) {
		return fmt.Sprintf("none: the losses are not alike, %.1f and %.1f nats", a, b)
	}
	all := ratios(ours.rounds, theirs.rounds)
	if apart := (quantile(all, 0.75) - quantile(all, 0.25)) / median(all); !(apart <= tolerated) {
		return fmt.Sprintf("none: the rounds disagree, their middle half by %.0f %%", 100*apart)
	}
	return ranged(all)
}

// lastLoss is the mean of the last epoch that is compared; 0 where none is.
func lastLoss(r *result) float64 {
	if len(r.ready.Losses) == 0 {
		return 0
	}
	return r.ready.Losses[len(r.ready.Losses)-1]
}

// best is the fastest program of a rank, nil where none of it ran.
func best(results []result, rank string) *result {
	var fastest *result
	for i, r := range results {
		if r.program.rank == rank && len(r.rounds) > 0 && (fastest == nil || median(r.rounds) > median(fastest.rounds)) {
			fastest = &results[i]
		}
	}
	return fastest
}

// write is a workload's section.
func (w workload) write(out io.Writer, results []result) {
	unit := "steps/s"
	if w.seconds {
		unit = "seconds"
	}
	epochs := "loss"
	if w.spec.Epochs > 0 {
		epochs = fmt.Sprintf("loss in epoch %d", w.spec.Epochs)
	}
	fmt.Fprintf(out, "\n## %s\n\n| program | %s, median (range) | CPU a step | first step | peak memory | %s |\n| --- | --- | --- | --- | --- | --- |\n", w.title, unit, epochs)
	for _, r := range results {
		if r.err != nil {
			fmt.Fprintf(out, "| %s | failed: %s | | | | |\n", r.program.name, strings.ReplaceAll(r.err.Error(), "|", "/"))
			continue
		}
		cpu, first, peak, loss := "", "", "", ""
		if len(r.cpu) > 0 && median(r.cpu) > 0 && r.program.mode != "notebook" {
			cpu = number(1000*median(r.cpu)) + " ms"
		}
		if r.ready.First > 0 {
			first = fmt.Sprintf("%.1f s", r.ready.First)
		}
		if r.peak > 0 && r.program.mode != "notebook" {
			peak = fmt.Sprintf("%d MB", r.peak/1e6)
		}
		if len(r.ready.Losses) > 0 {
			loss = fmt.Sprintf("%.1f", lastLoss(&r))
		}
		fmt.Fprintf(out, "| %s | %s | %s | %s | %s | %s |\n", r.program.name, ranged(r.rounds), cpu, first, peak, loss)
	}
	ours := &results[0]
	if len(ours.rounds) == 0 {
		return
	}
	var lines []string
	for _, row := range w.rows {
		theirs := best(results, row.rank)
		if theirs == nil {
			continue
		}
		lines = append(lines, fmt.Sprintf("| steps/s to %s | %s | ≥ %.2f |", theirs.program.name, ratio(ours, theirs), row.goal))
		if w.memory > 0 && theirs.peak > 0 && (row.rank == jax || row.rank == plugin) {
			lines = append(lines, fmt.Sprintf("| peak memory to %s | %.2f | ≤ %.2f |", theirs.program.name, float64(ours.peak)/float64(theirs.peak), w.memory))
		}
	}
	if w.limit > 0 {
		lines = append(lines, fmt.Sprintf("| seconds | %s | ≤ %.1f |", ranged(ours.rounds), w.limit))
	}
	if len(lines) > 0 {
		fmt.Fprintf(out, "\n| vaebook's | median (range) | goal |\n| --- | --- | --- |\n%s\n", strings.Join(lines, "\n"))
	}
}

// preface is how a report begins: on what it was measured, and how.
func preface(out io.Writer, machine string, versions []string, rounds int, turn float64) {
	fmt.Fprintf(out, "# Speed\n\nMeasured on %s.\n%s.\n\n", machine, strings.Join(versions, "; "))
	if rounds < enough {
		fmt.Fprintf(out, "**A trial of %d rounds: take %d or more before you quote a number.**\n\n", rounds, enough)
	}
	fmt.Fprintf(out, "The programs of a workload took turns of %g seconds, %d rounds, one at work at a time. Batch 128, Adam at 1e-3, data in memory. "+
		"CPU is over all cores; what else the machine does changes it less than it changes the speed. A ratio is the median of the rounds' own ratios, with their range. There is none where the middle half of the rounds lies more than %.0f %% of the median apart, "+
		"or where the losses differ by more than %.0f %%.\n", turn, rounds, 100*tolerated, 100*alike)
}
