package engine

import (
	"fmt"
	"sync"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Weights are a model's variables on a backend.
type Weights struct {
	backend *Backend
	names   []string
	placed  []*tensors.Tensor
}

// Place copies variables to the backend.
func (b *Backend) Place(vars []Tensor) (*Weights, error) {
	w := &Weights{backend: b}
	for _, v := range vars {
		placed, err := b.place(v, 0)
		if err != nil {
			return nil, err
		}
		w.names, w.placed = append(w.names, v.Name), append(w.placed, placed)
	}
	return w, nil
}

// Names are those of the variables, in order.
func (w *Weights) Names() []string { return w.names }

// Fetch copies the variables from the backend.
func (w *Weights) Fetch() ([]Tensor, error) {
	all := make([]Tensor, len(w.placed))
	for i, placed := range w.placed {
		var err error
		if all[i], err = fetch(w.names[i], placed); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// A Function is a graph over a model's variables and some inputs. It is compiled
// once for every set of input shapes.
type Function struct {
	backend *Backend
	exec    *graph.Exec
	names   []string
	first   sync.Mutex
	ran     sync.Map // the shapes that it has run for
}

// NewFunction returns the function that build makes of variables, by name, and
// inputs. Names are those of the weights it will be called with.
func (b *Backend) NewFunction(names []string, build func(values map[string]*graph.Node, in []*graph.Node) []*graph.Node) (*Function, error) {
	exec, err := graph.NewExec(b.Backend, func(in []*graph.Node) []*graph.Node {
		values := make(map[string]*graph.Node, len(names))
		for i, name := range names {
			values[name] = in[i]
		}
		return build(values, in[len(names):])
	})
	if err != nil {
		return nil, err
	}
	exec.SetMaxCache(-1)
	return &Function{backend: b, exec: exec, names: names}, nil
}

// Call runs the function. All results are float32 or float64.
func (f *Function) Call(w *Weights, in ...Tensor) (out []Tensor, err error) {
	defer caught(&err)
	if len(w.placed) != len(f.names) {
		return nil, fmt.Errorf("engine: a function of %d variables is called with %d", len(f.names), len(w.placed))
	}
	args := make([]any, 0, len(w.placed)+len(in))
	for _, v := range w.placed {
		args = append(args, v)
	}
	for _, t := range in {
		placed, err := f.backend.place(t, 0)
		if err != nil {
			return nil, err
		}
		args = append(args, placed)
	}
	results, err := f.run(args)
	if err != nil {
		return nil, err
	}
	for i, r := range results {
		t, err := fetch(fmt.Sprint("result ", i), r)
		if err != nil {
			return nil, err
		}
		r.MustFinalizeAll()
		out = append(out, t)
	}
	for _, placed := range args[len(w.placed):] {
		placed.(*tensors.Tensor).MustFinalizeAll()
	}
	return out, nil
}

// run runs the graph, on the Go backend for new shapes alone: where several goroutines run a new
// graph, GoMLX's Go backend takes the choice that one of them made between a kernel with SIMD and
// one without for the choice of SIMD (github.com/gomlx/compute v0.1.14).
func (f *Function) run(args []any) ([]*tensors.Tensor, error) {
	if f.backend.Kind != "go" {
		return f.backend.call(f.exec, false, args...)
	}
	var shapes []byte
	for _, arg := range args {
		shapes = fmt.Append(shapes, arg.(*tensors.Tensor).Shape())
	}
	if _, ran := f.ran.Load(string(shapes)); ran {
		return f.backend.call(f.exec, false, args...)
	}
	f.first.Lock()
	defer f.first.Unlock()
	results, err := f.backend.call(f.exec, false, args...)
	if err == nil {
		f.ran.Store(string(shapes), true)
	}
	return results, err
}
