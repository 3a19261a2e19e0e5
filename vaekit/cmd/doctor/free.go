//go:build linux || darwin

package main

import (
	"path/filepath"
	"syscall"
)

// free is the space left on the disk of a folder, or of the one that it would be made in, in MB.
func free(folder string) int64 {
	for {
		var disk syscall.Statfs_t
		if syscall.Statfs(folder, &disk) == nil {
			return int64(disk.Bavail) * int64(disk.Bsize) >> 20
		}
		up := filepath.Dir(folder)
		if up == folder {
			return -1
		}
		folder = up
	}
}
