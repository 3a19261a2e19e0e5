//go:build cgo && linux

package compiled

/*
#cgo LDFLAGS: -ldl
#include <stdlib.h>
#include "pjrt.h"
*/
import "C"

import (
	"strconv"
	"sync"
	"unsafe"

	"github.com/gomlx/go-xla/pjrt"
)

var (
	keeping sync.Mutex
	kept    string // the machine of the one plugin whose programs are kept; empty before Keep
)

// Keep makes go-xla use the plugin for the CPU at a path, which is absolute, through a compiler
// that keeps what it compiles, where that can be done. It is called before the plugin is used,
// and while no other plugin is opened; later calls, and those for a second plugin, do nothing.
func Keep(plugin string) {
	keeping.Lock()
	defer keeping.Unlock()
	if kept != "" {
		return
	}
	on := machine(plugin)
	if on == "" {
		return
	}
	path := C.CString(plugin)
	defer C.free(unsafe.Pointer(path))
	table := C.compiled_wrap(path)
	if table == nil {
		return
	}
	if err := pjrt.RegisterPreloadedPlugin(plugin, uintptr(table)); err == nil {
		kept = on
	}
}

// compiledCompile is PJRT_Client_Compile: it returns an error of PJRT's, or nil with
// args.executable set.
//
//export compiledCompile
func compiledCompile(args *C.struct_compile_args) unsafe.Pointer {
	dir := Folder()
	if dir == "" {
		return C.compiled_compile(args)
	}
	view := func(from *C.char, size C.size_t) []byte {
		return unsafe.Slice((*byte)(unsafe.Pointer(from)), int(size))
	}
	path := entry(dir, []byte(kept), strconv.AppendUint(nil, uint64(C.compiled_devices(args.client)), 10),
		view(args.program.format, args.program.format_size), view(args.program.code, args.program.code_size),
		view(args.options, args.options_size))
	if program := read(path); program != nil {
		if C.compiled_load(args, (*C.char)(unsafe.Pointer(unsafe.SliceData(program))), C.size_t(len(program))) != 0 {
			return nil
		}
	}
	if problem := C.compiled_compile(args); problem != nil {
		return problem
	}
	var program C.struct_serialize_args
	if C.compiled_serialize(args.executable, &program) != 0 {
		defer C.compiled_free(&program)
		// Where it cannot be kept, on a full disk say, the next process compiles it again.
		_ = write(path, view(program.bytes, program.bytes_size))
	}
	return nil
}
