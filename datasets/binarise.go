package datasets

import (
	"encoding/binary"
	"math/rand/v2"
	"runtime"
	"sync"
)

// Binarisation says how often the pixels of an image are drawn as black or white.
//
// A Bernoulli likelihood is a probability only of values that are 0 or 1, so
// images with grey values g are drawn: each pixel is 1 with probability g
// (Salakhutdinov and Murray, 2008). Test figures are comparable only between
// models of one kind of drawing; say which.
type Binarisation bool

const (
	Fixed   Binarisation = false // once: every visit sees the same pixels
	Dynamic Binarisation = true  // anew at every visit, which keeps a model from learning the draw by heart
)

// Binarise returns data with every value drawn as 0 or 1, with the value as
// probability. Values beyond [0, 1] are drawn as the nearer of the two. The
// draw depends on the seed, the visit where it is [Dynamic], and the index alone.
func Binarise(data Resident, how Binarisation, seed uint64) Resident {
	return &binarised{grey: data, how: how, seed: seed}
}

type binarised struct {
	grey Resident
	how  Binarisation
	seed uint64

	mu    sync.Mutex
	drawn bool
	visit uint64 // of the table that is kept
	table Table
}

func (b *binarised) Len() int     { return b.grey.Len() }
func (b *binarised) Shape() []int { return b.grey.Shape() }

// drawnAt is the visit that the draws of the given visit come from.
func (b *binarised) drawnAt(visit uint64) uint64 {
	if b.how == Fixed {
		return 0
	}
	return visit
}

func (b *binarised) Read(batch *Batch, visit uint64, indices []int) error {
	if err := b.grey.Read(batch, visit, indices); err != nil {
		return err
	}
	table := b.grey.Resident(visit)
	per := Size(batch.Shape)
	bits := make([]uint8, per)
	for i, index := range indices {
		b.draw(bits, table, b.drawnAt(visit), index)
		for j, v := range bits {
			batch.Values[i*per+j] = float32(v) / 255
		}
	}
	return nil
}

func (b *binarised) Resident(visit uint64) Table {
	b.mu.Lock()
	defer b.mu.Unlock()
	if at := b.drawnAt(visit); !b.drawn || b.visit != at {
		grey := b.grey.Resident(visit)
		per, n := Size(b.grey.Shape()), b.grey.Len()
		bits := make([]uint8, n*per)
		workers := runtime.GOMAXPROCS(0)
		var wait sync.WaitGroup
		for w := range workers {
			wait.Go(func() {
				for i := n * w / workers; i < n*(w+1)/workers; i++ {
					b.draw(bits[i*per:(i+1)*per], grey, at, i)
				}
			})
		}
		wait.Wait()
		b.table, b.visit, b.drawn = Table{Bytes: bits, Mask: grey.Mask, Labels: grey.Labels}, at, true
	}
	return b.table
}

// draw sets bits to 0 or 255 for the example with the given index.
func (b *binarised) draw(bits []uint8, grey Table, visit uint64, index int) {
	source := drawsAt(b.seed, visit, index)
	per := len(bits)
	if grey.Bytes == nil {
		random := rand.New(source)
		for i, p := range grey.Floats[index*per : (index+1)*per] {
			bits[i] = 0
			if random.Float32() < p {
				bits[i] = 255
			}
		}
		return
	}
	drawBytes(bits, grey.Bytes[index*per:(index+1)*per], source)
}

// drawBytes sets each of bits to 255 with probability grey/255 exactly, else to
// 0. A random byte that is not 255 is one of 255 equally likely values, of which
// grey are below grey; a byte that is 255 is passed over.
func drawBytes(bits, grey []uint8, source *rand.PCG) {
	var eight [8]uint8
	next := len(eight)
	for i, g := range grey {
		for {
			if next == len(eight) {
				binary.LittleEndian.PutUint64(eight[:], source.Uint64())
				next = 0
			}
			r := eight[next]
			next++
			if r != 255 {
				bits[i] = uint8((int(r) - int(g)) >> 8) // all ones where r < g
				break
			}
		}
	}
}

// drawsAt is the source of what is drawn for one example at one visit.
func drawsAt(seed, visit uint64, index int) *rand.PCG {
	return rand.NewPCG(mix(seed, visit), mix(visit+0x5851F42D4C957F2D, uint64(index)))
}

// Mixed into a seed, so that what has the same one, such as 0, draws independently:
// a crop would else lie as early in its segment as that lies in its recording.
const (
	recordingDraws uint64 = 1 + iota
	cropDraws
	augmentDraws
)

// mix hashes a and b to 64 bits (SplitMix64's finaliser, twice), so that
// neighbouring seeds, visits and indices give unrelated streams.
func mix(a, b uint64) uint64 {
	return finalise(finalise(a+0x9E3779B97F4A7C15) + b*0x9E3779B97F4A7C15)
}

func finalise(x uint64) uint64 {
	x = (x ^ x>>30) * 0xBF58476D1CE4E5B9
	x = (x ^ x>>27) * 0x94D049BB133111EB
	return x ^ x>>31
}
