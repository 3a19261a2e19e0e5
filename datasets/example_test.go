package datasets_test

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit/audio"
)

// A reader's own arrays become a dataset, and part of it is held out.
func ExampleFromFloats() {
	values := make([]float32, 100*2)
	for i := range 100 {
		angle := 2 * math.Pi * float64(i) / 100
		values[2*i], values[2*i+1] = float32(math.Cos(angle)), float32(math.Sin(angle))
	}
	circle, err := datasets.FromFloats([]int{2}, values, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	train, test, err := datasets.Split(circle, 0.1, 0)
	fmt.Println(circle, "split into", train.Len(), "and", test.Len(), err)
	// Output: 100 examples of shape 2 split into 90 and 10 <nil>
}

// A pixel of grey 51/255 is white in a fifth of all visits.
func ExampleBinarise() {
	grey, err := datasets.FromBytes([]int{1}, []uint8{51}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	drawn := datasets.Binarise(grey, datasets.Dynamic, 0)
	white := 0
	for visit := range uint64(10000) {
		white += int(drawn.Resident(visit).Bytes[0]) / 255
	}
	fmt.Printf("%.1f\n", float64(white)/10000)
	// Output: 0.2
}

// Photographs of any size become squares of 64 pixels; what cannot be read is named.
func ExampleImageFolder() {
	dir, err := os.MkdirTemp("", "photos")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	for name, size := range map[string]image.Point{"beach.png": {300, 200}, "tower.png": {90, 240}} {
		var file bytes.Buffer
		if err := png.Encode(&file, image.NewRGBA(image.Rectangle{Max: size})); err != nil {
			fmt.Println(err)
			return
		}
		if err := os.WriteFile(filepath.Join(dir, name), file.Bytes(), 0o644); err != nil {
			fmt.Println(err)
			return
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "cut.jpg"), nil, 0o644); err != nil {
		fmt.Println(err)
		return
	}
	photos, err := datasets.ImageFolder(dir, datasets.Images{Size: 64, Crop: true, Channels: 3})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(photos)
	fmt.Println(photos.Skipped()[0])
	// Output:
	// 2 examples of shape 64×64×3, 1 file skipped
	// cut.jpg: not a PNG or JPEG image that can be read: image: unknown format
}

// numpy.savez("stored.npz", images=images, labels=labels), read in Go.
func ExampleNPZ() {
	data, err := datasets.NPZ("testdata/stored.npz", datasets.Array{Name: "images", Labels: "labels", Shape: []int{4, 5, 1}})
	if err != nil {
		fmt.Println(err)
		return
	}
	batch, err := datasets.Read(data, 0, 2)
	fmt.Println(data, batch.Labels, err)
	// Output: 3 examples of shape 4×5×1, 3 labels [2 1] <nil>
}

// Ten million images that lie nowhere: a bright line in each, at a height that
// follows from its number.
func ExampleSynthetic() {
	lines, err := datasets.Synthetic(10_000_000, []int{28, 28, 1}, func(i int, values []float32) {
		random := rand.New(rand.NewPCG(0, uint64(i)))
		y := random.IntN(28)
		for x := range 28 {
			values[28*y+x] = 1
		}
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	batch, err := datasets.Read(lines, 0, 9_999_999)
	fmt.Println(batch.Len(), "of", lines, err)
	// Output: 2 of 10000000 examples of shape 28×28×1 that are made when they are read <nil>
}

func ExampleWAVFolder() {
	dir, err := os.MkdirTemp("", "sounds")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	hum := &audio.Sound{Rate: 8000, Channels: [][]float32{make([]float32, 6000)}}
	if err := hum.WriteFile(filepath.Join(dir, "hum.wav"), audio.PCM16); err != nil {
		fmt.Println(err)
		return
	}
	sounds, err := datasets.WAVFolder(dir, datasets.Segments{}) // 10,000 samples at 16 kHz each
	if err != nil {
		fmt.Println(err)
		return
	}
	batch, err := datasets.All(sounds)
	fmt.Println(batch.Shape, batch.Origin, err)
	// Output: [10000 1] [hum.wav@0 hum.wav@10000] <nil>
}

// Each visit sees other stretches of the recordings.
func ExampleSegments() {
	dir, err := os.MkdirTemp("", "sounds")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	minute := &audio.Sound{Rate: 16000, Channels: [][]float32{make([]float32, 60*16000)}}
	if err := minute.WriteFile(filepath.Join(dir, "rain.wav"), audio.PCM16); err != nil {
		fmt.Println(err)
		return
	}
	sounds, err := datasets.WAVFolder(dir, datasets.Segments{Random: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	var batch datasets.Batch
	for visit := range uint64(2) { // as training reads it, epoch by epoch
		err := sounds.Read(&batch, visit, []int{0, 1})
		fmt.Println(batch.Origin, err)
	}
	// Output:
	// [rain.wav@943601 rain.wav@320608] <nil>
	// [rain.wav@202458 rain.wav@427620] <nil>
}

// A data set of 0.25 s stretches, louder or softer and of either sign.
func ExampleAugment() {
	strings, err := datasets.Plucked(datasets.Plucking{Examples: 100})
	if err != nil {
		fmt.Println(err)
		return
	}
	short, err := datasets.Crop(strings, 4000, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	varied, err := datasets.Augment(short, datasets.Augmentation{Gain: 6, Polarity: true})
	fmt.Println(varied.Len(), "examples of shape", varied.Shape(), err)
	// Output: 100 examples of shape [4000 1] <nil>
}

// Where in each example the stretch lies is another place at each visit.
func ExampleCrop() {
	rise := make([]float32, 1000)
	for i := range rise {
		rise[i] = float32(i)
	}
	data, err := datasets.FromFloats([]int{1000, 1}, rise, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	short, err := datasets.Crop(data, 4, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	var batch datasets.Batch
	for visit := range uint64(2) {
		err := short.Read(&batch, visit, []int{0})
		fmt.Println(batch.Values, err)
	}
	// Output:
	// [304 305 306 307] <nil>
	// [60 61 62 63] <nil>
}

func ExamplePlucked() {
	strings, err := datasets.Plucked(datasets.Plucking{Examples: 100})
	if err != nil {
		fmt.Println(err)
		return
	}
	batch, err := datasets.Read(strings, 0)
	fmt.Println(strings, "at", strings.Rate, "Hz;", len(batch.Values), "samples read", err)
	// Output: 100 examples of shape 10000×1 at 16000 Hz; 10000 samples read <nil>
}

// The files must be there, see [datasets.Dir], so this is compiled and not run.
func ExampleMNIST() {
	digits, err := datasets.MNIST()
	if err != nil {
		fmt.Println(err) // what is missing, and what to do
		return
	}
	fmt.Println("train on", digits.Train.Len(), "and test with", digits.Test.Len())
	digits = digits.Binarised(datasets.Dynamic) // for a Bernoulli likelihood's NLL
	batch, err := datasets.Read(digits.Train, 0, 1, 2)
	fmt.Println(batch.Labels, err)
}

// Who speaks, and what.
func ExampleSpeaker() {
	fmt.Println(datasets.Speaker("3_theo_7.wav@10000"))
	// Output: theo
}

// A class for each speaker and digit, to condition a model on: 0 … 59. As for
// SpokenDigits, this is compiled and not run.
func ExampleRelabel() {
	speech, err := datasets.SpokenDigits()
	if err != nil {
		fmt.Println(err)
		return
	}
	class := func(origin string, digit int) int {
		return 10*slices.Index(datasets.Speakers(), datasets.Speaker(origin)) + digit
	}
	train, err := datasets.Relabel(speech.Train, class)
	if err != nil {
		fmt.Println(err)
		return
	}
	batch, err := datasets.Read(train, 0, 1, 2)
	fmt.Println(batch.Origin, batch.Labels, err)
}

// Speakers are numbered in alphabetical order.
func ExampleSpeakers() {
	origin, digit := "3_theo_7.wav@10000", 3
	speaker := slices.Index(datasets.Speakers(), datasets.Speaker(origin))
	fmt.Println("speaker", speaker, "says", digit, "in class", 10*speaker+digit)
	// Output: speaker 4 says 3 in class 43
}
