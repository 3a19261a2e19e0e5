package show

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit"
	"github.com/vaebook/vaebook/vaekit/dist"
	"github.com/vaebook/vaebook/vaekit/nets"
)

func trained(t *testing.T, m vaekit.Model, data datasets.Dataset, epochs int) *vaekit.Run {
	t.Helper()
	run, err := vaekit.Train(m, data, vaekit.Training{Epochs: epochs, Batch: 64})
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// The decoder in the page is the kit's to less than what a screen can show.
func TestExplorerDecodesAsTheKit(t *testing.T) {
	digits, err := datasets.MNIST()
	if err != nil {
		t.Fatal(err)
	}
	some, err := datasets.Subset(digits.Train, firstOf(6000))
	if err != nil {
		t.Fatal(err)
	}
	var questions []question
	for name, m := range map[string]vaekit.Model{
		"two latents": {Encoder: nets.MLP(256, 128), Latent: 2, Decoder: nets.MLP(128, 256), Likelihood: dist.Bernoulli{}},
		"sixteen":     {Encoder: nets.MLP(256, 128), Latent: 16, Decoder: nets.MLP(128, 256), Likelihood: dist.ContinuousBernoulli{}},
	} {
		q := over(t, name, trained(t, m, some, 3), some, 24, 3)
		page, _ := q.spec.page()
		if len(page) >= 900_000 || q.spec.Program == nil {
			t.Errorf("%s: the page has %d bytes, a decoder: %v; expected fewer than 900,000, and one", name, len(page), q.spec.Program != nil)
		}
		questions = append(questions, q)
	}
	ask(t, questions)
	for _, q := range questions {
		t.Logf("%s: the largest error is %.5f", q.name, q.worst)
		if !(q.worst < 1./255) {
			t.Errorf("%s: the largest error is %.5f, expected less than 1/255 = 0.00392", q.name, q.worst)
		}
	}
}

// labelled is 64 examples of three labels.
func labelled(t *testing.T, shape ...int) datasets.Dataset {
	t.Helper()
	values, labels := make([]float32, 64*datasets.Size(shape)), make([]int, 64)
	for i := range values {
		values[i] = float32(math.Mod(float64(i)*0.37, 1))
	}
	for i := range labels {
		labels[i] = i % 3
	}
	data, err := datasets.FromFloats(shape, values, labels)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Every layer of package nets that a decoder may have runs in a page.
func TestExplorerRunsEveryLayer(t *testing.T) {
	var questions []question
	for name, c := range map[string]struct {
		shape   []int
		decoder nets.Net
		classes int
		as      dist.Likelihood
	}{
		"dense": {[]int{7}, nets.Net{
			nets.Dense{Units: 9, Activation: nets.ELU}, nets.Gated{Units: 8}, nets.LayerNorm{},
			nets.Dense{Units: 6, Activation: nets.GELU}, nets.Dense{Units: 6, Activation: nets.SiLU},
		}, 3, dist.Gaussian{Sigma: dist.Predicted}},
		"images": {[]int{15, 15, 3}, nets.Net{
			nets.Dense{Units: 96}, nets.Reshape{Shape: []int{4, 4, 6}}, nets.GroupNorm{Groups: 2},
			nets.ConvTranspose2D{Channels: 5, Stride: 2, Activation: nets.LeakyReLU}, nets.Upsample{}, // [16, 16, 5]
			nets.Conv2D{Channels: 4, Stride: 2, Activation: nets.Softplus},
			nets.Residual{Net: nets.Net{nets.Conv2D{Channels: 2, Activation: nets.Tanh}}},
			nets.ConvTranspose2D{Channels: 3, Padding: nets.Valid, Activation: nets.ReLU}, nets.Downsample{}, // [5, 5, 3]
			nets.ConvTranspose2D{Channels: 4, Kernel: 3, Stride: 3}, nets.Conv2D{Channels: 3, Kernel: 4, Dilation: 2},
		}, 0, dist.Bernoulli{}},
		"a series": {[]int{30, 1}, nets.Net{
			nets.Dense{Units: 60}, nets.Reshape{Shape: []int{10, 6}}, nets.Conv1D{Channels: 6, Kernel: 3, Padding: nets.Valid}, // [8, 6]
			nets.ConvTranspose1D{Channels: 4, Kernel: 4, Stride: 2, Padding: nets.Causal, Activation: nets.Sigmoid},
			nets.Residual{Net: nets.Net{nets.Conv1D{Channels: 4, Dilation: 3, Padding: nets.Causal}}},
			nets.Conv1D{Channels: 4, Kernel: 2, Padding: nets.Valid}, nets.ConvTranspose1D{Channels: 2, Kernel: 5, Stride: 2}, nets.Conv1D{Channels: 1},
		}, 0, dist.Laplace{}},
	} {
		data := labelled(t, c.shape...)
		run := trained(t, vaekit.Model{Encoder: nets.MLP(8), Latent: 3, Decoder: c.decoder, Classes: c.classes, Likelihood: c.as}, data, 20)
		questions = append(questions, over(t, name, run, data, 5, 2))
	}
	ask(t, questions)
	for _, q := range questions {
		if !(q.worst < 0.01) {
			t.Errorf("%s: the largest error is %.5f, expected less than 0.01, for weights have three digits", q.name, q.worst)
		}
	}
}

// negative is a layer that package plain knows nothing of.
type negative struct{}

func (negative) Out(in []int) ([]int, error)                   { return in, nil }
func (negative) Params([]int) []nets.Param                     { return nil }
func (negative) Apply(_ *nets.Pass, x *graph.Node) *graph.Node { return graph.Neg(x) }

// Of a decoder that cannot run in a page, images are decoded beforehand, and of sounds a
// pad: at the places of these the page shows them, but for what JPEG and µ-law lose.
func TestExplorerDecodesBeforehand(t *testing.T) {
	waves := func(shape ...int) datasets.Dataset { // of many lengths
		n, channels := datasets.Size(shape), shape[len(shape)-1]
		values := make([]float32, 128*n)
		for i := range values {
			values[i] = float32(0.5 + 0.4*math.Sin(float64(i%n/channels%12)*float64(i/n%40)/60))
		}
		data, err := datasets.FromFloats(shape, values, nil)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	images := waves(12, 12, 3)
	run := trained(t, vaekit.Model{Encoder: nets.MLP(16), Latent: 3, Decoder: append(nets.MLP(16), negative{}), Likelihood: dist.Bernoulli{}}, images, 300)
	s, err := Picture{}.explorer(run, images)
	if err != nil {
		t.Fatal(err)
	}
	if s.Atlas == nil || !strings.Contains(s.Note, "show.negative has no plain form") {
		t.Fatalf("an atlas: %v, and the note %q; expected one, and why", s.Atlas != nil, s.Note)
	}
	z := s.grid(s.Atlas.N, s.Atlas.Half)
	want, err := run.Decode(z...)
	if err != nil {
		t.Fatal(err)
	}
	questions := []question{{name: "images", spec: s, z: z, want: want.Values}}

	sounds := waves(400, 1)
	run = trained(t, vaekit.Model{Encoder: nets.MLP(16), Latent: 2, Decoder: nets.MLP(16), Likelihood: dist.Gaussian{}}, sounds, 20)
	twice := func(b *datasets.Batch) *datasets.Batch {
		for i := range b.Values {
			b.Values[i] *= 2
		}
		return b
	}
	if s, err = (Picture{Rate: 8000, Sound: twice}).explorer(run, sounds); err != nil {
		t.Fatal(err)
	}
	z = s.grid(7, s.Sounds.Half)
	if want, err = run.Decode(z...); err != nil {
		t.Fatal(err)
	}
	peak := max(slices.Max(want.Values), -slices.Min(want.Values))
	for i := range want.Values {
		want.Values[i] *= 0.9 / peak
	}
	questions = append(questions, question{name: "sounds", spec: s, z: z, want: want.Values})
	ask(t, questions)
	for _, q := range questions {
		if !(q.worst < 0.1) {
			t.Errorf("%s: the largest error is %.5f, expected less than 0.1", q.name, q.worst)
		}
	}
}

// Mouse, finger, keys and controls do what they say.
func TestExplorerAnswers(t *testing.T) {
	data := labelled(t, 4, 4, 1)
	s, err := Picture{}.explorer(trained(t, vaekit.Model{Encoder: nets.MLP(8), Latent: 3, Decoder: nets.MLP(8), Classes: 3}, data, 20), data)
	if err != nil {
		t.Fatal(err)
	}
	page, err := s.page()
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range run(t, page, `
const [root] = explorers, {explorer: e} = root, map = e.find("map");
const frame = () => new Promise(done => setTimeout(done, 20));
const pixels = name => e.find(name).toDataURL();
async function changes(what, of, act) {
  await frame();
  const before = of();
  act();
  await frame();
  lines.push((before === of() ? "not: " : "yes: ") + what);
}
const box = map.getBoundingClientRect();
const point = (type, x, y, pointerType = "mouse") => map.dispatchEvent(new PointerEvent(type,
  {clientX: box.left + x * box.width, clientY: box.top + y * box.height, pointerType, pointerId: 1, bubbles: true}));
map.setPointerCapture = () => {}; // of pointers that are real
const key = k => map.dispatchEvent(new KeyboardEvent("keydown", {key: k, bubbles: true}));
const set = (element, value, type) => { element.value = value; element.dispatchEvent(new Event(type)); };
await changes("the mouse decodes what is under it", () => pixels("image"), () => point("pointermove", 0.3, 0.6));
await changes("the place is told", () => e.find("z").textContent, () => point("pointermove", 0.7, 0.2));
await changes("leaving goes back", () => pixels("image"), () => point("pointerleave", 1, 1));
await changes("a finger keeps the place", () => e.z.join(), () => { point("pointerdown", 0.6, 0.3, "touch"); point("pointermove", 0.65, 0.35, "touch"); point("pointerup", 0.65, 0.35, "touch"); });
await changes("an arrow moves", () => e.z.join(), () => key("ArrowLeft"));
await changes("A is put", () => e.a.join() + pixels("strip"), () => key("A"));
await changes("B is put", () => pixels("strip"), () => e.find("b").click());
await changes("home", () => String(e.z.every(v => v === 0)), () => key("Home"));
const [ax, ay] = e.toPixel(e.xy(e.a), 1);
await changes("A is dragged", () => e.a.join(), () => { point("pointerdown", ax, ay); point("pointermove", ax + 0.1, ay); point("pointerup", ax + 0.1, ay); });
await changes("the walk is walked", () => e.z.join(), () => set(e.find("t"), 0.5, "input"));
await changes("along a sphere", () => e.between(0.5).join(), () => set(e.find("path"), "spherical", "change"));
await changes("a label is hidden", () => pixels("map"), () => root.querySelector(".vae-legend button").click());
await changes("another class", () => pixels("image"), () => set(e.find("classes").querySelector("select"), 2, "change"));
await changes("another plane", () => pixels("map"), () => set(e.find("plane"), "latents", "change"));
await changes("another axis", () => e.plane.names.join(), () => set(e.find("x"), e.find("y").value, "change"));
await changes("a slider moves", () => pixels("image"), () => set(root.querySelector(".vae-sliders input"), 2.5, "input"));
await changes("a dark page", () => root.style.colorScheme, () => { document.body.style.color = "#ddd"; });
lines.push((e.plane.u.join() === e.plane.v.join() ? "not: " : "yes: ") + "the axes differ");
const told = [], slider = root.querySelector(".vae-sliders input");
document.addEventListener("keydown", event => told.push(event.key));
for (const k of ["ArrowUp", "b", "Escape"]) slider.dispatchEvent(new KeyboardEvent("keydown", {key: k, bubbles: true}));
lines.push((told.join() === "Escape" ? "yes: " : "not: ") + "the notebook hears Escape alone, and heard " + told);
const kept = e.z.join();
map.dispatchEvent(new PointerEvent("pointerdown", {clientX: box.left + 9, clientY: box.top + 9, pointerId: 1, button: 2}));
lines.push((kept === e.z.join() ? "yes: " : "not: ") + "the second button opens a menu and keeps the place");
window.addEventListener("error", event => lines.push("not: " + event.message));
root.remove(); // as when a notebook is closed
document.body.className = "another";
await frame();`) {
		if !strings.HasPrefix(line, "yes: ") {
			t.Error(line)
		}
	}
}

// What cannot be explored gets a sentence that says why.
func TestExplorerRefuses(t *testing.T) {
	data, err := datasets.FromFloats([]int{8, 1}, make([]float32, 64*8), nil)
	if err != nil {
		t.Fatal(err)
	}
	one := vaekit.Model{Encoder: nets.MLP(4), Latent: 1, Decoder: nets.MLP(4), Likelihood: dist.Gaussian{}}
	local := vaekit.Model{Encoder: nets.Net{nets.Conv1D{Channels: 2}}, Latent: 2, Local: true, Decoder: nets.Net{nets.Conv1D{Channels: 1}}, Likelihood: dist.Gaussian{}}
	odd := vaekit.Model{Encoder: nets.MLP(4), Latent: 2, Decoder: append(nets.MLP(4), negative{}), Likelihood: dist.Gaussian{}}
	for says, run := range map[string]*vaekit.Run{
		"wants a run":          nil,
		"2 latents or more":    trained(t, one, data, 1),
		"Model.Local":          trained(t, local, data, 1),
		"show.negative has no": trained(t, odd, data, 1),
	} {
		if _, err := (Picture{}).explorer(run, data); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("the error is %v, expected it to say %q", err, says)
		}
	}
}

func firstOf(n int) []int {
	indices := make([]int, n)
	for i := range indices {
		indices[i] = i
	}
	return indices
}
