package describe

import (
	"math"
	"math/rand/v2"
)

type shape interface{ area() float64 }

type square struct{ Side float64 }

type polygon struct {
	Corners [][2]float32
	Closed  bool
	Name    string
}

type group []shape

type framed struct {
	Inner shape
	Width uint8
}

type angle float64

type stray struct{ Side float64 }

type hooked struct {
	Size int
	Hook func() int
}

type secret struct {
	Size int
	seed int
}

type linked struct {
	Next *linked
	Size int
}

func (square) area() float64  { return 0 }
func (polygon) area() float64 { return 0 }
func (group) area() float64   { return 0 }
func (framed) area() float64  { return 0 }
func (angle) area() float64   { return 0 }
func (stray) area() float64   { return 0 }
func (hooked) area() float64  { return 0 }
func (secret) area() float64  { return 0 }
func (*linked) area() float64 { return 0 }

// A drawing has a field of every kind that can be written.
type drawing struct {
	Front  group
	Back   shape
	Frame  framed
	Scale  float64
	Seed   int64
	Bits   uint64
	Small  int8
	Title  string
	Corner [3]float32
	Nested [][]int
	Any    any
}

func init() { Register(square{}, polygon{}, group{}, framed{}, angle(0), hooked{}, secret{}) }

func randomShape(rng *rand.Rand, depth int) shape {
	switch k := rng.IntN(7); {
	case k == 0:
		return nil
	case k == 1:
		return square{Side: rng.NormFloat64()}
	case k == 2:
		p := polygon{Closed: rng.IntN(2) == 0, Name: randomString(rng)}
		for range rng.IntN(4) {
			p.Corners = append(p.Corners, [2]float32{rng.Float32(), 0})
		}
		return p
	case k == 3:
		return angle(math.Ldexp(rng.Float64(), rng.IntN(2000)-1000))
	case depth == 0:
		return square{}
	case k == 4:
		return framed{randomShape(rng, depth-1), uint8(rng.Uint32())}
	}
	return randomGroup(rng, depth-1)
}

func randomGroup(rng *rand.Rand, depth int) group {
	if rng.IntN(4) == 0 {
		return nil
	}
	g := group{}
	for range rng.IntN(4) {
		g = append(g, randomShape(rng, depth))
	}
	return g
}

func randomString(rng *rand.Rand) string {
	runes := make([]rune, rng.IntN(6))
	for i := range runes {
		runes[i] = []rune("aZ \"\\<&>\n\x00\u2028é模😀")[rng.IntN(14)]
	}
	return string(runes)
}

func randomDrawing(rng *rand.Rand) drawing {
	d := drawing{
		Front: randomGroup(rng, 3),
		Back:  randomShape(rng, 3),
		Frame: framed{randomShape(rng, 1), uint8(rng.IntN(3))},
		Scale: []float64{0, math.Copysign(0, -1), 1, 1e300, 5e-324, math.Inf(1), math.Inf(-1)}[rng.IntN(7)],
		Seed:  int64(rng.Uint64()),
		Bits:  rng.Uint64(),
		Small: int8(rng.Uint32()),
		Title: randomString(rng),
	}
	d.Corner[rng.IntN(3)] = math.Float32frombits(rng.Uint32N(0x7f800000))
	for range rng.IntN(3) {
		d.Nested = append(d.Nested, [][]int{nil, {}, {rng.Int(), -rng.Int()}}[rng.IntN(3)])
	}
	if rng.IntN(2) == 0 {
		d.Any = randomShape(rng, 1)
	}
	return d
}
