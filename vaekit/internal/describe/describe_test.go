package describe

import (
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

func mustEncode(t *testing.T, v any) []byte {
	t.Helper()
	data, err := Encode(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestEncodeDecodeRoundTrip(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		want := randomDrawing(rng)
		data := mustEncode(t, want)
		var got drawing
		if err := Decode(data, &got); err != nil {
			t.Fatalf("%v\n%s", err, data)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("read %#v, wrote %#v\n%s", got, want, data)
		}
		if again := mustEncode(t, got); string(again) != string(data) {
			t.Fatalf("written again:\n%s\nat first:\n%s", again, data)
		}
		if loose, err := EncodeLoose(want); err != nil || string(loose) != string(data) {
			t.Fatalf("EncodeLoose of a plain value: %v\n%s\nEncode:\n%s", err, loose, data)
		}
	}
}

func TestEncodeForm(t *testing.T) {
	d := drawing{
		Front: group{square{2}, nil, group{angle(0.5), polygon{}}},
		Frame: framed{Width: 3},
		Scale: math.Inf(-1),
		Title: "a < b",
	}
	const want = `{
  "Front": [
    {"type": "describe.square", "Side": 2},
    null,
    {
      "type": "describe.group",
      "value": [{"type": "describe.angle", "value": 0.5}, {"type": "describe.polygon"}]
    }
  ],
  "Frame": {"Width": 3},
  "Scale": "-Inf",
  "Title": "a < b"
}
`
	if got := string(mustEncode(t, d)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := string(mustEncode(t, &d)); got != want {
		t.Errorf("of a pointer: got\n%s\nwant\n%s", got, want)
	}
}

// What an interface holds at the top says its type when a pointer to the interface is given.
func TestEncodeInterfaceAtTop(t *testing.T) {
	var want shape = group{square{1}}
	data := mustEncode(t, &want)
	var got shape
	if err := Decode(data, &got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("read %#v, wrote %#v", got, want)
	}
}

func TestEncodeErrors(t *testing.T) {
	self := group{nil}
	self[0] = self
	for _, c := range []struct {
		name string
		v    any
		want string
	}{
		{"type not registered", drawing{Front: group{nil, square{1}, stray{}}},
			"Front[2]: describe.stray is not registered; call vaekit.Register(describe.stray{}) so that it can be written and read"},
		{"basic type in an interface", drawing{Any: 3}, "Any: int is not registered; call vaekit.Register(int(0))"},
		{"function", drawing{Back: framed{Inner: hooked{Hook: func() int { return 1 }}}},
			"Back.Inner.Hook: describe.hooked holds a func() int, which cannot be written"},
		{"unexported field", drawing{Back: secret{1, 2}}, "Back.seed: describe.secret holds an unexported field"},
		{"pointer", drawing{Front: group{&linked{}}}, "Front[0]: describe.drawing holds a *describe.linked"},
		{"channel at the top", make(chan int), "a chan int cannot be written"},
		{"function in an interface", drawing{Any: func() {}}, "Any: describe.drawing holds a func()"},
		{"map", struct{ M map[string]int }{map[string]int{"a": 1}}, "M: struct { M map[string]int } holds a map[string]int"},
		{"complex number", struct{ C complex128 }{1}, "C: struct { C complex128 } holds a complex128"},
		{"string that is not UTF-8", drawing{Title: "\xff"}, `Title: the string "\xff" is not UTF-8`},
		{"value that holds itself", self, "a value must not hold itself"},
		{"nil", nil, "there is no value to describe"},
		{"nil pointer", (*drawing)(nil), "there is no value to describe"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Encode(c.v)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got error %v, want %q", err, c.want)
			}
		})
	}
}

// Zero values of what cannot be written are left out like all others.
func TestEncodeUnsetFunction(t *testing.T) {
	want := drawing{Front: group{hooked{Size: 1}, secret{Size: 2}}}
	var got drawing
	if err := Decode(mustEncode(t, want), &got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("read %#v, wrote %#v", got, want)
	}
}

func TestEncodeLoose(t *testing.T) {
	ring := &linked{Size: 4}
	ring.Next = ring
	for _, c := range []struct {
		v    any
		want string
	}{
		{group{stray{2}}, `[{"opaque": "describe.stray", "Side": 2}]`},
		{group{hooked{1, func() int { return 1 }}}, `[{"type": "describe.hooked", "Size": 1, "Hook": {"opaque": "func() int"}}]`},
		{group{secret{1, 2}}, `[{"type": "describe.secret", "Size": 1, "seed": 2}]`},
		{group{ring}, `[
  {
    "opaque": "*describe.linked",
    "Next": {"opaque": "*describe.linked"},
    "Size": 4
  }
]`},
		{[]any{3, "a", map[string]int{}}, `[
  {"opaque": "int", "value": 3},
  {"opaque": "string", "value": "a"},
  {"opaque": "map[string]int", "value": {"opaque": "map[string]int"}}
]`},
	} {
		got, err := EncodeLoose(c.v)
		if err != nil || string(got) != c.want+"\n" {
			t.Errorf("got %s (error %v), want %s", got, err, c.want)
		}
	}
}

func TestDecodeErrors(t *testing.T) {
	for _, c := range []struct{ name, data, want string }{
		{"unknown type", `{"Front": [null, {"type": "main.Swish"}]}`,
			"Front[1]: there is no type main.Swish in this program; call vaekit.Register"},
		{"unknown field", `{"Front": [{"type": "describe.square", "Sides": 4}]}`, "Front[0].Sides: describe.square has no such field"},
		{"unexported field", `{"Back": {"type": "describe.secret", "seed": 4}}`, "Back.seed: describe.secret has no such field"},
		{"opaque value", `{"Back": {"opaque": "main.Swish", "Size": 4}}`, "Back: main.Swish was written without being registered"},
		{"no type", `{"Back": {"Side": 4}}`, `Back: {"Side": 4} says no "type", which a describe.shape must`},
		{"type where none is asked", `{"Frame": {"type": "describe.framed"}}`, "Frame.type: describe.framed has no such field"},
		{"slice without value", `{"Back": {"type": "describe.group"}}`, `Back: a describe.group is written as {"type": …, "value": …}`},
		{"fraction for an integer", `{"Seed": 1.5}`, "Seed: 1.5 is not of type int64"},
		{"integer out of range", `{"Small": 128}`, "Small: 128 is not of type int8"},
		{"negative unsigned", `{"Frame": {"Width": -1}}`, "Frame.Width: -1 is not of type uint8"},
		{"float out of range", `{"Scale": 1e999}`, "Scale: 1e999 is not of type float64"},
		{"number as a string", `{"Scale": "1"}`, `Scale: "1" is not of type float64`},
		{"short array", `{"Corner": [1, 2]}`, "Corner: [1, 2] is not of type [3]float32"},
		{"list for a struct", `{"Frame": []}`, "Frame: [] is not of type describe.framed"},
		{"null for a number", `{"Seed": null}`, "Seed: null is not of type int64"},
		{"field twice", `{"Seed": 1, "Seed": 2}`, `"Seed" stands twice in one object`},
		{"truncated", `{"Seed": 1`, "not a description: JSON at byte 10"},
		{"empty", ``, "not a description"},
		{"more after the end", `{} {}`, "more than one JSON value"},
		{"nested very deep", strings.Repeat("[", 100_000), "nested deeper than"},
	} {
		t.Run(c.name, func(t *testing.T) {
			into := drawing{Seed: 7}
			err := Decode([]byte(c.data), &into)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got error %v, want %q", err, c.want)
			}
			if !reflect.DeepEqual(into, drawing{Seed: 7}) {
				t.Errorf("a failed Decode changed its target to %+v", into)
			}
		})
	}
	for _, into := range []any{nil, drawing{}, (*drawing)(nil)} {
		if err := Decode([]byte("{}"), into); err == nil {
			t.Errorf("Decode into %#v gives no error", into)
		}
	}
	var back interface{ volume() float64 }
	if err := Decode([]byte(`{"type": "describe.square"}`), &back); err == nil ||
		!strings.Contains(err.Error(), "describe.square is not a interface { describe.volume() float64 }") {
		t.Errorf("a type that lacks the methods of the interface: error %v", err)
	}
}

