//go:build cgo && !linux

package compiled

// Keep keeps nothing here: what machine code depends on is known on Linux alone.
func Keep(string) {}
