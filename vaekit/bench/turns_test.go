package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// TestMain is also the programs that the tests start: fake ones, which say what they are told to.
func TestMain(m *testing.M) {
	if how := os.Getenv("BENCH_FAKE"); how != "" {
		fake(how)
		return
	}
	os.Exit(m.Run())
}

// fake takes turns of steps, as many as its name says, in one second each.
func fake(how string) {
	if how == "broken" {
		fmt.Fprintln(os.Stderr, "Traceback:\nno module named fake")
		os.Exit(1)
	}
	say := json.NewEncoder(os.Stdout)
	say.Encode(ready{First: 0.5, Losses: []float64{200, 150}, Version: how})
	for turns, in := 0, bufio.NewScanner(os.Stdin); in.Scan(); turns++ {
		if how == "tires" && turns == 1 {
			fmt.Fprintln(os.Stderr, "out of memory")
			os.Exit(1)
		}
		say.Encode(turn{Steps: len(how) * (turns + 1), Seconds: 1})
	}
}

func play(t *testing.T, w workload, rounds int) (results []result, log string) {
	t.Helper()
	var said strings.Builder
	s := stage{rounds: rounds, turn: 1, say: func(format string, values ...any) { fmt.Fprintf(&said, format+"\n", values...) }}
	s.start = func(ctx context.Context, p program) (*process, error) {
		return start(ctx, []string{os.Args[0]}, []string{"BENCH_FAKE=" + p.name})
	}
	results, err := s.play(context.Background(), w)
	if err != nil {
		t.Fatal(err)
	}
	return results, said.String()
}

func TestTurnsGoRound(t *testing.T) {
	results, log := play(t, workload{programs: []program{{name: "ab"}, {name: "abcd"}}}, 3)
	var order []string
	for line := range strings.Lines(log) {
		if f := strings.Fields(line); f[0] == "round" {
			order = append(order, f[1]+f[2])
		}
	}
	if got := strings.Join(order, " "); got != "1:ab 1:abcd 2:ab 2:abcd 3:ab 3:abcd" {
		t.Errorf("the turns were %s", got)
	}
	for i, want := range [][]float64{{2, 4, 6}, {4, 8, 12}} {
		r := results[i]
		if fmt.Sprint(r.rounds) != fmt.Sprint(want) {
			t.Errorf("%s made %v steps a second, want %v", r.program.name, r.rounds, want)
		}
		if r.ready.First != 0.5 || lastLoss(&r) != 150 {
			t.Errorf("%s said %+v", r.program.name, r.ready)
		}
	}
}

func TestAFailedProgramSaysWhy(t *testing.T) {
	results, _ := play(t, workload{programs: []program{{name: "broken"}, {name: "tires"}, {name: "fine"}}}, 2)
	for i, want := range []string{"no module named fake", "out of memory", "<nil>"} {
		if got := fmt.Sprint(results[i].err); got != want {
			t.Errorf("%s: %s, want %s", results[i].program.name, got, want)
		}
		if (results[i].err == nil) != (len(results[i].rounds) == 2) {
			t.Errorf("%s has %d rounds", results[i].program.name, len(results[i].rounds))
		}
	}
}

func TestFreshProgramsAreTimedToTheirFirstStep(t *testing.T) {
	results, _ := play(t, workload{fresh: true, seconds: true, programs: []program{{name: "ab"}}}, 2)
	if got := results[0].rounds; len(got) != 2 || got[0] != 0.5 || got[1] != 0.5 {
		t.Errorf("first steps took %v", got)
	}
}

func TestTurnsInSeconds(t *testing.T) {
	results, _ := play(t, workload{seconds: true, programs: []program{{name: "ab"}}}, 1)
	if got := results[0].rounds[0]; got != 0.5 {
		t.Errorf("2 steps in a second took %v seconds each", got)
	}
}

// A hand that is told of steps answers when the time asked for is over, and not before.
func TestHandTakesTurns(t *testing.T) {
	clock := time.Unix(0, 0)
	var out bytes.Buffer
	h := &hand{
		spec: spec{Epochs: 2},
		in:   bufio.NewScanner(strings.NewReader("1.5\n1\n1\n")),
		out:  &out,
		now:  func() time.Time { return clock },
	}
	h.begin()
	for step := range 8 { // a second each
		var losses []float64
		if step >= 4 {
			losses = []float64{20, 10}
		}
		h.took(step, losses)
		clock = clock.Add(time.Second)
	}
	var first ready
	var a, b turn
	lines := json.NewDecoder(&out)
	for _, what := range []any{&first, &a, &b} {
		if err := lines.Decode(what); err != nil {
			t.Fatal(err)
		}
	}
	if first.First != 1 || fmt.Sprint(first.Losses) != "[20 10]" {
		t.Errorf("ready with %+v; the first step took 1 s, and the losses are 20 and 10", first)
	}
	if a.Steps != 2 || a.Seconds != 2 || b.Steps != 1 || b.Seconds != 1 {
		t.Errorf("turns %+v and %+v, want 2 steps in 2 s and 1 in 1 s", a, b)
	}
}
