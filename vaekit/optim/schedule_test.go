package optim_test

import (
	"math"
	"testing"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/internal/check"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
	"github.com/vaebook/vaebook/vaekit/optim"
)

func TestSchedules(t *testing.T) {
	tests := []struct {
		name     string
		schedule optim.Schedule
		at       map[float64]float64
	}{
		{"none", nil, map[float64]float64{0: 1, 1e6: 1}},
		{"warm-up", optim.WarmUp{Steps: 4}, map[float64]float64{0: 0.25, 1: 0.5, 3: 1, 4: 1, 100: 1}},
		{"warm-up, then a cosine", optim.WarmUp{Steps: 10, Then: optim.Cosine{Steps: 100, Floor: 0.1}},
			map[float64]float64{0: 0.1, 9: 1, 10: 1, 60: 0.55, 110: 0.1, 1000: 0.1}},
		{"cosine", optim.Cosine{Steps: 90}, map[float64]float64{0: 1, 30: 0.75, 45: 0.5, 60: 0.25, 90: 0, 91: 0}},
		{"exponential", optim.Exponential{Steps: 100, Factor: 0.1}, map[float64]float64{0: 1, 50: math.Sqrt(0.1), 100: 0.1, 200: 0.01}},
		{"half-life", optim.Exponential{Steps: 10}, map[float64]float64{10: 0.5, 20: 0.25}},
		{"stairs", optim.Exponential{Steps: 10, Factor: 0.5, Stairs: true}, map[float64]float64{0: 1, 9: 1, 10: 0.5, 19: 0.5, 20: 0.25}},
		{"linear", optim.Linear{Steps: 10}, map[float64]float64{0: 0, 5: 0.5, 10: 1, 11: 1}},
		{"linear down", optim.Linear{Steps: 10, From: 1, To: 0.2}, map[float64]float64{0: 1, 5: 0.6, 10: 0.2, 99: 0.2}},
		{"linear to nothing", optim.Linear{Steps: 10, From: 1}, map[float64]float64{0: 1, 5: 0.5, 10: 0}},
		{"cyclical", optim.Cyclical{Period: 100}, map[float64]float64{0: 0, 25: 0.5, 50: 1, 99: 1, 100: 0, 125: 0.5}},
		{"stairs of 49", optim.Exponential{Steps: 49, Stairs: true}, map[float64]float64{48: 1, 49: 0.5}}, // 49·(1/49) is below 1
		{"cyclical, 49", optim.Cyclical{Period: 49}, map[float64]float64{48: 1, 49: 0}},
		{"cyclical, 41", optim.Cyclical{Period: 41}, map[float64]float64{41: 0, 41000: 0}},
		{"cyclical, slow", optim.Cyclical{Period: 100, Rise: 1}, map[float64]float64{50: 0.5, 75: 0.75, 100: 0}},
		{"sigmoid", optim.Sigmoid{Middle: 1000, Width: 100}, map[float64]float64{0: 1 / (1 + math.Exp(10)), 1000: 0.5, 1100: 1 / (1 + math.Exp(-1))}},
	}
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		for _, test := range tests {
			at := check.Compile(t, b, func(in []*graph.Node) []*graph.Node {
				return []*graph.Node{graph.Reshape(optim.At(test.schedule, graph.Reshape(in[0])), 1)}
			})
			for step, want := range test.at {
				if got := at(check.New([]float64{step}, 1))[0].Values[0]; got < 0 || math.Abs(got-want) > 1e-9 {
					t.Errorf("%s at step %v is %v, want %v", test.name, step, got, want)
				}
			}
		}
	})
}

func TestPlateau(t *testing.T) {
	p := optim.Plateau{Patience: 2, Factor: 0.1}
	for _, test := range []struct {
		losses []float64
		want   float64
	}{
		{nil, 1},
		{[]float64{5, 4, 3}, 1},
		{[]float64{3, 3, 3}, 0.1}, // as good is not better
		{[]float64{3, 4, 2, 4}, 1},
		{[]float64{3, 4, math.NaN(), 4, 4}, 0.1 * 0.1},
		{[]float64{math.NaN(), math.NaN(), 1}, 0.1},
	} {
		if got := p.Scale(test.losses); math.Abs(got-test.want) > 1e-15 {
			t.Errorf("after %v: %v, want %v", test.losses, got, test.want)
		}
	}
	if got := (optim.Plateau{}).Scale([]float64{1, 2, 3, 4}); got != 1 {
		t.Errorf("the zero value scales by %v", got)
	}
}
