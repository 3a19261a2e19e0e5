package metrics

import (
	_ "embed"
	"fmt"
	"slices"
	"sync"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// digitWeights are the net's, which go test ./vaekit/metrics -run TestDigits -update trains.
//
//go:embed digits.safetensors
var digitWeights []byte

const (
	pixels = 28 * 28
	units  = 64 // of the last layer but one: the features
	kinds  = 10 // of digits
)

var (
	digitFeatures = nets.Net{
		nets.Conv2D{Channels: 16, Kernel: 5, Stride: 2, Activation: nets.ReLU, Init: nets.HeUniform},
		nets.Conv2D{Channels: 24, Kernel: 5, Stride: 2, Activation: nets.ReLU, Init: nets.HeUniform},
		nets.Flatten{},
		nets.Dense{Units: units, Activation: nets.ReLU, Init: nets.HeUniform},
	}
	digitClasses = nets.Dense{Units: kinds}
)

// digitNet is the features [batch, units] and the logits [batch, kinds] of x [batch, pixels].
func digitNet(p *nets.Pass, x *graph.Node) (features, logits *graph.Node) {
	features = digitFeatures.Apply(p.In("features"), graph.Reshape(x, -1, 28, 28, 1))
	return features, digitClasses.Apply(p.In("classes"), features)
}

// Digits are the features of pictures of digits, 28 by 28 grey values from 0 to 1: the 64
// numbers by which a small convolutional net, which gets 99.0 % of MNIST's test digits right
// and is kept in this package, tells them apart. Pictures of anything else get features too,
// which mean nothing.
//
// What to expect: from the 10,000 test digits the first 10,000 training digits have the
// Fréchet distance 3.2 and the kernel distance 10 ± 3, the test digits blurred by the mean
// of 3 by 3 pixels 63 and 290 ± 10.
func Digits(b *datasets.Batch) (Features, error) {
	features, _, err := seeDigits(b)
	return Features{Dim: units, Values: features}, err
}

// Classify says which digit, 0 to 9, the same net takes each picture for. How often each
// occurs among samples shows what a model leaves out; how often a reconstruction's digit
// is the original's label, whether it can still be read.
func Classify(b *datasets.Batch) ([]int, error) {
	_, logits, err := seeDigits(b)
	if err != nil {
		return nil, err
	}
	labels := make([]int, 0, b.Len())
	for scores := range slices.Chunk(logits, kinds) {
		labels = append(labels, slices.Index(scores, slices.Max(scores)))
	}
	return labels, nil
}

// seeDigits sends pictures through the net.
func seeDigits(b *datasets.Batch) (features, logits []float32, err error) {
	const rows = 256
	if n := datasets.Size(b.Shape); n != pixels || b.Len() == 0 {
		return nil, nil, fmt.Errorf("metrics: %d examples of shape %v; the net for digits looks at pictures of 28×28 grey values: give Features of your own for others", b.Len(), b.Shape)
	}
	if b.Mask != nil {
		return nil, nil, fmt.Errorf("metrics: the pictures have a mask; the net for digits has seen whole ones only")
	}
	if err := b.Check(b.Shape, b.Len()); err != nil {
		return nil, nil, fmt.Errorf("metrics: %w", err)
	}
	for i, v := range b.Values {
		if !(v >= -1 && v <= 2) { // the mean of a Gaussian may lie a little outside of [0, 1]
			return nil, nil, fmt.Errorf("metrics: pixel %d of picture %d is %v; the net for digits looks at grey values from 0 to 1", i%pixels, i/pixels, v)
		}
	}
	net, err := openDigits()
	if err != nil {
		return nil, nil, fmt.Errorf("metrics: %w", err)
	}
	for from := 0; from < b.Len(); from += rows {
		n := min(rows, b.Len()-from)
		values := make([]float32, rows*pixels) // the last rows may be filled up: one program serves all
		copy(values, b.Slice(from, from+n).Values)
		out, err := net.function.Call(net.weights, engine.Tensor{Name: "x", Shape: []int{rows, pixels}, Data: values})
		if err != nil {
			return nil, nil, fmt.Errorf("metrics: %w", err)
		}
		features = append(features, out[0].Floats()[:units*n]...)
		logits = append(logits, out[1].Floats()[:kinds*n]...)
	}
	return features, logits, nil
}

// A digitReader is the net on a backend.
type digitReader struct {
	function *engine.Function
	weights  *engine.Weights
}

var (
	digitReaders   = map[*engine.Backend]digitReader{} // compiled once each
	digitReadersMu sync.Mutex
)

func openDigits() (digitReader, error) {
	digitReadersMu.Lock()
	defer digitReadersMu.Unlock()
	backend, err := engine.Default()
	if err != nil {
		return digitReader{}, err
	}
	if net, ok := digitReaders[backend]; ok {
		return net, nil
	}
	all, _, err := engine.DecodeTensors(digitWeights)
	if err != nil {
		return digitReader{}, err
	}
	weights, err := backend.Place(all)
	if err != nil {
		return digitReader{}, err
	}
	function, err := backend.NewFunction(weights.Names(), func(values map[string]*graph.Node, in []*graph.Node) []*graph.Node {
		features, logits := digitNet(nets.NewPass(false, values, nil), in[0])
		return []*graph.Node{features, logits}
	})
	if err != nil {
		return digitReader{}, err
	}
	net := digitReader{function, weights}
	digitReaders[backend] = net
	return net, nil
}
