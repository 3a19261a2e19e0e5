package main

import (
	"fmt"
	"sync"
	"time"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit"
	"github.com/vaebook/vaebook/vaekit/dist"
	"github.com/vaebook/vaebook/vaekit/metrics"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// sounds are the rows that learn spoken digits, which are read when the first of them is run.
func sounds(read func() (*datasets.Speech, error)) []row {
	spoken := sync.OnceValues(func() (*datasets.Speech, error) {
		speech, err := read()
		if err != nil {
			err = fmt.Errorf("%w: %w", errMissing, err)
		}
		return speech, err
	})
	return []row{
		{
			name: "sound", what: "notebook 03's second model against its first, dense 10000-256-128-16, trained as long", data: "spoken digits",
			prepare: func() ([]training, error) {
				first := vaekit.Model{Encoder: nets.MLP(256, 128), Latent: 16, Decoder: nets.MLP(128, 256), Likelihood: dist.Gaussian{Sigma: dist.Optimal}}
				speech, err := spoken()
				if err != nil {
					return nil, err
				}
				second, err := varied(training{name: "second", model: listening(64, 128), data: speech.Train}, 14)
				return []training{{"first", first, speech.Train, vaekit.Training{Epochs: 460, Batch: 32}}, second}, err
			},
			measure: func(runs []*vaekit.Run) ([]figure, error) {
				figures, err := heard(runs[1], spoken)
				if err != nil {
					return nil, err
				}
				before, err := heard(runs[0], spoken)
				if err != nil {
					return nil, err
				}
				return append(figures,
					figure{What: "log-mel distance of the first", Value: before[0].Value},
					figure{What: "ratio", Value: figures[0].Value / before[0].Value, High: most(0.5)}), nil
			},
		},
		{
			name: "sound-long", what: "the same net twice as wide, an hour of sound", data: "spoken digits and plucked strings", long: true,
			prepare: func() ([]training, error) {
				speech, err := spoken()
				if err != nil {
					return nil, err
				}
				strings, err := datasets.Plucked(datasets.Plucking{Examples: 3900}) // 40 minutes, and 20 of speech
				if err != nil {
					return nil, err
				}
				hour, err := datasets.Concat(speech.Train, strings)
				if err != nil {
					return nil, err
				}
				run, err := varied(training{name: "run", model: listening(128, 256), data: hour}, 40)
				return []training{run}, err
			},
			measure: func(runs []*vaekit.Run) ([]figure, error) { return heard(runs[0], spoken) },
		},
	}
}

// varied is a training on sound that is never twice the same.
func varied(t training, epochs int) (training, error) {
	t.how = decaying(t.data, 16, epochs)
	t.how.Clip = 1e4
	var err error
	t.data, err = datasets.Augment(t.data, datasets.Augmentation{Gain: 6, Polarity: true, Shift: 400})
	return t, err
}

// listening is a model of sound of any length, 16 latents for every 40 samples, with so many
// channels where there is a place for every 8 samples, and for every 40.
func listening(fine, coarse int) vaekit.Model {
	conv := func(channels, kernel, stride, dilation int) nets.Layer {
		return nets.Conv1D{Channels: channels, Kernel: kernel, Stride: stride, Dilation: dilation, Activation: nets.LeakyReLU, Init: nets.HeUniform}
	}
	block := func(channels, dilation int) nets.Layer {
		return nets.Residual{Net: nets.Net{
			conv(channels, 3, 1, dilation),
			nets.Conv1D{Channels: channels, Kernel: 1, Init: nets.GlorotUniform},
		}}
	}
	return vaekit.Model{
		Encoder: nets.Net{
			conv(fine, 16, 8, 1), block(fine, 1), block(fine, 3),
			conv(coarse, 10, 5, 1), block(coarse, 1), block(coarse, 3),
		},
		Latent: 16, Local: true,
		Decoder: nets.Net{
			conv(coarse, 3, 1, 1), block(coarse, 1), block(coarse, 3),
			nets.ConvTranspose1D{Channels: fine, Kernel: 10, Stride: 5, Activation: nets.LeakyReLU}, block(fine, 1), block(fine, 3),
			nets.ConvTranspose1D{Channels: 1, Kernel: 16, Stride: 8},
		},
		Likelihood: dist.Spectral{Floor: 1e-4},
	}
}

// heard measures how recordings that were held out come back.
func heard(run *vaekit.Run, spoken func() (*datasets.Speech, error)) ([]figure, error) {
	speech, err := spoken()
	if err != nil {
		return nil, err
	}
	test, err := datasets.All(speech.Test)
	if err != nil {
		return nil, err
	}
	back, err := run.Reconstruct(speech.Test)
	if err != nil {
		return nil, err
	}
	mel, err := metrics.LogMel(test, back, speech.Rate)
	if err != nil {
		return nil, err
	}
	stft, err := metrics.STFT(test, back)
	if err != nil {
		return nil, err
	}
	sdr, err := metrics.SISDR(test, back)
	if err != nil {
		return nil, err
	}
	figures := []figure{
		{What: "log-mel distance", Value: mel.Mean}, {What: "STFT distance", Value: stft.Mean}, {What: "SI-SDR in dB", Value: sdr.Mean},
	}
	if !run.Model.Local {
		return figures, nil
	}
	began := time.Now()
	if _, err := run.ReconstructLong(test.Values); err != nil {
		return nil, err
	}
	length := float64(len(test.Values)) / float64(speech.Rate)
	return append(figures, figure{What: "times as fast as it sounds, encoded and decoded", Value: length / time.Since(began).Seconds(), Low: least(20)}), nil
}
