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
	// The engine knows of no labels: they lie behind the pixels.
	train, err := datasets.All(digits.Train)
	if err != nil {
		t.Fatal(err)
	}
	bytes := digits.Train.Resident(0).Bytes
	var rows []uint8
	for i, label := range train.Labels {
		rows = append(append(rows, bytes[i*pixels:(i+1)*pixels]...), uint8(label))
	}
	table, err := backend.NewTable(pixels+1, rows, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer table.Free()
	var order []int32
	for epoch := range epochs {
		shuffled := engine.Rand(seed, "order", uint64(epoch)).Perm(train.Len())
		for _, i := range shuffled[:train.Len()/batch*batch] {
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
	x := graph.Slice(b.X, graph.AxisRange(), graph.AxisRange(0, pixels))
	// Noise keeps the net from learning pictures by heart. Bytes come as v/255.
	x = graph.Add(x, graph.MulScalar(b.Noise("pixels", x.Shape().Dimensions...), 0.3))
	label := graph.MulScalar(graph.Slice(b.X, graph.AxisRange(), graph.AxisRange(pixels)), 255)
	_, logits := digitNet(nets.NewPass(true, b.Values, b.Noise), x)
	distance := graph.Abs(graph.Sub(graph.Iota(b.X.Graph(), logits.Shape(), 1), graph.BroadcastToDims(label, logits.Shape().Dimensions...)))
	right := graph.ConvertDType(graph.LessThan(distance, graph.MulScalar(graph.OnesLike(distance), 0.5)), logits.DType())
	logits = graph.Sub(logits, graph.StopGradient(graph.ReduceAndKeep(logits, graph.ReduceMax, -1)))
	logSum := graph.Log(graph.ReduceSum(graph.Exp(logits), -1))
	loss := graph.ReduceAllMean(graph.Sub(logSum, graph.ReduceSum(graph.Mul(logits, right), -1)))
	return engine.Loss{Value: loss, Measures: [3]*graph.Node{loss, loss, loss}}
}
