package vaekit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/gofrs/flock"

	"github.com/vaebook/vaebook/vaekit/internal/engine"
)

// checkpoint is all that a run is, and how far it is.
func (s *session) checkpoint() ([]engine.Tensor, note, error) {
	all, err := s.trainer.Snapshot()
	if err != nil {
		return nil, note{}, err
	}
	hash, err := s.description.hash()
	n := note{Run: hash, Backend: s.backend.Kind, Step: s.step, History: s.history}
	switch {
	case s.how.Patience > 0 && s.best != nil:
		n.Use = bestPrefix
	case s.how.Average > 0:
		n.Use = averagePrefix
	}
	return append(all, s.best...), n, err
}

// save writes a checkpoint while training goes on, after the one before is written: what
// went wrong with that is returned now. With wait it returns once all is on the disk.
func (s *session) save(wait bool) error {
	if s.how.Dir == "" {
		return nil
	}
	if !wait && s.writing != nil && len(s.writing) == 0 {
		return nil // the disk is slower than we ask for
	}
	if err := s.written(); err != nil {
		return err
	}
	all, n, err := s.checkpoint()
	if err != nil {
		return err
	}
	text, err := json.Marshal(n)
	if err != nil {
		return fmt.Errorf("vaekit: %w", err)
	}
	lines, err := historyLines(n.History)
	if err != nil {
		return err
	}
	writing := make(chan error, 1)
	s.writing = writing
	dir, keep := s.how.Dir, s.how.Keep
	go func() {
		err := engine.SaveWeights(dir, all, string(text), keep)
		if err == nil {
			err = engine.WriteFile(filepath.Join(dir, historyFile), lines)
		}
		writing <- err
	}()
	if wait {
		return s.written()
	}
	return nil
}

// written waits for the checkpoint that is being written, if one is.
func (s *session) written() error {
	if s.writing == nil {
		return nil
	}
	err := <-s.writing
	s.writing = nil
	if err != nil {
		err = fmt.Errorf("vaekit: the checkpoint was not written, the one before it is whole: %w", err)
		if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG) {
			return fmt.Errorf("%w; make room, and the same call to Train goes on from that one", err)
		}
		return err
	}
	return nil
}

// historyLines is a run's history as JSON, an epoch a line.
func historyLines(history []Epoch) ([]byte, error) {
	var lines bytes.Buffer
	to := json.NewEncoder(&lines)
	for _, epoch := range history {
		if err := to.Encode(epoch); err != nil {
			return nil, fmt.Errorf("vaekit: %w", err)
		}
	}
	return lines.Bytes(), nil
}

// lockFile is held by the process that trains in a folder, and holds its number. The
// operating system lets go of it when the process ends, however it ends.
const lockFile = "lock"

// lock takes the run's folder. A folder that cannot be written is not taken: a finished
// run in it can still be had.
func (s *session) lock() error {
	dir := s.how.Dir
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("vaekit: making the run's folder: %w", err)
	}
	path := filepath.Join(dir, lockFile)
	lock := flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR))
	taken, err := lock.TryLock()
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("vaekit: %s: %w", path, err)
	}
	if !taken {
		pid, _ := os.ReadFile(path) // empty where it has only just been taken
		return fmt.Errorf("vaekit: process %s trains in %s; wait for it, end it, or take another Dir", strings.TrimSpace(string(pid)), dir)
	}
	s.locked = lock
	if err := os.WriteFile(path, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o644); err != nil {
		return fmt.Errorf("vaekit: %w", err)
	}
	return nil
}

func (s *session) unlock() {
	if s.locked != nil {
		s.locked.Close() // the file stays: removing it would race with who takes it next
	}
}
