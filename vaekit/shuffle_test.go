package vaekit

import (
	"math"
	"testing"
)

// Each example comes once, whatever the numbers.
func TestAnOrderHoldsEachExampleOnce(t *testing.T) {
	for _, n := range []int{1, 2, 3, 4, 5, 10, 97, 100, 101, 1000, 4099} {
		for _, shard := range []int{1, 2, 3, 7, 100, 5000} {
			for _, buffer := range []int{1, 8, 30, 999, 10000} {
				o := newOrder(n, shard, buffer, 1, 2)
				seen := make([]bool, n)
				for i := range n {
					k := o.at(i)
					if k < 0 || k >= n || seen[k] {
						t.Fatalf("%d examples, shards of %d, buffers of %d: example %d comes twice or is none", n, shard, buffer, k)
					}
					seen[k] = true
				}
			}
		}
	}
}

// chi returns how many standard deviations a chi-squared statistic of counts, which
// should all be alike, lies above its mean.
func chi(counts []int) float64 {
	total := 0
	for _, c := range counts {
		total += c
	}
	want, sum := float64(total)/float64(len(counts)), 0.0
	for _, c := range counts {
		sum += (float64(c) - want) * (float64(c) - want) / want
	}
	freedom := float64(len(counts) - 1)
	return (sum - freedom) / math.Sqrt(2*freedom)
}

// Over seeds and epochs every example is as likely at every position, and every pair
// of examples as likely at two.
func TestOrdersAreEven(t *testing.T) {
	const rounds = 20000
	for _, n := range []int{2, 3, 5, 10, 16, 23} {
		at, pairs := make([]int, n*n), make([]int, n*n)
		for epoch := range rounds {
			o := newOrder(n, 1, 1, uint64(epoch%7), epoch)
			for i := range n {
				at[i*n+o.at(i)]++
			}
			pairs[o.at(0)*n+o.at(n/2)]++
		}
		if d := chi(at); math.Abs(d) > 5 {
			t.Errorf("%d examples: their positions deviate by %.1f standard deviations", n, d)
		}
		var apart []int // an example is never at two positions
		for i, c := range pairs {
			if i/n != i%n {
				apart = append(apart, c)
			}
		}
		if d := chi(apart); n > 2 && math.Abs(d) > 5 {
			t.Errorf("%d examples: pairs deviate by %.1f standard deviations", n, d)
		}
	}
	// With shards, too, every example can come anywhere.
	const n = 20
	at := make([]int, n*n)
	for epoch := range rounds {
		o := newOrder(n, 3, 8, 1, epoch)
		for i := range n {
			at[i*n+o.at(i)]++
		}
	}
	for i, c := range at {
		if want := rounds / n; c < want/2 || c > want*2 {
			t.Errorf("example %d comes at position %d in %d of %d epochs, want about %d", i%n, i/n, c, rounds, want)
		}
	}
}

// What follows what in a large order is as in none: neighbours differ by a third of
// all on average, and no two epochs agree but by chance.
func TestLargeOrdersAreShuffled(t *testing.T) {
	for _, n := range []int{60_000, 10_000_000, 1 << 40} {
		const looks = 20000
		o, next := newOrder(n, 1, 1, 3, 0), newOrder(n, 1, 1, 3, 1)
		apart, same, before := 0.0, 0, o.at(0)
		for i := 1; i <= looks; i++ {
			k := o.at(i)
			apart += math.Abs(float64(k-before)) / float64(n) / looks
			if k == next.at(i) {
				same++
			}
			before = k
		}
		if math.Abs(apart-1.0/3) > 0.01 {
			t.Errorf("%d examples: neighbours are %.3f of all apart, want a third", n, apart)
		}
		if same > 8 {
			t.Errorf("%d examples: two epochs agree in %d of %d", n, same, looks)
		}
	}
}

// A buffer holds whole shards, but for the two that its ends cut, from all over the
// data, and lies shuffled.
func TestABufferHoldsShardsFromAllOver(t *testing.T) {
	const n, shard, buffer = 1_000_003, 100, 6400
	o := newOrder(n, shard, buffer, 3, 0)
	for _, first := range []int{0, 10 * buffer, n / buffer * buffer} {
		size := min(buffer, n-first)
		shards, near := map[int]int{}, 0
		for i := range size {
			k := o.at(first + i)
			shards[k/shard]++
			if i > 0 && k/shard == o.at(first+i-1)/shard {
				near++
			}
		}
		if len(shards) > size/shard+3 {
			t.Errorf("a buffer of %d examples is cut from %d shards of %d", size, len(shards), shard)
		}
		if near > size/10 {
			t.Errorf("in %d of %d places an example follows one of its own shard", near, size)
		}
		low, high := n, 0
		for s := range shards {
			low, high = min(low, s), max(high, s)
		}
		if high-low < n/shard/2 {
			t.Errorf("a buffer spans the shards %d to %d alone", low, high)
		}
	}
}

func BenchmarkOrder60000(b *testing.B) {
	for b.Loop() {
		o := newOrder(60_000, 1, 1, 3, 0)
		for i := range 60_000 {
			o.at(i)
		}
	}
}
