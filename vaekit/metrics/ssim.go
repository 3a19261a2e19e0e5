package metrics

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"

	"github.com/vaebook/vaebook/datasets"
)

// The constants of Wang et al. (2004), for values from 0 to 1.
const (
	ssimWindow = 11
	ssimSigma  = 1.5
	ssimC1     = 0.01 * 0.01
	ssimC2     = 0.03 * 0.03
)

// SSIM is the structural similarity of every reconstruction (Wang et al., 2004), 1 where
// nothing differs: with the means, variances and covariance of both pictures in a window,
//
//	(2 μx μy + C1) (2 σxy + C2) / ((μx² + μy² + C1) (σx² + σy² + C2)),
//
// averaged over all windows that lie in the picture, and over its channels. A window is
// Gaussian, 11 by 11 pixels with σ = 1.5. Examples are [height, width, channels] of 11 by 11
// pixels or more, the data from 0 to 1. Windows that touch padding do not count.
func SSIM(data, reconstruction *datasets.Batch) (Scores, error) {
	shape := data.Shape
	if len(shape) != 3 || min(shape[0], shape[1]) < ssimWindow {
		return Scores{}, fmt.Errorf("metrics: examples have shape %v; SSIM is of pictures [height, width, channels] of %d by %d pixels or more", shape, ssimWindow, ssimWindow)
	}
	h, w, channels := shape[0], shape[1], shape[2]
	return compare(data, reconstruction, pictures, func(x, y []float32, padding []bool) (float64, error) {
		sum, n := 0.0, 0
		for c := range channels {
			of := func(value func(x, y float64, i int) float64) []float64 {
				plane := make([]float64, h*w)
				for p := range plane {
					i := p*channels + c
					plane[p] = value(float64(x[i]), float64(y[i]), i)
				}
				return blur(h, w, plane)
			}
			μx := of(func(x, _ float64, _ int) float64 { return x })
			μy := of(func(_, y float64, _ int) float64 { return y })
			xx := of(func(x, _ float64, _ int) float64 { return x * x })
			yy := of(func(_, y float64, _ int) float64 { return y * y })
			xy := of(func(x, y float64, _ int) float64 { return x * y })
			missing := of(func(_, _ float64, i int) float64 {
				if padding[i] {
					return 1
				}
				return 0
			})
			for i := range μx {
				if missing[i] > 0 {
					continue
				}
				mean := 2 * μx[i] * μy[i]
				squares := μx[i]*μx[i] + μy[i]*μy[i]
				sum += (mean + ssimC1) * (2*xy[i] - mean + ssimC2) / ((squares + ssimC1) * (xx[i] + yy[i] - squares + ssimC2))
				n++
			}
		}
		return sum / float64(n), nil
	})
}

// gaussianWindow is one side of the window, which is the product of two.
var gaussianWindow = func() (window [ssimWindow]float64) {
	sum := 0.0
	for i := range window {
		d := float64(i - ssimWindow/2)
		window[i] = math.Exp(-d * d / (2 * ssimSigma * ssimSigma))
		sum += window[i]
	}
	for i := range window {
		window[i] /= sum
	}
	return window
}()

// blur is the mean of a plane [h, w] in every window that lies in it, [h−10, w−10]: along
// the rows and then the columns.
func blur(h, w int, plane []float64) []float64 {
	narrow, low := w-ssimWindow+1, h-ssimWindow+1
	rows, out := make([]float64, h*narrow), make([]float64, low*narrow)
	for k, weight := range gaussianWindow {
		for i := range h {
			floats.AddScaled(rows[i*narrow:(i+1)*narrow], weight, plane[i*w+k:i*w+k+narrow])
		}
	}
	for k, weight := range gaussianWindow {
		floats.AddScaled(out, weight, rows[k*narrow:k*narrow+len(out)])
	}
	return out
}
