package optim

import "math"

// A Plateau lowers the learning rate when the loss on held-out data stops falling: by
// Factor after every Patience epochs in a row without a new best. Its zero value never
// does.
type Plateau struct {
	Patience int     // epochs; 0: never
	Factor   float64 // 0 means 0.5
}

// Scale is what the learning rate is multiplied by after epochs with the given losses.
// It depends on them alone, so a resumed run goes on as it would have. A loss that is
// no number is no best.
func (p Plateau) Scale(losses []float64) float64 {
	scale, best, waited := 1.0, math.Inf(1), 0
	for _, loss := range losses {
		if waited++; loss < best {
			best, waited = loss, 0
		}
		if p.Patience > 0 && waited >= p.Patience {
			scale, waited = scale*or(p.Factor, 0.5), 0
		}
	}
	return scale
}
