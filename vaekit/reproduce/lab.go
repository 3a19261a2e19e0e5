package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
	"github.com/vaebook/vaebook/vaekit/show"
)

// A row is a published figure, or a few of them, and how to come to it.
type row struct {
	name    string // of its folder
	what    string // the model and where the figure is from
	data    string
	long    bool
	trains  []training
	prepare func() ([]training, error) // makes trains of data that takes time or may not be there; nil: they are there
	after   *row                       // one without prepare, whose first run's weights all trainings begin with; nil: with random ones
	measure func(runs []*vaekit.Run) ([]figure, error)
}

// errMissing says that data which a row learns from is not there.
var errMissing = errors.New("its data is missing")

// A training is a model that a row trains.
type training struct {
	name  string // of the run's folder in the row's
	model vaekit.Model
	data  datasets.Dataset
	how   vaekit.Training
}

// A figure is what a row measured, and what it should be.
type figure struct {
	What      string
	Value     float64
	Error     float64  // standard error; 0: none is known
	Low, High *float64 // the bar; nil: it is not bounded there
}

// most is a bar that a figure must not exceed, and least one that it must reach.
func most(bar float64) *float64  { return &bar }
func least(bar float64) *float64 { return &bar }

func (f figure) met() bool {
	return (f.Low == nil || f.Value >= *f.Low) && (f.High == nil || f.Value <= *f.High)
}

// A result is what is kept of a row.
type result struct {
	Figures  []figure
	Settings string
	Train    []float64 // seconds of each training
	Measure  float64   // seconds
	Machine  string
}

// A lab is where rows are run.
type lab struct{ out string }

func (l *lab) folder(r row) string { return filepath.Join(l.out, r.name) }
func (l *lab) table() string       { return filepath.Join(l.out, "table.md") }

// result is what a row came to, or nil where it is not done.
func (l *lab) result(r row) (*result, error) {
	var res result
	err := readJSON(filepath.Join(l.folder(r), "figures.json"), &res)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return &res, err
}

// run trains what a row trains, from where it was left, and measures it.
func (l *lab) run(r row) error {
	if res, err := l.result(r); res != nil || err != nil {
		return err
	}
	if r.prepare != nil {
		var err error
		if r.trains, err = r.prepare(); err != nil {
			return err
		}
	}
	var from *vaekit.Run
	if r.after != nil {
		err := l.run(*r.after)
		if err == nil {
			from, err = vaekit.Load(filepath.Join(l.folder(*r.after), r.after.trains[0].name))
		}
		if err != nil {
			return fmt.Errorf("%s: %w", r.after.name, err)
		}
	}
	fmt.Printf("\n%s: %s\n", r.name, r.what)
	times := filepath.Join(l.folder(r), "seconds.json")
	var res result
	if err := readJSON(times, &res); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	// took adds the seconds of f to a sum that outlives the program.
	took := func(sum *float64, f func() error) error {
		began := time.Now()
		err := f()
		*sum += time.Since(began).Seconds()
		return errors.Join(err, writeJSON(times, res))
	}
	var runs []*vaekit.Run
	res.Train = append(res.Train, make([]float64, len(r.trains)-len(res.Train))...)
	for i, t := range r.trains {
		t.how.Dir, t.how.From, t.how.Progress = filepath.Join(l.folder(r), t.name), from, show.Progress()
		err := took(&res.Train[i], func() error {
			run, err := vaekit.Train(t.model, t.data, t.how)
			runs = append(runs, run)
			return err
		})
		if err != nil {
			return err
		}
	}
	err := took(&res.Measure, func() (err error) {
		res.Figures, err = r.measure(runs)
		return err
	})
	if err != nil {
		return err
	}
	for _, f := range res.Figures {
		fmt.Println(f)
	}
	res.Machine, res.Settings = machine(), r.settings()
	return writeJSON(filepath.Join(l.folder(r), "figures.json"), res)
}

// machine says in a few words what computes.
func machine() string {
	name := runtime.GOARCH
	text, _ := os.ReadFile("/proc/cpuinfo") // elsewhere than on Linux the architecture must do
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			name = strings.TrimSpace(value)
			break
		}
	}
	line, _ := vaekit.Backend() // it has worked
	return fmt.Sprintf("%s, %d cores; %s", name, runtime.NumCPU(), line)
}

func readJSON(path string, into any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// writeJSON replaces the file whole.
func writeJSON(path string, value any) error {
	text, err := json.MarshalIndent(value, "", "\t")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return engine.WriteFile(path, append(text, '\n'))
}
