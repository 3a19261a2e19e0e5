package vaekit

import (
	"math"

	"github.com/vaebook/vaebook/vaekit/internal/engine"
)

// An order is that in which an epoch sees the examples. It is computed, position by
// position, from the seed and the epoch: it takes no memory however many examples
// there are, and a run that is resumed in the middle of an epoch begins there at once.
//
// Examples of a data set that can be read in any order are shuffled as they are. Of
// one that lies on a disk, where neighbours are read much faster together, shards of
// neighbours are shuffled, laid one after the other, and parted into buffers of many
// shards; examples are shuffled within their buffer, which is read as a whole.
type order struct {
	n, shard, buffer int
	within           uint64      // the key of what happens within the buffers
	shards           permutation // of those that are full
	short            int         // the place of the one that is not among them, where there is one
}

func newOrder(n, shard, buffer int, seed uint64, epoch int) order {
	key := func(name string) uint64 { return engine.Key(seed, name, uint64(epoch)) }
	full := n / shard
	return order{
		n: n, shard: shard, buffer: buffer, within: key("shuffle within a buffer"),
		shards: newPermutation(full, key("shuffle")),
		short:  newPermutation(full+1, key("shuffle the short shard")).at(0),
	}
}

// at is the example that position i of the epoch sees.
func (o order) at(i int) int {
	if o.shard == 1 {
		return o.shards.at(i)
	}
	first := i / o.buffer * o.buffer
	within := newPermutation(min(o.buffer, o.n-first), engine.Mix(o.within^uint64(first)))
	i = first + within.at(i-first)

	length, begins := o.n%o.shard, o.short*o.shard
	switch {
	case length == 0 || i < begins:
		return o.shards.at(i/o.shard)*o.shard + i%o.shard
	case i < begins+length:
		return o.n - length + i - begins
	}
	i -= length
	return o.shards.at(i/o.shard)*o.shard + i%o.shard
}

// A permutation puts the numbers from 0 to n−1 into another order: a Feistel network
// on pairs of numbers below √n, walked through again where it leads to n or beyond
// (Black and Rogaway, Ciphers with Arbitrary Finite Domains, 2002).
type permutation struct {
	n, root uint64
	rounds  [8]uint64
}

func newPermutation(n int, key uint64) permutation {
	p := permutation{n: uint64(n), root: uint64(math.Ceil(math.Sqrt(float64(n))))}
	for i := range p.rounds {
		key = engine.Mix(key)
		p.rounds[i] = key
	}
	return p
}

// at is the number that comes to lie at place i.
func (p permutation) at(i int) int {
	x := uint64(i)
	for {
		a, b := x/p.root, x%p.root
		for _, key := range p.rounds {
			// The upper 32 bits of a hash, as a number below the root.
			c := a + engine.Mix(key^b)>>32*p.root>>32
			if c >= p.root {
				c -= p.root
			}
			a, b = b, c
		}
		if x = a*p.root + b; x < p.n {
			return int(x)
		}
	}
}
