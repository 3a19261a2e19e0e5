package codec

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"slices"

	"github.com/vaebook/vaebook/datasets"
)

// A block is a message of some examples, which can be decoded without any other.
type block struct {
	examples, lent uint32
	states         [lanes]uint64
	words          []uint32
}

// Bytes of a block on file, little-endian:
//
//	examples  uint32
//	lent      uint32     words that were lent to the first bits-back
//	words     uint32     how many follow
//	states    4 uint64
//	words     uint32 each
//	checksum  uint32     CRC-32C of all that is before, from examples on
const blockHead = 3*4 + lanes*8

const mostWords = 1 << 28 // of a block

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// begin is the stack that every block begins with: with random bits, because the first
// example draws its latents from them. What more it needs is lent.
func begin() *Stack {
	random := rand.New(rand.NewPCG(0x7661657a6970, 1)) // the generator is frozen in Go
	var drawn []uint32
	s := NewStack(func(i int) uint32 {
		for len(drawn) <= i {
			drawn = append(drawn, random.Uint32())
		}
		return drawn[i]
	})
	for i := range s.states {
		s.states[i] |= random.Uint64() >> 1
	}
	return s
}

// compress makes a block of examples, their levels one example after another.
func (m *Model) compress(levels []uint8) (b *block, err error) {
	defer recovered(&err)
	s, codec, size := begin(), m.example(), datasets.Size(m.shape)
	// The last goes first, so that the first comes out first.
	for at := len(levels) - size; at >= 0; at -= size {
		codec.Push(s, levels[at:at+size])
	}
	if len(s.words) > mostWords {
		return nil, fmt.Errorf("%d words are too many for a block; take fewer examples", len(s.words))
	}
	b = &block{examples: uint32(len(levels) / size), lent: uint32(s.lent), words: s.words}
	// Turned so that the first state is the next to take a symbol.
	for i := range b.states {
		b.states[i] = s.states[(s.turn+uint(i))%lanes]
	}
	return b, nil
}

// decompress is the levels of a block's examples. That all of the message was used up, and
// what was lent is there again, says that it was whole.
func (m *Model) decompress(b *block) (levels []uint8, err error) {
	defer recovered(&err)
	s := &Stack{states: slices.Clone(b.states[:]), words: b.words}
	codec := m.example()
	for range b.examples {
		levels = append(levels, codec.Pop(s)...)
		if s.err != nil {
			return nil, s.err
		}
	}
	first := begin()
	ok := len(s.words) == int(b.lent)
	for i := 0; ok && i < len(s.words); i++ {
		ok = s.words[len(s.words)-1-i] == first.lend(i)
	}
	for i, x := range first.states {
		ok = ok && x == s.states[(s.turn+uint(i))%lanes]
	}
	if !ok {
		return nil, errors.New("the message does not end where it began")
	}
	return levels, nil
}

// recovered turns a panic of a codec into an error.
func recovered(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("%v", r)
	}
}

func (b *block) bytes() []byte {
	out := make([]byte, 0, blockHead+4*len(b.words)+4)
	for _, v := range []uint32{b.examples, b.lent, uint32(len(b.words))} {
		out = binary.LittleEndian.AppendUint32(out, v)
	}
	for _, x := range b.states {
		out = binary.LittleEndian.AppendUint64(out, x)
	}
	for _, w := range b.words {
		out = binary.LittleEndian.AppendUint32(out, w)
	}
	return binary.LittleEndian.AppendUint32(out, crc32.Checksum(out, castagnoli))
}

// parseHead reads what comes before a block's words, and says how many there are.
func (b *block) parseHead(head []byte) (words int, err error) {
	b.examples, b.lent = binary.LittleEndian.Uint32(head), binary.LittleEndian.Uint32(head[4:])
	n := binary.LittleEndian.Uint32(head[8:])
	if b.examples == 0 || n > mostWords || b.lent > n+1<<20 {
		return 0, errors.New("its counts cannot be")
	}
	for i := range b.states {
		if b.states[i] = binary.LittleEndian.Uint64(head[12+8*i:]); b.states[i] < lowest || b.states[i] >= lowest<<32 {
			return 0, errors.New("its state cannot be")
		}
	}
	return int(n), nil
}

// parseWords reads the words, and compares the checksum behind them.
func (b *block) parseWords(head, rest []byte) error {
	end := len(rest) - 4
	if crc32.Update(crc32.Checksum(head, castagnoli), castagnoli, rest[:end]) != binary.LittleEndian.Uint32(rest[end:]) {
		return errors.New("its checksum is wrong")
	}
	b.words = make([]uint32, end/4)
	for i := range b.words {
		b.words[i] = binary.LittleEndian.Uint32(rest[4*i:])
	}
	return nil
}
