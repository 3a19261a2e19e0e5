package vaekit

import (
	"math"
	"testing"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit/internal/check"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// streamed hides that a data set lies in memory.
type streamed struct{ datasets.Dataset }

// A stream is read ahead in pieces; how long they are changes nothing.
func TestPiecesOfAStreamMakeNoDifference(t *testing.T) {
	defer func(bytes int) { pieceBytes = bytes }(pieceBytes)
	pixels := make([]uint8, 110*9)
	rng := engine.Rand(1, "pixels", 0)
	for i := range pixels {
		pixels[i] = uint8(255 * rng.IntN(2))
	}
	data, err := datasets.FromBytes([]int{3, 3, 1}, pixels, nil)
	if err != nil {
		t.Fatal(err)
	}
	check.EachBackend(t, func(t *testing.T, _ *engine.Backend) {
		var losses []float64
		for _, steps := range []int{1, 4, 1000} { // of 11 an epoch
			pieceBytes = steps * 4 * 9 * 10
			run, err := Train(Model{Encoder: nets.MLP(8), Latent: 2, Decoder: nets.MLP(8)}, streamed{data}, Training{Epochs: 3, Batch: 10})
			if err != nil {
				t.Fatal(err)
			}
			losses = append(losses, run.History[2].Train.Loss)
		}
		for _, loss := range losses[1:] {
			if math.Abs(loss-losses[0]) > 1e-5 {
				t.Errorf("pieces of 1, 4 and 11 steps train to %v", losses)
			}
		}
	})
}
