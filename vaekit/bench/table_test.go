package main

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
)

func TestQuantiles(t *testing.T) {
	values := []float64{5, 1, 4, 2, 3}
	for q, want := range map[float64]float64{0: 1, 0.25: 2, 0.5: 3, 0.75: 4, 1: 5, 0.125: 1.5} {
		if got := quantile(values, q); got != want {
			t.Errorf("quantile %v of %v is %v, want %v", q, values, got, want)
		}
	}
	if got := median([]float64{1, 2}); got != 1.5 {
		t.Errorf("the median of 1 and 2 is %v", got)
	}
	if values[0] != 5 {
		t.Error("the rounds were sorted in place")
	}
}

func TestNumbersHaveThreeDigits(t *testing.T) {
	for v, want := range map[float64]string{738.4: "738", 25.04: "25.0", 3.333: "3.33", 0.8512: "0.851", 0.0123: "0.012", 1234: "1234"} {
		if got := number(v); got != want {
			t.Errorf("%v is written %s, want %s", v, got, want)
		}
	}
}

func rounds(loss float64, speeds ...float64) *result {
	return &result{ready: ready{Losses: []float64{500, loss}}, rounds: speeds}
}

func TestRatios(t *testing.T) {
	for _, c := range []struct {
		name         string
		ours, theirs *result
		want         string
	}{
		{"the same machine twice as slow in one round", rounds(160, 100, 50, 102, 98, 100), rounds(160, 200, 100, 200, 200, 200), "0.500 (0.490 to 0.510)"},
		{"one round out of five astray", rounds(160, 100, 100, 100, 100, 300), rounds(160, 50, 50, 50, 50, 50), "2.00 (2.00 to 6.00)"},
		{"rounds that disagree", rounds(160, 100, 130, 100, 130, 100), rounds(160, 100, 100, 100, 100, 100), "none: the rounds disagree"},
		{"another loss", rounds(160, 100), rounds(175, 100), "none: the losses are not alike"},
		{"a loss that is not a number", rounds(160, 100), rounds(math.NaN(), 100), "none: the losses are not alike"},
	} {
		if got := ratio(c.ours, c.theirs); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestSection(t *testing.T) {
	results := []result{*rounds(160, 100, 100), *rounds(161, 80, 80), *rounds(161, 90, 90), {}}
	for i, p := range []program{{name: "ours"}, {name: "eager", rank: torch}, {name: "compiled", rank: torch}, {name: "jax", rank: jax}} {
		results[i].program = p
	}
	results[0].cpu = []float64{0.005, 0.0055}
	results[0].peak, results[3].err = 500e6, errors.New("no module | named jax")
	w := workload{title: "Dense", spec: spec{Epochs: 2}, rows: []row{{torch, 1.4}, {jax, 1}}, memory: 1.3}
	var text strings.Builder
	w.write(&text, results)
	for _, line := range []string{
		"## Dense",
		"| ours | 100 (100 to 100) | 5.25 ms |  | 500 MB | 160.0 |",
		"| jax | failed: no module / named jax | | | | |",
		"| steps/s to compiled | 1.11 (1.11 to 1.11) | ≥ 1.40 |",
	} {
		if !strings.Contains(text.String(), line) {
			t.Errorf("no line %q in:\n%s", line, text.String())
		}
	}
	if strings.Contains(text.String(), "steps/s to jax") {
		t.Errorf("a ratio to a program that failed:\n%s", text.String())
	}
}

func TestTrialsAreCalledSo(t *testing.T) {
	for rounds, trial := range map[int]bool{2: true, 4: true, 5: false} {
		var text strings.Builder
		preface(&text, "a machine", []string{"JAX 1"}, rounds, 5)
		if strings.Contains(text.String(), "A trial of") != trial {
			t.Errorf("%d rounds:\n%s", rounds, text.String())
		}
	}
}

// Every workload's layers are layers of the kit, and what comes out fits an example.
func TestWorkloadsFitTheKit(t *testing.T) {
	for _, w := range workloads() {
		if w.data == nil {
			continue
		}
		encoder, err := net(w.spec.Encoder, w.spec.Shape)
		if err != nil {
			t.Fatal(err)
		}
		decoder, err := net(w.spec.Decoder, w.spec.Shape)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := encoder.Out(w.spec.Shape); err != nil {
			t.Errorf("%s: the encoder: %v", w.name, err)
		}
		out, err := decoder.Out([]int{w.spec.Latent})
		if err != nil {
			t.Errorf("%s: the decoder: %v", w.name, err)
		}
		if !slices.Equal(out, w.spec.Shape) { // the kit would add a layer that the peers have not
			t.Errorf("%s: the decoder makes %v of an example of %v", w.name, out, w.spec.Shape)
		}
		if steps := w.spec.Examples / w.spec.Batch; steps%w.spec.Chunk != 0 {
			t.Errorf("%s: %d steps of an epoch are no multiple of %d", w.name, steps, w.spec.Chunk)
		}
	}
}
