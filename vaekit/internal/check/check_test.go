package check

import (
	"math"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/internal/engine"
)

// A recorder takes the errors of a check that ought to fail.
type recorder struct {
	testing.TB
	errors []string
}

func (r *recorder) Errorf(format string, _ ...any) { r.errors = append(r.errors, format) }

func TestGradient(t *testing.T) {
	x := New([]float64{0.5, -1, 2, 0.1, 3, -0.7}, 2, 3)
	y := New([]float64{1.5, -0.3, 40}, 3)
	f := func(in []*graph.Node) *graph.Node {
		return graph.Mul(graph.Sin(in[0]), graph.ExpandLeftToRank(in[1], 2))
	}
	EachBackend(t, func(t *testing.T, b *engine.Backend) {
		Gradient(t, b, f, x, y)

		for name, wrong := range map[string]func(in []*graph.Node) *graph.Node{
			"stopped":    func(in []*graph.Node) *graph.Node { return graph.StopGradient(graph.Sin(in[0])) },
			"half":       func(in []*graph.Node) *graph.Node { return scaleGradient(in[0], 0.5) },
			"nearly":     func(in []*graph.Node) *graph.Node { return scaleGradient(in[0], 1+1e-5) },
			"not finite": func(in []*graph.Node) *graph.Node { return scaleGradient(in[0], math.NaN()) },
			"transposed": func(in []*graph.Node) *graph.Node { return reverseGradient(in[0]) },
			"in float32": func(in []*graph.Node) *graph.Node {
				if in[0].DType() == dtypes.Float32 {
					return scaleGradient(in[0], 1.01)
				}
				return in[0]
			},
			"in float32, the value": func(in []*graph.Node) *graph.Node {
				if in[0].DType() == dtypes.Float32 {
					return graph.AddScalar(in[0], 0.1)
				}
				return in[0]
			},
			"one stopped": func(in []*graph.Node) *graph.Node { return graph.Add(in[0], graph.StopGradient(in[0])) },
		} {
			r := &recorder{TB: t}
			Gradient(r, b, wrong, x)
			if len(r.errors) == 0 {
				t.Errorf("%s: a wrong gradient went through", name)
			}
		}
	})
}

func scaleGradient(x *graph.Node, by float64) *graph.Node {
	return graph.IdentityWithCustomGradient(x, func(_, v *graph.Node) *graph.Node { return graph.MulScalar(v, by) })
}

func reverseGradient(x *graph.Node) *graph.Node {
	return graph.IdentityWithCustomGradient(x, func(_, v *graph.Node) *graph.Node { return graph.Reverse(v, 1) })
}

func TestTry(t *testing.T) {
	EachBackend(t, func(t *testing.T, b *engine.Backend) {
		_, err := Try(b, func(in []*graph.Node) []*graph.Node {
			in[0].AssertDims(3)
			return in
		}, New([]float64{1, 2}, 2))
		if err == nil || !strings.Contains(err.Error(), "3") {
			t.Errorf("a graph that does not build gives error %v", err)
		}
	})
}
