package datasets

import (
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"sort"
	"sync"

	"github.com/vaebook/vaebook/vaekit/audio"
)

// Segments says how recordings become examples. The zero value works.
type Segments struct {
	Length int // samples in an example; 0: 10,000
	Hop    int // samples between the beginnings of examples; 0: Length, no overlap
	Rate   int // in Hz, that all recordings are brought to; 0: 16,000

	// Random makes each visit of an example another stretch of its recording, drawn
	// from Seed, the visit and the example's number alone. Every stretch that lies
	// within the recording is equally likely. A recording has as many examples as
	// without, so Hop says how many stretches of it a visit sees.
	Random bool
	Seed   uint64
}

func (s Segments) filled() Segments {
	if s.Length == 0 {
		s.Length = audio.DefaultLength
	}
	if s.Hop == 0 {
		s.Hop = s.Length
	}
	if s.Rate == 0 {
		s.Rate = 16000
	}
	return s
}

// WAVFolder streams segments, of shape [length, 1], of all WAV files in dir and
// below, in alphabetic order.
//
// Each recording is mixed to mono, brought to one rate and divided by its
// largest absolute value; silence stays silence, and a recording without samples
// gives no segments. Its last segment is padded and masked; with [Segments].Random
// only the one segment of a recording that is shorter than it. Where the files lie
// in sub-folders of dir, each sub-folder is a label, numbered in alphabetic
// order. Origin is the path in dir and the first sample at the new rate, such as
// "birds/wren.wav@20000".
//
//	train, err := datasets.WAVFolder("birds", datasets.Segments{Random: true})
//
// Only headers are read to begin with. Later each segment is read from the disk
// alone, with the recording's largest value, which is found when it is first
// needed: memory stays at a few segments however large the folder is. [Hold]
// takes a small one into memory.
func WAVFolder(dir string, cut Segments) (*Recordings, error) {
	cut = cut.filled()
	if _, err := audio.Offsets(1, cut.Length, cut.Hop); err != nil {
		return nil, fmt.Errorf("wav folder: %w", err)
	}
	files, err := listed(dir, ".wav", ".wave")
	if err != nil {
		return nil, fmt.Errorf("wav folder: %s: %w", dir, err)
	}
	labels, err := folderLabels(files)
	if err != nil {
		return nil, fmt.Errorf("wav folder: %s: %w", dir, err)
	}
	r := &Recordings{dir: dir, cut: cut, resamplers: map[int]*audio.Resampler{}}
	for i, name := range files {
		rec := recording{name: name, peak: -1, first: r.n}
		if labels != nil {
			rec.label = labels[i]
			r.labelled = true
		}
		if err := r.measure(&rec); err != nil {
			return nil, err
		}
		r.recordings = append(r.recordings, rec)
		r.n += segmentCount(rec.length, cut)
	}
	if r.n == 0 {
		return nil, fmt.Errorf("wav folder: %s: the %d recordings there hold no samples", dir, len(files))
	}
	return r, nil
}

// Recordings are segments of WAV files on disk; see [WAVFolder].
type Recordings struct {
	dir        string
	cut        Segments
	labelled   bool
	recordings []recording
	n          int

	mu         sync.Mutex               // for the peaks and the resamplers' work space
	resamplers map[int]*audio.Resampler // by the rate they come from
}

type recording struct {
	name   string
	label  int
	length int     // samples at the new rate
	first  int     // number of its first segment
	peak   float32 // largest absolute value, −1 until it is known
}

// segmentCount is len(audio.Offsets(n, …)), without the slice.
func segmentCount(n int, cut Segments) int {
	switch {
	case n == 0:
		return 0
	case n <= cut.Length:
		return 1
	}
	return (n-cut.Length+cut.Hop-1)/cut.Hop + 1
}

// measure finds a recording's length from its header.
func (r *Recordings) measure(rec *recording) error {
	f, err := audio.Open(filepath.Join(r.dir, rec.name))
	if err != nil {
		return err
	}
	defer f.Close()
	resampler, err := r.resampler(f.Rate)
	if err != nil {
		return fmt.Errorf("wav folder: %s: %w", rec.name, err)
	}
	rec.length = resampler.Len(f.Frames)
	return nil
}

