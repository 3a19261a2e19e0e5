package vaekit

import (
	"fmt"
	"slices"

	"github.com/vaebook/vaebook/vaekit/nets"
)

// A slider sends a series of any length through a net of layers that slide, window by
// window, in memory for one window. Down positions of the input are a group, of which the net
// makes a group of up positions of the output. A group of the output depends on the group of the
// same number and on so many before and after it, so what a window makes near an end that is not
// the series' own is left out, and the windows overlap by as much.
type slider struct {
	up, down    int // positions in a group of the output, of the input
	made, width int // numbers at a position of the output, of the input
	before      int // groups of the input that a group of the output depends on,
	after       int // beside its own
	block       int // groups to wait for
	apply       func(window []float32) ([]float32, error)

	held     []float32 // the input from group first on
	first    int       // number of the first group that is held
	seen     int       // numbers of input that came in
	done     int       // groups of the output that went out
	finished bool
}

// reach is how many groups a net sees before and after the one that it makes, of down
// positions of the input for up of the output. It is an error where groups are not all alike.
func reach(net nets.Net, up, down int) (before, after int, err error) {
	from, to, err := net.Sees(0, up-1)
	if err != nil {
		return 0, 0, err
	}
	for o := range 8 * up {
		first, last, _ := net.Sees(o%up, o%up)
		if f, l, _ := net.Sees(o, o); f != first+o/up*down || l != last+o/up*down {
			return 0, 0, fmt.Errorf("moved by %d positions it is another; a layer inside has a stride that is made up for later: leave that out", down)
		}
	}
	groups := func(n int) int { return max(0, (n+down-1)/down) }
	return groups(-from), groups(to - (down - 1)), nil
}

// window is how many groups of the input go through the net at once.
func (s *slider) window() int { return s.before + s.block + s.after }

// write takes input in and returns the output that it completes, block by block.
func (s *slider) write(in []float32) ([]float32, error) {
	if s.finished {
		return nil, fmt.Errorf("vaekit: the stream is closed; begin another")
	}
	var out []float32
	for piece := range slices.Chunk(in, s.block*s.down*s.width) {
		s.held, s.seen = append(s.held, piece...), s.seen+len(piece)
		for s.seen/(s.down*s.width)-s.after-s.done >= s.block {
			if err := s.next(&out, max(0, s.done-s.before), s.done+s.block); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// close returns what is left. Where less than a group came in last, zeros fill it up, and
// what was made of them is cut off.
func (s *slider) close() ([]float32, error) {
	if s.finished {
		return nil, nil
	}
	s.finished = true
	if s.seen%s.width != 0 {
		return nil, fmt.Errorf("vaekit: the series has %d numbers; each of its positions has %d", s.seen, s.width)
	}
	group := s.down * s.width
	all := (s.seen + group - 1) / group
	s.held = append(s.held, make([]float32, all*group-s.seen)...)
	var out []float32
	for s.done < all {
		at, to := max(0, s.done-s.before), s.done+s.block
		if at+s.window() >= all { // the window reaches the series' own end
			at, to = max(0, all-s.window()), all
		}
		if err := s.next(&out, at, to); err != nil {
			return nil, err
		}
	}
	surplus := (all*group - s.seen) / s.width * s.up / s.down * s.made
	return out[:len(out)-min(surplus, len(out))], nil
}

// next appends the groups up to to that are not done, from the window that begins with group at.
func (s *slider) next(out *[]float32, at, to int) error {
	in, group := s.down*s.width, s.up*s.made // numbers of a group
	window := make([]float32, s.window()*in)
	copy(window, s.held[(at-s.first)*in:])
	y, err := s.apply(window)
	if err != nil {
		return err
	}
	*out = append(*out, y[(s.done-at)*group:(to-at)*group]...)
	s.done = to
	// The last window may begin earlier than the next would.
	if keep := min(s.done-s.before, s.seen/in-s.window()); keep > s.first {
		s.held = append(s.held[:0], s.held[(keep-s.first)*in:]...)
		s.first = keep
	}
	return nil
}
