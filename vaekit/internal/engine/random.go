package engine

import (
	"hash/fnv"
	"math/rand/v2"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

// Random numbers come from streams that have names. What a stream gives depends
// on the run's seed, its name and a count (the step, the epoch), and on nothing
// that happened before: there is no state to save, asking for more numbers in one
// place changes none in another, and a resumed run draws what it would have drawn.

// Rand is a stream for use in Go.
func Rand(seed uint64, name string, count uint64) *rand.Rand {
	return rand.New(rand.NewPCG(Mix(seed^hash(name)), Mix(count)))
}

// Key is a number that names one moment of a stream, to hand to a graph.
func Key(seed uint64, name string, count uint64) uint64 {
	return Mix(Mix(seed^hash(name)) + count)
}

// StepKey is the key of the noise that a training step draws.
func StepKey(seed uint64, step int) uint64 { return Mix(uint64(step)) + Key(seed, "step", 0) }

// Normal is standard normal noise of a stream inside a graph. Key is a uint64
// scalar, see [Key]; the name tells apart what one key is used for.
func Normal(key *graph.Node, name string, dtype dtypes.DType, dims ...int) *graph.Node {
	g := key.Graph()
	first := mixNode(graph.Add(key, graph.Const(g, hash(name))))
	second := mixNode(graph.Add(first, graph.Const(g, uint64(golden))))
	// Philox takes the first word as its key and the others as its counter, PCG
	// the first two as its state.
	words := []*graph.Node{first, second, graph.Const(g, uint64(0))}
	for i := range words {
		words[i] = graph.Reshape(words[i], 1)
	}
	_, noise := graph.RandomNormal(graph.Concatenate(words, 0), shapes.Make(dtype, dims...))
	// GoMLX takes the logarithm of a uniform number with 32 bits, and XLA that of
	// its smallest value for 0, which it flushes to 0: once in 2³² draws noise would
	// be infinite. √(−2 log 2⁻³²) = 6.66 is the largest draw that is right.
	return graph.ClipScalar(noise, -6.7, 6.7)
}

func hash(name string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(name))
	return h.Sum64()
}

// Of SplitMix64 (Steele, Lea and Flood, 2014), which makes unrelated numbers of
// neighbouring ones.
const (
	golden = 0x9E3779B97F4A7C15
	mulA   = 0xBF58476D1CE4E5B9
	mulB   = 0x94D049BB133111EB
)

// Mix is a step of SplitMix64 and its finaliser.
func Mix(z uint64) uint64 {
	z += golden
	z = (z ^ z>>30) * mulA
	z = (z ^ z>>27) * mulB
	return z ^ z>>31
}

func mixNode(z *graph.Node) *graph.Node {
	g := z.Graph()
	constant := func(v uint64) *graph.Node { return graph.Const(g, v) }
	fold := func(z *graph.Node, bits uint64) *graph.Node {
		return graph.BitwiseXor(z, graph.BitwiseShiftRightLogical(z, constant(bits)))
	}
	z = graph.Add(z, constant(golden))
	z = graph.Mul(fold(z, 30), constant(mulA))
	z = graph.Mul(fold(z, 27), constant(mulB))
	return fold(z, 31)
}
