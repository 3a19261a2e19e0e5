package plain

import (
	"math"
	"slices"

	"github.com/vaebook/vaebook/vaekit/nets"
)

// Run is what the program makes of x. It gives the same bits on every machine: each product
// is rounded to float32 before it is added, in the order of the inputs, and activations are
// those of this package.
func (p *Program) Run(x []float32) []float32 { return p.evaluate(p.Steps, x) }

func (p *Program) evaluate(steps []Step, x []float32) []float32 {
	for _, s := range steps {
		switch s.Op {
		case "dense":
			x = p.runDense(s, x)
		case "conv", "transposed":
			x = p.runConv(s, x)
		case "norm":
			x = p.runNorm(s, x)
		case "repeat":
			x = runRepeat(s, x)
		case "mean":
			x = runMean(s, x)
		case "product":
			y, gate := p.evaluate(s.Inner[0], x), p.evaluate(s.Inner[1], x)
			for i, v := range gate {
				y[i] *= v
			}
			x = y
		case "sum":
			y, around := p.evaluate(s.Inner[0], x), p.evaluate(s.Inner[1], x)
			if len(s.Inner[0]) == 0 { // y is x itself
				y = slices.Clone(y)
			}
			for i, v := range around {
				y[i] += v
			}
			x = y
		case "first":
			y := make([]float32, len(x)/s.From)
			for i := range y {
				y[i] = x[i*s.From]
			}
			x = y
		}
		if s.Activation != nets.Linear {
			f := activations[s.Activation]
			for i, v := range x {
				x[i] = f(v)
			}
		}
	}
	return x
}

// tiny is what normalisations of package nets add to a variance.
const tiny = 1e-5

// activations are those of package nets, and what turns a decoder's number into the mean of
// a likelihood.
var activations = map[nets.Activation]func(x float32) float32{
	nets.ReLU:      func(x float32) float32 { return max(x, 0) },
	nets.LeakyReLU: func(x float32) float32 { return max(x, float32(0.2*x)) },
	nets.ELU: func(x float32) float32 {
		if x >= 0 {
			return x
		}
		return float32(Exp(float64(x)) - 1)
	},
	nets.SiLU:     func(x float32) float32 { return float32(float64(x) * Sigmoid(float64(x))) },
	nets.GELU:     func(x float32) float32 { return float32(float64(x) * Phi(float64(x))) },
	nets.Tanh:     func(x float32) float32 { return float32(Tanh(float64(x))) },
	nets.Sigmoid:  func(x float32) float32 { return float32(Sigmoid(float64(x))) },
	nets.Softplus: func(x float32) float32 { return float32(Softplus(float64(x))) },
	continuousBernoulli: func(x float32) float32 {
		v := float64(x)
		if math.Abs(v) < 0.01 {
			return float32(0.5 + v/12)
		}
		return float32(1/(1-Exp(-v)) - 1/v)
	},
}

// add adds v times w to y.
func add(y []float32, v float32, w []float32) {
	if v != 0 { // of images, most are
		addTo(y, v, w[:len(y)])
	}
}

// addScalar is addTo for whatever processor.
func addScalar(y []float32, v float32, w []float32) {
	w = w[:len(y)]
	for o := range y {
		y[o] += float32(v * w[o])
	}
}

func (p *Program) runDense(s Step, x []float32) []float32 {
	y := make([]float32, s.Rows*s.To)
	for r := range s.Rows {
		to := y[r*s.To : (r+1)*s.To]
		if s.Bias >= 0 {
			copy(to, p.Values[s.Bias:])
		}
		for i, v := range x[r*s.From : (r+1)*s.From] {
			add(to, v, p.Values[s.Weight+i*s.To:])
		}
	}
	return y
}

// runConv takes the coarse side position by position: each meets, tap by tap, one of the
// fine side.
func (p *Program) runConv(s Step, x []float32) []float32 {
	a, b := s.Axes[0], s.Axes[1]
	y := make([]float32, a.Out*b.Out*s.To)
	for at := 0; at < len(y); at += s.To {
		copy(y[at:at+s.To], p.Values[s.Bias:])
	}
	rows, columns, fineRows, fineColumns := a.Out, b.Out, a.In, b.In
	if s.Op == "transposed" {
		rows, columns, fineRows, fineColumns = a.In, b.In, a.Out, b.Out
	}
	for at := range rows * columns {
		for tap := range a.Taps * b.Taps {
			row := a.Stride*(at/columns) + a.Dilation*(tap/b.Taps) - a.Low
			column := b.Stride*(at%columns) + b.Dilation*(tap%b.Taps) - b.Low
			if row < 0 || column < 0 || row >= fineRows || column >= fineColumns {
				continue
			}
			from, to := row*fineColumns+column, at
			if s.Op == "transposed" {
				from, to = to, from
			}
			for i, v := range x[from*s.From : (from+1)*s.From] {
				add(y[to*s.To:(to+1)*s.To], v, p.Values[s.Weight+(tap*s.From+i)*s.To:])
			}
		}
	}
	return y
}

// runNorm takes sums in float64, position by position.
func (p *Program) runNorm(s Step, x []float32) []float32 {
	y, wide := make([]float32, len(x)), s.From/s.Groups
	n := float64(s.Block * wide)
	for block := 0; block < s.Rows; block += s.Block {
		for first := 0; first < s.From; first += wide {
			each := func(do func(at, channel int)) {
				for r := block; r < block+s.Block; r++ {
					for c := first; c < first+wide; c++ {
						do(r*s.From+c, c)
					}
				}
			}
			sum, squares := 0.0, 0.0
			each(func(at, _ int) { sum += float64(x[at]) })
			mean := sum / n
			each(func(at, _ int) {
				d := float64(x[at]) - mean
				squares += float64(d * d)
			})
			deviation := math.Sqrt(squares/n + tiny)
			each(func(at, c int) {
				v := float64((float64(x[at])-mean)/deviation) * float64(p.Values[s.Weight+c])
				y[at] = float32(v) + p.Values[s.Bias+c]
			})
		}
	}
	return y
}

func runRepeat(s Step, x []float32) []float32 {
	a, b := s.Axes[0], s.Axes[1]
	y := make([]float32, a.Out*b.Out*s.From)
	for at := range a.Out * b.Out {
		from := at/b.Out/a.Stride*b.In + at%b.Out/b.Stride
		copy(y[at*s.From:(at+1)*s.From], x[from*s.From:])
	}
	return y
}

func runMean(s Step, x []float32) []float32 {
	a, b := s.Axes[0], s.Axes[1]
	y := make([]float32, a.Out*b.Out*s.From)
	for at := range a.In * b.In {
		to := at/b.In/a.Stride*b.Out + at%b.In/b.Stride
		for c, v := range x[at*s.From : (at+1)*s.From] {
			y[to*s.From+c] += v / float32(a.Stride*b.Stride)
		}
	}
	return y
}
