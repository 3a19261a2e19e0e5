package metrics_test

import (
	"fmt"
	"math/rand/v2"

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

// A plucked string that comes a millisecond late is another wave and the same sound; with
// noise of a hundredth of its energy it is the other way round.
func Example_sound() {
	const rate, length = 16000, 8000
	samples := datasets.Pluck{Pitch: 220, Decay: 0.2, Brightness: 0.5}.Samples(rate, length)
	pluck := &datasets.Batch{Shape: []int{length, 1}, Values: samples}
	late := &datasets.Batch{Shape: pluck.Shape, Values: append(make([]float32, rate/1000), samples[:length-rate/1000]...)}
	noisy := &datasets.Batch{Shape: pluck.Shape}
	rng := rand.New(rand.NewPCG(1, 1))
	for _, x := range samples {
		noisy.Values = append(noisy.Values, x+float32(0.025*rng.NormFloat64()))
	}
	for _, b := range []*datasets.Batch{late, noisy} {
		fmt.Printf("ESR %.2f, SI-SDR %.0f dB, STFT %.1f, log-mel %.1f\n",
			show.Must(metrics.ESR(pluck, b)).Mean,
			show.Must(metrics.SISDR(pluck, b)).Mean,
			show.Must(metrics.STFT(pluck, b)).Mean,
			show.Must(metrics.LogMel(pluck, b, rate)).Mean)
	}
	// Output:
	// ESR 1.97, SI-SDR -35 dB, STFT 0.2, log-mel 0.1
	// ESR 0.01, SI-SDR 21 dB, STFT 6.1, log-mel 4.5
}
