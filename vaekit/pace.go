package vaekit

import (
	"time"

	"github.com/vaebook/vaebook/vaekit/internal/engine"
)

// A pace measures how fast training goes: it says how many steps to take before
// looking up, and tells those who want to hear how it stands.
type pace struct {
	s      *session
	step   time.Duration // one step, as measured; 0: not yet
	size   int           // steps of the next chunk
	speed  float64       // steps a second, smoothed
	told   time.Time
	status engine.Status
	warm   bool // the first chunk, which compiles, is done
}

// look is how long a chunk should take: progress moves and an interrupt is heard. It is
// a variable for tests, which want many chunks of a short training.
var look = 200 * time.Millisecond

func newPace(s *session) *pace { return &pace{s: s, size: 1} }

// chunk is how many steps to take now.
func (p *pace) chunk() int { return p.size }

// took learns from a chunk. The first compiles, so it says nothing of speed.
func (p *pace) took(steps int, d time.Duration) {
	if !p.warm {
		p.warm = true
		return
	}
	if steps == 0 {
		return
	}
	p.step = max(d/time.Duration(steps), time.Microsecond)
	want := max(1, int(look/p.step))
	p.size = max(1, min(want, 8*p.size))
	speed := float64(steps) / d.Seconds()
	if p.speed == 0 {
		p.speed = speed
	}
	p.speed += 0.2 * (speed - p.speed)
}

// report tells Progress, a few times a second, and at the end.
func (p *pace) report(done bool) {
	s := p.s
	if s.how.Progress == nil {
		s.lines, s.batches = nil, nil
		return
	}
	if !done && time.Since(p.told) < look && len(s.lines) == 0 {
		return
	}
	p.told = time.Now()
	r := Report{
		Dir:     s.how.Dir,
		Epoch:   min(s.step/s.feed.steps+1, s.how.Epochs),
		Epochs:  s.how.Epochs,
		Step:    s.step,
		Steps:   s.steps(),
		Running: means(p.status),
		Batches: s.batches,
		History: s.history,
		Lines:   s.lines,
		Done:    done,
	}
	if p.speed > 0 {
		r.ExamplesPerSecond = p.speed * float64(s.feed.batch)
		r.Left = time.Duration(float64(r.Steps-r.Step) / p.speed * float64(time.Second))
	}
	s.lines, s.batches = nil, nil
	s.how.Progress(r)
}
