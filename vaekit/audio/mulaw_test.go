package audio

import (
	"bytes"
	"math"
	"testing"
)

// Values of ITU-T G.711.
func TestMuLaw(t *testing.T) {
	for code, sample := range map[byte]int{0xff: 0, 0x00: -32124, 0x80: 32124, 0xf0: 120, 0x8f: 16764, 0x35: -3260} {
		if got := fromMuLaw(code); got != float32(sample)/32768 {
			t.Errorf("%#x is %v, expected %d/32768", code, got, sample)
		}
		if got := ToMuLaw(float32(sample) / 32768); got != code {
			t.Errorf("%d/32768 became %#x, expected %#x", sample, got, code)
		}
	}
	for x, want := range map[float32]byte{9: 0x80, -9: 0x00, float32(math.Inf(1)): 0x80, float32(math.NaN()): 0xff} {
		if got := ToMuLaw(x); got != want {
			t.Errorf("%v became %#x, expected %#x", x, got, want)
		}
	}
	for code := range 256 { // each stands for itself, but for a second zero
		if got := ToMuLaw(fromMuLaw(byte(code))); got != byte(code) && code != 0x7f {
			t.Errorf("%#x became %#x", code, got)
		}
	}
}

// The noise of a tone is some 37 dB below it, as G.711 has it, and an odd number of samples fits a file.
func TestMuLawFiles(t *testing.T) {
	s := &Sound{Rate: 8000, Channels: [][]float32{make([]float32, 8001)}}
	for i := range s.Channels[0] {
		s.Channels[0][i] = 0.5 * float32(math.Sin(float64(i)/5))
	}
	var file bytes.Buffer
	if err := s.Write(&file, MuLaw); err != nil {
		t.Fatal(err)
	}
	if file.Len() != 8001+1+58 {
		t.Errorf("the file has %d bytes, expected 8001, one to make it even, and 58 of a header", file.Len())
	}
	back, err := Read(&file)
	if err != nil || back.Frames() != 8001 {
		t.Fatalf("read %v, %v", back, err)
	}
	var signal, noise float64
	for i, x := range s.Channels[0] {
		signal += float64(x * x)
		noise += math.Pow(float64(x-back.Channels[0][i]), 2)
	}
	if snr := 10 * math.Log10(signal/noise); snr < 36 || snr > 39 {
		t.Errorf("the noise is %.1f dB below the sound, expected 36 to 39", snr)
	}
}
