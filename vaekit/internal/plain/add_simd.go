//go:build goexperiment.simd && amd64

package plain

import "simd/archsimd"

var hasAVX2 = archsimd.X86.AVX2()

// addTo takes eight outputs at a time: each is still rounded after its product and after
// its sum, so the bits are the same.
func addTo(y []float32, v float32, w []float32) {
	if !hasAVX2 || len(y) < 8 {
		addScalar(y, v, w)
		return
	}
	times, o := archsimd.BroadcastFloat32x8(v), 0
	for ; o+8 <= len(y); o += 8 {
		archsimd.LoadFloat32x8(y[o:]).Add(archsimd.LoadFloat32x8(w[o:]).Mul(times)).Store(y[o:])
	}
	addScalar(y[o:], v, w[o:])
}
