package plain

import "math"

// Functions that give the same bits on every machine: they add, subtract, multiply, divide
// and take integer parts, and each product is rounded before it is added to, because a
// conversion forbids to fuse the two. Package math has other code for other processors.

const (
	ln2High = 6.93147180369123816490e-01 // its last 32 bits are 0, so that k·ln2High is exact
	ln2Low  = 1.90821492927058770002e-10 // log 2 − ln2High
)

// horner is c[0] + x·(c[1] + x·(c[2] + …)).
func horner(x float64, c []float64) float64 {
	sum := c[len(c)-1]
	for i := len(c) - 2; i >= 0; i-- {
		sum = float64(sum*x) + c[i]
	}
	return sum
}

var exponential = func() []float64 { // 1/n!
	c := []float64{1}
	for n := 1; n < 14; n++ {
		c = append(c, c[n-1]/float64(n))
	}
	return c
}()

// Exp is e to the x; 0 below −700, and e to the 700 above 700.
func Exp(x float64) float64 {
	if x != x {
		return x
	}
	if x < -700 {
		return 0
	}
	x = min(x, 700)
	k := math.Floor(float64(x/(ln2High+ln2Low)) + 0.5)
	r := (x - float64(k*ln2High)) - float64(k*ln2Low) // within ±½ log 2
	return math.Float64frombits(math.Float64bits(horner(r, exponential)) + uint64(int64(k))<<52)
}

var artanh = func() []float64 { // 2/(2n+1): 2·artanh(s) = s·(2 + ⅔ s² + …)
	var c []float64
	for n := range 17 {
		c = append(c, 2/float64(2*n+1))
	}
	return c
}()

// Sigmoid is 1/(1 + exp(−x)).
func Sigmoid(x float64) float64 {
	if x < 0 {
		t := Exp(x)
		return t / (1 + t)
	}
	return 1 / (1 + Exp(-x))
}

// Tanh is the hyperbolic tangent.
func Tanh(x float64) float64 {
	t := Exp(-2 * math.Abs(x))
	return math.Copysign((1-t)/(1+t), x)
}

// Softplus is log(1 + exp(x)).
func Softplus(x float64) float64 {
	t := Exp(-math.Abs(x))
	s := t / (2 + t)
	return max(x, 0) + float64(s*horner(float64(s*s), artanh))
}

// Phi is the cumulative distribution of N(0, 1), to 1e-12.
func Phi(x float64) float64 {
	at := float64(math.Abs(x) * phiSteps)
	if !(at < phiReach*phiSteps) {
		if x > 0 {
			return 1
		}
		return 0
	}
	i := int(at)
	t := at - float64(i)
	a, b := phiTable[i], phiTable[i+1]
	// The cubic with the right value and slope at both ends.
	rise, up, down := b.phi-a.phi, a.slope, b.slope
	y := a.phi + float64(t*(up+float64(t*((float64(3*rise)-float64(2*up)-down)+float64(t*((up+down)-float64(2*rise)))))))
	if x < 0 {
		return 1 - y
	}
	return y
}

const (
	phiReach = 8   // standard deviations; beyond lie 6e-16
	phiSteps = 256 // of the table to one of them
)

// phiTable has Φ and its slope for one step, at every step from 0.
var phiTable = func() []struct{ phi, slope float64 } {
	table := make([]struct{ phi, slope float64 }, phiReach*phiSteps+2)
	for i := range table {
		// Φ(x) = ½ + φ(x)·(x + x³/3 + x⁵/(3·5) + …)  (Marsaglia, 2004)
		x := float64(i) / phiSteps
		term, sum := x, x
		for n := 3.0; term > 1e-18; n += 2 {
			term = float64(term*float64(x*x)) / n
			sum += term
		}
		density := Exp(float64(-x*x)/2) * 0.39894228040143267794 // 1/√2π
		table[i].phi = 0.5 + float64(density*sum)
		table[i].slope = density / phiSteps
	}
	return table
}()

// Bend is x up to ±knee, and from there on bends towards ±limit: see dist.DiagonalGaussian.
func Bend(x, knee, limit float64) float64 {
	size := math.Abs(x)
	if size <= knee {
		return x
	}
	width := limit - knee
	return math.Copysign(limit-float64(width/(1+float64((size-knee)/width))), x)
}
