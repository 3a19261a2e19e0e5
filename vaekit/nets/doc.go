// Package nets builds neural networks from layers that are plain values.
//
// A [Net] is a list of layers; a layer is a struct that says three things:
// what shape it makes of a shape, which parameters it learns, and how it builds
// its part of a graph.
//
//	encoder := nets.MLP(256, 128)
//	decoder := nets.Net{nets.Dense{Units: 256, Activation: nets.Tanh}, nets.Dense{Units: 784}}
//	images := nets.Net{nets.Conv2D{Channels: 32, Stride: 2, Activation: nets.ReLU}, nets.GroupNorm{Groups: 8}}
//
// Because a net is data it can be printed, compared, written as JSON beside its
// weights and built again by another program. A reader's own layer type joins in
// by having the three methods of [Layer]; see the example of that type.
//
// Shapes leave the batch out: a layer that maps [28, 28, 1] to [784] gets nodes
// [batch, 28, 28, 1] and returns [batch, 784]. Channels come last. Layers follow
// the element type of their input, so that the same layer is trained in float32
// and checked against finite differences in float64.
package nets
