package audio

import "math"

const (
	muBias = 132   // that makes the segments' lengths powers of two
	muClip = 32635 // of 32768: what is louder is cut off
)

// ToMuLaw is a sample in [−1, 1] in the 8 bits of ITU-T G.711's µ-law, whose steps are
// as fine as they are soft: noise stays about 37 dB below the sound from 0 down to −35 dB. What is
// louder than 1 is cut off, what is not a number is silent.
func ToMuLaw(x float32) byte {
	if x != x {
		x = 0
	}
	size := int(min(math.Round(math.Abs(float64(x))*32768), muClip)) + muBias
	segment := 7
	for size>>(segment+7) == 0 {
		segment--
	}
	code := byte(segment<<4 | size>>(segment+3)&15)
	if x < 0 {
		code |= 0x80
	}
	return ^code
}

// fromMuLaw is the sample that a byte stands for.
func fromMuLaw(code byte) float32 {
	code = ^code
	size := (int(code&15)<<3+muBias)<<(code>>4&7) - muBias
	if code&0x80 != 0 {
		size = -size
	}
	return float32(size) / 32768
}
