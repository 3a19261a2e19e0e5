package main

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/vaebook/vaebook/datasets"
)

// mnist is the training images as bytes, [60000, 784].
func mnist() ([]byte, error) {
	digits, err := datasets.MNIST()
	if err != nil {
		return nil, err
	}
	return digits.Train.Resident(0).Bytes, nil
}

// plucks are n plucked strings of 16,384 samples as float32, little-endian.
func plucks(n int) func() ([]byte, error) {
	return func() ([]byte, error) {
		sound, err := datasets.Plucked(datasets.Plucking{Examples: n, Length: 16384})
		if err != nil {
			return nil, err
		}
		var b bytes.Buffer
		err = binary.Write(&b, binary.LittleEndian, sound.Resident(0).Floats)
		return b.Bytes(), err
	}
}

// head is the first n bytes of some data.
func head(data func() ([]byte, error), n int) func() ([]byte, error) {
	return func() ([]byte, error) {
		all, err := data()
		if err == nil && len(all) < n {
			err = fmt.Errorf("bench: %d bytes of data, %d wanted", len(all), n)
		}
		if err != nil {
			return nil, err
		}
		return all[:n], nil
	}
}

// dataset is what a file that the bench wrote holds.
func (s spec) dataset(content []byte) (datasets.Dataset, error) {
	if s.Sigma == 0 {
		return datasets.FromBytes(s.Shape, content, nil)
	}
	floats := make([]float32, len(content)/4)
	if _, err := binary.Decode(content, binary.LittleEndian, floats); err != nil {
		return nil, fmt.Errorf("bench: %s: %w", s.Data, err)
	}
	return datasets.FromFloats(s.Shape, floats, nil)
}
