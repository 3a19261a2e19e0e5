package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
)

// download brings url to path. It writes into path.part and renames that once
// it is whole; a part from an earlier call is gone on with, where the server
// allows, and resumed then says so.
func download(ctx context.Context, client *http.Client, url, path string, out io.Writer) (resumed bool, err error) {
	if _, err := os.Stat(path); err == nil {
		return true, nil // whole, but not unpacked when the program ended
	}
	part, err := os.OpenFile(path+".part", os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return false, err
	}
	defer part.Close()
	have, err := part.Seek(0, io.SeekEnd)
	if err != nil {
		return false, err
	}
	response, err := get(ctx, client, url, have)
	if err != nil {
		return false, err
	}
	if response.StatusCode == http.StatusRequestedRangeNotSatisfiable {
		// The part is as long as the whole or longer: it says nothing, so begin anew.
		response.Body.Close()
		if response, err = get(ctx, client, url, 0); err != nil {
			return false, err
		}
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusPartialContent:
		var from int64
		if _, err := fmt.Sscanf(response.Header.Get("Content-Range"), "bytes %d-", &from); err != nil || from != have {
			return false, fmt.Errorf("%s: asked to go on at byte %d, the server answers with %q", url, have, response.Header.Get("Content-Range"))
		}
		resumed = true
		fmt.Fprintf(out, "going on with %s at byte %d\n", url, have)
	case http.StatusOK: // the whole, whatever was asked for
		if have, err = 0, errors.Join(part.Truncate(0), rewind(part)); err != nil {
			return false, err
		}
		fmt.Fprintf(out, "downloading %s to %s\n", url, filepath.Dir(path))
	default:
		return false, fmt.Errorf("%s: the server answers %q", url, response.Status)
	}
	n, err := io.Copy(part, response.Body)
	if err != nil {
		return resumed, fmt.Errorf("%s: broke off after %d bytes: %w", url, have+n, err)
	}
	if err := errors.Join(part.Sync(), part.Close()); err != nil {
		return resumed, err
	}
	return resumed, os.Rename(path+".part", path)
}

// get asks for url from a byte on.
func get(ctx context.Context, client *http.Client, url string, from int64) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	if from > 0 {
		request.Header.Set("Range", fmt.Sprintf("bytes=%d-", from))
	}
	return client.Do(request)
}

func rewind(f *os.File) error {
	_, err := f.Seek(0, io.SeekStart)
	return err
}
