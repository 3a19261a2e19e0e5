package datasets

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// A npyHeader is what a .npy file says of the array behind it (NumPy Enhancement
// Proposal 1): the bytes \x93NUMPY, a version, the length of a text, and the text, a
// Python dictionary such as
//
//	{'descr': '<f4', 'fortran_order': False, 'shape': (60000, 28, 28), }
//
// followed by the values.
type npyHeader struct {
	kind  byte // 'b' bool, 'u' unsigned, 'i' signed, 'f' floating
	size  int  // bytes of a value
	order binary.ByteOrder
	shape []int
	at    int // bytes before the values
}

// longestHeader is more than an array of plain numbers needs: the text grows with
// the number of axes alone, of which NumPy has 64 at the most.
const longestHeader = 1 << 14

// readNPYHeader reads up to the values.
func readNPYHeader(r io.Reader) (npyHeader, error) {
	var h npyHeader
	var start [8]byte
	if _, err := io.ReadFull(r, start[:]); err != nil {
		return h, fmt.Errorf("too short for a header: %w", err)
	}
	if string(start[:6]) != "\x93NUMPY" {
		return h, fmt.Errorf("begins with %q; a .npy file begins with \"\\x93NUMPY\"", start[:6])
	}
	long := 4 // bytes of the length
	switch start[6] {
	case 1:
		long = 2
	case 2, 3:
	default:
		return h, fmt.Errorf("version %d of the .npy format; 1 to 3 are read", start[6])
	}
	var length [4]byte
	if _, err := io.ReadFull(r, length[:long]); err != nil {
		return h, fmt.Errorf("too short for a header: %w", err)
	}
	n := binary.LittleEndian.Uint32(length[:])
	if n > longestHeader {
		return h, fmt.Errorf("a header of %d bytes; one of an array of numbers is shorter", n)
	}
	text := make([]byte, n)
	if _, err := io.ReadFull(r, text); err != nil {
		return h, fmt.Errorf("the header of %d bytes is cut off: %w", n, err)
	}
	h.at = len(start) + long + int(n)
	return h, h.parse(string(text))
}

// parse reads the dictionary, whose keys NumPy writes in this order and form.
func (h *npyHeader) parse(text string) error {
	bad := func(what string) error {
		return fmt.Errorf("header %q: %s", strings.TrimSpace(text), what)
	}
	descr, ok := entry(text, "descr")
	if !ok {
		return bad("no 'descr' says what the values are")
	}
	if err := h.values(descr); err != nil {
		return bad(err.Error())
	}
	fortran, ok := entry(text, "fortran_order")
	if !ok || !strings.HasPrefix(fortran, "False") && !strings.HasPrefix(fortran, "True") {
		return bad("no 'fortran_order' of True or False")
	}
	shape, ok := entry(text, "shape")
	if !ok || !strings.HasPrefix(shape, "(") || !strings.Contains(shape, ")") {
		return bad("no 'shape' in parentheses")
	}
	if err := h.dims(shape[1:strings.Index(shape, ")")]); err != nil {
		return bad(err.Error())
	}
	if strings.HasPrefix(fortran, "True") && len(h.shape) > 1 {
		return bad("the values lie in Fortran's order, examples mingled; save numpy.ascontiguousarray(array)")
	}
	return nil
}

// entry is what follows a key of the dictionary.
func entry(text, key string) (string, bool) {
	for _, quote := range []string{"'", `"`} {
		if _, after, ok := strings.Cut(text, quote+key+quote); ok {
			after, ok := strings.CutPrefix(strings.TrimSpace(after), ":")
			return strings.TrimSpace(after), ok
		}
	}
	return "", false
}

