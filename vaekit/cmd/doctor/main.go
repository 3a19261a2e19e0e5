// Doctor says what vaebook finds on this machine: versions, backends and devices, NVIDIA's
// driver, data, disk, what Go and XLA have compiled; and of what is not as it should be, what
// to do.
// Run it with `make doctor`, or with `docker run --rm vaebook doctor`.
//
// It exits with status 1 only if no backend works at all.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	line := flag.Bool("line", false, "print the backend that is taken, and why, and nothing else")
	flag.Parse()
	f := look()
	if *line {
		if f.err != nil {
			fmt.Fprintln(os.Stderr, f.err)
			os.Exit(1)
		}
		fmt.Println(f.taken)
		return
	}
	for _, said := range f.report() {
		fmt.Println(said)
	}
	if !f.works() {
		os.Exit(1)
	}
}
