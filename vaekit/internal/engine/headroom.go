//go:build goexperiment.simd && amd64

package engine

import (
	"runtime"
	"sync"
)

// headroom makes the Go heap larger by address space that nothing has used yet, once in a
// process. In Go 1.27 a partial load of a SIMD vector (archsimd.LoadFloat32x16Part), with which
// the Go backend ends rows, reads a whole vector and forgets what lies behind the slice. Where
// the slice is the last thing in the heap nothing lies there, and the process dies of a fault:
// of small programs one in fifty. The heap is filled from below, so behind it is room from
// now on. It takes no memory until it is used.
var headroom = sync.OnceFunc(func() {
	room := make([]byte, 1<<30)
	runtime.KeepAlive(room)
	runtime.GC()
})
