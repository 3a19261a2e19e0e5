package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// coins is a row that takes no time.
func coins(t *testing.T, measure func([]*vaekit.Run) ([]figure, error)) row {
	values := make([]float32, 80)
	for i := range values {
		values[i] = float32(i % 3 % 2)
	}
	data, err := datasets.FromFloats([]int{4}, values, nil)
	if err != nil {
		t.Fatal(err)
	}
	model := vaekit.Model{Encoder: nets.MLP(4), Latent: 1, Decoder: nets.MLP(4)}
	return row{
		name: "coins", what: "coins", data: "coins", measure: measure,
		trains: seeds(2, training{"seed", model, data, vaekit.Training{Epochs: 2, Batch: 10}}),
	}
}

// A row that failed while it was measured does not train again; one that is done does
// nothing; the table shows it.
func TestARowIsRunOnce(t *testing.T) {
	t.Setenv("VAEKIT_BACKEND", "go")
	l := &lab{out: t.TempDir()}
	measured := 0
	var broken error = errors.New("broken")
	r := coins(t, func(runs []*vaekit.Run) ([]figure, error) {
		measured++
		if len(runs) != 2 || runs[0].Steps != 4 || runs[1].Steps != 4 {
			t.Errorf("%d runs", len(runs))
		}
		f, err := runs[0].Evaluate(runsData(t), vaekit.Evaluation{})
		return []figure{{What: "−ELBO", Value: -f.ELBO, Error: 0.25, High: most(1e-3)}}, errors.Join(err, broken)
	})
	if err := l.run(r); !errors.Is(err, broken) {
		t.Fatal(err)
	}
	weights := filepath.Join(l.folder(r), "seed1", "weights.safetensors")
	before, err := os.Stat(weights)
	if err != nil {
		t.Fatal(err)
	}
	broken = nil
	for range 2 {
		if err := l.run(r); err != nil {
			t.Fatal(err)
		}
	}
	after, err := os.Stat(weights)
	if err != nil {
		t.Fatal(err)
	}
	if measured != 2 || !after.ModTime().Equal(before.ModTime()) {
		t.Errorf("measured %d times; weights written at %v and %v", measured, before.ModTime(), after.ModTime())
	}
	if err := l.write([]row{r, {name: "not done"}}); err != nil {
		t.Fatal(err)
	}
	table, err := os.ReadFile(l.table())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| coins | coins | coins | 10, 2, 0 1 |", "± 0.250 (bar ≤ 0.001, missed) |"} {
		if !strings.Contains(string(table), want) {
			t.Errorf("the table lacks %q:\n%s", want, table)
		}
	}
	if strings.Contains(string(table), "not done") {
		t.Errorf("a row that is not done is in the table:\n%s", table)
	}
}

func runsData(t *testing.T) datasets.Dataset { return coins(t, nil).trains[0].data }

func TestFiguresSayWhetherTheyAreMet(t *testing.T) {
	low, high := 17.0, 21.0
	for want, f := range map[string]figure{
		"NLL 86.41 ± 0.404 (bar ≤ 87)":           {What: "NLL", Value: 86.412, Error: 0.404, High: most(87)},
		"active units 19 (bar 17 to 21)":         {What: "active units", Value: 19, Low: &low, High: &high},
		"active units 22 (bar 17 to 21, missed)": {What: "active units", Value: 22, Low: &low, High: &high},
		"ratio 0.077":                            {What: "ratio", Value: 0.0774},
	} {
		if got := f.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// Every row has a name of its own, a model that fits the data and a bar.
func TestRowsAreWhole(t *testing.T) {
	digits, err := datasets.MNIST()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, r := range append(rows(digits), sounds(datasets.SpokenDigits)...) {
		missing := false
		if r.prepare != nil {
			r.trains, err = r.prepare()
			if missing = errors.Is(err, errMissing); err != nil && !missing {
				t.Fatal(err)
			}
		}
		if seen[r.name] || r.what == "" || r.data == "" || !missing && (r.measure == nil || len(r.trains) == 0) {
			t.Errorf("row %q is not whole, or twice", r.name)
		}
		if r.after != nil && (!seen[r.after.name] || len(r.after.trains) == 0) {
			t.Errorf("%s begins with what no row before it trains", r.name)
		}
		seen[r.name] = true
		folders := map[string]bool{}
		for _, tr := range r.trains {
			if folders[tr.name] {
				t.Errorf("%s: two runs in %s", r.name, tr.name)
			}
			folders[tr.name] = true
			if _, err := tr.model.Summary(tr.data.Shape()...); err != nil {
				t.Errorf("%s: %v", r.name, err)
			}
		}
	}
}

// A row after another runs that one first, and begins with its weights.
func TestARowAfterAnother(t *testing.T) {
	t.Setenv("VAEKIT_BACKEND", "go")
	l := &lab{out: t.TempDir()}
	nothing := func([]*vaekit.Run) ([]figure, error) { return nil, nil }
	first := coins(t, nothing)
	second := first
	second.name, second.after = "more coins", &first
	second.trains = slices.Clone(first.trains)
	second.trains[0].how.Rate = 1e-30
	if err := l.run(second); err != nil {
		t.Fatal(err)
	}
	if res, err := l.result(first); res == nil || err != nil {
		t.Errorf("the first is not done: %v", err)
	}
	var runs [2]*vaekit.Run
	for i, r := range []row{first, second} {
		var err error
		if runs[i], err = vaekit.Load(filepath.Join(l.folder(r), "seed0")); err != nil {
			t.Fatal(err)
		}
	}
	for i, p := range runs[0].Parameters() {
		if !slices.Equal(p.Values, runs[1].Parameters()[i].Values) {
			t.Errorf("learning nothing, the second ends with another %s than the first", p.Name)
		}
	}
}

// Without its data a row says so and leaves nothing.
func TestARowWithoutData(t *testing.T) {
	missing := errors.New("spoken digits: not there")
	l := &lab{out: t.TempDir()}
	for _, r := range sounds(func() (*datasets.Speech, error) { return nil, missing }) {
		if err := l.run(r); !errors.Is(err, missing) {
			t.Errorf("%s: %v", r.name, err)
		}
		if res, err := l.result(r); res != nil || err != nil {
			t.Errorf("%s left %v, %v", r.name, res, err)
		}
	}
}
