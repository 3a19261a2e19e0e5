package datasets

import (
	"slices"
	"strings"
	"testing"
)

// A concatenation reads as its parts do, in any order, with what all of them have.
func TestConcat(t *testing.T) {
	a := must(FromFloats([]int{2}, []float32{0, 1, 2, 3, 4, 5}, []int{7, 8, 9}))
	b := must(FromFloats([]int{2}, []float32{6, 7, 8, 9}, []int{1, 2}))
	none := must(Subset(b, nil))
	both := must(Concat(a, none, b))
	if both.Len() != 5 {
		t.Fatalf("3 and 0 and 2 examples are %d", both.Len())
	}
	agrees(t, both)
	got := must(Read(both, 4, 0, 3, 2, 0))
	if want := []float32{8, 9, 0, 1, 6, 7, 4, 5, 0, 1}; !slices.Equal(got.Values, want) {
		t.Errorf("values %v, want %v", got.Values, want)
	}
	if want := []int{2, 7, 1, 9, 7}; !slices.Equal(got.Labels, want) || got.Mask != nil || got.Origin != nil {
		t.Errorf("labels %v, want %v; mask %v, origin %v", got.Labels, want, got.Mask, got.Origin)
	}

	// Where one has no labels none has; where one has a mask, the others' values count.
	c := must(Augment(
		must(FromFloats([]int{2, 1}, []float32{1, 1}, []int{3})), Augmentation{Shift: 1}))
	d := must(FromFloats([]int{2, 1}, []float32{5, 6}, nil))
	mixed := must(Concat(d, c))
	for visit := range uint64(20) {
		var whole, alone Batch
		if err := mixed.Read(&whole, visit, []int{1, 0}); err != nil {
			t.Fatal(err)
		}
		if err := c.Read(&alone, visit, []int{0}); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(whole.Values, append(alone.Values, 5, 6)) || !slices.Equal(whole.Mask, append(alone.Mask, 1, 1)) || whole.Labels != nil {
			t.Errorf("visit %d: %+v of %+v", visit, whole, alone)
		}
	}
	agrees(t, mixed)
	held := must(Hold(mixed))
	if held.Len() != 2 || held.Resident(0).Mask == nil {
		t.Errorf("in memory it is %+v", held.Resident(0))
	}
}

// Origins stay where all have them.
func TestConcatOrigins(t *testing.T) {
	named := func(name string, values ...float32) Dataset {
		e := must(FromFloats([]int{1}, values, nil))
		for range values {
			e.origin = append(e.origin, name)
		}
		return e
	}
	both := must(Concat(named("a", 1, 2), named("b", 3)))
	agrees(t, both)
	if got := must(Read(both, 2, 0)).Origin; !slices.Equal(got, []string{"b", "a"}) {
		t.Errorf("origins %q", got)
	}
	one := must(Concat(named("a", 1, 2), must(FromFloats([]int{1}, []float32{3}, nil))))
	if got := must(Read(one, 2, 0)); got.Origin != nil || !slices.Equal(got.Values, []float32{3, 1}) {
		t.Errorf("%+v", got)
	}
}

func TestConcatRefuses(t *testing.T) {
	a := must(FromFloats([]int{2}, []float32{0, 1}, nil))
	b := must(FromFloats([]int{1}, []float32{0, 1}, nil))
	if _, err := Concat(); err == nil || !strings.Contains(err.Error(), "no data sets") {
		t.Error(err)
	}
	if _, err := Concat(a, b); err == nil || !strings.Contains(err.Error(), "data set 1 have shape [1], those of the first [2]") {
		t.Error(err)
	}
	both := must(Concat(a, a))
	if _, err := Read(both, 2); err == nil || !strings.Contains(err.Error(), "example 2 asked for") {
		t.Error(err)
	}
}

// What is appended to a part of a batch leaves the batch as it is.
func TestAppendToASlice(t *testing.T) {
	b := &Batch{Shape: []int{1}, Values: []float32{1, 2, 3}, Labels: []int{1, 2, 3}, Mask: []uint8{1, 0, 1}, Origin: []string{"a", "b", "c"}}
	ends := b.Slice(0, 1)
	ends.Append(b.Slice(2, 3))
	if !slices.Equal(ends.Values, []float32{1, 3}) || !slices.Equal(ends.Origin, []string{"a", "c"}) || !slices.Equal(ends.Labels, []int{1, 3}) || !slices.Equal(ends.Mask, []uint8{1, 1}) {
		t.Errorf("the ends are %+v", ends)
	}
	if !slices.Equal(b.Values, []float32{1, 2, 3}) || !slices.Equal(b.Origin, []string{"a", "b", "c"}) || !slices.Equal(b.Labels, []int{1, 2, 3}) || !slices.Equal(b.Mask, []uint8{1, 0, 1}) {
		t.Errorf("the batch has become %+v", b)
	}
}