func (r *Recordings) resampler(rate int) (*audio.Resampler, error) {
	if have, ok := r.resamplers[rate]; ok {
		return have, nil
	}
	made, err := audio.NewResampler(rate, r.cut.Rate)
	if err == nil {
		r.resamplers[rate] = made
	}
	return made, err
}

// Len is the number of segments.
func (r *Recordings) Len() int { return r.n }

// Shape is [length, 1].
func (r *Recordings) Shape() []int { return []int{r.cut.Length, 1} }

// Rate is the rate of all segments in Hz.
func (r *Recordings) Rate() int { return r.cut.Rate }

// String says what there is, such as "900 examples of shape 10000×1, 2 labels, from 400 recordings".
func (r *Recordings) String() string {
	var labels []int
	if r.labelled {
		for _, rec := range r.recordings {
			labels = append(labels, rec.label)
		}
	}
	return fmt.Sprintf("%s, from %d recordings", describe(r.n, r.Shape(), labels), len(r.recordings))
}

// Read sets batch to the segments with the given indices.
func (r *Recordings) Read(batch *Batch, visit uint64, indices []int) error {
	if err := checkIndices(r.dir, indices, r.n); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	per := r.cut.Length
	batch.reset(r.Shape(), len(indices), r.labelled, true, true)
	for i, index := range indices {
		// The last recording that begins at or before the index; empty ones begin
		// where their successor does and come before it.
		which := sort.Search(len(r.recordings), func(k int) bool { return r.recordings[k].first > index }) - 1
		rec := &r.recordings[which]
		offset := r.begin(rec, visit, index)
		n, err := r.segment(batch.Values[i*per:(i+1)*per], rec, offset)
		if err != nil {
			return err
		}
		mask := batch.Mask[i*per : (i+1)*per]
		for j := range mask {
			mask[j] = 0
			if j < n {
				mask[j] = 1
			}
		}
		batch.Origin[i] = fmt.Sprintf("%s@%d", rec.name, offset)
		if r.labelled {
			batch.Labels[i] = rec.label
		}
	}
	return nil
}

// begin is where a segment begins in its recording.
func (r *Recordings) begin(rec *recording, visit uint64, index int) int {
	if !r.cut.Random {
		return (index - rec.first) * r.cut.Hop
	}
	spare := max(rec.length-r.cut.Length, 0)
	return rand.New(drawsAt(mix(r.cut.Seed, recordingDraws), visit, index)).IntN(spare + 1)
}

// segment sets values to the recording from offset on, and returns how many of
// them are not padding.
func (r *Recordings) segment(values []float32, rec *recording, offset int) (int, error) {
	f, err := audio.Open(filepath.Join(r.dir, rec.name))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	if rec.peak < 0 {
		if rec.peak, err = r.peak(f, rec); err != nil {
			return 0, err
		}
	}
	samples, err := r.stretch(f, rec, offset, min(offset+len(values), rec.length))
	if err != nil {
		return 0, err
	}
	clear(values)
	for i, x := range samples {
		if rec.peak > 0 {
			x /= rec.peak
		}
		values[i] = x
	}
	return len(samples), nil
}

// peak goes through a recording once, in pieces.
func (r *Recordings) peak(f *audio.File, rec *recording) (float32, error) {
	const piece = 1 << 17
	var peak float32
	for from := 0; from < rec.length; from += piece {
		samples, err := r.stretch(f, rec, from, min(from+piece, rec.length))
		if err != nil {
			return 0, err
		}
		for _, x := range samples {
			peak = max(peak, float32(math.Abs(float64(x))))
		}
	}
	return peak, nil
}

// stretch returns samples of a recording in mono, counted at the new rate.
func (r *Recordings) stretch(f *audio.File, rec *recording, from, to int) ([]float32, error) {
	resampler, err := r.resampler(f.Rate)
	if err != nil {
		return nil, fmt.Errorf("wav folder: %s: %w", rec.name, err)
	}
	if resampler.Len(f.Frames) != rec.length {
		return nil, fmt.Errorf("wav folder: %s was %d samples long when the folder was opened and is %d now; open the folder again", rec.name, rec.length, resampler.Len(f.Frames))
	}
	mono := func(from, to int) ([]float32, error) {
		s, err := f.Read(from, to)
		if err != nil {
			return nil, err
		}
		return s.Mono().Channels[0], nil
	}
	if f.Rate == r.cut.Rate {
		return mono(from, to)
	}
	return resampler.Stretch(from, to, f.Frames, mono)
}
