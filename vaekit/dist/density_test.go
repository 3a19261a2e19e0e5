package dist_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/dist"
	"github.com/vaebook/vaebook/vaekit/internal/check"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// densities are built of what the encoder says, [1 or batch, outputs], and parameters.
// A prior takes of the first only the type.
var densities = []struct {
	name      string
	posterior dist.Posterior // or
	prior     dist.Prior
	own       bool // log-densities are known of own draws alone
	chooses   bool // draws depend on choices, through which no gradient flows
}{
	{name: "DiagonalGaussian", posterior: dist.DiagonalGaussian{}},
	{name: "FullGaussian", posterior: dist.FullGaussian{}},
	{name: "planar flows", posterior: dist.FlowPosterior{Flows: []dist.Flow{dist.Planar{}, dist.Planar{}}}, own: true},
	{name: "IAF", posterior: dist.FlowPosterior{Flows: []dist.Flow{dist.IAF{Hidden: []int{5, 4}, Context: 2}, dist.IAF{Hidden: []int{3}}}}},
	{name: "IAF without context", posterior: dist.FlowPosterior{Flows: []dist.Flow{dist.IAF{Hidden: []int{3}}}}},
	{name: "IAF after FullGaussian", posterior: dist.FlowPosterior{Base: dist.FullGaussian{}, Flows: []dist.Flow{dist.IAF{Hidden: []int{3}, Context: 1}}}},
	{name: "coupling flow of the encoder", posterior: dist.FlowPosterior{Flows: []dist.Flow{dist.Coupling{Hidden: []int{3}, Context: 2}, dist.Coupling{Hidden: []int{3}}}}},
	{name: "StandardNormal", prior: dist.StandardNormal{}},
	{name: "MixtureOfGaussians", prior: dist.MixtureOfGaussians{Components: 3}, chooses: true},
	{name: "mixture of full Gaussians", prior: dist.MixtureOfGaussians{Components: 3, Full: true}, chooses: true},
	{name: "VampPrior", prior: dist.VampPrior{Components: 3}, chooses: true},
	{name: "RealNVP", prior: dist.FlowPrior{Flows: []dist.Flow{dist.Coupling{Hidden: []int{4}}, dist.Coupling{Hidden: []int{4}}, dist.Coupling{Hidden: []int{4}}}}},
	{name: "masked autoregressive flow", prior: dist.FlowPrior{Flows: []dist.Flow{dist.Reversed{Flow: dist.IAF{Hidden: []int{4}, Context: 1}}}}},
}

// A sketch is a density for so many latents, with values for all that it depends on.
type sketch struct {
	inputs []check.Array // what the encoder says, then the parameters
	build  func(in []*graph.Node) dist.Density
}

// sketched draws values for a density over latents, for a batch.
func sketched(rng *rand.Rand, posterior dist.Posterior, prior dist.Prior, batch, latent int) sketch {
	outputs, params := 1, []nets.Param(nil)
	if posterior != nil {
		outputs, params = posterior.Outputs(latent), posterior.Params(latent)
	} else {
		params = prior.Params(latent, []int{2 * latent}) // of VampPrior's pseudo-inputs
	}
	s := sketch{inputs: []check.Array{draw(rng, 0, 0.4, batch, outputs)}}
	for _, p := range params {
		s.inputs = append(s.inputs, draw(rng, 0, 0.4, p.Shape...))
	}
	s.build = func(in []*graph.Node) dist.Density {
		values := map[string]*graph.Node{}
		for i, p := range params {
			values[p.Name] = in[1+i]
		}
		p := nets.NewPass(true, values, nil)
		if posterior != nil {
			return posterior.Density(p, in[0], latent)
		}
		g := given(in[0], latent)
		g.Encode = func(x *graph.Node) dist.Density { return dist.DiagonalGaussian{}.Density(nil, x, latent) }
		return prior.Density(p, g)
	}
	return s
}

// What is drawn has the density that LogProb says, in one dimension and in two.
func TestDensities(t *testing.T) {
	const samples = 20000
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		for _, c := range densities {
			t.Run(c.name, func(t *testing.T) {
				rng := rand.New(rand.NewPCG(1, 1))
				if line := sketched(rng, c.posterior, c.prior, 1, 1); !c.own {
					integrates(t, b, line, samples)
				}
				fills(t, b, sketched(rng, c.posterior, c.prior, 1, 2), samples, c.own)
			})
		}
	})
}

// integrates asserts that a density over one latent integrates to 1 and has its samples' moments.
func integrates(t *testing.T, b *engine.Backend, s sketch, samples int) {
	t.Helper()
	n := len(s.inputs)
	got := check.Run(t, b, func(in []*graph.Node) []*graph.Node {
		d := s.build(in)
		z, _ := d.Draw(noise(in[0]), samples, 1, 1)
		return []*graph.Node{d.LogProb(graph.InsertAxes(in[n], 1)), z}
	}, append(s.inputs, check.New(line.points, len(line.points), 1))...)
	var mean float64
	for i, x := range line.points {
		mean += x * math.Exp(got[0].Values[i]) * line.measure[i]
	}
	assertDensity(t, line, got[0].Values, got[1].Values, mean)
}

