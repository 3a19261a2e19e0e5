package datasets

import (
	"math"
	"slices"
	"testing"
)

// greys holds, 256 times over, an image with every grey value.
func greys(n int) *Examples {
	values := make([]uint8, 256*n)
	for i := range values {
		values[i] = uint8(i)
	}
	return must(FromBytes([]int{16, 16, 1}, values, nil))
}

// Over many draws each grey value g is white with frequency g/255, within five
// standard deviations of the mean of n draws, also where it is drawn from floats.
func TestBinariseFrequencies(t *testing.T) {
	const n = 20000
	data := greys(n)
	floats := must(Hold(data))
	for name, table := range map[string]Table{
		"bytes":  Binarise(data, Fixed, 0).Resident(0),
		"floats": Binarise(floats, Fixed, 0).Resident(0),
		"visits": Binarise(data, Dynamic, 9).Resident(7),
	} {
		var white [256]int
		for i, v := range table.Bytes {
			if v != 0 && v != 255 {
				t.Fatalf("%s: drawn as %d; only 0 and 255 stand for 0 and 1", name, v)
			}
			white[i%256] += int(v) / 255
		}
		for g, count := range white {
			p := float64(g) / 255
			if d := math.Abs(float64(count)/n - p); d > 5*math.Sqrt(p*(1-p)/n) {
				t.Errorf("%s: grey %d is white %d times in %d", name, g, count, n)
			}
		}
	}
}

// Neighbouring examples, visits and seeds are drawn independently: each pixel of
// grey 128 agrees with its neighbour's half of the time.
func TestBinariseIndependence(t *testing.T) {
	half := make([]uint8, 100*784)
	for i := range half {
		half[i] = 128
	}
	data := must(FromBytes([]int{784}, half, nil))
	first := Binarise(data, Dynamic, 1).Resident(1).Bytes
	for name, other := range map[string][]uint8{
		"next example": append(slices.Clone(first[784:]), first[:784]...),
		"next visit":   Binarise(data, Dynamic, 1).Resident(2).Bytes,
		"next seed":    Binarise(data, Dynamic, 2).Resident(1).Bytes,
		"next value":   append(slices.Clone(first[1:]), first[0]),
	} {
		equal := 0
		for i := range first {
			if first[i] == other[i] {
				equal++
			}
		}
		n := float64(len(first))
		if d := math.Abs(float64(equal)/n - 0.5); d > 5*0.5/math.Sqrt(n) {
			t.Errorf("%s: %d of %d pixels agree", name, equal, len(first))
		}
	}
}

func TestBinariseVisits(t *testing.T) {
	data := greys(20)
	fixed, dynamic := Binarise(data, Fixed, 0), Binarise(data, Dynamic, 0)
	agrees(t, fixed)
	agrees(t, dynamic)
	if !same(fixed.Resident(0).Bytes, fixed.Resident(5).Bytes) {
		t.Error("fixed: two visits give two slices")
	}
	if slices.Equal(dynamic.Resident(0).Bytes, dynamic.Resident(1).Bytes) {
		t.Error("dynamic: two visits see the same pixels")
	}
	if !slices.Equal(Binarise(data, Dynamic, 0).Resident(3).Bytes, dynamic.Resident(3).Bytes) {
		t.Error("the same seed and visit give other pixels")
	}
}

func BenchmarkBinarise60000(b *testing.B) {
	data := must(FromBytes([]int{784}, make([]uint8, 60000*784), nil))
	dynamic := Binarise(data, Dynamic, 0)
	visit := uint64(0)
	for b.Loop() {
		visit++
		dynamic.Resident(visit)
	}
}
