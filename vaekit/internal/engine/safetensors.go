package engine

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
)

// A checkpoint is one file in the safetensors format: the length of a header, a
// JSON header that names each tensor, the tensors' bytes one after another.
// Python's safetensors package opens it. The header's metadata holds a note of
// the caller's and the SHA-256 of the whole file, taken with the digest's own
// place filled with zeros.

var noDigest = bytes.Repeat([]byte("0"), 2*sha256.Size)

type tensorHeader struct {
	DType   string `json:"dtype"`
	Shape   []int  `json:"shape"`
	Offsets [2]int `json:"data_offsets"`
}

// EncodeTensors writes float32 and float64 tensors and a note.
func EncodeTensors(all []Tensor, note string) ([]byte, error) {
	header := map[string]any{"__metadata__": map[string]string{"format": "vaekit", "note": note, "sha256": string(noDigest)}}
	var data []byte
	for _, t := range all {
		h := tensorHeader{Shape: append([]int{}, t.Shape...), Offsets: [2]int{len(data), 0}}
		switch values := t.Data.(type) {
		case []float32:
			h.DType = "F32"
			for _, v := range values {
				data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
			}
		case []float64:
			h.DType = "F64"
			for _, v := range values {
				data = binary.LittleEndian.AppendUint64(data, math.Float64bits(v))
			}
		default:
			return nil, fmt.Errorf("safetensors: %s: element type %T is not kept", t.Name, t.Data)
		}
		h.Offsets[1] = len(data)
		header[t.Name] = h
	}
	text, err := json.Marshal(header)
	if err != nil {
		return nil, fmt.Errorf("safetensors: %w", err)
	}
	for len(text)%8 != 0 {
		text = append(text, ' ')
	}
	file := binary.LittleEndian.AppendUint64(nil, uint64(len(text)))
	file = append(append(file, text...), data...)
	at := bytes.Index(file, noDigest)
	digest := sha256.Sum256(file)
	hex.Encode(file[at:], digest[:])
	return file, nil
}

// DecodeTensors reads what [EncodeTensors] wrote. A file that is not whole, or
// not the one that was written, is an error.
func DecodeTensors(file []byte) (all []Tensor, note string, err error) {
	if len(file) < 8 {
		return nil, "", errors.New("it is too short to be one")
	}
	n := binary.LittleEndian.Uint64(file)
	if n > uint64(len(file)-8) {
		return nil, "", errors.New("it ends inside its header")
	}
	text, data := file[8:8+n], file[8+n:]
	var entries map[string]json.RawMessage
	if err := json.Unmarshal(text, &entries); err != nil {
		return nil, "", errors.New("its header is not JSON")
	}
	var metadata map[string]string
	if err := json.Unmarshal(entries["__metadata__"], &metadata); err != nil || len(metadata["sha256"]) != len(noDigest) {
		return nil, "", errors.New("it has no checksum")
	}
	plain := bytes.Replace(file, []byte(metadata["sha256"]), noDigest, 1)
	if digest := sha256.Sum256(plain); hex.EncodeToString(digest[:]) != metadata["sha256"] {
		return nil, "", errors.New("its checksum does not match what it holds")
	}
	delete(entries, "__metadata__")
	headers := map[string]tensorHeader{}
	for name, entry := range entries {
		var h tensorHeader
		if err := json.Unmarshal(entry, &h); err != nil {
			return nil, "", fmt.Errorf("tensor %s: %w", name, err)
		}
		headers[name] = h
	}
	// In the order of the file, so that what is read and written again is the same file.
	names := slices.SortedFunc(maps.Keys(headers), func(a, b string) int {
		return cmp.Or(cmp.Compare(headers[a].Offsets[0], headers[b].Offsets[0]), cmp.Compare(a, b))
	})
	for _, name := range names {
		t, err := headers[name].read(name, data)
		if err != nil {
			return nil, "", err
		}
		all = append(all, t)
	}
	return all, metadata["note"], nil
}

func (h tensorHeader) read(name string, data []byte) (Tensor, error) {
	width := map[string]int{"F32": 4, "F64": 8}[h.DType]
	size := width
	whole := true
	for _, d := range h.Shape {
		whole = whole && d >= 0 && d <= len(data)
		size *= d
	}
	from, to := h.Offsets[0], h.Offsets[1]
	if !whole || width == 0 || from < 0 || to < from || to > len(data) || to-from != size {
		return Tensor{}, fmt.Errorf("tensor %s: %s %v does not lie at bytes %d to %d", name, h.DType, h.Shape, from, to)
	}
	data = data[from:to]
	t := Tensor{Name: name, Shape: h.Shape}
	if width == 4 {
		values := make([]float32, len(data)/4)
		for i := range values {
			values[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
		}
		t.Data = values
		return t, nil
	}
	values := make([]float64, len(data)/8)
	for i := range values {
		values[i] = math.Float64frombits(binary.LittleEndian.Uint64(data[8*i:]))
	}
	t.Data = values
	return t, nil
}
