package datasets

import (
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"testing"
)

// disc draws a white disc at a place that follows from i.
func disc(i int, values []float32) {
	r := rand.New(rand.NewPCG(1, uint64(i)))
	y, x := 4+20*r.Float32(), 4+20*r.Float32()
	for p := range values {
		if dy, dx := float32(p/28)-y, float32(p%28)-x; dy*dy+dx*dx < 16 {
			values[p] = 1
		}
	}
}

func TestSynthetic(t *testing.T) {
	agrees(t, must(Synthetic(50, []int{28, 28, 1}, disc)))
	agrees(t, must(Synthetic(0, []int{2}, disc)))
	if b := must(Read(must(Synthetic(1e9, []int{28, 28, 1}, disc)), 999_999_999)); b.Len() != 1 {
		t.Error("the last of a thousand million examples is not there")
	}
	bad := must(Synthetic(9, []int{1}, func(i int, values []float32) {
		switch i {
		case 3:
			values[0] = float32(math.NaN())
		case 5:
			panic("five")
		}
	}))
	for want, indices := range map[string][]int{
		"datasets.Synthetic: value 0 of example 3 is NaN": {1, 3},
		"example 5: panic: five":                          {5, 2},
	} {
		if _, err := Read(bad, indices...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q in it", err, want)
		}
	}
	for want, try := range map[string]func() (*Made, error){
		"-1 examples":     func() (*Made, error) { return Synthetic(-1, []int{1}, disc) },
		"a function":      func() (*Made, error) { return Synthetic(1, []int{1}, nil) },
		"dimensions of 1": func() (*Made, error) { return Synthetic(1, []int{0}, disc) },
	} {
		if _, err := try(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q in it", err, want)
		}
	}
}

// However many images go by, memory stays at those of one batch.
func TestSyntheticImagesNeedNoMemory(t *testing.T) {
	n := 200_000
	if os.Getenv("VAEKIT_LONG") != "" {
		n = 10_000_000 // 8 GB of bytes, 31 GB of floats
	}
	const batch = 1000
	data := must(Synthetic(n, []int{28, 28, 1}, func(i int, values []float32) { values[i%784] = 1 }))
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before, indices := heap(), make([]int, batch)
	var b Batch
	for from := 0; from < n; from += batch {
		for i := range indices {
			indices[i] = (from + i) * 7 % n
		}
		if err := data.Read(&b, 0, indices); err != nil {
			t.Fatal(err)
		}
		if from%(n/4) == 0 {
			if more := int64(heap() - before); more > 2*4*784*batch {
				t.Fatalf("after %d images %d bytes of memory are taken; a batch has %d", from, more, 4*784*batch)
			}
		}
	}
}
