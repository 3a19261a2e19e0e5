package datasets

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
)

// Columns says what the columns of a CSV file are. The zero value takes all as numbers.
type Columns struct {
	Label string   // the column that holds labels: whole numbers, or words, which are numbered in alphabetic order
	Skip  []string // columns that are left out

	// Like is a file whose columns, scale and labels this one is to have: that of the
	// training data, where this is other data to measure.
	Like *Measurements
}

// Measurements are rows of numbers, [columns], held in memory. Each column is moved and
// scaled to mean 0 and standard deviation 1, so that none outweighs the others. As JSON it is
// what other data needs as Like, and not the rows.
type Measurements struct {
	*Examples
	Names       []string  // of the columns
	Mean, Scale []float32 // of each column: in the file a value x is Mean + Scale · x
	Kinds       []string  // what the labels stand for; empty where they are numbers, nil where there are none
}

// CSV reads a file of comma-separated values, whose first line names the columns.
//
//	wines, err := datasets.CSV("wines.csv", datasets.Columns{Label: "cultivar"})
//
// An empty field, or NA or NaN in any case, is masked: a model neither sees nor explains it.
// Anything else that is not a finite number is an error, with its line and column; so is a
// column without any number. Origin is the number of the line.
func CSV(path string, how Columns) (*Measurements, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("csv: %w", err)
	}
	defer file.Close()
	m, err := readCSV(file, how)
	if err != nil {
		return nil, fmt.Errorf("csv: %s: %w", path, err)
	}
	return m, nil
}

func readCSV(from io.Reader, how Columns) (*Measurements, error) {
	whole := bufio.NewReader(from)
	if mark, _ := whole.Peek(3); string(mark) == "\ufeff" { // as spreadsheets begin a file
		whole.Discard(3)
	}
	rows := csv.NewReader(whole)
	rows.ReuseRecord, rows.TrimLeadingSpace = true, true
	header, err := rows.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("the file is empty; its first line names the columns")
	} else if err != nil {
		return nil, err
	}
	header = slices.Clone(header)
	m, label := &Measurements{}, -1
	for i, name := range header {
		if name == how.Label && name != "" {
			label = i
		} else if !slices.Contains(how.Skip, name) {
			m.Names = append(m.Names, name)
		}
	}
	if how.Label != "" && label < 0 {
		return nil, fmt.Errorf("there is no column %q; the first line names %s", how.Label, strings.Join(header, ", "))
	}
	if like := how.Like; like != nil && !slices.Equal(like.Names, m.Names) {
		return nil, fmt.Errorf("the columns are %s; those of Like are %s", strings.Join(m.Names, ", "), strings.Join(like.Names, ", "))
	}
	if like := how.Like; like != nil && (len(like.Mean) != len(like.Names) || len(like.Scale) != len(like.Names) || slices.Contains(like.Scale, 0)) {
		return nil, fmt.Errorf("the field Like has the means %v and scales %v for %d columns; take what CSV returned", like.Mean, like.Scale, len(like.Names))
	}
	if len(m.Names) == 0 {
		return nil, errors.New("no column is left to learn from")
	}
	var words, origin []string
	var table Table
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		line, _ := rows.FieldPos(0)
		origin = append(origin, strconv.Itoa(line))
		for i, field := range row {
			if i == label {
				words = append(words, strings.Clone(strings.TrimSpace(field)))
			} else if !slices.Contains(how.Skip, header[i]) {
				value, seen, err := number(field)
				if err != nil {
					return nil, fmt.Errorf("line %d, column %s: %w", line, header[i], err)
				}
				table.Floats, table.Mask = append(table.Floats, value), append(table.Mask, seen)
			}
		}
	}
	if len(origin) == 0 {
		return nil, errors.New("there is no row below the first line")
	}
	if err := m.scale(table, how.Like); err != nil {
		return nil, err
	}
	if label >= 0 {
		if table.Labels, err = m.kinds(words, origin, how.Like); err != nil {
			return nil, err
		}
	}
	if !slices.Contains(table.Mask, 0) {
		table.Mask = nil
	}
	m.Examples, err = newExamples("datasets.CSV", []int{len(m.Names)}, table, len(table.Floats))
	if err == nil {
		m.Examples.origin = origin
	}
	return m, err
}

// number is a field's value, and 1 if it has one.
func number(field string) (value float32, seen uint8, err error) {
	field = strings.TrimSpace(field)
	switch strings.ToLower(field) {
	case "", "na", "nan":
		return 0, 0, nil
	}
	v, err := strconv.ParseFloat(field, 32)
	if err != nil || v-v != 0 {
		return 0, 0, fmt.Errorf("%q is not a number; leave the field empty where a value is missing, or the column out with Skip", field)
	}
	return float32(v), 1, nil
}

// scale brings every column to mean 0 and standard deviation 1, or to those of like.
func (m *Measurements) scale(t Table, like *Measurements) error {
	n := len(m.Names)
	if like != nil {
		m.Mean, m.Scale = like.Mean, like.Scale
	}
	for c, name := range m.Names {
		if like == nil {
			var count, sum, squares float64
			for i := c; i < len(t.Floats); i += n {
				if t.Mask[i] != 0 {
					count, sum = count+1, sum+float64(t.Floats[i])
				}
			}
			if count == 0 {
				return fmt.Errorf("column %s has no numbers; leave it out with Skip", name)
			}
			for i := c; i < len(t.Floats); i += n {
				if t.Mask[i] != 0 {
					squares += math.Pow(float64(t.Floats[i])-sum/count, 2)
				}
			}
			deviation := math.Sqrt(squares / count)
			if deviation == 0 {
				deviation = 1 // a column that is all alike becomes 0
			}
			m.Mean, m.Scale = append(m.Mean, float32(sum/count)), append(m.Scale, float32(deviation))
		}
		for i := c; i < len(t.Floats); i += n {
			if t.Mask[i] != 0 {
				t.Floats[i] = (t.Floats[i] - m.Mean[c]) / m.Scale[c]
			}
		}
	}
	return nil
}

// kinds makes numbers of the labels of lines.
func (m *Measurements) kinds(words, lines []string, like *Measurements) ([]int, error) {
	isWord := func(s string) bool { _, err := strconv.Atoi(s); return err != nil }
	m.Kinds = []string{}
	if like != nil && like.Kinds != nil {
		m.Kinds = like.Kinds
	} else if slices.ContainsFunc(words, isWord) {
		m.Kinds = slices.Compact(slices.Sorted(slices.Values(words)))
	}
	labels := make([]int, len(words))
	for i, word := range words {
		var err error
		if len(m.Kinds) > 0 {
			if labels[i] = slices.Index(m.Kinds, word); labels[i] < 0 {
				return nil, fmt.Errorf("line %s: the label %q is not among those of Like, %s; correct it, or leave the row out", lines[i], word, strings.Join(m.Kinds, ", "))
			}
		} else if labels[i], err = strconv.Atoi(word); err != nil {
			return nil, fmt.Errorf("line %s: the label %q is not a number, and those of Like are; correct it, or leave the row out", lines[i], word)
		}
	}
	return labels, nil
}