func TestDifference(t *testing.T) {
	base := drawing{Front: group{square{1}, framed{square{2}, 1}}, Scale: 2, Title: "a"}
	for _, c := range []struct {
		name   string
		change func(d *drawing)
		want   string
	}{
		{"nothing", func(*drawing) {}, ""},
		{"number", func(d *drawing) { d.Front[0] = square{3} }, "Front[0].Side: 1 and 3"},
		{"number deeper", func(d *drawing) { d.Front[1] = framed{square{4}, 5} }, "Front[1].Inner.Side: 2 and 4"},
		{"type", func(d *drawing) { d.Front[0] = polygon{} }, "Front[0]: describe.square and describe.polygon"},
		{"fewer", func(d *drawing) { d.Front = d.Front[:1] }, "Front[1]: describe.framed and nothing"},
		{"more", func(d *drawing) { d.Front = append(d.Front, nil) }, "Front[2]: nothing and null"},
		{"first of two", func(d *drawing) { d.Scale, d.Title = 3, "b" }, "Scale: 2 and 3"},
		{"string", func(d *drawing) { d.Title = "b" }, `Title: "a" and "b"`},
		{"set", func(d *drawing) { d.Frame.Width = 2 }, `Frame: not set and {"Width": 2}`},
		{"set at the end", func(d *drawing) { d.Any = angle(1) }, "Any: not set and describe.angle"},
		{"unset", func(d *drawing) { d.Scale = 0 }, "Scale: 2 and not set"},
		{"set and unset", func(d *drawing) { d.Scale, d.Seed = 0, 1 }, "Seed: not set and 1"},
		{"another kind", func(d *drawing) { d.Scale = math.Inf(1) }, `Scale: 2 and "+Inf"`},
		{"in a slice that says its type", func(d *drawing) { d.Front[0] = group{} }, "Front[0]: describe.square and describe.group"},
	} {
		t.Run(c.name, func(t *testing.T) {
			changed := base
			changed.Front = append(group{}, base.Front...)
			c.change(&changed)
			if got := Difference(mustEncode(t, base), mustEncode(t, changed)); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	if got, want := Difference([]byte(`{"Back": {"type": "g", "value": [{"A": 1}]}}`),
		[]byte(`{"Back": {"value": [{"A": 2}], "type": "g"}}`)), "Back[0].A: 1 and 2"; got != want {
		t.Errorf("members in another order: got %q, want %q", got, want)
	}
	if got := Difference([]byte(`{`), []byte(`{}`)); !strings.HasPrefix(got, "the first is not a description") {
		t.Errorf("broken JSON: got %q", got)
	}
}

// Two descriptions differ exactly when the values do.
func TestDifferenceSeesEveryChange(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 1000 {
		a, b := randomDrawing(rng), randomDrawing(rng)
		b.Seed, b.Bits = a.Seed, a.Bits
		left, right := mustEncode(t, a), mustEncode(t, b)
		if d := Difference(left, right); (d == "") != (string(left) == string(right)) {
			t.Fatalf("difference %q between\n%s\n%s", d, left, right)
		}
	}
}

func TestRegister(t *testing.T) {
	Register(square{}, square{})
	panics := func(name string, register func()) {
		defer func() {
			if recover() == nil {
				t.Errorf("%s: no panic", name)
			}
		}()
		register()
	}
	panics("two types of one name", func() {
		type square struct{ Other int }
		Register(square{})
	})
	panics("nil", func() { Register(nil) })
	if got := Name(group{}); got != "describe.group" {
		t.Errorf("Name is %q", got)
	}
}

// FuzzDecode: nothing makes Decode panic, and what it reads can be written and read again.
func FuzzDecode(f *testing.F) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 20 {
		data, err := Encode(randomDrawing(rng))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`{"Scale": "NaN", "Any": {"type": "describe.angle", "value": "inf"}}`))
	f.Add([]byte(`{"type": "describe.square"} x`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var d, again drawing
		if Decode(data, &d) != nil {
			return
		}
		written, err := Encode(d)
		if err != nil {
			t.Fatalf("read but not written: %v", err)
		}
		if err := Decode(written, &again); err != nil {
			t.Fatalf("written but not read: %v\n%s", err, written)
		}
		twice, err := Encode(again)
		if err != nil || string(twice) != string(written) {
			t.Fatalf("written twice: %v\n%s\n%s", err, written, twice)
		}
	})
}
