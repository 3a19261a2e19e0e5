package audio

import (
	"fmt"
	"math"
)

// DefaultLength is the number of samples in a segment unless told: 0.625 s at 16 kHz.
const DefaultLength = 10000

// A Segment is a stretch of a sound, padded with zeros to the length of all segments.
type Segment struct {
	Offset  int       // of its first sample in the sound
	Samples []float32 // [length]
	Mask    []uint8   // [length], 0 where Samples is padding, 1 elsewhere; nil: no padding
}

// Segments cuts samples into segments of the given length (0: [DefaultLength])
// that begin hop samples apart (0: length, no overlap). The last one is padded
// and masked. No samples give no segments.
func Segments(samples []float32, length, hop int) ([]Segment, error) {
	offsets, err := Offsets(len(samples), length, hop)
	if err != nil {
		return nil, err
	}
	if length == 0 {
		length = DefaultLength
	}
	segments := make([]Segment, len(offsets))
	for i, offset := range offsets {
		s := Segment{Offset: offset, Samples: make([]float32, length), Mask: make([]uint8, length)}
		n := copy(s.Samples, samples[offset:])
		for j := range n {
			s.Mask[j] = 1
		}
		segments[i] = s
	}
	return segments, nil
}

// Offsets returns where the segments of n samples begin; see [Segments].
func Offsets(n, length, hop int) ([]int, error) {
	if length == 0 {
		length = DefaultLength
	}
	if hop == 0 {
		hop = length
	}
	if length < 1 || hop < 1 || hop > length {
		return nil, fmt.Errorf("segments: of %d samples, %d apart: the length must be at least 1 and the hop 1 to the length, or samples are lost between segments", length, hop)
	}
	var offsets []int
	for offset := 0; offset < n; offset += hop {
		offsets = append(offsets, offset)
		if offset+length >= n {
			break
		}
	}
	return offsets, nil
}

// OverlapAdd joins segments to the sound that they were cut from. Where several
// overlap they are cross-faded: each is weighted with a Hann window w, and the
// sum is divided by the sum of the weights,
//
//	x(t) = Σᵢ w(t−oᵢ)·xᵢ(t−oᵢ) / Σᵢ w(t−oᵢ)
//
// so that splitting and joining changes nothing, whatever the hop. Padding has no
// weight; places that no segment covers are silent.
func OverlapAdd(segments []Segment) ([]float32, error) {
	total := 0
	for i, s := range segments {
		if s.Offset < 0 || s.Mask != nil && len(s.Mask) != len(s.Samples) {
			return nil, fmt.Errorf("overlap-add: segment %d: offset %d, %d samples and a mask of %d: the offset must be at least 0 and the mask as long as the samples, or nil", i, s.Offset, len(s.Samples), len(s.Mask))
		}
		total = max(total, s.Offset+s.kept())
	}
	sum, weights := make([]float64, total), make([]float64, total)
	for _, s := range segments {
		for j := range s.kept() {
			if s.Mask != nil && s.Mask[j] == 0 {
				continue
			}
			// Taken between the grid's points, so that no weight is 0.
			w := math.Sin(math.Pi * (float64(j) + 0.5) / float64(len(s.Samples)))
			w *= w
			sum[s.Offset+j] += w * float64(s.Samples[j])
			weights[s.Offset+j] += w
		}
	}
	samples := make([]float32, total)
	for i, w := range weights {
		if w > 0 {
			samples[i] = float32(sum[i] / w)
		}
	}
	return samples, nil
}

// kept is the number of samples up to the last that is not padding.
func (s Segment) kept() int {
	n := len(s.Samples)
	for s.Mask != nil && n > 0 && s.Mask[n-1] == 0 {
		n--
	}
	return n
}
