package metrics_test

import (
	"fmt"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit"
	"github.com/vaebook/vaebook/vaekit/metrics"
	"github.com/vaebook/vaebook/vaekit/nets"
	"github.com/vaebook/vaebook/vaekit/show"
)

// A model of one epoch, by all measures. What its samples are to be compared with is how far
// other digits are away.
func Example() {
	digits := show.Must(datasets.MNIST())
	model := vaekit.Model{Encoder: nets.MLP(128), Latent: 8, Decoder: nets.MLP(128)}
	run := show.Must(vaekit.Train(model, digits.Train, vaekit.Training{Epochs: 1}))

	train, test := show.Must(run.Encode(digits.Train)), show.Must(run.Encode(digits.Test))
	fmt.Println("most labels lie open:", show.Must(metrics.LinearProbe(train, test)) > 0.5)

	pictures := show.Must(datasets.All(digits.Test))
	copies := show.Must(run.Reconstruct(digits.Test))
	fmt.Println("decibels above 14:", show.Must(metrics.PSNR(pictures, copies)).Mean > 14)
	fmt.Println("similarity above ½:", show.Must(metrics.SSIM(pictures, copies)).Mean > 0.5)

	data := show.Must(metrics.Digits(pictures.Slice(0, 2000)))
	others := show.Must(metrics.Digits(pictures.Slice(2000, 4000)))
	samples := show.Must(metrics.Digits(show.Must(run.Sample(2000))))
	fmt.Println("samples are farther away than other digits:",
		show.Must(metrics.Frechet(data, samples)) > show.Must(metrics.Frechet(data, others)),
		show.Must(metrics.Kernel(data, samples)).Value > show.Must(metrics.Kernel(data, others)).Value)
	// Output:
	// most labels lie open: true
	// decibels above 14: true
	// similarity above ½: true
	// samples are farther away than other digits: true true
}
