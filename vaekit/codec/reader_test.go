package codec

import (
	"bytes"
	"runtime"
	"testing"
)

// Of vast blocks, which a small file may promise, a reader has few in work.
func TestFewVastBlocksInWork(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(64))
	_, m := small(t)
	const values = 36 // of an example
	for block, want := range map[int]int{mostExamples: mostWork / (values * mostExamples), 100: 64} {
		var file bytes.Buffer
		w, err := m.NewWriter(&file, Options{Block: block})
		if err == nil {
			err = w.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		if r, err := NewReader(&file, m); err != nil || r.most != want {
			t.Errorf("blocks of %d examples: %v; %d in work, want %d", block, err, r.most, want)
		}
	}
}
