package dist_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/audio"
	"github.com/vaebook/vaebook/vaekit/dist"
	"github.com/vaebook/vaebook/vaekit/internal/check"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// chirp is a sound of n samples that is the same in every language: a rising tone and the
// noise of a linear congruential generator.
func chirp(n int) []float64 {
	x := make([]float64, n)
	state := uint32(1)
	for i := range x {
		state = state*1664525 + 1013904223
		x[i] = 0.5*math.Sin(0.001*float64(i)*float64(i)) + 0.1*(float64(state)/(1<<32)-0.5)
	}
	return x
}

// The power spectrum in a graph is that of audio.STFT, whatever the length, but for the energy of
// the window, 3/8 of its length.
func TestPowerIsTheSTFT(t *testing.T) {
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		for _, c := range []struct{ length, window int }{{300, 64}, {256, 128}, {100, 128}, {31, 8}, {5000, 2048}, {9, 4}, {50, 12}, {1, 20}, {3, 36}} {
			x := chirp(2 * c.length)
			got := run(t, b, func(in []*graph.Node) *graph.Node { return dist.Power(in[0], c.window) }, check.New(x, 2, c.length))
			var want []float64
			for i := range 2 {
				narrow := make([]float32, c.length)
				for j := range narrow {
					narrow[j] = float32(x[i*c.length+j])
				}
				frames, err := audio.STFT{Window: c.window, Centred: true}.Magnitudes(narrow)
				if err != nil {
					t.Fatal(err)
				}
				for _, frame := range frames {
					for _, magnitude := range frame {
						want = append(want, float64(magnitude)*float64(magnitude)/(0.375*float64(c.window)))
					}
				}
			}
			near(t, fmt.Sprint(c), got.Values, want, 1e-5)
		}
	})
}

// spectral is a likelihood whose σ does not change, with values that it keeps.
func spectral() dist.Spectral {
	return dist.Spectral{
		Waveform: dist.Gaussian{Scale: 0.5}, Spectrum: dist.Laplace{Scale: 0.2},
		Windows: []int{32, 8}, Weight: 0.7, Floor: 0.01,
	}
}

// LogProb is what its comment says, of spectra computed by audio.STFT.
func TestSpectralIsItsFormula(t *testing.T) {
	const n = 40
	s := spectral()
	x, y := chirp(n), chirp(2 * n)[n:]
	narrow := func(x []float64) []float32 {
		all := make([]float32, n)
		for i := range all {
			all[i] = float32(x[i])
		}
		return all
	}
	want := 0.0
	for i := range x {
		want -= 0.5*math.Pow((x[i]-y[i])/0.5, 2) + math.Log(0.5*math.Sqrt(2*math.Pi))
	}
	for _, window := range s.Windows {
		stft := audio.STFT{Window: window, Centred: true}
		there, err := stft.Magnitudes(narrow(x))
		made, err2 := stft.Magnitudes(narrow(y))
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		sum, count := 0.0, 0.0
		magnitude := func(m float32) float64 {
			return math.Sqrt(float64(m)*float64(m)/(0.375*float64(window)) + 0.01*0.01)
		}
		for i, frame := range there {
			for k := range frame {
				a, b := magnitude(frame[k]), magnitude(made[i][k])
				sum -= (math.Abs(a-b)+math.Abs(math.Log(a/b)))/0.2 + 2*math.Log(2*0.2)
				count++
			}
		}
		want += 0.7 * n / 4 * sum / count
	}
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		got := run(t, b, func(in []*graph.Node) *graph.Node {
			return s.LogProb(nets.NewPass(true, nil, nil), in[1], in[0], nil)
		}, check.New(x, 1, n), check.New(y, 1, n, 1))
		near(t, "log p(x|z)", got.Values, []float64{want}, 1e-5)
		masked := run(t, b, func(in []*graph.Node) *graph.Node {
			return s.LogProb(nets.NewPass(true, nil, nil), in[1], in[0], graph.OnesLike(in[0]))
		}, check.New(x, 1, n), check.New(y, 1, n, 1))
		near(t, "log p(x|z) with a mask that hides nothing", masked.Values, got.Values, 1e-12)
	})
}

// Power and LogProb with the usual windows are what SciPy 1.17 computes in double precision of
// scipy.signal.stft (Hann, a quarter's hop, half a window of zeros at both ends) and
// scipy.stats.norm and laplace.
func TestSpectralIsWhatSciPyHas(t *testing.T) {
	const n = 4000
	x, y := chirp(2 * n)[:n], chirp(2 * n)[n:]
	s := dist.Spectral{Waveform: dist.Gaussian{Scale: 0.5}, Spectrum: dist.Laplace{Scale: 0.2}}
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		for _, c := range []struct {
			window, frame, bin int
			want               float64
		}{
			{128, 3, 5, 1.670344216670846}, {128, 125, 0, 1.0359007653533757e-05}, {2048, 3, 5, 0.0008942482615198841}, {2048, 7, 0, 0.2549295523481225},
		} {
			got := run(t, b, func(in []*graph.Node) *graph.Node {
				return graph.Slice(dist.Power(in[0], c.window), graph.AxisElem(0), graph.AxisElem(c.frame), graph.AxisElem(c.bin))
			}, check.New(x, 1, n))
			near(t, fmt.Sprint(c), got.Values, []float64{c.want}, 1e-9)
		}
		got := run(t, b, func(in []*graph.Node) *graph.Node {
			return s.LogProb(nets.NewPass(true, nil, nil), in[1], in[0], nil)
		}, check.New(x, 1, n), check.New(y, 1, n, 1))
		near(t, "log p(x|z)", got.Values, []float64{-18745.39822004419}, 1e-6)
	})
}

