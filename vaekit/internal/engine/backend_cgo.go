//go:build cgo

package engine

import (
	"path/filepath"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/go-xla/compute/xla" // PJRT plugins are C libraries
	"github.com/gomlx/go-xla/pjrt"

	"github.com/vaebook/vaebook/vaekit/internal/engine/compiled"
)

// XLA's CPU plugin makes four devices unless it is told otherwise, with four threads to
// serve them however many cores there are, and hands each program to another thread. One
// device that works in the caller's thread takes 1.13 times as many steps of the dense
// model of notebook 01 on two cores: 426 against 376 a second.
func init() {
	openCPU = func(config string, devices int) (compute.Backend, error) {
		plugin, _, _ := strings.Cut(config, ",")
		if filepath.IsAbs(plugin) && filepath.Base(plugin) == pluginNames["xla"][0] {
			compiled.Keep(plugin)
		}
		b, err := xla.NewWithOptions(config, pjrt.NamedValuesMap{
			"cpu_device_count": int64(devices),
			"asynchronous":     devices > 1, // devices that wait for each other need threads
		})
		if err != nil && devices == 1 {
			return xla.New(config) // an older plugin does not know the options
		}
		return b, err
	}
	setTF32 = func(b compute.Backend, on bool) (before bool) {
		if x, ok := b.(*xla.Backend); ok {
			before, x.DotGeneralUseTF32 = x.DotGeneralUseTF32, on
		}
		return before
	}
}
