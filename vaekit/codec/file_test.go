package codec_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit"
	"github.com/vaebook/vaebook/vaekit/codec"
	"github.com/vaebook/vaebook/vaekit/dist"
	"github.com/vaebook/vaebook/vaekit/nets"
)

// stripes are n small pictures of levels 0 … levels−1.
func stripes(n, levels int, shape ...int) *datasets.Examples {
	random := rand.New(rand.NewPCG(11, 12))
	per, top := datasets.Size(shape), levels-1
	values := make([]float32, n*per)
	for i := range n {
		phase, slope := random.Float64(), random.Float64()/4
		for j := range per {
			k := int((phase+slope*float64(j)+0.1*random.Float64())*float64(levels)) % levels
			values[i*per+j] = float32(k) / float32(top)
		}
	}
	data, err := datasets.FromFloats(shape, values, nil)
	if err != nil {
		panic(err)
	}
	return data
}

// trained is a model of a little training.
func trained(t testing.TB, model vaekit.Model, data datasets.Dataset) *vaekit.Run {
	t.Helper()
	run, err := vaekit.Train(model, data, vaekit.Training{Epochs: 8, Batch: 32})
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func compressor(t testing.TB, run *vaekit.Run) *codec.Model {
	t.Helper()
	m, err := codec.New(run)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// compressed is data as a file.
func compressed(t testing.TB, m *codec.Model, data datasets.Dataset, how codec.Options) ([]byte, codec.Report) {
	t.Helper()
	var file bytes.Buffer
	report, err := m.Compress(&file, data, how)
	if err != nil {
		t.Fatal(err)
	}
	return file.Bytes(), report
}

// decompressed are the values in a file, and where it is broken.
func decompressed(file []byte, m *codec.Model) (values []float32, err error) {
	r, err := codec.NewReader(bytes.NewReader(file), m)
	if err != nil {
		return nil, err
	}
	for {
		b, err := r.Next()
		if err == io.EOF {
			return values, nil
		} else if err != nil {
			return values, err
		}
		values = append(values, b.Values...)
	}
}

// models are one of each likelihood that can compress, with data of its levels.
func models() map[string]struct {
	model vaekit.Model
	data  *datasets.Examples
} {
	small := func(likelihood dist.Likelihood) vaekit.Model {
		return vaekit.Model{Encoder: nets.MLP(24), Latent: 3, Decoder: nets.MLP(24), Likelihood: likelihood}
	}
	convolutions := vaekit.Model{
		Encoder: nets.Net{nets.Conv2D{Channels: 4, Stride: 2, Activation: nets.SiLU}, nets.GroupNorm{Groups: 2}},
		Latent:  3,
		Decoder: nets.Net{
			nets.Dense{Units: 3 * 3 * 4, Activation: nets.ELU}, nets.Reshape{Shape: []int{3, 3, 4}},
			nets.ConvTranspose2D{Channels: 4, Kernel: 4, Stride: 2},
		},
		Likelihood: dist.DiscretisedLogistic{},
	}
	return map[string]struct {
		model vaekit.Model
		data  *datasets.Examples
	}{
		"Bernoulli":            {small(nil), stripes(200, 2, 6, 6, 1)},
		"discretised logistic": {small(dist.DiscretisedLogistic{}), stripes(200, 256, 6, 6, 1)},
		"mixture":              {small(dist.DiscretisedLogistic{Components: 3, Levels: 16}), stripes(200, 16, 6, 6, 1)},
		"beta-binomial":        {small(dist.BetaBinomial{}), stripes(200, 256, 12)},
		"categorical":          {small(dist.Categorical{Levels: 5}), stripes(200, 5, 12)},
		"convolutions":         {convolutions, stripes(200, 256, 6, 6, 2)},
	}
}

// What is compressed comes back, every value, and is as long as the negative ELBO and what
// the file says of itself.
func TestEveryLikelihoodComesBack(t *testing.T) {
	for name, c := range models() {
		t.Run(name, func(t *testing.T) {
			run := trained(t, c.model, c.data)
			m := compressor(t, run)
			file, report := compressed(t, m, c.data, codec.Options{Block: 64})
			got, err := decompressed(file, m)
			if err != nil {
				t.Fatal(err)
			}
			want, err := datasets.All(c.data)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got, want.Values) {
				t.Fatal("other values came back")
			}
			if report.Examples != 200 || report.Bytes != int64(len(file)) || report.Values != int64(len(want.Values)) {
				t.Errorf("the report is %+v of a file of %d bytes", report, len(file))
			}
			if info, err := codec.List(bytes.NewReader(file)); err != nil || info.Report != report || info.Blocks != 4 {
				t.Errorf("the file lists as %+v (%v); written was %+v", info, err, report)
			}
			// The ELBO is a mean of draws, and the file's draws are others.
			figures, err := run.Evaluate(c.data, vaekit.Evaluation{})
			if err != nil {
				t.Fatal(err)
			}
			bits := 200 * -figures.ELBO / 0.6931471805599453
			if payload := 8 * float64(report.Bytes-report.Start); payload > 1.02*bits+8*300 || payload < 0.98*bits {
				t.Errorf("%.0f bits beside %d to begin with; the negative ELBO is %.0f", payload, 8*report.Start, bits)
			}
		})
	}
}

// The same bytes come of any number of workers, and of any way to hand data over.
func TestWorkersDoNotChangeBytes(t *testing.T) {
	run, err := vaekit.Load("testdata/binary")
	if err != nil {
		t.Fatal(err)
	}
	m, data := compressor(t, run), stripes(200, 2, 6, 6, 1)
	one, _ := compressed(t, m, data, codec.Options{Block: 30, Workers: 1})
	four, _ := compressed(t, m, data, codec.Options{Block: 30, Workers: 4})
	var parts bytes.Buffer
	w, err := m.NewWriter(&parts, codec.Options{Block: 30})
	if err != nil {
		t.Fatal(err)
	}
	for from := 0; from < 200; from += 40 {
		b, err := datasets.Read(data, indicesFrom(from, 40)...)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(one, four) || !bytes.Equal(one, parts.Bytes()) {
		t.Error("one worker, four, and data in parts make different files")
	}
	if err := w.Close(); err == nil {
		t.Error("closed twice, and nothing said")
	}
}

func indicesFrom(from, n int) []int {
	indices := make([]int, n)
	for i := range indices {
		indices[i] = from + i
	}
	return indices
}

// A file that holds its model needs nothing else; one that does not says so, and one of
// another model is refused before anything is decoded.
func TestModels(t *testing.T) {
	c := models()["Bernoulli"]
	run := trained(t, c.model, c.data)
	m := compressor(t, run)
	alone, report := compressed(t, m, c.data, codec.Options{Embed: true})
	if report.Model == 0 {
		t.Error("an embedded model of no bytes")
	}
	want, err := datasets.All(c.data)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := decompressed(alone, nil); err != nil || !slices.Equal(got, want.Values) {
		t.Errorf("by its own model: %v", err)
	}
	bare, _ := compressed(t, m, c.data, codec.Options{})
	if _, err := decompressed(bare, nil); err == nil || !strings.Contains(err.Error(), "holds no model") {
		t.Errorf("without a model: %v", err)
	}
	model := c.model
	model.Latent = 2
	if _, err := decompressed(bare, compressor(t, trained(t, model, c.data))); !errors.Is(err, codec.ErrModel) {
		t.Errorf("by another model: %v", err)
	}
}

// A file of which any block is read alone has the same examples, and says where each is.
func TestBlocksInAnyOrder(t *testing.T) {
	c := models()["categorical"]
	m := compressor(t, trained(t, c.model, c.data))
	file, _ := compressed(t, m, c.data, codec.Options{Block: 60})
	f, err := codec.Open(bytes.NewReader(file), int64(len(file)), m)
	if err != nil {
		t.Fatal(err)
	}
	if f.Blocks() != 4 || f.Len() != 200 {
		t.Fatalf("%d blocks of %d examples", f.Blocks(), f.Len())
	}
	all, err := datasets.All(c.data)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{199, 0, 60, 59, 130} {
		block, within, err := f.Find(i)
		if err != nil {
			t.Fatal(err)
		}
		b, err := f.Block(block)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(b.Example(within), all.Example(i)) {
			t.Errorf("example %d, number %d of block %d, is another", i, within, block)
		}
	}
	if _, _, err := f.Find(200); err == nil {
		t.Error("there is no example 200, and nothing said")
	}
	if _, err := f.Block(4); err == nil {
		t.Error("there is no block 4, and nothing said")
	}
	for n := range 80 { // of the end, all but the checksum of the whole is looked at
		bad := bytes.Clone(file)
		at := len(bad) - 1 - n
		bad[at] ^= 16
		f, err := codec.Open(bytes.NewReader(bad), int64(len(bad)), m)
		for i := 0; err == nil && i < f.Blocks(); i++ {
			_, err = f.Block(i)
		}
		if err == nil && (n < 12 || n >= 44) {
			t.Errorf("byte %d from the end was changed, and nothing said", n)
		}
	}
}

// What cannot compress is refused with what can.
func TestNewRefuses(t *testing.T) {
	binary := stripes(64, 2, 6, 6, 1)
	for says, model := range map[string]vaekit.Model{
		"take dist.Bernoulli":        {Likelihood: dist.Gaussian{}},
		"take dist.DiagonalGaussian": {Posterior: dist.FullGaussian{}},
		"take dist.StandardNormal":   {Prior: dist.MixtureOfGaussians{Components: 2}},
	} {
		model.Encoder, model.Latent, model.Decoder = nets.MLP(8), 2, nets.MLP(8)
		if _, err := codec.New(trained(t, model, binary)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, expected %q", err, says)
		}
	}
}
