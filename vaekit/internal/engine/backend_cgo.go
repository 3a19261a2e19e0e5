//go:build cgo

package engine

import _ "github.com/gomlx/go-xla/compute/xla" // PJRT plugins are C libraries
