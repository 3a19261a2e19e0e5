package show

import (
	"image"
	"image/color"
	"math"

	"github.com/vaebook/vaebook/vaekit/audio"
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
	img, err := p.spectrogram(samples, rate)
	p.display("spectrogram", img, err)
}

func (p Picture) spectrogram(samples []float32, rate int) (*image.RGBA, error) {
	if err := checkSound(len(samples), rate); err != nil {
		return nil, err
	}
	levels, err := decibels(samples)
	if err != nil {
		return nil, err
	}
	width, height, key := imageWidth*density, 300*density, 70*density
	if p.Width > 0 {
		width = p.Width * density
	}
	s, top := newSheet(width, height, p.Title)
	chart := newPlot("", "time (s)", "frequency (Hz)")
	chart.X.Tick.Marker = ticks{most: 10}
	chart.X.Min, chart.X.Max = 0, float64(len(samples))/float64(rate)
	chart.Y.Min, chart.Y.Max = 0, float64(rate)/2
	area := s.part(0, top+8*density, width-key, top+height)
	chart.Draw(area)

	inside := s.pixels(chart.DataCanvas(area).Rectangle)
	for y := inside.Min.Y; y < inside.Max.Y; y++ {
		for x := inside.Min.X; x < inside.Max.X; x++ {
			frame := levels[(x-inside.Min.X)*len(levels)/inside.Dx()]
			s.img.SetRGBA(x, y, loudness(frame[(inside.Max.Y-1-y)*len(frame)/inside.Dy()]))
		}
	}

	bar := image.Rect(inside.Max.X+14*density, inside.Min.Y, inside.Max.X+26*density, inside.Max.Y)
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
	return s.img, nil
}

// decibels is the level of each bin below the loudest of all, [frames][bins].
func decibels(samples []float32) ([][]float64, error) {
	window := 512
	for window > 64 && window*4 > len(samples) {
		window /= 2
	}
	const columns = 320 // as many as a page shows side by side
	magnitudes, err := audio.STFT{Window: window, Hop: max(1, len(samples)/columns), Centred: true}.Magnitudes(samples)
	if err != nil {
		return nil, err
	}
	loudest := 0.0
	for _, frame := range magnitudes {
		for _, m := range frame {
			if v := float64(m); finite(v) {
				loudest = max(loudest, v)
			}
		}
	}
	if loudest == 0 {
		loudest = 1 // silence has no loudest; it is black
	}
	levels := make([][]float64, len(magnitudes))
	for i, frame := range magnitudes {
		levels[i] = make([]float64, len(frame))
		for k, m := range frame {
			levels[i][k] = 20 * math.Log10(float64(m)/loudest)
		}
	}
	return levels, nil
}

// blackBody is the colours of a glowing body, whose brightness grows evenly
// (K. Moreland, "Why We Use Bad Color Maps and What You Can Do About It", 2016),
// in steps of 1.25 dB.
var blackBody = moreland.BlackBody().Palette(quietest * 4 / 5).Colors()

// loudness is the colour of a level in dB, and magenta of one that is not a number.
func loudness(level float64) color.RGBA {
	if math.IsNaN(level) || level > 0 {
		return missing
	}
	last := float64(len(blackBody) - 1)
	i := max(0, math.Round(last*(1+level/quietest)))
	return color.RGBAModel.Convert(blackBody[int(i)]).(color.RGBA)
}
