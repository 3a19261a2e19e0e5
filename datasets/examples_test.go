package datasets

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
)

// must is for calls that the tests know to be right.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// agrees checks what every dataset promises: examples read one by one, in any
// order and into a used batch equal those read together and, where the data is
// resident, its table, at several visits.
func agrees(t *testing.T, data Dataset) {
	t.Helper()
	n, per := data.Len(), Size(data.Shape())
	for visit := range uint64(3) {
		forward := make([]int, n)
		for i := range forward {
			forward[i] = i
		}
		var all, some Batch
		if err := data.Read(&all, visit, forward); err != nil {
			t.Fatal(err)
		}
		if all.Len() != n || !slices.Equal(all.Shape, data.Shape()) {
			t.Fatalf("%d examples of shape %v, want %d of %v", all.Len(), all.Shape, n, data.Shape())
		}
		slices.Reverse(forward)
		for from := 0; from < n; from += 3 {
			indices := forward[from:min(from+3, n)]
			if err := data.Read(&some, visit, indices); err != nil {
				t.Fatal(err)
			}
			for i, index := range indices {
				same := slices.Equal(some.Example(i), all.Example(index)) &&
					(all.Labels == nil) == (some.Labels == nil) && (all.Labels == nil || some.Labels[i] == all.Labels[index]) &&
					(all.Origin == nil) == (some.Origin == nil) && (all.Origin == nil || some.Origin[i] == all.Origin[index]) &&
					(all.Mask == nil) == (some.Mask == nil) && (all.Mask == nil || slices.Equal(some.Mask[i*per:(i+1)*per], all.Mask[index*per:(index+1)*per]))
				if !same {
					t.Fatalf("visit %d: example %d read alone differs from the one read with the others", visit, index)
				}
			}
		}
		var table Table
		for from := 0; from < n; from += 4 {
			indices := forward[from:min(from+4, n)]
			if err := ReadTable(data, &table, visit, indices); err != nil {
				t.Fatal(err)
			}
			values := valuesOf(table)
			for i, index := range indices {
				if !slices.Equal(values[i*per:(i+1)*per], all.Example(index)) {
					t.Fatalf("visit %d: example %d in a table differs from what Read gives", visit, index)
				}
			}
		}
		r, ok := data.(Resident)
		if !ok {
			continue
		}
		table = r.Resident(visit)
		if !slices.Equal(valuesOf(table), all.Values) || !slices.Equal(table.Mask, all.Mask) {
			t.Fatalf("visit %d: the table differs from what Read gives", visit)
		}
		if again := r.Resident(visit); !same(again.Bytes, table.Bytes) || !same(again.Floats, table.Floats) {
			t.Fatalf("visit %d: asked again, the table lies elsewhere", visit)
		}
	}
	for _, bad := range []int{-1, n} {
		for _, err := range []error{
			data.Read(new(Batch), 0, []int{bad}),
			ReadTable(data, new(Table), 0, []int{bad}),
		} {
			if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("example %d asked for", bad)) {
				t.Errorf("asked for example %d of %d: %v", bad, n, err)
			}
		}
	}
	agreesConcurrently(t, data)
}

// agreesConcurrently reads data from several goroutines at once.
func agreesConcurrently(t *testing.T, data Dataset) {
	t.Helper()
	n, per := data.Len(), Size(data.Shape())
	if n == 0 {
		return
	}
	all := must(All(data))
	var wait sync.WaitGroup
	for w := range 4 {
		wait.Go(func() {
			for k := range 8 {
				index := (k*5 + w) % n
				if b := must(Read(data, index, n-1-index)); !slices.Equal(b.Example(0), all.Values[index*per:(index+1)*per]) {
					t.Errorf("example %d read beside others differs", index)
				}
			}
		})
	}
	wait.Wait()
}

func valuesOf(table Table) []float32 {
	if table.Bytes == nil {
		return table.Floats
	}
	values := make([]float32, len(table.Bytes))
	bytesToFloats(values, table.Bytes)
	return values
}

// ramp is n examples of shape [2, 2, 1] whose values are all different.
func ramp(n int) *Examples {
	values, labels := make([]uint8, 4*n), make([]int, n)
	for i := range values {
		values[i] = uint8(i)
		labels[i/4] = i / 4 % 3
	}
	return must(FromBytes([]int{2, 2, 1}, values, labels))
}

