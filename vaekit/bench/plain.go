package main

import (
	"errors"
	"math/rand/v2"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	_ "github.com/gomlx/compute/gobackend"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/layers/activation"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/nn"
	"github.com/gomlx/gomlx/ml/train/optimizer"
)

// trainPlain is the dense model in GoMLX without the kit, written the ordinary way: its
// store, its dense operation, its Adam, one step a call.
func trainPlain(h *hand, content []byte) error {
	h.begin()
	backend, err := compute.NewWithConfig("go")
	if err != nil {
		return err
	}
	store := model.NewStore()
	if err := store.SetRNGStateFromSeed(0); err != nil {
		return err
	}
	adam := optimizer.Adam().LearningRate(h.spec.Rate).Epsilon(1e-8).Done()
	step, err := model.NewExec(backend, store, func(scope *model.Scope, images, indices *graph.Node) *graph.Node {
		g := images.Graph()
		scope.SetTraining(g, true)
		x := graph.ConvertDType(graph.Gather(images, graph.InsertAxes(indices, -1)), dtypes.Float32)
		x = graph.MulScalar(x, 1.0/255)
		loss := plainLoss(scope, h.spec, x)
		adam.UpdateGraph(scope, g, loss)
		return loss
	})
	if err != nil {
		return err
	}
	images := tensors.FromFlatDataAndDimensions(content, h.spec.Examples, len(content)/h.spec.Examples)
	rng := rand.New(rand.NewPCG(0, 0))
	var means []float64
	for steps := 0; ; {
		order, sum, n := rng.Perm(h.spec.Examples), 0.0, h.spec.Examples/h.spec.Batch
		for i := range n {
			batch := make([]int32, h.spec.Batch)
			for k := range batch {
				batch[k] = int32(order[i*h.spec.Batch+k])
			}
			loss, err := step.Call1(images, batch)
			if err != nil {
				return err
			}
			value, ok := loss.Value().(float32)
			if !ok {
				return errors.New("bench: plain GoMLX: the loss is no float32")
			}
			loss.MustFinalizeAll()
			sum += float64(value)
			steps++
			if i == n-1 && len(means) < h.spec.Epochs {
				means = append(means, sum/float64(n))
			}
			h.took(steps, means[:len(means):len(means)])
		}
	}
}

// plainLoss is the loss of a batch [batch, values], in nats.
func plainLoss(scope *model.Scope, s spec, x *graph.Node) *graph.Node {
	encoded := plainNet(scope.In("encoder"), s.Encoder, x)
	head := plainDense(scope.In("posterior"), encoded, linear(2*s.Latent))
	mu := graph.Slice(head, graph.AxisRange(), graph.AxisRange(0, s.Latent))
	logVar := graph.Slice(head, graph.AxisRange(), graph.AxisRange(s.Latent))
	noise := scope.RandomNormal(x.Graph(), shapes.Make(dtypes.Float32, s.Batch, s.Latent))
	z := graph.Add(mu, graph.Mul(graph.Exp(graph.MulScalar(logVar, 0.5)), noise))
	out := plainNet(scope.In("decoder"), s.Decoder, z)
	softplus := graph.Add(graph.Max(out, graph.ZerosLike(out)), graph.Log1P(graph.Exp(graph.Neg(graph.Abs(out)))))
	distortion := graph.ReduceSum(graph.Sub(softplus, graph.Mul(x, out)), -1)
	rate := graph.Sub(graph.Add(graph.Exp(logVar), graph.Square(mu)), graph.OnePlus(logVar))
	return graph.ReduceAllMean(graph.Add(distortion, graph.MulScalar(graph.ReduceSum(rate, -1), 0.5)))
}

func plainNet(scope *model.Scope, net []layer, x *graph.Node) *graph.Node {
	for i, l := range net {
		if l.Kind == "dense" {
			x = plainDense(scope.In("layer_%d", i), x, l)
		}
	}
	return x
}

func plainDense(scope *model.Scope, x *graph.Node, l layer) *graph.Node {
	weight := scope.VariableWithShape("weight", shapes.Make(dtypes.Float32, x.Shape().Dim(-1), l.Units))
	bias := scope.VariableWithShape("bias", shapes.Make(dtypes.Float32, l.Units))
	g, act := x.Graph(), activation.TypeNone
	if l.ReLU {
		act = activation.TypeRelu
	}
	return nn.Dense(x, weight.NodeValue(g), bias.NodeValue(g), compute.DenseLayoutInputOutputs, act)
}
