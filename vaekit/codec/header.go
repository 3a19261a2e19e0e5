package codec

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"

	"github.com/vaebook/vaebook/vaekit/internal/plain"
)

// A file, little-endian:
//
//	magic        8 bytes      89 56 41 5A 0D 0A 1A 0A
//	version      uint16       1
//	flags        uint16       1: the model is embedded
//	fingerprint  16 bytes     of the model
//	levels       uint16       of each value
//	rank         uint16       of an example's shape
//	shape        uint32 each
//	per block    uint32       the most examples of a block
//	model        uint32 and as many bytes, where it is embedded: a zip of its folder
//	checksum     uint32       CRC-32C of all before
//	blocks       each the byte 'B' and a block
//	end          the byte 'E'
//	blocks       uint32       how many
//	each         uint64 and uint32: where its 'B' lies, and its examples
//	examples     uint64       in all
//	whole        32 bytes     SHA-256 of all before
//	end at       uint64       where the 'E' lies
//	magic        4 bytes      56 41 5A 45
const (
	magic    = "\x89VAZ\r\n\x1a\n"
	endMagic = "VAZE"
	version  = 1
	embedded = 1
)

const (
	mostExamples = 1 << 20 // of a block
	mostModel    = 1 << 30 // bytes
	mostRank     = 8
	mostBlock    = 1 << 30 // values
	mostWork     = 1 << 28 // values of all blocks that a reader works on, if there is more than one
)

// ErrModel is the error of a file that another model wrote.
var ErrModel = errors.New("another model wrote this file")

// A header is the beginning of a file.
type header struct {
	fingerprint [16]byte
	levels      int
	shape       []int
	block       int
	model       []byte
}

// check refuses what cannot be.
func (h *header) check() error {
	values, err := plain.Size(h.shape)
	switch {
	case err != nil:
		return err
	case len(h.shape) > mostRank:
		return fmt.Errorf("examples of %d axes; up to %d can be", len(h.shape), mostRank)
	case h.levels < 2 || h.levels > 256:
		return fmt.Errorf("values of %d levels; they have 2 to 256", h.levels)
	case h.block < 1 || h.block > mostExamples || h.block > mostBlock/values:
		return fmt.Errorf("blocks of %d examples; they have 1 to %d, and no more than %d values", h.block, mostExamples, mostBlock)
	case len(h.model) > mostModel:
		return fmt.Errorf("a model of %d bytes; up to %d can be in a file", len(h.model), mostModel)
	}
	return nil
}

func (h header) bytes() []byte {
	flags := uint16(0)
	if h.model != nil {
		flags |= embedded
	}
	out := binary.LittleEndian.AppendUint16([]byte(magic), version)
	out = binary.LittleEndian.AppendUint16(out, flags)
	out = append(out, h.fingerprint[:]...)
	out = binary.LittleEndian.AppendUint16(out, uint16(h.levels))
	out = binary.LittleEndian.AppendUint16(out, uint16(len(h.shape)))
	for _, d := range h.shape {
		out = binary.LittleEndian.AppendUint32(out, uint32(d))
	}
	out = binary.LittleEndian.AppendUint32(out, uint32(h.block))
	if h.model != nil {
		out = append(binary.LittleEndian.AppendUint32(out, uint32(len(h.model))), h.model...)
	}
	return binary.LittleEndian.AppendUint32(out, crc32.Checksum(out, castagnoli))
}

// suits is the model that reads the file: the one given, or for nil the one in it.
func (h *header) suits(m *Model) (*Model, error) {
	if m == nil {
		if h.model == nil {
			return nil, errors.New("codec: the file holds no model; give the one that wrote it")
		}
		var err error
		if m, err = unzip(h.model); err != nil {
			return nil, fmt.Errorf("codec: the model in the file: %w", err)
		}
	}
	if m.fingerprint != h.fingerprint || m.levels != h.levels || !slices.Equal(m.shape, h.shape) {
		return nil, fmt.Errorf("codec: %w: its fingerprint is %x, this one's %x", ErrModel, h.fingerprint, m.fingerprint)
	}
	return m, nil
}

// header reads the beginning of a file, and checks that it can be one.
func (h *hashed) header() (*header, error) {
	var all []byte // for the checksum
	take := func(n int) ([]byte, error) {
		b, err := h.bytes(n)
		all = append(all, b...)
		return b, err
	}
	start, err := take(len(magic) + 4 + 16 + 4)
	if len(start) >= len(magic) && string(start[:len(magic)]) != magic {
		return nil, errors.New("it is no file of this codec")
	}
	if err != nil {
		return nil, err
	}
	u16, u32 := binary.LittleEndian.Uint16, binary.LittleEndian.Uint32
	if v := u16(start[8:]); v != version {
		return nil, fmt.Errorf("it is of version %d; this program reads version %d", v, version)
	}
	flags, rank := u16(start[10:]), int(u16(start[30:]))
	out := &header{fingerprint: [16]byte(start[12:28]), levels: int(u16(start[28:]))}
	if flags&^embedded != 0 || rank > mostRank {
		return nil, errors.New("its flags or shape cannot be")
	}
	rest, err := take(4*rank + 4)
	if err != nil {
		return nil, err
	}
	for i := range rank {
		out.shape = append(out.shape, int(u32(rest[4*i:])))
	}
	out.block = int(u32(rest[4*rank:]))
	if flags&embedded != 0 {
		size, err := take(4)
		if err != nil {
			return nil, err
		}
		if u32(size) > mostModel {
			return nil, fmt.Errorf("it says that its model has %d bytes", u32(size))
		}
		if out.model, err = take(int(u32(size))); err != nil {
			return nil, err
		}
	}
	sum := crc32.Checksum(all, castagnoli)
	if check, err := h.bytes(4); err != nil {
		return nil, err
	} else if u32(check) != sum {
		return nil, errors.New("its checksum is wrong")
	}
	return out, out.check()
}
