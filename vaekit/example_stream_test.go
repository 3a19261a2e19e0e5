package vaekit_test

import (
	"fmt"
	"log"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit"
	"github.com/vaebook/vaebook/vaekit/dist"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// A causal model of sound, trained on quarters of a second, answers a stream without end block
// by block: as much comes out as went in.
func ExampleRun_Stream() {
	strings, err := datasets.Plucked(datasets.Plucking{Examples: 64, Length: 2000, Rate: 8000})
	if err != nil {
		log.Fatal(err)
	}
	model := vaekit.Model{
		Encoder: nets.Net{
			nets.Conv1D{Channels: 16, Kernel: 16, Stride: 8, Padding: nets.Causal, Activation: nets.SiLU},
			nets.Conv1D{Channels: 16, Kernel: 10, Stride: 5, Padding: nets.Causal, Activation: nets.SiLU},
		},
		Latent: 4, // for every 40 samples
		Local:  true,
		Decoder: nets.Net{
			nets.ConvTranspose1D{Channels: 16, Kernel: 10, Stride: 5, Padding: nets.Causal, Activation: nets.SiLU},
			nets.ConvTranspose1D{Channels: 1, Kernel: 16, Stride: 8, Padding: nets.Causal},
		},
		Likelihood: dist.Spectral{Windows: []int{256, 64}},
	}
	run, err := vaekit.Train(model, strings, vaekit.Training{Epochs: 1, Batch: 16})
	if err != nil {
		log.Fatal(err)
	}
	stream, err := run.Stream(400)
	if err != nil {
		log.Fatal(err)
	}
	sound := datasets.Pluck{Pitch: 220, Decay: 0.3, Brightness: 0.5}.Samples(8000, 1100)
	for _, block := range [][]float32{sound[:400], sound[400:800], sound[800:]} {
		y, err := stream.Write(block)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(len(block), "in,", len(y), "out")
	}
	rest, err := stream.Close()
	fmt.Println("and", len(rest), err)
	// Output:
	// 400 in, 400 out
	// 400 in, 400 out
	// 300 in, 0 out
	// and 300 <nil>
}
