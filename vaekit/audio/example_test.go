package audio_test

import (
	"bytes"
	"fmt"
	"math"
	"slices"

	"github.com/vaebook/vaebook/vaekit/audio"
)

// a440 is one second of concert pitch at CD rate.
func a440() *audio.Sound {
	samples := make([]float32, 44100)
	for i := range samples {
		samples[i] = 0.5 * float32(math.Sin(2*math.Pi*440*float64(i)/44100))
	}
	return &audio.Sound{Rate: 44100, Channels: [][]float32{samples}}
}

func Example() {
	sound, err := a440().Mono().Resample(16000)
	if err != nil {
		fmt.Println(err)
		return
	}
	sound = sound.Normalise()
	segments, err := audio.Segments(sound.Channels[0], 10000, 5000)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range segments {
		fmt.Println("segment at", s.Offset)
	}
	joined, err := audio.OverlapAdd(segments)
	fmt.Println(len(joined), "samples again", err)
	// Output:
	// segment at 0
	// segment at 5000
	// segment at 10000
	// 16000 samples again <nil>
}

func ExampleSound_Write() {
	var file bytes.Buffer
	if err := a440().Write(&file, audio.PCM16); err != nil {
		fmt.Println(err)
		return
	}
	sound, err := audio.Read(&file)
	fmt.Println(sound.Rate, "Hz,", sound.Seconds(), "s", err)
	// Output: 44100 Hz, 1 s <nil>
}

func ExampleSTFT() {
	stft := audio.STFT{Window: 512}
	frames, err := stft.Magnitudes(a440().Channels[0])
	if err != nil {
		fmt.Println(err)
		return
	}
	loudest := 0
	for k, x := range frames[0] {
		if x > frames[0][loudest] {
			loudest = k
		}
	}
	fmt.Printf("%d frames, loudest near %.0f Hz\n", len(frames), float64(loudest)*44100/512)
	// Output: 341 frames, loudest near 431 Hz
}

func ExampleMel() {
	frames, err := audio.Mel{Rate: 44100}.LogMagnitudes(a440().Channels[0])
	if err != nil {
		fmt.Println(err)
		return
	}
	middle := frames[len(frames)/2]
	fmt.Printf("%d frames of %d bands, loudest in band %d\n", len(frames), len(middle), slices.Index(middle, slices.Max(middle)))
	// Output: 87 frames of 80 bands, loudest in band 8
}
