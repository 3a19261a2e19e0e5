package dist_test

import (
	"math"
	"slices"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/vaebook/vaebook/vaekit/dist"
	"github.com/vaebook/vaebook/vaekit/internal/check"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
)

// Whatever the encoder says, a planar flow moves z by little where w is small, and has a
// determinant above 0, also in float32.
func TestPlanarFlowsStayInvertible(t *testing.T) {
	contexts := check.New([]float64{
		-4, 0, 4.5, 0, 0, // wᵀu = −18
		0, 0, 1e-3, 0, 1, // w near 0
		0, 0, 0, 0, 1,
		-30, 40, 50, -20, 3,
	}, 4, 5).In32()
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		got := check.Run(t, b, func(in []*graph.Node) []*graph.Node {
			y, logDet := dist.Planar{}.Forward(nil, in[1], in[0])
			return []*graph.Node{y, logDet, graph.Gradient(graph.ReduceAllSum(logDet), in[0])[0]}
		}, contexts, repeat(0, 4, 2).In32())
		for i, v := range slices.Concat(got[1].Values, got[2].Values) {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Errorf("log-determinant or gradient %d is %v", i, v)
			}
		}
		for i := 2; i < 6; i++ {
			if math.Abs(got[0].Values[i]) > 5 {
				t.Errorf("a flow with w near 0 moves z from 0 to %v", got[0].Values[i])
			}
		}
	})
}
