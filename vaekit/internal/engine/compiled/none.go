//go:build !cgo || !linux

package compiled

// Keep keeps nothing: without cgo there is no XLA, and what machine code depends on is known on
// Linux alone.
func Keep(string) {}

// Folder is empty, as nothing is kept.
func Folder() string { return "" }
