//go:build !goexperiment.simd || !amd64

package engine

// headroom is for builds with SIMD.
func headroom() {}