// The gradient is right, with σ fixed and optimal, masked or not; what is masked has none.
func TestSpectralGradient(t *testing.T) {
	const n = 40
	rng := rand.New(rand.NewPCG(9, 9))
	// Smooth, which the default's absolute differences of small magnitudes are not.
	fixed := dist.Spectral{Spectrum: dist.Gaussian{Scale: 0.5}, Windows: []int{16, 8}, Weight: 0.7, Floor: 0.3}
	optimal := dist.Spectral{Spectrum: dist.Gaussian{Sigma: dist.Optimal}, Windows: []int{16}, Floor: 0.3}
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		for _, s := range []dist.Spectral{fixed, optimal} {
			var names []string
			inputs := []check.Array{draw(rng, 0, 0.5, 2, n, 1)}
			for _, p := range s.Params([]int{n, 1}) {
				names, inputs = append(names, p.Name), append(inputs, repeat(0.6, p.Shape...))
			}
			x := draw(rng, 0, 0.5, 2, n)
			for _, masked := range []bool{false, true} {
				logProb := func(in []*graph.Node) *graph.Node {
					kept := map[string]*graph.Node{}
					for i, name := range names {
						kept[name] = in[1+i]
					}
					data := graph.ConvertDType(graph.Const(in[0].Graph(), x.Values), in[0].DType())
					data = graph.Reshape(data, 2, n)
					var mask *graph.Node
					if masked {
						mask = graph.ConvertDType(graph.LessThan(graph.Iota(data.Graph(), data.Shape(), 1), graph.AddScalar(graph.ZerosLike(data), 25)), data.DType())
					}
					return s.LogProb(nets.NewPass(true, kept, nil), in[0], data, mask)
				}
				check.Gradient(t, b, func(in []*graph.Node) *graph.Node {
					return logProb(append(in, constants(inputs[1:], in[0])...))
				}, inputs[0])
				if !masked {
					continue
				}
				slope := run(t, b, func(in []*graph.Node) *graph.Node {
					return graph.Gradient(graph.ReduceAllSum(logProb(in)), in[0])[0]
				}, inputs...)
				for i, v := range slope.Values {
					if i%n >= 25 && v != 0 {
						t.Errorf("padding has the gradient %v", v)
					}
				}
			}
		}
	})
}

// constants are arrays as nodes of a graph.
func constants(arrays []check.Array, like *graph.Node) (all []*graph.Node) {
	for _, a := range arrays {
		all = append(all, check.Constant(a, like))
	}
	return all
}

// Turning the phase of all frequencies alike, here by a delay, costs a waveform as much as
// another sound would, and the spectra of a steady tone next to nothing.
func TestSpectralForgivesPhase(t *testing.T) {
	const n = 4096
	tone := func(delay, pitch float64) (x []float64) {
		for i := range n {
			x = append(x, 0.5*math.Sin(2*math.Pi*pitch*(float64(i)-delay)))
		}
		return x
	}
	spectra := dist.Spectral{Waveform: dist.Gaussian{Scale: 1e6}, Spectrum: dist.Laplace{}, Floor: 0.01}
	check.EachBackend(t, func(t *testing.T, b *engine.Backend) {
		cost := func(l dist.Likelihood, y []float64) float64 {
			got := run(t, b, func(in []*graph.Node) *graph.Node {
				pass := nets.NewPass(true, nil, nil)
				return graph.Sub(l.LogProb(pass, in[2], in[0], nil), l.LogProb(pass, in[1], in[0], nil))
			}, check.New(tone(0, 0.05), 1, n), check.New(y, 1, n, 1), check.New(tone(0, 0.05), 1, n, 1))
			return got.Values[0]
		}
		delayed, other := tone(10, 0.05), tone(0, 0.08)
		if d, o := cost(dist.Gaussian{}, delayed), cost(dist.Gaussian{}, other); !(d > o) {
			t.Errorf("to the waveform half a period costs %.4g nats, another tone %.4g", d, o)
		}
		if d, o := cost(spectra, delayed), cost(spectra, other); !(d < 0.1*o) {
			t.Errorf("to spectra half a period costs %.4g nats, another tone %.4g", d, o)
		}
	})
}

// What cannot be is refused.
func TestSpectralRefuses(t *testing.T) {
	for _, s := range []dist.Spectral{
		{Windows: []int{30}},
		{Windows: []int{0}},
		{Weight: -1},
		{Floor: math.NaN()},
		{Spectrum: dist.Laplace{Sigma: dist.Predicted}},
		{Spectrum: dist.Laplace{Sigma: "none"}},
		{Spectrum: dist.Bernoulli{}},
		{Waveform: dist.Gaussian{Scale: -1}},
	} {
		if _, err := s.Check(nil); err == nil {
			t.Errorf("%+v was not refused", s)
		}
	}
	for _, event := range [][]int{{28, 28, 1}, {100, 2}, {100}} {
		if (dist.Spectral{}).Suits(event) == nil {
			t.Errorf("%v was taken for sound", event)
		}
	}
	if proper, err := (dist.Spectral{}).Check([]float32{0.1, -2}); proper || err != nil {
		t.Errorf("proper %v, %v", proper, err)
	}
}
