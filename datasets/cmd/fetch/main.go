// Fetch downloads a data set that its owners publish, and checks what came.
//
//	go run ./datasets/cmd/fetch fsdd
//
// fsdd is the Free Spoken Digit Dataset, 3,000 recordings of 21 MB. It goes to fsdd/recordings in
// $VAEKIT_DATA, else in vaebook in the user's cache folder. A download that was
// broken off goes on where it stopped; what is whole is left alone. Nothing else
// in this module uses the network.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/vaebook/vaebook/datasets"
)

func main() {
	if len(os.Args) != 2 || os.Args[1] != "fsdd" {
		fmt.Fprintln(os.Stderr, "usage: fetch fsdd\n\nDownloads the Free Spoken Digit Dataset to", filepath.Join(datasets.Dir(), "fsdd", "recordings"))
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	s := spokenDigits(filepath.Join(datasets.Dir(), "fsdd"))
	if err := s.fetch(ctx, http.DefaultClient, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "fetch fsdd:", err)
		stop()
		os.Exit(1)
	}
}

// A source is an archive on the network and the folder of recordings in it.
type source struct {
	url string // of a .tar.gz
	sum string // datasets.RecordingsSum of the unpacked recordings
	dir string // where recordings/ goes
}

func spokenDigits(dir string) source {
	return source{
		url: "https://codeload.github.com/Jakobovski/free-spoken-digit-dataset/tar.gz/" + datasets.SpokenDigitsCommit,
		sum: datasets.SpokenDigitsSum,
		dir: dir,
	}
}

// fetch brings the recordings to s.dir, unless they are there, and says so on out.
//
// The archive's own checksum is not compared: its owner may pack the same files
// anew. Its contents are, after unpacking and before they get their name.
func (s source) fetch(ctx context.Context, client *http.Client, out io.Writer) error {
	recordings := filepath.Join(s.dir, "recordings")
	switch sum, err := datasets.RecordingsSum(recordings); {
	case err == nil && sum == s.sum:
		fmt.Fprintln(out, recordings, "is complete")
		return nil
	case err == nil:
		return fmt.Errorf("%s is there and is not the data set (SHA-256 %s, expected %s); delete or rename it and run this again", recordings, sum, s.sum)
	case !errors.Is(err, os.ErrNotExist):
		return err
	}
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return err
	}
	archive := filepath.Join(s.dir, "archive.tar.gz")
	resumed, err := download(ctx, client, s.url, archive, out)
	if err != nil {
		return s.byHand(err)
	}
	err = s.install(archive, recordings)
	if err != nil && resumed {
		// The two parts may come from archives that were packed differently.
		fmt.Fprintln(out, "the parts do not fit together; downloading from the beginning")
		os.Remove(archive)
		if _, err := download(ctx, client, s.url, archive, out); err != nil {
			return s.byHand(err)
		}
		err = s.install(archive, recordings)
	}
	os.Remove(archive)
	if err != nil {
		return s.byHand(err)
	}
	fmt.Fprintln(out, recordings, "is complete")
	return nil
}

// install unpacks the archive beside recordings, checks it and renames it.
func (s source) install(archive, recordings string) error {
	beside := recordings + ".part"
	if err := os.RemoveAll(beside); err != nil {
		return err
	}
	defer os.RemoveAll(beside)
	if err := unpack(archive, beside); err != nil {
		return fmt.Errorf("what %s sent cannot be unpacked: %w", s.url, err)
	}
	sum, err := datasets.RecordingsSum(beside)
	if err != nil {
		return err
	}
	if sum != s.sum {
		return fmt.Errorf("what %s sent has the SHA-256 %s, and %s was expected", s.url, sum, s.sum)
	}
	return os.Rename(beside, recordings)
}

// byHand adds to err how to do without this program.
func (s source) byHand(err error) error {
	return fmt.Errorf("%w\nRun this again to go on. By hand: get %s elsewhere, and put its folder recordings into %s", err, s.url, s.dir)
}
