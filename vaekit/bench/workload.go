package main

import (
	"encoding/json"
	"slices"
)

// A spec tells a program what to train and how. Peers read it as JSON.
type spec struct {
	Encoder  []layer `json:"encoder"`
	Decoder  []layer `json:"decoder"` // its output has the shape of an example, or the kit adds a layer
	Latent   int     `json:"latent"`
	Shape    []int   `json:"shape"` // of an example, channels last
	Sigma    float64 `json:"sigma"` // of the Gaussian likelihood; 0: bytes and Bernoulli
	Data     string  `json:"data"`  // a file of all examples, bytes or float32
	Examples int     `json:"examples"`
	Batch    int     `json:"batch"`
	Rate     float64 `json:"rate"`   // Adam's
	Epochs   int     `json:"epochs"` // whose losses are compared
	Chunk    int     `json:"chunk"`  // steps of a peer's program that runs several in one
	Mode     string  `json:"mode"`
}

// A program is one way of doing a workload.
type program struct {
	name string
	peer string // which PEERS it belongs to: "" ours, else jax, torch, tensorflow
	rank string // the row it is compared in: ours against the fastest of its rank
	mode string // what the program understands by it
	env  []string
}

// A row is a ratio to report: ours to the fastest program of a rank.
type row struct {
	rank string
	goal float64 // the ratio that we want to reach
}

// A workload is one section of the table.
type workload struct {
	name     string
	title    string
	spec     spec
	data     func() ([]byte, error)
	programs []program // ours first
	rows     []row
	seconds  bool    // reported in seconds a turn, not in steps a second
	fresh    bool    // every turn is a new process and its first step
	limit    float64 // seconds that we want to stay below, of ours
	memory   float64 // of ours to JAX's, what we want to stay below; 0: not compared
}

const (
	plugin = "JAX, our plugin"
	jax    = "JAX"
	torch  = "PyTorch"
	tf     = "TensorFlow"
	plain  = "plain GoMLX"
)

var (
	xla      = []string{"VAEKIT_BACKEND=xla"}
	onGo     = []string{"VAEKIT_BACKEND=go"}
	ours     = program{name: "vaebook, XLA", mode: "train", env: xla}
	oursOnGo = program{name: "vaebook, Go backend", mode: "train", env: onGo}
)

func jaxes(mode string) []program {
	name := map[string]string{"scan": "lax.scan", "step": "one step a call"}[mode]
	return []program{
		{name: "JAX through our plugin, " + name, peer: "jax", rank: plugin, mode: mode, env: []string{"JAX_PLATFORMS=vaebook"}},
		{name: "JAX, " + name, peer: "jax", rank: jax, mode: mode, env: []string{"JAX_PLATFORMS=cpu"}},
	}
}

func torches(modes ...string) (all []program) {
	for _, mode := range modes {
		all = append(all, program{name: "PyTorch, " + mode, peer: "torch", rank: torch, mode: mode})
	}
	return all
}

// mlp is the dense model, 784-256-128-2 and back, on MNIST.
var mlp = spec{
	Encoder: []layer{flatten(784), dense(256), dense(128)},
	Decoder: []layer{dense(128), dense(256), linear(784), reshape(28, 28, 1)},
	Latent:  2, Shape: []int{28, 28, 1}, Examples: 60000,
	Batch: 128, Rate: 1e-3, Epochs: 2, Chunk: 117,
}

// convolutions is Keras's example of a VAE with our channels first to last, on a part of MNIST.
var convolutions = spec{
	Encoder: []layer{conv(32, 3, 2), conv(64, 3, 2), flatten(7 * 7 * 64), dense(16)},
	Decoder: []layer{dense(7 * 7 * 64), reshape(7, 7, 64), transposed(64, 3, 2), transposed(32, 3, 2), lastly(1, 3, 1)},
	Latent:  2, Shape: []int{28, 28, 1}, Examples: 20 * 128,
	Batch: 128, Rate: 1e-3, Epochs: 5, Chunk: 1,
}

// sound is four levels of stride 4 on a second of sound at 16 kHz, and back.
var sound = spec{
	Encoder: []layer{conv(32, 9, 4), conv(64, 9, 4), conv(128, 9, 4), conv(256, 9, 4), flatten(64 * 256)},
	Decoder: []layer{dense(64 * 256), reshape(64, 256), transposed(128, 9, 4), transposed(64, 9, 4), transposed(32, 9, 4), lastly(1, 9, 4)},
	Latent:  16, Shape: []int{16384, 1}, Sigma: 0.1, Examples: 2 * 128,
	Batch: 128, Rate: 1e-3, Epochs: 2, Chunk: 1,
}

// workloads are all there are.
func workloads() []workload {
	single := mlp
	single.Epochs, single.Chunk = 0, 1
	return []workload{
		{
			name: "dense", title: "Dense 784-256-128-2, XLA",
			spec: mlp, data: mnist,
			programs: slices.Concat([]program{ours}, jaxes("scan"), torches("eager", "compile"),
				[]program{{name: "TensorFlow, jit_compile", peer: "tensorflow", rank: tf, mode: "jit"}}),
			rows:   []row{{plugin, 1.0}, {jax, 1.0}, {torch, 1.4}, {tf, 1.1}},
			memory: 1.3,
		},
		{
			name: "each", title: "The same, progress after every step",
			spec: mlp, data: mnist,
			programs: slices.Concat([]program{{name: "vaebook, XLA, LogEvery 1", mode: "each", env: xla}}, jaxes("step")[:1]),
			rows:     []row{{plugin, 0.9}},
		},
		{
			name: "go", title: "The same, Go backend",
			spec: mlp, data: mnist,
			programs: []program{oursOnGo, {name: "plain GoMLX, one step a call", rank: plain, mode: "plain", env: onGo}},
			rows:     []row{{plain, 1.6}},
		},
		{
			name: "conv", title: "Convolutions on 28×28, 32 and 64 channels, stride 2, mirrored, XLA",
			spec: convolutions, data: head(mnist, 20*128*784),
			// lax.scan around these convolutions is three times slower than a step a call.
			programs: slices.Concat([]program{ours}, jaxes("step")[1:], torches("eager", "channels_last", "compile")),
			rows:     []row{{jax, 4.5}, {torch, 0.75}},
		},
		{
			name: "sound", title: "Convolutions on 16,384 samples of sound, 4 levels of stride 4, 32 to 256 channels, XLA",
			spec: sound, data: plucks(2 * 128),
			programs: slices.Concat([]program{ours}, jaxes("step")[1:], torches("eager", "channels_last", "compile")),
			rows:     []row{{jax, 2}, {torch, 0.75}},
		},
		{
			name: "first", title: "The first step of the dense model, compile included",
			spec: single, data: mnist, seconds: true, fresh: true, limit: 2,
			programs: slices.Concat([]program{ours}, jaxes("scan"), torches("eager")),
		},
		{
			name: "cell", title: "A notebook cell that loads a run and draws 10 samples, warm",
			seconds: true, limit: 3,
			programs: []program{{name: "vaebook, XLA", mode: "notebook", env: xla}},
		},
		{
			name: "cell-go", title: "The same, Go backend",
			seconds: true, limit: 1.5,
			programs: []program{{name: "vaebook, Go backend", mode: "notebook", env: onGo}},
		},
	}
}

// argument is the spec as a program of this mode gets it.
func (s spec) argument(mode, data string) (string, error) {
	s.Mode, s.Data = mode, data
	text, err := json.Marshal(s)
	return string(text), err
}
