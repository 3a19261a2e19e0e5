package datasets

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// Digits is a set of labelled images in two parts.
type Digits struct {
	Train, Test Resident
}

// mnistFiles are MNIST's four files with their SHA-256, as Yann LeCun published them.
var mnistFiles = [4]struct{ name, sum string }{
	{"train-images-idx3-ubyte.gz", "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"},
	{"train-labels-idx1-ubyte.gz", "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"},
	{"t10k-images-idx3-ubyte.gz", "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"},
	{"t10k-labels-idx1-ubyte.gz", "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"},
}

// MNIST returns 60,000 handwritten digits to train on and 10,000 to test with,
// grey images of shape [28, 28, 1] with labels 0 to 9 (LeCun, Cortes and Burges,
// 1998). Its four files are read from the folder mnist in [Dir].
func MNIST() (*Digits, error) {
	var sums [4]string
	for i, f := range mnistFiles {
		sums[i] = f.sum
	}
	return readDigits(filepath.Join(Dir(), "mnist"), sums)
}

// readDigits reads the four files in dir. Their SHA-256 must be sums.
func readDigits(dir string, sums [4]string) (*Digits, error) {
	var shapes [4][]int
	var values [4][]uint8
	var errs [4]error
	var wait sync.WaitGroup
	for i, f := range mnistFiles {
		wait.Go(func() {
			path := filepath.Join(dir, f.name)
			packed, err := os.ReadFile(path)
			if errors.Is(err, fs.ErrNotExist) {
				errs[i] = fmt.Errorf("mnist: %s is not there; run \"make data\", or put MNIST's four files (%s and the others, packed with gzip) into %s", path, f.name, dir)
				return
			}
			if err == nil {
				err = checkSum(path, packed, sums[i])
			}
			if err == nil {
				shapes[i], values[i], err = ReadIDX(bytes.NewReader(packed))
			}
			if err != nil {
				errs[i] = fmt.Errorf("mnist: %s: %w", f.name, err)
			}
		})
	}
	wait.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	var parts [2]*Examples
	for p := range parts {
		images, labels := 2*p, 2*p+1
		if s := shapes[images]; len(s) != 3 {
			return nil, fmt.Errorf("mnist: %s: shape %v; images have [examples, height, width]", mnistFiles[images].name, s)
		}
		numbers := make([]int, len(values[labels]))
		for i, l := range values[labels] {
			numbers[i] = int(l)
		}
		var err error
		if parts[p], err = FromBytes(append(shapes[images][1:], 1), values[images], numbers); err != nil {
			return nil, fmt.Errorf("mnist: %s: %w", mnistFiles[images].name, err)
		}
	}
	return &Digits{Train: parts[0], Test: parts[1]}, nil
}

// Binarised returns d with every pixel drawn as 0 or 1 with its grey value as
// probability, from seed 0. Use [Binarise] for others.
func (d *Digits) Binarised(how Binarisation) *Digits {
	return &Digits{Train: Binarise(d.Train, how, 0), Test: Binarise(d.Test, how, 0)}
}
