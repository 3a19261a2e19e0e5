package vaekit_test

import (
	"embed"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io/fs"
	"log"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit"
	"github.com/vaebook/vaebook/vaekit/dist"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// A model, trained for one epoch on handwritten digits, draws ten of its own.
func Example() {
	digits, err := datasets.MNIST()
	if err != nil {
		log.Fatal(err)
	}
	model := vaekit.Model{
		Encoder:    nets.MLP(256, 128),
		Latent:     2,
		Decoder:    nets.MLP(128, 256),
		Likelihood: dist.Bernoulli{},
	}
	run, err := vaekit.Train(model, digits.Train, vaekit.Training{Epochs: 1}) // Dir: "runs/digits" keeps it
	if err != nil {
		log.Fatal(err)
	}
	samples, err := run.Sample(10)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(samples.Len(), "pictures of", samples.Shape, "after", run.Steps, "steps")
	// Output: 10 pictures of [28 28 1] after 468 steps
}

// A convolutional model halves a picture twice and doubles it again. Its decoder ends in
// the shape of an example, which is then taken as it is.
func ExampleModel_Summary() {
	model := vaekit.Model{
		Encoder: nets.Net{
			nets.Conv2D{Channels: 32, Stride: 2, Activation: nets.ReLU},
			nets.Conv2D{Channels: 64, Stride: 2, Activation: nets.ReLU},
			nets.Residual{Net: nets.Net{nets.GroupNorm{Groups: 8}, nets.Conv2D{Channels: 64, Activation: nets.SiLU}}},
		},
		Latent: 2,
		Decoder: nets.Net{
			nets.Dense{Units: 7 * 7 * 64, Activation: nets.ReLU},
			nets.Reshape{Shape: []int{7, 7, 64}},
			nets.ConvTranspose2D{Channels: 32, Stride: 2, Activation: nets.ReLU},
			nets.ConvTranspose2D{Channels: 1, Stride: 2},
		},
		Likelihood: dist.Bernoulli{},
	}
	summary, err := model.Summary(28, 28, 1)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(summary)
	// Output:
	// part        layer                              output         parameters
	// encoder     Conv2D 32 3×3 /2 relu              [14×14×32]            320
	// encoder     Conv2D 64 3×3 /2 relu              [7×7×64]            18496
	// encoder     Residual of 2 layers               [7×7×64]            37056
	// posterior   Dense 4                            [4]                 12548
	//             dist.DiagonalGaussian              [2]                     0
	// prior       dist.StandardNormal                [2]                     0
	// decoder     Dense 3136 relu                    [3136]               9408
	// decoder     Reshape                            [7×7×64]                0
	// decoder     ConvTranspose2D 32 3×3 ×2 relu     [14×14×32]          18464
	// decoder     ConvTranspose2D 1 3×3 ×2           [28×28×1]             289
	// likelihood  dist.Bernoulli                     [28×28×1]               0
	// objective   vaekit.ELBO                                                0
	// 96581 parameters, 0.4 MB as float32
}

// A small trained model in the program itself: what Export wrote.
//
//go:embed testdata/bars
var embedded embed.FS

// A web server that draws a sample for every request. It is one file: the model is
// inside, and built with CGO_ENABLED=0 it needs no library on the machine.
func ExampleLoadFS() {
	folder, err := fs.Sub(embedded, "testdata/bars")
	if err != nil {
		log.Fatal(err)
	}
	run, err := vaekit.LoadFS(folder)
	if err != nil {
		log.Fatal(err)
	}
	handler := func(w http.ResponseWriter, r *http.Request) {
		sample, err := run.Sample(1)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		picture := image.NewGray(image.Rect(0, 0, sample.Shape[1], sample.Shape[0]))
		for i, v := range sample.Values {
			picture.SetGray(i%sample.Shape[1], i/sample.Shape[1], color.Gray{Y: uint8(255 * v)})
		}
		w.Header().Set("Content-Type", "image/png")
		png.Encode(w, picture)
	}

	recorder := httptest.NewRecorder()
	handler(recorder, httptest.NewRequest("GET", "/sample", nil))
	picture, err := png.Decode(recorder.Body)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(recorder.Code, recorder.Header().Get("Content-Type"), picture.Bounds().Size())
	// Output: 200 image/png (6,6)
}

// Gate is a reader's own layer: x times a learned gate between 0 and 1.
type Gate struct{}

func (Gate) Out(in []int) ([]int, error) { return in, nil }

func (Gate) Params(in []int) []nets.Param {
	return []nets.Param{{Name: "openness", Shape: in}}
}

func (Gate) Apply(p *nets.Pass, x *graph.Node) *graph.Node {
	gate := graph.Sigmoid(p.Param("openness")) // [in...]
	return graph.Mul(x, graph.ExpandLeftToRank(gate, x.Rank()))
}

// A layer of one's own is a type with three methods. Registered, it is written
// beside the weights like any other.
func ExampleRegister() {
	vaekit.Register(Gate{})
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	rows, err := datasets.FromFloats([]int{3}, []float32{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, nil)
	if err != nil {
		log.Fatal(err)
	}
	model := vaekit.Model{
		Encoder:    nets.Net{Gate{}, nets.Dense{Units: 8, Activation: nets.Tanh}},
		Latent:     1,
		Decoder:    nets.MLP(8),
		Likelihood: dist.Gaussian{Sigma: dist.Learned},
	}
	if _, err := vaekit.Train(model, rows, vaekit.Training{Dir: dir, Epochs: 3}); err != nil {
		log.Fatal(err)
	}
	run, err := vaekit.Load(dir)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%T, then %d layers; %d steps\n", run.Model.Encoder[0], len(run.Model.Encoder)-1, run.Steps)
	// Output: vaekit_test.Gate, then 1 layers; 3 steps
}

// Paths through the latents: the straight one cuts inside, the spherical one keeps
// the length.
func ExamplePath() {
	a, b := []float32{2, 0}, []float32{0, 2}
	fmt.Printf("%.3f\n", vaekit.Linear.Between(a, b, 3)[1])
	fmt.Printf("%.3f\n", vaekit.Spherical.Between(a, b, 3)[1])
	// Output:
	// [1.000 1.000]
	// [1.414 1.414]
}
