package describe

import (
	"math"
	"reflect"
	"strconv"
)

// Decode reads what [Encode] wrote of a value of type T into a *T. It replaces all
// of it, or nothing where there is an error, which names the path: JSON that is
// broken, a type that is not registered, a field that the type does not have, a
// value that does not fit.
func Decode(data []byte, into any) error {
	v := reflect.ValueOf(into)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return fault("", "a description is read into a pointer, not into %s", Name(into))
	}
	n, err := parse(data)
	if err != nil {
		return err
	}
	fresh := reflect.New(v.Type().Elem()).Elem()
	if err := decode(n, fresh, ""); err != nil {
		return err
	}
	v.Elem().Set(fresh)
	return nil
}

// decode sets v, which is zero.
func decode(n node, v reflect.Value, path string) error {
	wrong := func() error { return fault(path, "%s is not of type %s", brief(n), v.Type()) }
	switch v.Kind() {
	case reflect.Interface:
		return decodeNamed(n, v, path)
	case reflect.Struct:
		if n.kind != object {
			return wrong()
		}
		return decodeFields(n.members, v, path)
	case reflect.Slice:
		if n.kind == scalar && n.text == null.text {
			return nil
		}
		if n.kind != list {
			return wrong()
		}
		v.Set(reflect.MakeSlice(v.Type(), len(n.members), len(n.members)))
		return decodeElements(n, v, path)
	case reflect.Array:
		if n.kind != list || len(n.members) != v.Len() {
			return wrong()
		}
		return decodeElements(n, v, path)
	case reflect.String:
		if n.kind != text {
			return wrong()
		}
		v.SetString(n.text)
		return nil
	case reflect.Bool:
		if n.kind != scalar || n.text != "true" && n.text != "false" {
			return wrong()
		}
		v.SetBool(n.text == "true")
		return nil
	case reflect.Float32, reflect.Float64:
		x, err := strconv.ParseFloat(n.text, v.Type().Bits())
		finite := !math.IsNaN(x) && !math.IsInf(x, 0)
		if err != nil || finite != (n.kind == scalar) {
			return wrong()
		}
		v.SetFloat(x)
		return nil
	}
	switch {
	case v.CanInt():
		x, err := strconv.ParseInt(n.text, 10, v.Type().Bits())
		if err != nil || n.kind != scalar {
			return wrong()
		}
		v.SetInt(x)
		return nil
	case v.CanUint() && v.Kind() != reflect.Uintptr:
		x, err := strconv.ParseUint(n.text, 10, v.Type().Bits())
		if err != nil || n.kind != scalar {
			return wrong()
		}
		v.SetUint(x)
		return nil
	}
	return fault(path, "a %s cannot be read from a description", v.Type())
}

// decodeNamed sets an interface to a value that says its type.
func decodeNamed(n node, v reflect.Value, path string) error {
	if n.kind == scalar && n.text == null.text {
		return nil
	}
	if name, ok := n.get(opaqueMember); ok {
		return fault(path, "%s was written without being registered, so that only its name is kept; "+
			"call vaekit.Register with a value of that type before it is written", name.text)
	}
	name, ok := n.get(typeMember)
	if !ok || name.kind != text {
		return fault(path, `%s says no "type", which a %s must`, brief(n), v.Type())
	}
	t, ok := lookup(name.text)
	if !ok {
		return fault(path, "there is no type %s in this program; call vaekit.Register with a value of that type", name.text)
	}
	if !t.Implements(v.Type()) {
		return fault(path, "%s is not a %s", t, v.Type())
	}
	inner := reflect.New(t).Elem()
	var rest []member
	for _, m := range n.members {
		if m.name != typeMember {
			rest = append(rest, m)
		}
	}
	var err error
	switch {
	case t.Kind() == reflect.Struct:
		err = decodeFields(rest, inner, path)
	case len(rest) != 1 || rest[0].name != valueMember:
		err = fault(path, `a %s is written as {"type": …, "value": …} and nothing else`, t)
	default:
		err = decode(rest[0].value, inner, path)
	}
	v.Set(inner)
	return err
}

func decodeFields(members []member, v reflect.Value, path string) error {
	for _, m := range members {
		field, ok := v.Type().FieldByName(m.name)
		if !ok || !field.IsExported() || len(field.Index) != 1 {
			return fault(within(path, m.name), "%s has no such field; was it written by another version of this program?", v.Type())
		}
		if err := decode(m.value, v.FieldByIndex(field.Index), within(path, m.name)); err != nil {
			return err
		}
	}
	return nil
}

func decodeElements(n node, v reflect.Value, path string) error {
	for i, m := range n.members {
		if err := decode(m.value, v.Index(i), path+"["+strconv.Itoa(i)+"]"); err != nil {
			return err
		}
	}
	return nil
}
