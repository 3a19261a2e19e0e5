package codec

import (
	"errors"
	"math"
	"slices"
)

// A Stack is a message in the form of an asymmetric numeral system, rANS, with a few states
// of 64 bits that take turns and one stack of 32-bit words behind them. The zero value is
// not a stack: see [NewStack].
//
// Pushing and popping are exact opposites: whatever is popped and pushed again, or pushed
// and popped, leaves the stack as it was, to the bit.
type Stack struct {
	states []uint64 // each in [lowest, lowest·2³²)
	turn   uint     // whose turn it is to take a symbol, modulo their number
	words  []uint32

	lend func(i int) uint32
	lent int // words
	err  error
}

const (
	lanes  = 4       // processors work on independent states at the same time
	lowest = 1 << 31 // every state stays at or above that
)

// ErrShort is the error of a message that ended before what was popped from it.
var ErrShort = errors.New("the message is too short")

// NewStack is an empty stack. Lend(0), lend(1), … are the words that a pop takes where it
// finds none: the first bits-back draws its latents from them, and whoever decodes finds them
// again at the bottom. Nil makes that an error, [ErrShort].
func NewStack(lend func(i int) uint32) *Stack {
	return &Stack{states: slices.Repeat([]uint64{lowest}, lanes), lend: lend}
}

// Push adds a symbol of probability width/2^precision, that of the interval [start, start +
// width) of 0 … 2^precision. Precision is at most 31, and width at least 1.
func (s *Stack) Push(start, width uint32, precision uint) {
	x := &s.states[s.turn%uint(len(s.states))]
	s.turn++
	if *x>>(63-precision) >= uint64(width) { // it would reach lowest·2³²
		s.words = append(s.words, uint32(*x))
		*x >>= 32
	}
	*x = *x/uint64(width)<<precision + *x%uint64(width) + uint64(start)
}

// Peek is where in 0 … 2^precision the symbol lies that Pop takes next.
func (s *Stack) Peek(precision uint) uint32 {
	return uint32(s.states[(s.turn-1)%uint(len(s.states))]) & (1<<precision - 1)
}

// Pop takes a symbol off that has the interval [start, start + width), in which [Stack.Peek] lies.
func (s *Stack) Pop(start, width uint32, precision uint) {
	s.turn--
	x := &s.states[s.turn%uint(len(s.states))]
	*x = uint64(width)*(*x>>precision) + *x&(1<<precision-1) - uint64(start)
	if *x < lowest {
		*x = *x<<32 | uint64(s.word())
	}
}

// Err is [ErrShort] where more was popped than there was.
func (s *Stack) Err() error { return s.err }

// Bits is the length of the message, less what was lent to it.
func (s *Stack) Bits() float64 {
	bits := 32 * float64(len(s.words)-s.lent)
	for _, x := range s.states {
		bits += math.Log2(float64(x))
	}
	return bits
}

// stir exchanges the last bits of all states for others, one to one; unstir undoes it.
//
// The last bits of a state say which symbol it took last, and those are what the next pop
// looks at. Without this, bits-back would draw each latent by what it drew for the example
// before: not at random, and where the posterior is not what the prior expects, further
// and further from it. Stirred, the bits depend on all that came before.
func (s *Stack) stir() {
	for i, x := range s.states {
		y := uint32(x) * 0x9E3779B1 & low
		y = (y ^ y>>12) * 0x85EBCA6B & low
		s.states[i] = x&^low | uint64(y)
	}
}

func (s *Stack) unstir() {
	for i, x := range s.states {
		y := uint32(x) * 0xA5CB9243 & low
		y = (y ^ y>>12) * 0x0E8B2F51 & low
		s.states[i] = x&^low | uint64(y)
	}
}

// low are the bits that are stirred: those that a pop looks at. More would change the state,
// and with it the length of the message, for nothing.
const low = 1<<precision - 1

// word takes one off the words.
func (s *Stack) word() uint32 {
	if n := len(s.words); n > 0 {
		w := s.words[n-1]
		s.words = s.words[:n-1]
		return w
	}
	if s.lend == nil {
		s.err = ErrShort
		return 0
	}
	s.lent++
	return s.lend(s.lent - 1)
}

// part is the stack with one of its states alone; join takes back what became of it.
func (s *Stack) part(state int) *Stack {
	part := *s
	part.states, part.turn = s.states[state:state+1], 0
	return &part
}

func (s *Stack) join(part *Stack) {
	s.words, s.lent, s.err = part.words, part.lent, part.err
}
