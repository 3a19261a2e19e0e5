// Package describe writes plain values as JSON and reads them back, so that a
// model can lie beside its weights, be compared with another, and be built again
// by a program that does not hold its source.
//
// Plain means: numbers, strings, bools, and structs, slices and arrays of them.
// Where the static type is an interface the value says its type, which must be
// known by [Register] to be read:
//
//	{
//	  "Encoder": [
//	    {"type": "nets.Flatten"},
//	    {"type": "nets.Dense", "Units": 256, "Activation": "relu"}
//	  ],
//	  "Latent": 2,
//	  "Likelihood": {"type": "dist.Bernoulli"}
//	}
//
// Fields that are zero are left out, so a field added to a struct later changes
// no description written before. Equal values have equal descriptions, byte for byte.
package describe

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync"
)

var (
	registered   = map[string]reflect.Type{}
	registeredMu sync.RWMutex
)

// Register makes the types of values known by name. Two types of one name are a
// mistake in the program, and panic.
func Register(values ...any) {
	registeredMu.Lock()
	defer registeredMu.Unlock()
	for _, v := range values {
		t := reflect.TypeOf(v)
		if t == nil {
			panic("describe: Register(nil); give a value of the type")
		}
		if known, ok := registered[t.String()]; ok && known != t {
			panic(fmt.Sprintf("describe: there are two types %s, of %s and of %s; rename one of them",
				t, known.PkgPath(), t.PkgPath()))
		}
		registered[t.String()] = t
	}
}

// Registered are the types that are known by name, in no order.
func Registered() []reflect.Type {
	registeredMu.RLock()
	defer registeredMu.RUnlock()
	return slices.Collect(maps.Values(registered))
}

// Name is a value's type as it is written, such as "nets.Dense".
func Name(v any) string {
	if v == nil {
		return "nil"
	}
	return reflect.TypeOf(v).String()
}

func lookup(name string) (reflect.Type, bool) {
	registeredMu.RLock()
	defer registeredMu.RUnlock()
	t, ok := registered[name]
	return t, ok
}

// fault is an error at a path, such as "Encoder[2].Units".
func fault(path, format string, args ...any) error {
	if path != "" {
		path += ": "
	}
	return fmt.Errorf("%s%w", path, fmt.Errorf(format, args...))
}

// within is the path of a field.
func within(path, field string) string {
	if path == "" {
		return field
	}
	return path + "." + field
}
