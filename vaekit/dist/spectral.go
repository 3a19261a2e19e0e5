package dist

import (
	"cmp"
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/vaekit/internal/describe"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// Spectral is a likelihood of sound, [length, 1], that hears as well as it looks: beside
// the samples it explains their spectra in windows of several lengths, as magnitudes and as
// logarithms of magnitudes (multi-resolution STFT, Yamamoto, Song and Kim, 2020; as the
// distortion of a VAE, Caillon and Esling, 2021). Two sounds that differ in phase alone are
// alike to it, and a weak consonant counts beside a loud vowel.
//
//	log p(x|z) = log pw(x|z) + Weight · n/2R Σᵣ [mean log pb(Sᵣ|z) + mean log pb(log Sᵣ|z)]
//
// with the likelihoods pw of the n samples and pb of a coefficient, and with S the magnitudes
// in R windows. Spectra overlap, so they hold more numbers than the sound has samples; means
// over them times n, R times two of them, weigh as much as n samples: with Weight 1 as much
// as the waveform, in nats. A likelihood whose σ is [Optimal] thereby trades relative errors: one percent
// less error of the samples is worth what one percent less error of the spectra is.
//
// The product of so many densities of one x is not itself normalised: it trains, and reports
// a distortion and no negative log-likelihood.
type Spectral struct {
	Waveform Likelihood // pw; nil means Gaussian{Sigma: Optimal}
	Spectrum Likelihood // pb; nil means Laplace{Sigma: Optimal}
	Windows  []int      // samples, multiples of 4; nil means 2048, 1024, 512, 256 and 128
	Weight   float64    // of the spectra; 0 means 1

	// Floor is the amplitude below which all is silence: it is added to magnitudes, as
	// noise of that strength would be. 0 means 0.001.
	Floor float64
}

func (s Spectral) filled() Spectral {
	if s.Waveform == nil {
		s.Waveform = Gaussian{Sigma: Optimal}
	}
	if s.Spectrum == nil {
		s.Spectrum = Laplace{Sigma: Optimal}
	}
	if s.Windows == nil {
		s.Windows = []int{2048, 1024, 512, 256, 128}
	}
	s.Weight, s.Floor = cmp.Or(s.Weight, 1), cmp.Or(s.Floor, 1e-3)
	return s
}

// Outputs are those of the waveform's likelihood.
func (s Spectral) Outputs() int { return s.filled().Waveform.Outputs() }

// Params are those of the waveform's likelihood, and of the spectrum's for each window.
func (s Spectral) Params(event []int) []nets.Param {
	s = s.filled()
	params := nets.Within("waveform", s.Waveform.Params(event))
	for _, window := range s.Windows {
		coefficients := []int{event[0]/(window/4) + 1, window/2 + 1}
		for _, kind := range []string{"magnitude", "log"} {
			params = append(params, nets.Within(fmt.Sprint(kind, window), s.Spectrum.Params(coefficients))...)
		}
	}
	return params
}

// LogProb is the sum of all, see [Spectral].
func (s Spectral) LogProb(p *nets.Pass, out, x, mask *graph.Node) *graph.Node {
	s = s.filled()
	sum := s.Waveform.LogProb(p.In("waveform"), out, x, mask)
	x, y := present(x, mask), present(s.Mean(p, out), mask)
	for _, window := range s.Windows {
		there, made := power(x, window), power(y, window)
		dims := made.Shape().Dimensions
		coefficients := dims[1] * dims[2]
		share := s.Weight * float64(x.Shape().Dimensions[1]) / float64(2*len(s.Windows)*coefficients)
		var heard *graph.Node // how much of what a coefficient is made of is data
		if mask != nil {
			every := graph.OnesLike(graph.Slice(mask, graph.AxisRange(0, 1)))
			data, all := graph.ReduceMean(frames(mask, window), -1), graph.ReduceMean(frames(every, window), -1)
			heard = graph.InsertAxes(graph.Div(data, all), -1)
			heard = graph.Reshape(graph.BroadcastToDims(heard, dims...), dims[0], coefficients)
		}
		explain := func(kind string, of func(power *graph.Node) *graph.Node) {
			flat := func(power *graph.Node) *graph.Node {
				return graph.Reshape(of(graph.AddScalar(power, s.Floor*s.Floor)), dims[0], coefficients)
			}
			logProb := s.Spectrum.LogProb(p.In(fmt.Sprint(kind, window)), graph.InsertAxes(flat(made), -1), flat(there), heard)
			sum = graph.Add(sum, graph.MulScalar(logProb, share))
		}
		explain("magnitude", graph.Sqrt)
		explain("log", func(power *graph.Node) *graph.Node { return graph.MulScalar(graph.Log(power), 0.5) })
	}
	return sum
}

// Mean is that of the waveform.
func (s Spectral) Mean(p *nets.Pass, out *graph.Node) *graph.Node {
	return s.filled().Waveform.Mean(p.In("waveform"), out)
}

// Sample draws from the waveform's likelihood around its mean.
func (s Spectral) Sample(p *nets.Pass, out *graph.Node) *graph.Node {
	return s.filled().Waveform.Sample(p.In("waveform"), out)
}

// Check is the waveform's; −log p is never a negative log-likelihood.
func (s Spectral) Check(values []float32) (proper bool, err error) {
	s = s.filled()
	for _, window := range s.Windows {
		if window < 4 || window%4 != 0 {
			return false, fmt.Errorf("dist.Spectral: a window of %d samples; it moves by a quarter of itself, so take a multiple of 4", window)
		}
	}
	if !(s.Weight > 0 && s.Floor > 0) || math.IsInf(s.Weight+s.Floor, 0) {
		return false, fmt.Errorf("dist.Spectral: Weight %v and Floor %v must be positive", s.Weight, s.Floor)
	}
	if s.Spectrum.Outputs() != 1 {
		return false, fmt.Errorf("dist.Spectral: %T wants %d numbers for a coefficient of a spectrum, and there is one, that of the sound made", s.Spectrum, s.Spectrum.Outputs())
	}
	if _, err := s.Spectrum.Check([]float32{float32(math.Log(s.Floor)), 10}); err != nil {
		return false, fmt.Errorf("dist.Spectral: of magnitudes and their logarithms: %w", err)
	}
	_, err = s.Waveform.Check(values)
	return false, err
}

// Improper says that spectra are explained as well.
func (Spectral) Improper() (name, why string) {
	return "distortion of samples and spectra", "spectra are explained beside the samples that they are made of, so these are no likelihoods"
}

// Suits refuses what is not sound in one channel.
func (s Spectral) Suits(event []int) error {
	if len(event) != 2 || event[1] != 1 {
		return fmt.Errorf("dist.Spectral explains sound, of shape [length, 1]; examples have shape %v", event)
	}
	return nil
}

func init() { describe.Register(Spectral{}) }
