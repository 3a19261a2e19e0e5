package datasets

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
)

// each calls do(0) … do(n−1) on all processors. It begins no more of them once
// one has failed and returns the error of the first in order; a panic counts as one.
func each(n int, do func(i int) error) error {
	var next atomic.Int64
	var failed atomic.Bool
	var mu sync.Mutex
	var first error
	at := n
	var wait sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		wait.Go(func() {
			for !failed.Load() {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if err := safely(func() error { return do(i) }); err != nil {
					failed.Store(true)
					mu.Lock()
					if i < at {
						first, at = err, i
					}
					mu.Unlock()
				}
			}
		})
	}
	wait.Wait()
	return first
}

// safely makes an error of a panic, which would end the program in a goroutine.
func safely(do func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return do()
}
