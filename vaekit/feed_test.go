package vaekit

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit/internal/check"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// streamed hides that a data set lies in memory.
type streamed struct{ datasets.Dataset }

// inShards is a stream that is read best in shards of seven.
type inShards struct{ streamed }

func (inShards) Shard() int { return 7 }

// inBytes is a stream that comes as bytes.
type inBytes struct {
	streamed
	all *datasets.Examples
}

func (b inBytes) ReadTable(t *datasets.Table, visit uint64, indices []int) error {
	return b.all.ReadTable(t, visit, indices)
}

// inPieces lets a piece hold so many bytes.
func inPieces(t *testing.T, bytes int) {
	t.Helper()
	before := pieceBytes
	pieceBytes = bytes
	t.Cleanup(func() { pieceBytes = before })
}

// pixels are n pictures of 3 by 3 pixels, black or white.
func pixels(t *testing.T, n int) *datasets.Examples {
	t.Helper()
	values := make([]uint8, n*9)
	rng := engine.Rand(1, "pixels", 0)
	for i := range values {
		values[i] = uint8(255 * rng.IntN(2))
	}
	data, err := datasets.FromBytes([]int{3, 3, 1}, values, nil)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func pixelModel() Model { return Model{Encoder: nets.MLP(8), Latent: 2, Decoder: nets.MLP(8)} }

// A stream is read ahead in pieces; how long they are changes nothing, nor whether
// they hold bytes.
func TestPiecesOfAStreamMakeNoDifference(t *testing.T) {
	data := pixels(t, 110)
	check.EachBackend(t, func(t *testing.T, _ *engine.Backend) {
		var losses []float64
		for _, c := range []struct {
			steps  int // of 11 an epoch
			stream datasets.Dataset
		}{
			{1, streamed{data}},
			{4, streamed{data}},
			{1000, streamed{data}},
			{4, inBytes{streamed{data}, data}},
		} {
			inPieces(t, c.steps*4*9*10)
			run, err := Train(pixelModel(), c.stream, Training{Epochs: 3, Batch: 10})
			if err != nil {
				t.Fatal(err)
			}
			losses = append(losses, run.History[2].Train.Loss)
		}
		for _, loss := range losses[1:] {
			if math.Abs(loss-losses[0]) > 1e-5 {
				t.Errorf("pieces of 1, 4 and 11 steps, and of bytes, train to %v", losses)
			}
		}
	})
}

// Shards and pieces take nothing from a resumed run: it goes on in the middle of a
// piece as if it had not stopped.
func TestAStreamInShardsIsResumed(t *testing.T) {
	data := inShards{streamed{pixels(t, 110)}}
	inPieces(t, 4*4*9*10)
	check.EachBackend(t, func(t *testing.T, _ *engine.Backend) {
		var weights [2][]byte
		for i, stops := range [][]int{nil, {5, 14, 22}} { // of 22
			how := Training{Dir: t.TempDir(), Epochs: 2, Batch: 10, LogEvery: 1}
			how.Progress = func(r Report) {
				if len(stops) > 0 && r.Step == stops[0] && !r.Done {
					stops = stops[1:]
					Interrupt(t, syscall.SIGINT)
				}
			}
			_, err := Train(pixelModel(), data, how)
			for errors.Is(err, ErrStopped) {
				_, err = Train(pixelModel(), data, how)
			}
			if err != nil {
				t.Fatal(err)
			}
			if weights[i], err = os.ReadFile(filepath.Join(how.Dir, engine.WeightsFile)); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(weights[0], weights[1]) {
			t.Error("a run that is stopped within pieces ends with other weights")
		}
	})
}

// counted says how many examples are read, and whether two readings overlap.
type counted struct {
	datasets.Dataset
	examples, reading, overlaps *atomic.Int32
}

func (c counted) Read(b *datasets.Batch, visit uint64, indices []int) error {
	if c.reading.Add(1) > 1 {
		c.overlaps.Add(1)
	}
	defer c.reading.Add(-1)
	runtime.Gosched()
	c.examples.Add(int32(len(indices)))
	return c.Dataset.Read(b, visit, indices)
}

// Nothing is read but what is needed, and one thing at a time, what is held out included.
func TestAStreamIsReadOnce(t *testing.T) {
	t.Setenv("VAEKIT_BACKEND", "go")
	inPieces(t, 4*4*9*10)
	c := counted{pixels(t, 140), &atomic.Int32{}, &atomic.Int32{}, &atomic.Int32{}}
	const looks = 115 + 2*64 + 16 // Train's first look, the data's fingerprint, the form of its pieces
	if _, err := Train(pixelModel(), c, Training{Epochs: 3, Batch: 10, Holdout: 25.0 / 140}); err != nil {
		t.Fatal(err)
	}
	if got, want := int(c.examples.Load()), looks+3*(110+25); got != want {
		t.Errorf("%d examples were read, want %d", got, want)
	}
	if n := c.overlaps.Load(); n > 0 {
		t.Errorf("the data was read twice at a time, %d times", n)
	}
}

// padded has no mask where no example of a batch has padding, unless always.
type padded struct {
	datasets.Dataset
	always bool
}

func (p padded) Read(b *datasets.Batch, visit uint64, indices []int) error {
	if err := p.Dataset.Read(b, visit, indices); err != nil {
		return err
	}
	mask, any := slices.Repeat([]uint8{1}, len(b.Values)), p.always
	for i, index := range indices {
		if index%30 == 0 {
			mask[9*i], any = 0, true
		}
	}
	if any {
		b.Mask = mask
	}
	return nil
}

func TestPiecesWithAndWithoutPadding(t *testing.T) {
	inPieces(t, 5*9*10)
	check.EachBackend(t, func(t *testing.T, _ *engine.Backend) {
		var history [2][]Epoch
		for i, always := range []bool{false, true} {
			run, err := Train(pixelModel(), padded{pixels(t, 120), always}, Training{Epochs: 2, Batch: 10})
			if err != nil {
				t.Fatal(err)
			}
			history[i] = run.History
		}
		if !reflect.DeepEqual(history[0], history[1]) {
			t.Errorf("masks where they are needed train to %v, everywhere to %v", history[0], history[1])
		}
	})
}

// Neither ten million examples lie in memory, nor their order, nor which are held out.
func TestTenMillionExamplesNeedNoMemory(t *testing.T) {
	t.Setenv("VAEKIT_BACKEND", "go")
	inPieces(t, 1<<20)
	data, err := datasets.Synthetic(10_000_000, []int{28, 28, 1}, func(i int, values []float32) { values[i%784] = 1 })
	if err != nil {
		t.Fatal(err)
	}
	b, err := engine.Default()
	if err != nil {
		t.Fatal(err)
	}
	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := heap()
	train, _, err := datasets.Split(data, 0.1, 1)
	if err != nil {
		t.Fatal(err)
	}
	f := newFeed(b, train, 128, 1)
	f.check = func(datasets.Table) error { return nil }
	defer f.close()
	for _, at := range []struct{ epoch, step int }{{0, 0}, {0, f.steps / 2}, {0, f.steps - 1}, {1, 0}} {
		if err := f.seek(at.epoch, at.step, true); err != nil {
			t.Fatal(err)
		}
		if more := heap() - before; more > 16<<20 {
			t.Errorf("epoch %d, step %d: %d bytes more than at first", at.epoch, at.step, more)
		}
	}
	if os.Getenv("VAEKIT_LONG") == "" {
		return
	}
	most := int64(0)
	_, err = Train(pixelModel(), data, Training{Epochs: 1, Batch: 1000, Progress: func(r Report) {
		if r.Step > 100 && r.Step%10 == 0 {
			most = max(most, heap()-before)
		}
	}})
	if err != nil || most > 128<<20 {
		t.Errorf("trained on ten million, at the most %d bytes more than at first: %v", most, err)
	}
}