// fills asserts that as many samples of a density over two latents fall into each quadrant
// about their middle as the density says: by its integral or, where it is known of its
// own draws alone, by E[1/p(z)] over those in a part of the plane, which is its area.
func fills(t *testing.T, b *engine.Backend, s sketch, samples int, own bool) {
	t.Helper()
	const side, step = 250, 0.1
	n := len(s.inputs)
	grid := check.New(nil, side*side, 1, 2)
	for i := range side * side {
		grid.Values = append(grid.Values, (float64(i/side)-side/2)*step, (float64(i%side)-side/2)*step)
	}
	got := check.Run(t, b, func(in []*graph.Node) []*graph.Node {
		d := s.build(in)
		z, logProb := d.Draw(noise(in[0]), samples, 1, 2)
		if own {
			return []*graph.Node{z, logProb}
		}
		return []*graph.Node{z, logProb, d.LogProb(z), d.LogProb(in[n])}
	}, append(s.inputs, grid)...)
	z := got[0].Values
	middle := [2]float64{}
	for i := range z {
		middle[i%2] += z[i] / float64(samples)
	}
	for i, m := range middle {
		middle[i] = (math.Floor(m/step) + 0.5) * step // between points of the grid
	}
	quadrant := func(x, y float64) int {
		q := 0
		if x > middle[0] {
			q++
		}
		if y > middle[1] {
			q += 2
		}
		return q
	}
	var seen, area [4]float64
	var squares float64
	for i := range samples {
		x, y := z[2*i], z[2*i+1]
		seen[quadrant(x, y)]++
		if r := math.Hypot(x-middle[0], y-middle[1]); r < 0.5 {
			inverse := math.Exp(-got[1].Values[i])
			area[0] += inverse / float64(samples)
			squares += inverse * inverse / float64(samples)
		}
	}
	if own {
		deviation := math.Sqrt((squares - area[0]*area[0]) / float64(samples))
		if want := math.Pi / 4; math.Abs(area[0]-want) > 4*deviation {
			t.Errorf("draws within ½ of the middle say that a disc has an area of %.4f ± %.4f, not %.4f", area[0], deviation, want)
		}
		return
	}
	near(t, "log-density of a draw", got[1].Values, got[2].Values, 1e-9)
	var says [4]float64
	for i := range side * side {
		says[quadrant(grid.Values[2*i], grid.Values[2*i+1])] += math.Exp(got[3].Values[i]) * step * step
	}
	near(t, "integral over the plane", []float64{sum(says[:])}, []float64{1}, 1e-3)
	for q, p := range says {
		if deviation := math.Sqrt(p * (1 - p) / float64(samples)); math.Abs(seen[q]/float64(samples)-p) > 4*deviation+1e-3 {
			t.Errorf("quadrant %d: %.4f of the samples, %.4f of the density", q, seen[q]/float64(samples), p)
		}
	}
}

// Draws and log-densities have the shapes that are asked for, and right gradients.
func TestDensityGradients(t *testing.T) {
	const k, batch, latent = 2, 3, 3
	rng := rand.New(rand.NewPCG(9, 9))
	z := draw(rng, 0, 1, k, batch, latent)
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		for _, c := range densities {
			t.Run(c.name, func(t *testing.T) {
				s := sketched(rng, c.posterior, c.prior, batch, latent)
				n := len(s.inputs)
				inputs := append(s.inputs, z)
				if c.own {
					inputs = s.inputs // its density at a z that it has not drawn is not known
				}
				// All that it gives at once, because XLA takes seconds to compile a gradient.
				check.Gradient(t, b, func(in []*graph.Node) *graph.Node {
					d, all := s.build(in), []*graph.Node(nil)
					if !c.chooses {
						z, logProb := d.Draw(check.Noise(in[0]), k, batch, latent)
						z.AssertDims(k, batch, latent)
						logProb.AssertDims(k, batch)
						all = append(all, graph.Reshape(z, -1), graph.Reshape(logProb, -1))
					}
					if !c.own {
						logProb := d.LogProb(in[n])
						logProb.AssertDims(k, batch)
						all = append(all, graph.Reshape(logProb, -1), graph.Reshape(d.Mean(), -1))
					}
					return graph.Concatenate(all, 0)
				}, inputs...)
				if c.own {
					return
				}

				// Fixed changes no value; gradients reach z and not the parameters.
				got := check.Run(t, b, func(in []*graph.Node) []*graph.Node {
					free, fixed := s.build(in).LogProb(in[n]), s.build(in).Fixed().LogProb(in[n])
					all := []*graph.Node{free, fixed, graph.Gradient(graph.ReduceAllSum(free), in[n])[0], graph.Gradient(graph.ReduceAllSum(fixed), in[n])[0]}
					return append(all, graph.Gradient(graph.ReduceAllSum(fixed), in[:n]...)...)
				}, inputs...)
				near(t, "fixed log-density", got[1].Values, got[0].Values, 1e-12)
				near(t, "gradient of z", got[3].Values, got[2].Values, 1e-12)
				for i, of := range got[4:] {
					near(t, fmt.Sprint("gradient of what is fixed, ", i), of.Values, make([]float64, len(of.Values)), 0)
				}
			})
		}
	})
}