func TestFromBytesAndFloats(t *testing.T) {
	agrees(t, ramp(7))
	agrees(t, must(FromFloats([]int{3}, []float32{1, 2, 3, -4, 5e9, 6}, nil)))
	agrees(t, must(FromFloats([]int{3}, nil, nil)))
	agrees(t, must(Hold(ramp(5))))
	if b := must(Read(ramp(7), 6)); b.Values[3] != 27./255 || b.Labels[0] != 0 {
		t.Errorf("last example: %v, label %v", b.Values, b.Labels)
	}
	if got, want := ramp(7).String(), "7 examples of shape 2×2×1, 3 labels"; got != want {
		t.Errorf("String says %q, want %q", got, want)
	}
}

func TestConstructorErrors(t *testing.T) {
	for want, try := range map[string]func() (*Examples, error){
		"no whole number":   func() (*Examples, error) { return FromBytes([]int{2}, make([]uint8, 3), nil) },
		"3 labels for 2":    func() (*Examples, error) { return FromBytes([]int{2}, make([]uint8, 4), make([]int, 3)) },
		"dimensions of 1":   func() (*Examples, error) { return FromBytes([]int{2, 0}, nil, nil) },
		"shape [65536 6553": func() (*Examples, error) { return FromBytes([]int{65536, 65536, 65536, 65536}, nil, nil) },
		"value 1 of example 1 is NaN": func() (*Examples, error) {
			return FromFloats([]int{2}, []float32{0, 0, 0, float32(math.NaN())}, nil)
		},
		"is +Inf": func() (*Examples, error) { return FromFloats([]int{1}, []float32{float32(math.Inf(1))}, nil) },
	} {
		if _, err := try(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q in it", err, want)
		}
	}
}

// Parts of a dataset hold each example once, keep their being resident, and
// follow the visits of what they are parts of.
func TestSplitAndSubset(t *testing.T) {
	data := ramp(20)
	rest, held, err := Split(data, 0.25, 1)
	if err != nil || rest.Len() != 15 || held.Len() != 5 {
		t.Fatalf("%v: %d and %d examples", err, rest.Len(), held.Len())
	}
	seen := map[float32]int{}
	for _, part := range []Dataset{rest, held} {
		agrees(t, part)
		if _, ok := part.(Resident); !ok {
			t.Error("a part of resident data is not resident")
		}
		b := must(All(part))
		for i := range part.Len() {
			seen[b.Example(i)[0]]++
		}
	}
	if len(seen) != 20 {
		t.Errorf("%d examples in the parts, want each of 20 once", len(seen))
	}
	_, again, _ := Split(data, 0.25, 1)
	_, other, _ := Split(data, 0.25, 2)
	if a := must(All(held)).Values; !slices.Equal(a, must(All(again)).Values) || slices.Equal(a, must(All(other)).Values) {
		t.Error("the seed alone must decide the parts")
	}
	agrees(t, must(Subset(Binarise(data, Dynamic, 3), []int{5, 5, 1})))
	if b := must(Read(must(Subset(data, []int{19, 3})), 0)); b.Values[0] != 76./255 {
		t.Errorf("first of the subset begins with %v", b.Values[0])
	}
	for _, fraction := range []float64{-0.1, 1.1, math.NaN()} {
		if _, _, err := Split(data, fraction, 1); err == nil {
			t.Errorf("fraction %v was not refused", fraction)
		}
	}
	// Whatever the sizes, each example is in one part, and both are in order.
	for _, n := range []int{0, 1, 2, 7, 20, 101} {
		for _, fraction := range []float64{0, 0.1, 0.33, 0.5, 0.9, 1} {
			rest, held, err := Split(must(Synthetic(n, []int{1}, func(i int, v []float32) { v[0] = float32(i) })), fraction, 3)
			if err != nil || held.Len() != int(math.Round(fraction*float64(n))) {
				t.Fatalf("%v of %d: %d held out, %v", fraction, n, held.Len(), err)
			}
			a, b := must(All(rest)).Values, must(All(held)).Values
			both := slices.Sorted(slices.Values(slices.Concat(a, b)))
			if len(both) != n || !slices.IsSorted(a) || !slices.IsSorted(b) {
				t.Fatalf("%v of %d: parts %v and %v", fraction, n, a, b)
			}
			for i, v := range both {
				if int(v) != i {
					t.Fatalf("%v of %d: parts %v and %v", fraction, n, a, b)
				}
			}
		}
	}
	if _, err := Subset(data, []int{20}); err == nil {
		t.Error("an index beyond the end was not refused")
	}
}
