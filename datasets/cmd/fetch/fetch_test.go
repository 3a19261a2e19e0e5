package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vaebook/vaebook/datasets"
)

// packed is an archive as GitHub packs a repository, with what must not be
// unpacked, and the sum of its recordings.
func packed(t *testing.T) (archive []byte, sum string) {
	t.Helper()
	files := map[string]string{
		"repo-26eb/README.md":                    "read me",
		"repo-26eb/recordings/../../evil.wav":    "out of the folder",
		"repo-26eb/recordings/deep/0_x_0.wav":    "too deep",
		"repo-26eb/recordings/0_george_0.wav":    strings.Repeat("zero", 5000),
		"repo-26eb/recordings/9_yweweler_49.wav": strings.Repeat("nine", 7000),
	}
	plain := t.TempDir()
	var b bytes.Buffer
	zip := gzip.NewWriter(&b)
	files2 := tar.NewWriter(zip)
	for name, content := range files {
		if err := files2.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content))}); err != nil {
			t.Fatal(err)
		}
		io.WriteString(files2, content)
		if recordingName.MatchString(name) {
			if err := os.WriteFile(filepath.Join(plain, filepath.Base(name)), []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := files2.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	sum, err := datasets.RecordingsSum(plain)
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), sum
}

// A server of the archive that breaks the first answers off half-way, and
// counts the bytes that it sent.
type server struct {
	archive  []byte
	breakOff int  // how many answers are cut
	ranges   bool // whether it can go on in the middle
	asked    []string
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.asked = append(s.asked, r.Header.Get("Range"))
	if !s.ranges {
		r.Header.Del("Range")
	}
	if s.breakOff > 0 {
		s.breakOff--
		w.Header().Set("Content-Length", fmt.Sprint(len(s.archive)))
		w.Write(s.archive[:len(s.archive)/2])
		return // net/http closes the connection, as a broken network does
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(s.archive))
}

func fetchFrom(t *testing.T, s *server, sum, dir string) (string, error) {
	t.Helper()
	web := httptest.NewServer(s)
	defer web.Close()
	var out strings.Builder
	err := source{url: web.URL + "/archive", sum: sum, dir: dir}.fetch(context.Background(), web.Client(), &out)
	return out.String(), err
}

func names(t *testing.T, dir string) string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(dir, path)
			all = append(all, rel)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(all, " ")
}

const whole = "recordings/0_george_0.wav recordings/9_yweweler_49.wav"

func TestFetchOnce(t *testing.T) {
	archive, sum := packed(t)
	dir := filepath.Join(t.TempDir(), "fsdd")
	s := &server{archive: archive, ranges: true}
	for range 2 {
		out, err := fetchFrom(t, s, sum, dir)
		if err != nil || !strings.Contains(out, dir) || !strings.Contains(out, "complete") {
			t.Fatalf("said %q, %v", out, err)
		}
		if got := names(t, dir); got != whole {
			t.Fatalf("the folder holds %q, want %q", got, whole)
		}
	}
	if len(s.asked) != 1 {
		t.Errorf("asked %d times, want once", len(s.asked))
	}
}

// Half a file is kept and gone on with; a server that cannot go on sends all again.
func TestFetchResumes(t *testing.T) {
	archive, sum := packed(t)
	for _, ranges := range []bool{true, false} {
		dir := t.TempDir()
		s := &server{archive: archive, ranges: ranges, breakOff: 1}
		_, err := fetchFrom(t, s, sum, dir)
		if err == nil || !strings.Contains(err.Error(), "broke off") || !strings.Contains(err.Error(), "By hand") {
			t.Fatalf("half a file: %v", err)
		}
		if got := names(t, dir); got != "archive.tar.gz.part" {
			t.Fatalf("after half a file the folder holds %q", got)
		}
		out, err := fetchFrom(t, s, sum, dir)
		if err != nil || names(t, dir) != whole {
			t.Fatalf("ranges %v: %v, said %q, folder %q", ranges, err, out, names(t, dir))
		}
		if want := fmt.Sprintf("bytes=%d-", len(archive)/2); s.asked[1] != want {
			t.Errorf("asked for %q, want %q", s.asked[1], want)
		}
		if strings.Contains(out, "going on") != ranges {
			t.Errorf("ranges %v: said %q", ranges, out)
		}
	}
}

// A part of another archive does not fit: it is thrown away and all is fetched.
func TestFetchDropsAWrongPart(t *testing.T) {
	archive, sum := packed(t)
	for name, part := range map[string][]byte{
		"wrong":    bytes.Repeat([]byte{1}, len(archive)/3),
		"too long": bytes.Repeat([]byte{1}, 2*len(archive)),
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "archive.tar.gz.part"), part, 0o644); err != nil {
			t.Fatal(err)
		}
		if out, err := fetchFrom(t, &server{archive: archive, ranges: true}, sum, dir); err != nil || names(t, dir) != whole {
			t.Errorf("%s: %v, said %q, folder %q", name, err, out, names(t, dir))
		}
	}
}

// Other contents than the pinned ones never get the data set's name.
func TestFetchRefusesWrongContents(t *testing.T) {
	archive, _ := packed(t)
	dir := t.TempDir()
	_, err := fetchFrom(t, &server{archive: archive, ranges: true}, datasets.SpokenDigitsSum, dir)
	if err == nil || !strings.Contains(err.Error(), "was expected") || names(t, dir) != "" {
		t.Errorf("got %v, folder %q", err, names(t, dir))
	}
	_, err = fetchFrom(t, &server{archive: []byte("<html>log in first</html>")}, datasets.SpokenDigitsSum, dir)
	if err == nil || !strings.Contains(err.Error(), "cannot be unpacked") || names(t, dir) != "" {
		t.Errorf("a page instead of the archive: %v, folder %q", err, names(t, dir))
	}
	// A folder that is not the data set may be the reader's own work.
	mine := filepath.Join(dir, "recordings", "mine.wav")
	if err := os.Mkdir(filepath.Dir(mine), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(mine, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	s := &server{archive: archive}
	if _, err = fetchFrom(t, s, datasets.SpokenDigitsSum, dir); err == nil || len(s.asked) != 0 || names(t, dir) != "recordings/mine.wav" {
		t.Errorf("got %v after %d requests, folder %q", err, len(s.asked), names(t, dir))
	}
}

func TestFetchSaysWhatTheServerSays(t *testing.T) {
	web := httptest.NewServer(http.NotFoundHandler())
	defer web.Close()
	err := source{url: web.URL, dir: t.TempDir()}.fetch(context.Background(), web.Client(), io.Discard)
	if err == nil || !strings.Contains(err.Error(), "404") || !strings.Contains(err.Error(), "By hand") {
		t.Errorf("got %v", err)
	}
}
