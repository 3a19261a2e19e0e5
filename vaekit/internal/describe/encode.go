package describe

import (
	"math"
	"reflect"
	"strconv"
	"unicode/utf8"
)

// Members that are not fields. Fields of Go begin with a capital, so none is mistaken for one.
const (
	typeMember   = "type"   // names the type where the static type is an interface
	opaqueMember = "opaque" // the same, where the value cannot be read back
	valueMember  = "value"  // holds what is no struct, beside its type
)

// deepestValue bounds values that hold themselves.
const deepestValue = 100

// Encode writes v, or what the pointer v points to, as indented JSON. Where v holds
// something that [Decode] could not build again (a type that is not registered
// inside an interface, a function, a pointer, a map, an unexported field that is
// set), the error names its type and path.
func Encode(v any) ([]byte, error) { return encoder{}.encode(v) }

// EncodeLoose is [Encode] for values that are only to be compared: what cannot be
// written is named as {"opaque": "main.Swish"}, with as much of it as can be. It
// fails where a string is not UTF-8 or a value holds itself.
func EncodeLoose(v any) ([]byte, error) { return encoder{loose: true}.encode(v) }

type encoder struct {
	loose   bool
	pointed bool // behind a pointer; a second one is not followed, it may lead back
}

func (e encoder) encode(v any) ([]byte, error) {
	value := reflect.ValueOf(v)
	if value.Kind() == reflect.Pointer {
		value = value.Elem()
	}
	if !value.IsValid() {
		return nil, fault("", "there is no value to describe, only nil")
	}
	n, err := e.value(value, place{})
	if err != nil {
		return nil, err
	}
	return []byte(n.format("") + "\n"), nil
}

// A place is where in a value the encoder is.
type place struct {
	path  string
	owner reflect.Type // the struct around it
	depth int
}

func (at place) in(path string) place { return place{path, at.owner, at.depth + 1} }

func (e encoder) value(v reflect.Value, at place) (node, error) {
	if at.depth > deepestValue {
		return node{}, fault(at.path, "nested deeper than %d; a value must not hold itself", deepestValue)
	}
	switch v.Kind() {
	case reflect.Interface:
		if v.IsNil() {
			return null, nil
		}
		return e.named(v.Elem(), at)
	case reflect.Struct:
		return e.fields(v, at)
	case reflect.Slice:
		if v.IsNil() {
			return null, nil
		}
		return e.elements(v, at)
	case reflect.Array:
		return e.elements(v, at)
	case reflect.String:
		if !utf8.ValidString(v.String()) {
			return node{}, fault(at.path, "the string %q is not UTF-8 and cannot be written", v.String())
		}
		return node{kind: text, text: v.String()}, nil
	case reflect.Bool:
		return node{kind: scalar, text: strconv.FormatBool(v.Bool())}, nil
	case reflect.Float32, reflect.Float64:
		return float(v.Float(), v.Type().Bits()), nil
	}
	switch {
	case v.CanInt():
		return node{kind: scalar, text: strconv.FormatInt(v.Int(), 10)}, nil
	case v.CanUint() && v.Kind() != reflect.Uintptr:
		return node{kind: scalar, text: strconv.FormatUint(v.Uint(), 10)}, nil
	case !e.loose && at.owner != nil:
		return node{}, fault(at.path, "%s holds a %s, which cannot be written; "+
			"say it with numbers, strings, structs and slices", at.owner, v.Type())
	case !e.loose:
		return node{}, fault(at.path, "a %s cannot be written; "+
			"say it with numbers, strings, structs and slices", v.Type())
	case v.Kind() == reflect.Pointer && !v.IsNil() && !e.pointed:
		e.pointed = true
		return e.tag(opaqueMember, v.Type(), v.Elem(), at)
	}
	return node{kind: object, members: []member{{opaqueMember, node{kind: text, text: v.Type().String()}}}}, nil
}

// named is what an interface holds.
func (e encoder) named(v reflect.Value, at place) (node, error) {
	switch known, ok := lookup(v.Type().String()); {
	case v.Kind() == reflect.Pointer, v.Kind() == reflect.Func:
		return e.value(v, at)
	case ok && known == v.Type():
		return e.tag(typeMember, v.Type(), v, at)
	case e.loose:
		return e.tag(opaqueMember, v.Type(), v, at)
	}
	return node{}, fault(at.path, "%s is not registered; call vaekit.Register(%s) so that it can be written and read",
		v.Type(), literal(v.Type()))
}

// tag puts the name of a type before the fields of a value, or beside it.
func (e encoder) tag(label string, t reflect.Type, v reflect.Value, at place) (node, error) {
	inner, err := e.value(v, at)
	if err != nil {
		return node{}, err
	}
	n := node{kind: object, members: []member{{label, node{kind: text, text: t.String()}}}}
	if v.Kind() == reflect.Struct {
		n.members = append(n.members, inner.members...)
	} else {
		n.members = append(n.members, member{valueMember, inner})
	}
	return n, nil
}

func (e encoder) fields(v reflect.Value, at place) (node, error) {
	n := node{kind: object}
	at.owner = v.Type()
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if v.Field(i).IsZero() {
			continue
		}
		in := at.in(within(at.path, field.Name))
		if !field.IsExported() && !e.loose {
			return node{}, fault(in.path, "%s holds an unexported field, which cannot be written; export it or leave it zero", v.Type())
		}
		value, err := e.value(v.Field(i), in)
		if err != nil {
			return node{}, err
		}
		n.members = append(n.members, member{field.Name, value})
	}
	return n, nil
}

func (e encoder) elements(v reflect.Value, at place) (node, error) {
	n := node{kind: list}
	for i := range v.Len() {
		value, err := e.value(v.Index(i), at.in(at.path+"["+strconv.Itoa(i)+"]"))
		if err != nil {
			return node{}, err
		}
		n.members = append(n.members, member{value: value})
	}
	return n, nil
}

// float is the shortest number that reads back the same; JSON has none for the
// infinities, so they are strings. −0 equals 0 and is written alike.
func float(x float64, bits int) node {
	if x == 0 {
		x = 0
	}
	written := strconv.FormatFloat(x, 'g', -1, bits)
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return node{kind: text, text: written}
	}
	return node{kind: scalar, text: written}
}

// literal is Go for a value of type t.
func literal(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return t.String() + `("")`
	case reflect.Struct, reflect.Slice, reflect.Array, reflect.Map:
		return t.String() + "{}"
	case reflect.Bool:
		return t.String() + "(false)"
	}
	return t.String() + "(0)"
}
