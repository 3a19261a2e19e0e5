package codec_test

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit"
	"github.com/vaebook/vaebook/vaekit/codec"
	"github.com/vaebook/vaebook/vaekit/dist"
	"github.com/vaebook/vaebook/vaekit/nets"
)

var update = flag.Bool("update", false, "train the models in testdata anew, and write the files that they make")

// kept are models in testdata, which between them have every layer and likelihood.
var kept = map[string]vaekit.Model{
	"levels": {
		Encoder: nets.Net{
			nets.Conv2D{Channels: 4, Stride: 2, Activation: nets.SiLU}, nets.GroupNorm{Groups: 2},
			nets.Residual{Net: nets.Net{nets.Conv2D{Channels: 6, Activation: nets.Tanh}}}, nets.Flatten{}, nets.Gated{Units: 8},
		},
		Latent: 3,
		Decoder: nets.Net{
			nets.Dense{Units: 36, Activation: nets.ELU}, nets.LayerNorm{}, nets.Reshape{Shape: []int{3, 3, 4}},
			nets.ConvTranspose2D{Channels: 4, Kernel: 4, Stride: 2, Activation: nets.GELU}, nets.Upsample{}, nets.Downsample{},
			nets.Conv2D{Channels: 6, Activation: nets.Softplus}, nets.Dense{Units: 9},
		},
		Likelihood: dist.DiscretisedLogistic{Components: 3, Levels: 16},
	},
	"binary": {Encoder: nets.MLPWith(nets.Sigmoid, 12), Latent: 2, Decoder: nets.MLPWith(nets.LeakyReLU, 12)},
	"bytes":  {Encoder: nets.MLPWith(nets.ReLU, 8), Latent: 2, Decoder: nets.MLP(8), Likelihood: dist.BetaBinomial{}},
}

func keptData(name string, n int) *datasets.Examples {
	return stripes(n, map[string]int{"levels": 16, "binary": 2, "bytes": 256}[name], 6, 6, 1)
}

// The files in testdata are what their models make of their data, to the bit, and they are
// read: on every machine that runs this.
func TestSameBytes(t *testing.T) {
	for name, model := range kept {
		folder, path := filepath.Join("testdata", name), filepath.Join("testdata", name+".vz")
		data := keptData(name, 40)
		if *update {
			if err := trained(t, model, keptData(name, 400)).Export(folder); err != nil {
				t.Fatal(err)
			}
		}
		run, err := vaekit.Load(folder)
		if err != nil {
			t.Fatal(err)
		}
		m := compressor(t, run)
		file, _ := compressed(t, m, data, codec.Options{Block: 16})
		if *update {
			if err := os.WriteFile(path, file, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(file, want) {
			t.Errorf("%s: %d other bytes than the %d in testdata", name, len(file), len(want))
		}
		all, err := datasets.All(data)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := decompressed(want, m); err != nil || !slices.Equal(got, all.Values) {
			t.Errorf("%s: the file in testdata is read as other values (%v)", name, err)
		}
	}
}

// Nothing that decides about bytes fuses a product with a sum, which some processors do and
// others do not: arm64 does wherever Go's compiler may.
func TestNoFusedProducts(t *testing.T) {
	for machine, product := range map[string]string{"arm64": "FMULD", "amd64": "MULSD"} {
		build := exec.Command("go", "build", "-gcflags=-S", ".", "../internal/plain")
		build.Env = append(os.Environ(), "GOARCH="+machine, "CGO_ENABLED=0", "GOEXPERIMENT="+map[string]string{"amd64": "simd"}[machine])
		text, err := build.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if !strings.Contains(string(text), product) {
			t.Fatalf("%s: there is no product in what the compiler wrote, so nothing was looked at", machine)
		}
		for _, line := range regexp.MustCompile(`.*\b(FN?M(ADD|SUB)[SD]|VFN?M(ADD|SUB)\w+)\b.*`).FindAllString(string(text), -1) {
			t.Errorf("%s: fused: %s", machine, line)
		}
	}
}

// An arm64 machine makes the same bytes: under qemu, without cgo.
func TestSameBytesOnArm64(t *testing.T) {
	qemu, err := exec.LookPath("qemu-aarch64")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("there is no qemu-aarch64; apt-get install qemu-user brings it")
		}
		t.Skip("there is no qemu-aarch64 on this machine")
	}
	binary := filepath.Join(t.TempDir(), "codec.test")
	build := exec.Command("go", "test", "-c", "-o", binary, ".")
	build.Env = append(os.Environ(), "GOARCH=arm64", "CGO_ENABLED=0", "GOEXPERIMENT=")
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	text, err := exec.Command(qemu, binary, "-test.run", "^TestSameBytes$", "-test.v").CombinedOutput()
	if err != nil || !strings.Contains(string(text), "--- PASS: TestSameBytes") {
		t.Errorf("%v\n%s", err, text)
	}
}
