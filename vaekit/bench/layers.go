package main

import (
	"fmt"

	"github.com/vaebook/vaebook/vaekit/nets"
)

// A layer is a layer of a workload's model in words that every peer understands.
type layer struct {
	Kind   string `json:"kind"` // flatten, reshape, dense, conv or transposed; convolutions pad to "same"
	Units  int    `json:"units,omitempty"`
	Kernel int    `json:"kernel,omitempty"` // along every axis
	Stride int    `json:"stride,omitempty"`
	ReLU   bool   `json:"relu,omitempty"`
	Shape  []int  `json:"shape,omitempty"`  // of reshape
	Values int    `json:"values,omitempty"` // of flatten, what it makes
}

func dense(units int) layer    { return layer{Kind: "dense", Units: units, ReLU: true} }
func linear(units int) layer   { return layer{Kind: "dense", Units: units} }
func flatten(values int) layer { return layer{Kind: "flatten", Values: values} }

func reshape(shape ...int) layer { return layer{Kind: "reshape", Shape: shape} }

func conv(units, kernel, stride int) layer {
	return layer{Kind: "conv", Units: units, Kernel: kernel, Stride: stride, ReLU: true}
}

func transposed(units, kernel, stride int) layer {
	return layer{Kind: "transposed", Units: units, Kernel: kernel, Stride: stride, ReLU: true}
}

// lastly is a transposed convolution without activation: what the likelihood wants.
func lastly(units, kernel, stride int) layer {
	return layer{Kind: "transposed", Units: units, Kernel: kernel, Stride: stride}
}

// net is the layers in the kit's own words, for examples of shape […, channels].
func net(layers []layer, shape []int) (nets.Net, error) {
	sound := len(shape) == 2
	var n nets.Net
	for _, l := range layers {
		activation, init := nets.Linear, nets.GlorotUniform
		if l.ReLU {
			activation, init = nets.ReLU, nets.HeUniform
		}
		switch l.Kind {
		case "flatten":
			n = append(n, nets.Flatten{})
		case "reshape":
			n = append(n, nets.Reshape{Shape: l.Shape})
		case "dense":
			n = append(n, nets.Dense{Units: l.Units, Activation: activation, Init: init})
		case "conv":
			if c := (nets.Conv1D{Channels: l.Units, Kernel: l.Kernel, Stride: l.Stride, Activation: activation, Init: init}); sound {
				n = append(n, c)
			} else {
				n = append(n, nets.Conv2D(c))
			}
		case "transposed":
			if c := (nets.ConvTranspose1D{Channels: l.Units, Kernel: l.Kernel, Stride: l.Stride, Activation: activation, Init: init}); sound {
				n = append(n, c)
			} else {
				n = append(n, nets.ConvTranspose2D(c))
			}
		default:
			return nil, fmt.Errorf("bench: there is no layer %q", l.Kind)
		}
	}
	return n, nil
}
