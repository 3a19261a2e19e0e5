package vaekit_test

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit"
	"github.com/vaebook/vaebook/vaekit/internal/check"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// littleMemory makes this program one that trains with the batch that it says.
const littleMemory = "VAEKIT_TEST_LITTLE_MEMORY"

func init() {
	if os.Getenv(littleMemory) != "" {
		trainInLittleMemory()
		os.Exit(0)
	}
}

// trainInLittleMemory prints the error of a training that may take a gigabyte.
func trainInLittleMemory() {
	var batch, pages uint64
	fmt.Sscan(os.Getenv(littleMemory), &batch)
	if _, err := vaekit.Backend(); err != nil {
		fmt.Println(err)
		return
	}
	statm, _ := os.ReadFile("/proc/self/statm")
	fmt.Sscan(string(statm), &pages)
	limit := pages*uint64(os.Getpagesize()) + 1<<30
	if err := syscall.Setrlimit(syscall.RLIMIT_AS, &syscall.Rlimit{Cur: limit, Max: limit}); err != nil {
		fmt.Println(err)
		return
	}
	const examples = 400_000
	data, err := datasets.FromFloats([]int{2}, make([]float32, 2*examples), nil)
	if err == nil {
		model := vaekit.Model{Encoder: nets.MLP(4), Latent: 2, Decoder: nets.MLP(1000)}
		_, err = vaekit.Train(model, data, vaekit.Training{Batch: int(batch), Epochs: 1})
	}
	fmt.Println("ended with", err)
}

// Where a batch does not fit into memory, the error names one that does.
func TestBatchThatFits(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		if b.Kind != "xla" {
			return // Go's runtime ends a program that is out of memory
		}
		train := func(batch string) string {
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), littleMemory+"="+batch)
			said, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			return string(said)
		}
		said := train("400000")
		found := regexp.MustCompile(`does not fit into memory .*Batch: 400000 does not fit; Batch: (\d+) does, and with Accumulate: (\d+)`).FindStringSubmatch(said)
		if found == nil {
			t.Fatalf("training %s; expected the batch that fits", said)
		}
		if said := train(found[1]); !strings.Contains(said, "ended with <nil>") {
			t.Errorf("with Batch: %s training %s", found[1], said)
		}
	})
}