func (h *npyHeader) values(descr string) error {
	const want = "booleans, integers of 1 to 8 bytes and floats of 2 to 8 are read; use array.astype(numpy.float32)"
	if len(descr) < 5 || descr[0] != '\'' && descr[0] != '"' || descr[4] != descr[0] {
		return errors.New("values of another type; " + want)
	}
	h.order = binary.LittleEndian
	switch descr[1] {
	case '>':
		h.order = binary.BigEndian
	case '<', '|':
	default:
		return fmt.Errorf("'descr' %s: no byte order that is known", descr[:5])
	}
	h.kind, h.size = descr[2], int(descr[3]-'0')
	switch descr[2:4] {
	case "b1", "u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f2", "f4", "f8":
		return nil
	}
	return fmt.Errorf("values of type %s; %s", descr[:5], want)
}

// dims reads the numbers between the parentheses.
func (h *npyHeader) dims(list string) error {
	size := h.size
	for part := range strings.SplitSeq(list, ",") {
		part = strings.TrimSuffix(strings.TrimSpace(part), "L") // as Python 2 wrote
		if part == "" {
			continue
		}
		d, err := strconv.Atoi(part)
		if err != nil || d < 0 {
			return fmt.Errorf("%q is no dimension", part)
		}
		if d > 0 && size > math.MaxInt/d {
			return errors.New("more values than there can be")
		}
		size *= max(d, 1)
		h.shape = append(h.shape, d)
	}
	if len(h.shape) == 0 {
		return errors.New("a single number; an array of examples has a first axis to count them")
	}
	return nil
}

// bytes is how long the values are.
func (h *npyHeader) bytes() int { return h.size * Size(h.shape) }

// floats sets to to the values in from.
func (h *npyHeader) floats(to []float32, from []byte) {
	switch {
	case h.size == 1 && h.kind == 'i':
		for i := range to {
			to[i] = float32(int8(from[i]))
		}
	case h.size == 1:
		for i := range to {
			to[i] = float32(from[i])
		}
	case h.kind == 'f' && h.size == 4 && h.order == binary.LittleEndian: // the usual one, not through an interface
		for i := range to {
			to[i] = math.Float32frombits(binary.LittleEndian.Uint32(from[4*i:]))
		}
	case h.kind == 'f' && h.size == 2:
		for i := range to {
			to[i] = halfFloat(h.order.Uint16(from[2*i:]))
		}
	case h.kind == 'f' && h.size == 4:
		for i := range to {
			to[i] = math.Float32frombits(h.order.Uint32(from[4*i:]))
		}
	case h.kind == 'f':
		for i := range to {
			to[i] = float32(math.Float64frombits(h.order.Uint64(from[8*i:])))
		}
	case h.kind == 'u' && h.size == 8:
		for i := range to {
			to[i] = float32(h.order.Uint64(from[8*i:]))
		}
	default:
		for i := range to {
			to[i] = float32(h.integer(from[h.size*i:]))
		}
	}
}

// integer is the number at the beginning of from.
func (h *npyHeader) integer(from []byte) int64 {
	signed := h.kind == 'i'
	switch h.size {
	case 1:
		if signed {
			return int64(int8(from[0]))
		}
		return int64(from[0])
	case 2:
		if v := h.order.Uint16(from); !signed {
			return int64(v)
		} else {
			return int64(int16(v))
		}
	case 4:
		if v := h.order.Uint32(from); !signed {
			return int64(v)
		} else {
			return int64(int32(v))
		}
	}
	return int64(h.order.Uint64(from))
}

// halfFloat is the number that 16 bits of IEEE 754 stand for: a sign, 5 bits of
// exponent and 10 of fraction.
func halfFloat(v uint16) float32 {
	sign, exponent, fraction := uint32(v>>15)<<31, uint32(v>>10&31), uint32(v&1023)
	switch exponent {
	case 0: // below 2⁻¹⁴, in steps of 2⁻²⁴
		small := float32(fraction) / (1 << 24)
		return math.Float32frombits(math.Float32bits(small) | sign)
	case 31:
		return math.Float32frombits(sign | 0xFF<<23 | fraction<<13)
	}
	return math.Float32frombits(sign | (exponent+112)<<23 | fraction<<13)
}
