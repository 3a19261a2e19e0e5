package datasets

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"

	"github.com/vaebook/vaebook/vaekit/audio"
)

// SpokenDigitsCommit and SpokenDigitsSum pin the Free Spoken Digit Dataset: the
// commit of github.com/Jakobovski/free-spoken-digit-dataset, and what
// [RecordingsSum] gives for its recordings.
const (
	SpokenDigitsCommit = "26eb9aaf76e81b692f806f9140c2d2777410d7a1"
	SpokenDigitsSum    = "1801eae019c063377d98f831d3f93574f259475df7332bb0e3d1b080fb5e6959"
)

// Speech is a set of labelled recordings in two parts.
type Speech struct {
	Train, Test Resident
	Rate        int // in Hz
}

// SpokenDigits returns the Free Spoken Digit Dataset: the digits 0 to 9 spoken
// 50 times each by six people (Jackson and others, CC BY-SA 4.0), 3,000
// recordings of shape [10000, 1] at 16 kHz, in memory.
//
// Each recording is brought from 8 to 16 kHz, divided by its largest absolute
// value, and padded with a mask to one segment; those longer than 0.625 s are
// split. Labels are the digits. Origin tells the file and the first sample, such
// as "3_theo_7.wav@10000"; [Speaker] takes the name out of it, and [Relabel] makes
// labels of it. As its README says, recordings 0 to 4 of each speaker and digit are
// the test set, 5 to 49 are for training.
//
// The files are read from the folder fsdd/recordings in [Dir].
func SpokenDigits() (*Speech, error) {
	return readSpeech(filepath.Join(Dir(), "fsdd", "recordings"), SpokenDigitsSum)
}

// RecordingsSum is the SHA-256 of the list of the SHA-256s of all WAV files in
// dir: what LC_ALL=C; sha256sum *.wav | sha256sum prints there.
func RecordingsSum(dir string) (string, error) {
	_, _, sum, err := readRecordings(dir)
	return sum, err
}

func readRecordings(dir string) (names []string, contents [][]byte, sum string, err error) {
	entries, err := os.ReadDir(dir) // sorted by bytes, as in the C locale
	if err != nil {
		return nil, nil, "", err
	}
	list := sha256.New()
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), ".wav") || strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		content, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			return nil, nil, "", err
		}
		fmt.Fprintf(list, "%x  %s\n", sha256.Sum256(content), entry.Name())
		names, contents = append(names, entry.Name()), append(contents, content)
	}
	return names, contents, hex.EncodeToString(list.Sum(nil)), nil
}

// Speaker is the speaker's name in the origin of a spoken digit: "theo" in
// "3_theo_7.wav@10000". It is empty for other origins.
func Speaker(origin string) string {
	_, speaker, _, ok := parseSpoken(origin)
	if !ok {
		return ""
	}
	return speaker
}

// Speakers are the six people of [SpokenDigits], in alphabetical order: what
// numbers them from 0 to 5.
func Speakers() []string {
	return []string{"george", "jackson", "lucas", "nicolas", "theo", "yweweler"}
}

// parseSpoken reads {digit}_{speaker}_{index}.wav, with an offset after it or not.
func parseSpoken(origin string) (digit int, speaker string, index int, ok bool) {
	name, _, _ := strings.Cut(origin, "@")
	parts := strings.Split(strings.TrimSuffix(name, ".wav"), "_")
	if len(parts) != 3 || !strings.HasSuffix(name, ".wav") || parts[1] == "" {
		return 0, "", 0, false
	}
	digit, err := strconv.Atoi(parts[0])
	index, err2 := strconv.Atoi(parts[2])
	return digit, parts[1], index, err == nil && err2 == nil && digit >= 0 && digit <= 9 && index >= 0
}

// readSpeech reads the recordings in dir, whose [RecordingsSum] must be sum.
func readSpeech(dir, sum string) (*Speech, error) {
	names, contents, got, err := readRecordings(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("spoken digits: %s is not there; run \"make data\", or put the recordings of github.com/Jakobovski/free-spoken-digit-dataset at commit %s into it", dir, SpokenDigitsCommit)
	}
	if err != nil {
		return nil, fmt.Errorf("spoken digits: %w", err)
	}
	if got != sum {
		return nil, fmt.Errorf("spoken digits: %s: the %d recordings there have the SHA-256 %s together, and %s was expected: some are damaged, missing or new; delete the folder and run \"make data\"", dir, len(names), got, sum)
	}
	sounds := make([][]float32, len(names))
	errs := make([]error, len(names))
	workers := runtime.GOMAXPROCS(0)
	var wait sync.WaitGroup
	for w := range workers {
		wait.Go(func() {
			resamplers := map[int]*audio.Resampler{}
			for i := w; i < len(names); i += workers {
				sounds[i], errs[i] = spoken(contents[i], resamplers)
			}
		})
	}
	wait.Wait()
	train, test := speechPart{}, speechPart{}
	for i, name := range names {
		digit, _, index, ok := parseSpoken(name)
		if !ok {
			return nil, fmt.Errorf("spoken digits: %s: a recording is named {digit}_{speaker}_{index}.wav", name)
		}
		if errs[i] != nil {
			return nil, fmt.Errorf("spoken digits: %s: %w", name, errs[i])
		}
		part := &train
		if index < 5 {
			part = &test
		}
		part.names, part.digits, part.sounds = append(part.names, name), append(part.digits, digit), append(part.sounds, sounds[i])
	}
	speech := &Speech{Rate: 16000}
	if speech.Train, err = train.examples(); err == nil {
		speech.Test, err = test.examples()
	}
	if err != nil {
		return nil, err
	}
	return speech, nil
}

// spoken turns a WAV file into samples. Resamplers are made once a rate: their
// tables take longer than a recording.
func spoken(content []byte, resamplers map[int]*audio.Resampler) ([]float32, error) {
	s, err := audio.Read(bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	if resamplers[s.Rate] == nil {
		if resamplers[s.Rate], err = audio.NewResampler(s.Rate, 16000); err != nil {
			return nil, err
		}
	}
	mono := resamplers[s.Rate].Resample(s.Mono().Channels[0])
	s = &audio.Sound{Rate: 16000, Channels: [][]float32{mono}}
	return s.Normalise().Channels[0], nil
}

// A speechPart is the recordings to train or to test with.
type speechPart struct {
	names  []string
	digits []int
	sounds [][]float32
}

// examples cuts the recordings into segments. They are counted before, because
// arrays that grow to 100 MB and more take longer than all the rest.
func (p *speechPart) examples() (*Examples, error) {
	const length = audio.DefaultLength
	var labels, offsets, of []int
	var origin []string
	for i, samples := range p.sounds {
		begins, err := audio.Offsets(len(samples), length, length)
		if err != nil {
			return nil, err
		}
		for _, offset := range begins {
			of, offsets = append(of, i), append(offsets, offset)
			labels = append(labels, p.digits[i])
			origin = append(origin, fmt.Sprintf("%s@%d", p.names[i], offset))
		}
	}
	table := Table{Floats: make([]float32, len(of)*length), Mask: make([]uint8, len(of)*length), Labels: labels}
	for k, offset := range offsets {
		n := copy(table.Floats[k*length:(k+1)*length], p.sounds[of[k]][offset:])
		for j := range n {
			table.Mask[k*length+j] = 1
		}
	}
	e, err := newExamples("datasets.SpokenDigits", []int{length, 1}, table, len(table.Floats))
	if err != nil {
		return nil, err
	}
	e.origin = origin
	return e, nil
}
