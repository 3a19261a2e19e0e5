package metrics

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
	"github.com/vaebook/vaebook/vaekit/nets"
	"github.com/vaebook/vaebook/vaekit/optim"
)

var update = flag.Bool("update", false, "train the net for digits anew")

// trainDigits fits the net to MNIST and writes its weights: 10 epochs of Adam in batches
// of 128, whose mean over the last steps is kept.
func trainDigits(t *testing.T, digits *datasets.Digits) {
	const seed, epochs, batch = 0, 10, 128
	backend, err := engine.Default()
	if err != nil {
		t.Fatal(err)
	}
	train := digits.Train.Resident(0)
	labels := make([]int32, len(train.Labels))
	for i, label := range train.Labels {
		labels[i] = int32(label)
	}
	table, err := backend.NewTable(pixels, train.Bytes, nil, labels)
	if err != nil {
		t.Fatal(err)
	}
	defer table.Free()
	var order []int32
	for epoch := range epochs {
		shuffled := engine.Rand(seed, "order", uint64(epoch)).Perm(len(labels))
		for _, i := range shuffled[:len(labels)/batch*batch] {
			order = append(order, int32(i))
		}
	}
	if err := table.Order(backend, order, batch); err != nil {
		t.Fatal(err)
	}
	steps := len(order) / batch

	var vars []engine.Variable
	add := func(part string, params []nets.Param) {
		for _, p := range params {
			name := part + "." + p.Name
			values, err := p.Init.Values(engine.Rand(seed, name, 0), p.Shape)
			if err != nil {
				t.Fatal(err)
			}
			vars = append(vars, engine.Variable{Name: name, Shape: p.Shape, Learned: true, Value: values})
		}
	}
	add("features", digitFeatures.Params([]int{28, 28, 1}))
	add("classes", digitClasses.Params([]int{units}))
	trainer, err := engine.NewTrainer(backend, seed, engine.Recipe{
		Optimiser: optim.Adam{},
		Rate:      2e-3,
		Schedule:  optim.Cosine{Steps: steps},
		Average:   0.999,
	}, vars, digitLoss)
	if err != nil {
		t.Fatal(err)
	}
	for step := 0; step < steps; {
		measures, err := trainer.Run(table, 0, step, steps)
		if err != nil {
			t.Fatal(err)
		}
		step += len(measures)
		t.Logf("step %d of %d: cross-entropy %.4f nats", step, steps, measures[len(measures)-1][0])
	}
	all, err := trainer.Weights().Fetch()
	if err != nil {
		t.Fatal(err)
	}
	for i := range all {
		all[i].Name = strings.TrimPrefix(all[i].Name, engine.AveragePrefix)
	}
	if digitWeights, err = engine.EncodeTensors(all, "tells MNIST's digits apart"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("digits.safetensors", digitWeights, 0o644); err != nil {
		t.Fatal(err)
	}
}

// digitLoss is the mean over the batch of −log p(label|picture) in nats.
func digitLoss(b *engine.Build) engine.Loss {
	// Noise keeps the net from learning pictures by heart.
	x := graph.Add(b.X, graph.MulScalar(b.Noise("pixels", b.X.Shape().Dimensions...), 0.3))
	_, logits := digitNet(nets.NewPass(true, b.Values, b.Noise), x)
	right := graph.OneHot(b.Labels, logits.Shape().Dimensions[1], logits.DType())
	logits = graph.Sub(logits, graph.StopGradient(graph.ReduceAndKeep(logits, graph.ReduceMax, -1)))
	logSum := graph.Log(graph.ReduceSum(graph.Exp(logits), -1))
	loss := graph.ReduceAllMean(graph.Sub(logSum, graph.ReduceSum(graph.Mul(logits, right), -1)))
	return engine.Loss{Value: loss, Measures: [3]*graph.Node{loss, loss, loss}}
}
