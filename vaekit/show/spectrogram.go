package show

import (
	"image"
	"image/color"
	"math"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit/audio"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/palette/moreland"
	"gonum.org/v1/plot/text"
)

// quietest is the level, in dB below the loudest, from which on all is drawn black.
const quietest = 80

// Spectrogram shows how loud each frequency of a sound at rate Hz is over time,
// in dB below its loudest: 20·log₁₀ of the magnitude of its short-time Fourier transform.
func Spectrogram(samples []float32, rate int) { Picture{}.Spectrogram(samples, rate) }

// Spectrogram shows how loud each frequency of a sound at rate Hz is over time.
func (p Picture) Spectrogram(samples []float32, rate int) {
	img, err := p.spectrograms([]wave{{samples: samples}}, rate)
	p.display("spectrogram", img, err)
}

// Spectrograms shows the spectrograms of the examples of b, sounds [samples] or
// [samples, 1] at rate Hz, one below the other, in dB below the loudest of all, with
// their origin where it is known. Padding is drawn as the silence that it holds.
func Spectrograms(b *datasets.Batch, rate int) { Picture{}.Spectrograms(b, rate) }

// Spectrograms shows the spectrograms of the examples of b, sounds at rate Hz, one below the other.
func (p Picture) Spectrograms(b *datasets.Batch, rate int) {
	waves, err := wavesOf(b)
	Check(err)
	img, err := p.spectrograms(waves, rate)
	p.display("spectrograms", img, err)
}

func (p Picture) spectrograms(waves []wave, rate int) (*image.RGBA, error) {
	levels, err := decibels(waves, rate)
	if err != nil {
		return nil, err
	}
	each := 256
	if len(waves) > 1 {
		each = 134
	}
	s, insides := p.charts(waves, rate, each, 70, func(int) *plot.Plot {
		chart := newPlot("", "time (s)", "frequency (Hz)")
		chart.Y.Min, chart.Y.Max = 0, float64(rate)/2
		if len(waves) > 1 {
			chart.Y.Tick.Marker = ticks{most: 4}
		}
		return chart
	})
	for i, inside := range insides {
		drawLevels(s.img, inside, levels[i])
	}
	first := insides[0]
	s.decibelKey(image.Rect(first.Max.X+14*density, first.Min.Y, first.Max.X+26*density, first.Max.Y))
	return s.img, nil
}

// drawLevels fills a rectangle with the levels of frames, from left to right, whose bins rise.
func drawLevels(img *image.RGBA, inside image.Rectangle, levels [][]float64) {
	for y := inside.Min.Y; y < inside.Max.Y; y++ {
		for x := inside.Min.X; x < inside.Max.X; x++ {
			frame := levels[(x-inside.Min.X)*len(levels)/inside.Dx()]
			img.SetRGBA(x, y, loudness(frame[(inside.Max.Y-1-y)*len(frame)/inside.Dy()]))
		}
	}
}

// decibelKey says which colour is which level.
func (s sheet) decibelKey(bar image.Rectangle) {
	for y := bar.Min.Y; y < bar.Max.Y; y++ {
		c := loudness(-quietest * float64(y-bar.Min.Y) / float64(bar.Dy()))
		for x := bar.Min.X; x < bar.Max.X; x++ {
			s.img.SetRGBA(x, y, c)
		}
	}
	for level := 0; level >= -quietest; level -= 20 {
		words := label(float64(level), 0)
		if level == 0 {
			words = "0 dB"
		}
		s.text(bar.Max.X+6*density, bar.Min.Y-level*bar.Dy()/quietest, words, textStyle(labelSize-1, ink, text.XLeft, text.YCenter))
	}
}

// decibels is the level of each bin below the loudest of all sounds, [sounds][frames][bins].
func decibels(waves []wave, rate int) ([][][]float64, error) {
	loudest := 0.0
	var magnitudes [][][]float32
	for _, w := range waves {
		if err := checkSound(len(w.samples), rate); err != nil {
			return nil, err
		}
		window := 512
		for window > 64 && window*4 > len(w.samples) {
			window /= 2
		}
		const columns = 320 // as many as a page shows side by side
		frames, err := audio.STFT{Window: window, Hop: max(1, len(w.samples)/columns), Centred: true}.Magnitudes(w.samples)
		if err != nil {
			return nil, err
		}
		for _, frame := range frames {
			for _, m := range frame {
				if v := float64(m); finite(v) {
					loudest = max(loudest, v)
				}
			}
		}
		magnitudes = append(magnitudes, frames)
	}
	if loudest == 0 {
		loudest = 1 // silence has no loudest; it is black
	}
	levels := make([][][]float64, len(waves))
	for i, frames := range magnitudes {
		for _, frame := range frames {
			row := make([]float64, len(frame))
			for k, m := range frame {
				row[k] = 20 * math.Log10(float64(m)/loudest)
			}
			levels[i] = append(levels[i], row)
		}
	}
	return levels, nil
}

// blackBody is the colours of a glowing body, whose brightness grows evenly
// (K. Moreland, "Why We Use Bad Color Maps and What You Can Do About It", 2016),
// in steps of 2.5 dB.
var blackBody = moreland.BlackBody().Palette(quietest * 2 / 5).Colors()

// loudness is the colour of a level in dB, and magenta of one that is not a number.
func loudness(level float64) color.RGBA {
	if math.IsNaN(level) || level > 0 {
		return missing
	}
	last := float64(len(blackBody) - 1)
	i := max(0, math.Round(last*(1+level/quietest)))
	return color.RGBAModel.Convert(blackBody[int(i)]).(color.RGBA)
}
