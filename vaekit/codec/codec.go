package codec

// A Codec is a distribution of values, in the form of a way onto a stack and off it again.
// Push and Pop are exact opposites in both orders: a value that is popped and pushed leaves
// the stack as it was. Pushing a value makes the message −log₂ of its probability longer.
type Codec[T any] interface {
	Push(s *Stack, value T)
	Pop(s *Stack) T
}

// Sequence is values of one codec each, the first of them on top of the stack.
type Sequence[T any] []Codec[T]

// Push puts the values onto the stack, the last one first.
func (c Sequence[T]) Push(s *Stack, values []T) {
	for i := len(c) - 1; i >= 0; i-- {
		c[i].Push(s, values[i])
	}
}

// Pop takes as many values as there are codecs off the stack.
func (c Sequence[T]) Pop(s *Stack) []T {
	values := make([]T, len(c))
	for i := range c {
		values[i] = c[i].Pop(s)
	}
	return values
}

// Repeat is N values of the same codec.
type Repeat[T any] struct {
	Codec Codec[T]
	N     int
}

// Push puts the values onto the stack, the last one first.
func (c Repeat[T]) Push(s *Stack, values []T) {
	for i := c.N - 1; i >= 0; i-- {
		c.Codec.Push(s, values[i])
	}
}

// Pop takes N values off the stack.
func (c Repeat[T]) Pop(s *Stack) []T {
	values := make([]T, c.N)
	for i := range values {
		values[i] = c.Codec.Pop(s)
	}
	return values
}

// Substack keeps a codec to one of the stack's states, which do not take turns then: what
// else is on the stack can be pushed and popped on the others.
type Substack[T any] struct {
	Codec Codec[T]
	State int // 0 … 3
}

// Push puts the value onto the stack.
func (c Substack[T]) Push(s *Stack, value T) {
	part := s.part(c.State)
	c.Codec.Push(part, value)
	s.join(part)
}

// Pop takes a value off the stack.
func (c Substack[T]) Pop(s *Stack) T {
	part := s.part(c.State)
	value := c.Codec.Pop(part)
	s.join(part)
	return value
}

// BitsBack is x of a model with latents z, of which p(x) is not known: −log₂ of it becomes
// the negative ELBO, on average (Townsend, Bird and Barber, 2019).
type BitsBack[Z, X any] struct {
	Prior      Codec[Z]           // p(z)
	Likelihood func(z Z) Codec[X] // p(x|z)
	Posterior  func(x X) Codec[Z] // q(z|x)
}

// Push draws z with bits of the stack, and puts x and z onto it.
func (c BitsBack[Z, X]) Push(s *Stack, x X) {
	s.stir()
	z := c.Posterior(x).Pop(s)
	c.Likelihood(z).Push(s, x)
	c.Prior.Push(s, z)
}

// Pop takes z and x off the stack, and gives back the bits that z was drawn with.
func (c BitsBack[Z, X]) Pop(s *Stack) X {
	z := c.Prior.Pop(s)
	x := c.Likelihood(z).Pop(s)
	c.Posterior(x).Push(s, z)
	s.unstir()
	return x
}
