package codec

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit"
	"github.com/vaebook/vaebook/vaekit/dist"
	"github.com/vaebook/vaebook/vaekit/internal/plain"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// A Model compresses examples of one shape by what a trained run knows of them. It may be
// used by several goroutines at once.
type Model struct {
	run              *vaekit.Run
	encoder, decoder *plain.Program
	likelihood       dist.Likelihood
	shape            []int
	levels, latent   int
	fingerprint      [16]byte
}

// New is the compressor of a run whose likelihood is of levels, [dist.Bernoulli] on data in
// black and white, [dist.DiscretisedLogistic], [dist.BetaBinomial] or [dist.Categorical],
// whose posterior is a [dist.DiagonalGaussian] and whose prior is N(0, I). Its nets are of
// layers of package nets, and run in plain Go, in an order of their own: that the same file
// comes of it everywhere is worth more than speed.
func New(run *vaekit.Run) (*Model, error) {
	m := &Model{run: run, likelihood: run.Model.Likelihood, shape: run.Shape(), latent: run.Model.Latent}
	if m.likelihood == nil {
		m.likelihood = dist.Bernoulli{}
	}
	if err := m.build(run); err != nil {
		return nil, fmt.Errorf("codec: this model cannot compress: %w", err)
	}
	return m, m.sign()
}

func (m *Model) build(run *vaekit.Run) (err error) {
	defer recovered(&err)
	switch posterior, prior := run.Model.Posterior, run.Model.Prior; {
	case posterior != nil && posterior != dist.Posterior(dist.DiagonalGaussian{}):
		return fmt.Errorf("its posterior is a %T; take dist.DiagonalGaussian", posterior)
	case prior != nil && prior != dist.Prior(dist.StandardNormal{}):
		return fmt.Errorf("its prior is a %T; take dist.StandardNormal", prior)
	case run.Model.Classes > 0:
		return errors.New("it wants to know the class of every example; take a model with Classes 0")
	case run.Model.Local:
		return errors.New("it has latents at every position; take a model with Local false")
	}
	if m.levels, err = levelsOf(m.likelihood); err != nil {
		return err
	}
	params := map[string][]float32{}
	for _, p := range run.Parameters() {
		for _, v := range p.Values {
			if v-v != 0 {
				return fmt.Errorf("its parameter %s has the value %v", p.Name, v)
			}
		}
		params[p.Name] = p.Values
	}
	features, err := run.Model.Encoder.Out(m.shape)
	if err != nil {
		return err
	}
	m.encoder = plain.New(params)
	if err := m.encoder.Layer("encoder", run.Model.Encoder, m.shape); err != nil {
		return err
	}
	if err := m.encoder.Layer("posterior", nets.Dense{Units: 2 * m.latent}, []int{datasets.Size(features)}); err != nil {
		return err
	}
	m.decoder, err = plain.Decoder(params, run.Model.Decoder, m.latent)
	return err
}

// sign makes the fingerprint of all that decides how bytes are coded.
func (m *Model) sign() error {
	h := sha256.New()
	text, err := json.Marshal([]any{version, Buckets, precision, fmt.Sprintf("%T%+[1]v", m.likelihood), m.shape, m.encoder, m.decoder})
	if err != nil {
		return fmt.Errorf("codec: %w", err)
	}
	h.Write(text)
	for _, p := range []*plain.Program{m.encoder, m.decoder} {
		if err := binary.Write(h, binary.LittleEndian, p.Values); err != nil {
			return fmt.Errorf("codec: %w", err)
		}
	}
	copy(m.fingerprint[:], h.Sum(nil))
	return nil
}

// Shape is that of an example.
func (m *Model) Shape() []int { return slices.Clone(m.shape) }

// Levels is how many values each number of an example can have: 2 to 256.
func (m *Model) Levels() int { return m.levels }

// batch is levels as values.
func (m *Model) batch(levels []uint8) *datasets.Batch {
	b := &datasets.Batch{Shape: m.Shape(), Values: make([]float32, len(levels))}
	for i, level := range levels {
		b.Values[i] = float32(level) / float32(m.levels-1)
	}
	return b
}

// example is the codec of one example, its values as levels.
func (m *Model) example() Codec[[]uint8] {
	return BitsBack[[]int, []uint8]{
		Prior: Repeat[int]{Uniform{Buckets}, m.latent},
		Likelihood: func(z []int) Codec[[]uint8] {
			x := make([]float32, len(z))
			for j, bucket := range z {
				x[j] = Latent(bucket)
			}
			return pixelsOf(m.likelihood, m.levels, checked(m.decoder.Run(x)))
		},
		Posterior: func(levels []uint8) Codec[[]int] {
			x := make([]float32, len(levels))
			for i, level := range levels {
				x[i] = float32(level) / float32(m.levels-1)
			}
			return latents(checked(m.encoder.Run(x)))
		},
	}
}

// checked panics where numbers overflowed, which no codec could follow.
func checked(out []float32) []float32 {
	for _, v := range out {
		if v-v != 0 {
			panic(errors.New("the model's numbers overflow on this example"))
		}
	}
	return out
}
