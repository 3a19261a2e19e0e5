package optim

import (
	"math"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/internal/describe"
)

// A Schedule is a factor that changes with the training step: of the learning rate, or
// of a weight in the loss. No schedule at all is the constant 1.
//
// A schedule counts steps, not epochs, so that asking a run for more epochs changes
// none of those it has taken.
type Schedule interface {
	// At is the factor at a step, from the scalar node of how many were taken before.
	At(step *graph.Node) *graph.Node
}

// At is what a schedule says at a step; of nil it is 1.
func At(s Schedule, step *graph.Node) *graph.Node {
	if s == nil {
		return graph.OnesLike(step)
	}
	return s.At(step)
}

// WarmUp rises to 1 in a straight line, from 1/Steps at the first step, and goes on with
// another schedule whose step 0 is where the rise ends (Goyal et al., 2017).
type WarmUp struct {
	Steps int
	Then  Schedule // nil: stays at 1
}

// At is (step+1)/Steps, then what Then says.
func (w WarmUp) At(step *graph.Node) *graph.Node {
	risen := part(graph.OnePlus(step), w.Steps)
	after := graph.Max(graph.AddScalar(step, -float64(w.Steps)), graph.ZerosLike(step))
	return graph.Mul(risen, At(w.Then, after))
}

// Cosine falls from 1 to Floor along half a wave and stays there (Loshchilov and
// Hutter, 2016, without restarts).
type Cosine struct {
	Steps int
	Floor float64
}

// At is Floor + (1−Floor) · (1 + cos(π·step/Steps))/2.
func (c Cosine) At(step *graph.Node) *graph.Node {
	wave := graph.OnePlus(graph.Cos(graph.MulScalar(part(step, c.Steps), math.Pi)))
	return graph.AddScalar(graph.MulScalar(wave, (1-c.Floor)/2), c.Floor)
}

// Exponential falls to Factor in Steps, to Factor² in twice as many, and so on. With
// Stairs it does so at once at the end of each Steps: step decay.
type Exponential struct {
	Steps  int
	Factor float64 // 0 means ½
	Stairs bool
}

// At is Factor^(step/Steps).
func (e Exponential) At(step *graph.Node) *graph.Node {
	times := over(step, e.Steps)
	if e.Stairs {
		times = whole(step, e.Steps)
	}
	return graph.Exp(graph.MulScalar(times, math.Log(or(e.Factor, 0.5))))
}

// Linear goes from From to To in a straight line and stays there. With both 0 it
// rises from 0 to 1: KL annealing (Bowman et al., 2015).
type Linear struct {
	Steps    int
	From, To float64
}

// At is From + (To−From) · step/Steps.
func (l Linear) At(step *graph.Node) *graph.Node {
	if l.From == 0 && l.To == 0 {
		l.To = 1
	}
	return graph.AddScalar(graph.MulScalar(part(step, l.Steps), l.To-l.From), l.From)
}

// Cyclical rises from 0 to 1 and starts anew every Period: cyclical KL annealing (Fu
// et al., 2019).
type Cyclical struct {
	Period int
	Rise   float64 // the part of a period in which it rises, before it stays at 1; 0 means ½
}

// At is min(1, (step mod Period) / (Rise · Period)).
func (c Cyclical) At(step *graph.Node) *graph.Node {
	period := max(1, float64(c.Period))
	within := graph.Sub(step, graph.MulScalar(whole(step, c.Period), period))
	return graph.Min(graph.DivScalar(within, or(c.Rise, 0.5)*period), graph.OnesLike(step))
}

// Sigmoid rises from 0 to 1 along a logistic curve (Bowman et al., 2015).
type Sigmoid struct {
	Middle int // the step at which it is ½
	Width  int // from ½ to 0.73 in so many steps, to 0.95 in three times as many
}

// At is 1 / (1 + exp(−(step−Middle)/Width)).
func (s Sigmoid) At(step *graph.Node) *graph.Node {
	return graph.Sigmoid(over(graph.AddScalar(step, -float64(s.Middle)), s.Width))
}

// over is step/n.
func over(step *graph.Node, n int) *graph.Node {
	return graph.DivScalar(step, max(1, float64(n)))
}

// whole is ⌊step/n⌋. Half a step is added because step is multiplied by 1/n, and 49 · (1/49)
// is below 1.
func whole(step *graph.Node, n int) *graph.Node {
	return graph.Floor(over(graph.AddScalar(step, 0.5), n))
}

// part is how much of steps is done: step/steps, and 1 from there on.
func part(step *graph.Node, steps int) *graph.Node {
	return graph.Min(over(step, steps), graph.OnesLike(step))
}

func init() {
	describe.Register(WarmUp{}, Cosine{}, Exponential{}, Linear{}, Cyclical{}, Sigmoid{})
}
