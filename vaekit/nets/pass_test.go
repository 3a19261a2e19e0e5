package nets_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/internal/check"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// counter adds noise and counts its passes, weighted by what goes through.
type counter struct{}

func (counter) Out(in []int) ([]int, error) { return in, nil }

func (counter) Params([]int) []nets.Param {
	return []nets.Param{{Name: "passes", Shape: []int{1}, State: true}}
}

func (counter) Apply(p *nets.Pass, x *graph.Node) *graph.Node {
	p.Set("passes", graph.Add(p.Param("passes"), graph.Reshape(graph.ReduceAllSum(x), 1)))
	return graph.Add(x, p.Noise("jitter", x.Shape().Dimensions...))
}

func TestPassKeepsStateAndNamesNoise(t *testing.T) {
	net := nets.Net{nets.Flatten{}, nets.Net{counter{}}, counter{}}
	x, state := check.New([]float64{1, 2}, 1, 2), check.New([]float64{5}, 1)
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		for _, training := range []bool{true, false} {
			var asked []string
			var changed map[string]*graph.Node
			outputs := check.Run(t, b, func(nodes []*graph.Node) []*graph.Node {
				noise := func(name string, dims ...int) *graph.Node {
					asked = append(asked, name)
					return graph.MulScalar(graph.OnesLike(graph.Reshape(nodes[0], dims...)), float64(len(asked)))
				}
				p := nets.NewPass(training, map[string]*graph.Node{"1.0.passes": nodes[1], "2.passes": nodes[1]}, noise)
				y := net.Apply(p, nodes[0])
				changed = p.Changed()
				outputs := []*graph.Node{y}
				if training {
					outputs = append(outputs, changed["1.0.passes"], changed["2.passes"],
						graph.Gradient(graph.ReduceAllSum(changed["2.passes"]), nodes[0])[0])
				}
				return outputs
			}, x, state)
			near(t, "output", outputs[0].Values, []float64{4, 5})
			if want := []string{"1.0.jitter", "2.jitter"}; !reflect.DeepEqual(asked, want) {
				t.Errorf("noise asked for: %v, want %v", asked, want)
			}
			if !training {
				if len(changed) != 0 {
					t.Errorf("a pass that only looks changed %v", changed)
				}
				continue
			}
			near(t, "state of the inner layer", outputs[1].Values, []float64{5 + 3})
			near(t, "state of the last layer", outputs[2].Values, []float64{5 + 5})
			near(t, "gradient through state", outputs[3].Values, []float64{0, 0})
		}
	})
}

func TestPassErrors(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		for want, wrong := range map[string]func(p *nets.Pass, x *graph.Node){
			`there is no parameter "encoder.weight"; Params must list what Apply asks for`: func(p *nets.Pass, _ *graph.Node) { p.Param("weight") },
			`state "encoder.count" is `: func(p *nets.Pass, x *graph.Node) { p.Set("count", graph.Reshape(x, 1, 2)) },
		} {
			_, err := check.Try(b, func(nodes []*graph.Node) []*graph.Node {
				p := nets.NewPass(true, map[string]*graph.Node{"encoder.count": nodes[0]}, nil)
				wrong(p.In("encoder"), nodes[0])
				return nodes
			}, check.New([]float64{1, 2}, 2))
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v, want %q", err, want)
			}
		}
	})
}
