//go:build !goexperiment.simd || !amd64

package plain

func addTo(y []float32, v float32, w []float32) { addScalar(y, v, w) }
