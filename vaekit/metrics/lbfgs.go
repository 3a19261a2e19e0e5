package metrics

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
)

// minimise goes from x down to where no part of the gradient of a smooth convex f is above
// slope, by L-BFGS (Liu and Nocedal, 1989): it steers by the gradient as the last steps
// have shown it to change. It ends, too, where rounding hides any way down.
func minimise(x []float64, slope float64, f func(x []float64) (value float64, gradient []float64)) []float64 {
	const memory = 10
	type change struct {
		x, g []float64 // of a step
		xg   float64   // their product, above 0
	}
	var last []change
	value, g := f(x)
	for floats.Norm(g, math.Inf(1)) > slope {
		way := slices.Clone(g) // the inverse Hessian times g, in the paper's two loops
		part := make([]float64, len(last))
		for i, c := range slices.Backward(last) {
			part[i] = floats.Dot(c.x, way) / c.xg
			floats.AddScaled(way, -part[i], c.g)
		}
		if n := len(last); n > 0 {
			floats.Scale(last[n-1].xg/floats.Dot(last[n-1].g, last[n-1].g), way)
		}
		for i, c := range last {
			floats.AddScaled(way, part[i]-floats.Dot(c.g, way)/c.xg, c.x)
		}
		down := floats.Dot(g, way)
		step := 1.0
		next := floats.AddScaledTo(make([]float64, len(x)), x, -step, way)
		nextValue, nextG := f(next)
		for !(nextValue <= value-1e-4*step*down) {
			if step /= 2; step < 1e-10 {
				return x
			}
			floats.AddScaledTo(next, x, -step, way)
			nextValue, nextG = f(next)
		}
		c := change{x: floats.SubTo(make([]float64, len(x)), next, x), g: floats.SubTo(make([]float64, len(x)), nextG, g)}
		if c.xg = floats.Dot(c.x, c.g); c.xg > 0 {
			last = append(last, c)[max(0, len(last)+1-memory):]
		}
		x, value, g = next, nextValue, nextG
	}
	return x
}
