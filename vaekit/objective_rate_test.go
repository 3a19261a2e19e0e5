package vaekit

import (
	"math"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/dist"
	"github.com/vaebook/vaebook/vaekit/internal/check"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
	"github.com/vaebook/vaebook/vaekit/nets"
	"github.com/vaebook/vaebook/vaekit/optim"
)

// A joint density has no log-density of a latent alone.
type joint struct{ dist.Density }

// Five latents whose μ are 0, 1, 2, 3, 4 and whose σ is 1 have KLs of 0, ½, 2, 4½ and 8.
var kls = []float64{0, 0.5, 2, 4.5, 8}

// rated is what is beyond the distortion in the loss of an objective, at μ in[1], and its gradient.
func rated(o Objective, change func(t *Terms)) func(in []*graph.Node) []*graph.Node {
	return func(in []*graph.Node) []*graph.Node {
		t := bench(dist.Normal{Mu: in[1], LogVar: graph.ZerosLike(in[1])}, 0, in[0])
		if change != nil {
			change(t)
		}
		cost := graph.Sub(o.Loss(t).Value, t.Distortion())
		return []*graph.Node{cost, graph.Gradient(cost, in[1])[0]}
	}
}

// The noise has two values, whose mean is 0 and mean square 1: of it, rates by draws are exact.
func ratedInputs() []check.Array {
	noise, mu := constants(1, 1, 1, 2, 5), constants(0, 2, 5)
	for i := range 5 {
		noise.Values[i] = -1
		mu.Values[i], mu.Values[5+i] = float64(i), float64(i)
	}
	return []check.Array{noise, mu}
}

// The loss is flat where a group is below its nats, and the ELBO's above.
func TestFreeBits(t *testing.T) {
	byDraws := func(t *Terms) { t.KL = nil }
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		for _, c := range []struct {
			o      FreeBits
			change func(t *Terms)
			want   float64
			free   int // latents without a pull
		}{
			{FreeBits{}, nil, 15, 0},
			{FreeBits{Nats: 1}, nil, 1 + 1 + 2 + 4.5 + 8, 2},
			{FreeBits{Nats: 1}, byDraws, 1 + 1 + 2 + 4.5 + 8, 2},
			{FreeBits{Nats: 4, Group: 2}, nil, 4 + 6.5 + 8, 2},
			{FreeBits{Nats: 9, Group: 3}, byDraws, 9 + 12.5, 3},
			{FreeBits{Nats: 14, Group: 5}, nil, 15, 0},
			{FreeBits{Nats: 16, Group: 9}, nil, 16, 5},
			{FreeBits{Nats: 16, Group: 5}, func(t *Terms) { t.KL, t.Posterior = nil, joint{} }, 16, 5},
		} {
			got := check.Run(t, b, rated(c.o, c.change), ratedInputs()...)
			near(t, "free bits' rate", got[0].Values[0], c.want, 1e-12)
			for i, slope := range got[1].Values[:5] {
				want := float64(i) // of μ²/2; by draws that of two examples together
				if i < c.free {
					want = 0
				}
				near(t, "its slope", slope+got[1].Values[5+i], want, 1e-12)
			}
		}
		_, err := check.Try(b, rated(FreeBits{Nats: 1}, func(t *Terms) { t.KL, t.Posterior = nil, joint{} }), ratedInputs()...)
		if err == nil || !strings.Contains(err.Error(), "a log-density for each latent, which vaekit.joint does not have") {
			t.Errorf("free bits for each latent of a joint density: %v", err)
		}
	})
}

// The loss pulls the rate of 15 nats towards the capacity, whichever side it is on.
func TestCapacity(t *testing.T) {
	rise := optim.Linear{Steps: 100} // to ¼ at step 25
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		for _, c := range []struct {
			o           Capacity
			want, slope float64
		}{
			{Capacity{}, 15, 1},
			{Capacity{Weight: 10, Nats: 5}, 100, 10},
			{Capacity{Weight: 10, Nats: 17}, 20, -10},
			{Capacity{Weight: 10, Nats: 24, Schedule: rise}, 90, 10},
			{Capacity{Weight: 10, Nats: 80, Schedule: rise}, 50, -10},
		} {
			got := check.Run(t, b, rated(c.o, func(t *Terms) { t.Step = graph.Const(t.Z.Graph(), float32(25)) }), ratedInputs()...)
			near(t, "the capacity's cost", got[0].Values[0], c.want, 1e-12)
			for i, slope := range got[1].Values {
				near(t, "its slope", slope, c.slope*float64(i%5)/2, 1e-12)
			}
		}
	})
}

// Above its bound the multiplier grows with the average, below it falls.
func TestGECOMovesItsMultiplier(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		for _, c := range []struct {
			step                 float32
			multiplier, average  float64
			bound                float64 // above the distortion
			multiplied, averaged float64
		}{
			{0, 1, 0, -0.5, math.Exp(0.1 * 0.5), 0.5},
			{1, 2, -0.3, -0.5, 2 * math.Exp(0.1*(-0.3*0.8+0.5*0.2)), -0.3*0.8 + 0.5*0.2},
			{1, 2, 0, -30, 2 * math.Exp(0.1), 6},
			{1, 2, 0, 30, 2 * math.Exp(-0.1), -6},
			{1, 1e6, 5, 0, 1e6, 4},
		} {
			got := check.Run(t, b, func(in []*graph.Node) []*graph.Node {
				terms := bench(dist.Normal{Mu: in[1], LogVar: graph.ZerosLike(in[1])}, 0, in[0])
				terms.Step = graph.Const(in[0].Graph(), c.step)
				state := func(v float64) *graph.Node { return graph.Const(in[0].Graph(), []float64{v}) }
				terms.pass = nets.NewPass(true, map[string]*graph.Node{"multiplier": state(c.multiplier), "average": state(c.average)}, nil)
				loss := GECO{Distortion: distortionOfRated + c.bound, Average: 0.8, Speed: 0.1}.Loss(terms)
				after := terms.pass.Changed()
				return []*graph.Node{loss.Value, terms.Distortion(), after["multiplier"], after["average"]}
			}, ratedInputs()...)
			near(t, "the distortion", got[1].Values[0], distortionOfRated, 1e-12)
			near(t, "the loss", got[0].Values[0], 15-c.multiplier*c.bound, 1e-9)
			near(t, "the multiplier", got[2].Values[0], c.multiplied, 1e-12*c.multiplied)
			near(t, "the average", got[3].Values[0], c.averaged, 1e-12)
		}
	})
}

// distortionOfRated is −log N(0; z, 1) of z = μ ± 1 for the five latents, in the mean.
var distortionOfRated = func() float64 {
	sum := 2.5 * math.Log(2*math.Pi)
	for _, kl := range kls {
		sum += kl + 0.5
	}
	return sum
}()
