package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// A process is a program that has been started and takes turns.
type process struct {
	ready ready
	cmd   *exec.Cmd
	in    io.WriteCloser
	out   *bufio.Reader
	said  *bytes.Buffer // on its standard error
}

// start runs argv until it is ready for turns.
func start(ctx context.Context, argv, env []string) (*process, error) {
	p := &process{cmd: exec.CommandContext(ctx, argv[0], argv[1:]...), said: &bytes.Buffer{}}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stderr = p.said
	in, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.in, p.out = in, bufio.NewReader(out)
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	if err := p.hear(&p.ready); err != nil {
		return nil, err
	}
	return p, nil
}

// turn lets the process work for about so many seconds.
func (p *process) turn(seconds float64) (turn, error) {
	var t turn
	if _, err := fmt.Fprintln(p.in, seconds); err != nil {
		return t, p.failed(err)
	}
	if err := p.hear(&t); err != nil {
		return t, err
	}
	if t.Steps < 1 || !(t.Seconds > 0) {
		return t, p.failed(fmt.Errorf("a turn of %d steps in %v seconds", t.Steps, t.Seconds))
	}
	return t, nil
}

// hear reads the process's next line into what.
func (p *process) hear(what any) error {
	line, err := p.out.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, what)
	}
	if err != nil {
		return p.failed(err)
	}
	return nil
}

// failed ends the process and says what it said last.
func (p *process) failed(err error) error {
	p.cmd.Process.Kill()
	p.cmd.Wait()
	lines := strings.Split(strings.TrimSpace(p.said.String()), "\n")
	if last := lines[len(lines)-1]; last != "" {
		return errors.New(last)
	}
	return fmt.Errorf("it ended without a word: %w", err)
}

// stop ends the process.
func (p *process) stop() {
	p.in.Close()
	p.cmd.Wait()
}

// proc reads a file that Linux keeps about the process; "" elsewhere.
func (p *process) proc(name string) string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", p.cmd.Process.Pid, name))
	if err != nil {
		return ""
	}
	return string(text)
}

// peak is the most memory that the process has had so far, in bytes; 0: not known.
func (p *process) peak() int64 {
	_, after, _ := strings.Cut(p.proc("status"), "VmHWM:")
	fields := strings.Fields(after)
	if len(fields) == 0 {
		return 0
	}
	kib, _ := strconv.ParseInt(fields[0], 10, 64)
	return kib << 10
}

// cpu is the processor time that the process has taken so far, in seconds over all cores;
// 0: not known.
func (p *process) cpu() float64 {
	stat := p.proc("stat")
	fields := strings.Fields(stat[strings.LastIndex(stat, ")")+1:]) // its name may hold blanks
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseFloat(fields[11], 64)
	system, _ := strconv.ParseFloat(fields[12], 64)
	return (user + system) / 100 // ticks, which Linux shows as hundredths everywhere
}

// A result is what is known of a program when its turns are over.
type result struct {
	program program
	ready   ready
	rounds  []float64 // steps a second, or seconds, of every round
	cpu     []float64 // processor seconds of a step, of every round; 0: not known
	peak    int64     // bytes
	err     error     // why it has no rounds
}

// A stage is where programs take turns.
type stage struct {
	rounds int
	turn   float64       // seconds
	pause  time.Duration // after a turn, until the threads of the one that had it sleep
	start  func(context.Context, program) (*process, error)
	say    func(format string, values ...any)
}

// play gives every program its turns, round by round. A program that fails is left out
// from there on, and its result says why.
func (s *stage) play(ctx context.Context, w workload) ([]result, error) {
	results := make([]result, len(w.programs))
	players := make([]*process, len(w.programs))
	defer func() {
		for _, p := range players {
			if p != nil {
				p.stop()
			}
		}
	}()
	for i, program := range w.programs {
		results[i].program = program
		if w.fresh {
			continue
		}
		p, err := s.start(ctx, program)
		if results[i].err = err; err != nil {
			s.say("  %s: %v", program.name, err)
			continue
		}
		players[i], results[i].ready = p, p.ready
		s.say("  %s: ready, the first step took %.1f s", program.name, p.ready.First)
	}
	for round := range s.rounds {
		for i := range results {
			r := &results[i]
			if r.err != nil {
				continue
			}
			time.Sleep(s.pause)
			value, err := s.once(ctx, w, r, players[i])
			if err != nil {
				r.err, r.rounds, players[i] = err, nil, nil
				s.say("  %s: %v", r.program.name, err)
				continue
			}
			r.rounds = append(r.rounds, value)
			s.say("  round %d: %s %.4g", round+1, r.program.name, value)
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	return results, nil
}

// once is one turn of one program, and what came of it.
func (s *stage) once(ctx context.Context, w workload, r *result, p *process) (float64, error) {
	if w.fresh {
		p, err := s.start(ctx, r.program)
		if err != nil {
			return 0, err
		}
		r.ready, r.peak = p.ready, max(r.peak, p.peak())
		p.stop()
		return p.ready.First, nil
	}
	before := p.cpu()
	t, err := p.turn(s.turn)
	if err != nil {
		return 0, err
	}
	r.peak = p.peak()
	r.cpu = append(r.cpu, (p.cpu()-before)/float64(t.Steps))
	if w.seconds {
		return t.Seconds / float64(t.Steps), nil
	}
	return float64(t.Steps) / t.Seconds, nil
}
