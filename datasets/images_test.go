package datasets

import (
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

func writeImage(t *testing.T, path string, w, h int, c color.Color) {
	t.Helper()
	picture := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			picture.Set(x, y, c)
		}
	}
	savePicture(t, path, picture)
}

func savePicture(t *testing.T, path string, picture image.Image) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if strings.HasSuffix(path, ".JPG") {
		err = jpeg.Encode(f, picture, &jpeg.Options{Quality: 100})
	} else {
		err = png.Encode(f, picture)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// holding lets so many bytes into memory.
func holding(t *testing.T, bytes int) {
	t.Helper()
	before := residentBytes
	residentBytes = bytes
	t.Cleanup(func() { residentBytes = before })
}

func TestImageFolder(t *testing.T) {
	dir := t.TempDir()
	writeImage(t, filepath.Join(dir, "dogs", "b.png"), 4, 3, color.Gray{60})
	writeImage(t, filepath.Join(dir, "cats", "a.JPG"), 4, 3, color.Gray{200})
	writeImage(t, filepath.Join(dir, ".hidden", "c.png"), 9, 9, color.Gray{1})
	if err := os.WriteFile(filepath.Join(dir, "notes.txt"), []byte("not an image"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "dogs", "pipe.png"), 0o644); err != nil {
		t.Fatal(err)
	}
	check := func(data Pictures) {
		t.Helper()
		agrees(t, data)
		b := must(All(data))
		if !slices.Equal(b.Shape, []int{3, 4, 1}) || !slices.Equal(b.Labels, []int{0, 1}) || !slices.Equal(b.Origin, []string{"cats/a.JPG", "dogs/b.png"}) {
			t.Errorf("shape %v, labels %v, origin %v", b.Shape, b.Labels, b.Origin)
		}
		if b.Values[0] != 200./255 || b.Values[12] != 60./255 || len(data.Skipped()) != 0 {
			t.Errorf("values %v and %v; skipped %v", b.Values[0], b.Values[12], data.Skipped())
		}
	}
	data := must(ImageFolder(dir, Images{}))
	check(data)
	if _, ok := data.(Resident); !ok {
		t.Error("24 bytes do not lie in memory")
	}
	holding(t, 0)
	data = must(ImageFolder(dir, Images{}))
	check(data)
	if _, ok := data.(Resident); ok {
		t.Error("what is too large lies in memory")
	}
	if got, want := data.String(), "2 examples of shape 3×4×1, 2 labels in files"; got != want {
		t.Errorf("String says %q, want %q", got, want)
	}

	// One pixel of colour, and all have three channels; channels can be asked for.
	writeImage(t, filepath.Join(dir, "dogs", "red.png"), 4, 3, color.NRGBA{255, 0, 0, 128})
	for _, resident := range []int{0, 1 << 20} {
		holding(t, resident)
		b := must(All(must(ImageFolder(dir, Images{}))))
		if !slices.Equal(b.Shape, []int{3, 4, 3}) || b.Values[2*36] != 128./255 || b.Values[2*36+1] != 0 {
			t.Errorf("with a half red image: shape %v, pixel %v", b.Shape, b.Values[72:75])
		}
		b = must(All(must(ImageFolder(dir, Images{Channels: 1}))))
		// 0.299 of red, of 128 of 255
		if !slices.Equal(b.Shape, []int{3, 4, 1}) || b.Values[2*12] != 38./255 || b.Values[12] != 60./255 {
			t.Errorf("made grey: shape %v, pixels %v and %v", b.Shape, b.Values[24], b.Values[12])
		}
	}
}

// A scaled picture shows what the large one showed: its parts keep their grey
// away from the edges, up and down, and the middle stays where the sides are cut.
func TestImagesAreScaledAndCropped(t *testing.T) {
	dir := t.TempDir()
	quarters := image.NewGray(image.Rect(0, 0, 90, 30))
	for y := range 30 {
		for x := range 90 { // 0, 100, 200 from left to right, 50 more in the lower half
			quarters.SetGray(x, y, color.Gray{uint8(100*(x/30) + 50*(y/15))})
		}
	}
	savePicture(t, filepath.Join(dir, "wide.png"), quarters)
	at := func(how Images, y, x int) int {
		t.Helper()
		data := must(ImageFolder(dir, how))
		agrees(t, data)
		b := must(Read(data, 0))
		return int(b.Values[y*b.Shape[1]+x]*255 + 0.5)
	}
	for _, resident := range []int{0, 1 << 20} {
		holding(t, resident)
		for _, c := range []struct {
			how        Images
			y, x, want int
		}{
			{Images{Size: 9}, 1, 1, 0}, // squeezed: all three parts are there
			{Images{Size: 9}, 1, 4, 100},
			{Images{Size: 9}, 7, 7, 250},
			{Images{Size: 10, Crop: true}, 1, 1, 100}, // the middle third alone
			{Images{Size: 10, Crop: true}, 1, 8, 100},
			{Images{Size: 60, Crop: true}, 50, 30, 150}, // enlarged
			{Images{Height: 30, Width: 90}, 20, 10, 50},
			{Images{Height: 30, Width: 30, Crop: true}, 0, 0, 100},
			{Images{Height: 5, Width: 90, Crop: true}, 0, 0, 0}, // above and below are cut
			{Images{Height: 5, Width: 90, Crop: true}, 4, 89, 250},
		} {
			if got := at(c.how, c.y, c.x); got < c.want-1 || got > c.want+1 {
				t.Errorf("%+v: pixel %d, %d is %d, want %d", c.how, c.y, c.x, got, c.want)
			}
		}
	}
	holding(t, 1<<30)
	// The mean grey of a fine chessboard stays: a scaler that leaves pixels out sees one colour.
	board := image.NewGray(image.Rect(0, 0, 64, 64))
	for i := range board.Pix {
		board.Pix[i] = uint8(255 * ((i + i/64) % 2))
	}
	savePicture(t, filepath.Join(dir, "wide.png"), board)
	for i := range 8 {
		if got := at(Images{Size: 8}, i, i); got < 126 || got > 129 {
			t.Errorf("a chessboard of black and white becomes %d", got)
		}
	}
}

func TestBrokenImagesAreSkippedAndNamed(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a/1.png", "b/2.png", "b/3.png", "c/4.png"} {
		writeImage(t, filepath.Join(dir, name), 40, 40, color.NRGBA{uint8(name[2]), 7, 9, 255})
	}
	whole, err := os.ReadFile(filepath.Join(dir, "b/3.png"))
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"a/0.png": []byte("text"), "b/2.png": whole[:len(whole)/2], "c/9.png": nil} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("nowhere", filepath.Join(dir, "a", "lost.png")); err != nil {
		t.Fatal(err)
	}
	for _, resident := range []int{0, 1 << 20} {
		holding(t, resident)
		data := must(ImageFolder(dir, Images{}))
		agrees(t, data)
		b := must(All(data))
		if !slices.Equal(b.Origin, []string{"a/1.png", "b/3.png", "c/4.png"}) || !slices.Equal(b.Labels, []int{0, 1, 2}) || b.Values[4800] != float32('3')/255 {
			t.Errorf("what is left: %v, labels %v", b.Origin, b.Labels)
		}
		var names []string
		for _, err := range data.Skipped() {
			name, _, _ := strings.Cut(err.Error(), ":")
			names = append(names, name)
		}
		slices.Sort(names)
		if !slices.Equal(names, []string{"a/0.png", "a/lost.png", "b/2.png", "c/9.png"}) || !strings.HasSuffix(data.String(), ", 4 files skipped") {
			t.Errorf("skipped %v; %v", data.Skipped(), data)
		}
	}
	// Only headers looked at, the broken file is met when it is read.
	holding(t, 0)
	data := must(ImageFolder(dir, Images{HeadersOnly: true}))
	if _, err := All(data); data.Len() != 4 || err == nil || !strings.Contains(err.Error(), "b/2.png: ") || !strings.Contains(err.Error(), "HeadersOnly") {
		t.Errorf("%d files by their headers; reading them: %v", data.Len(), err)
	}
}

func TestImageFolderRefuses(t *testing.T) {
	two := t.TempDir()
	writeImage(t, filepath.Join(two, "a", "tall.png"), 4, 7, color.Gray{1})
	writeImage(t, filepath.Join(two, "b", "wide.png"), 5, 3, color.Gray{1})
	mixed := t.TempDir()
	writeImage(t, filepath.Join(mixed, "a", "x.png"), 4, 3, color.Gray{1})
	writeImage(t, filepath.Join(mixed, "top.png"), 4, 3, color.Gray{1})
	broken := t.TempDir()
	if err := os.WriteFile(filepath.Join(broken, "x.png"), []byte("text"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		dir  string
		how  Images
		want string
	}{
		{two, Images{}, "b/wide.png has 5×3 pixels, a/tall.png has 4×7; a model takes one size: ask for it, as in datasets.Images{Size: 3, Crop: true}"},
		{mixed, Images{}, "sub-folders are labels"},
		{t.TempDir(), Images{}, "no file ending in .png"},
		{broken, Images{}, "none of the files there can be read: x.png: not a PNG"},
		{filepath.Join(two, "absent"), Images{}, "absent"},
		{two, Images{Size: -1}, "count pixels"},
		{two, Images{Size: 3, Width: 3}, "short for Height and Width"},
		{two, Images{Width: 3}, "give both"},
		{two, Images{Crop: true}, "Size: 64"},
		{two, Images{Channels: 4}, "Channels is 4"},
		{two, Images{Size: 1 << 20}, "are the most"},
	} {
		if _, err := ImageFolder(c.dir, c.how); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: got %v, want %q in it", c.how, err, c.want)
		}
	}
}

func BenchmarkDecodePhoto(b *testing.B) {
	photo := image.NewYCbCr(image.Rect(0, 0, 1200, 900), image.YCbCrSubsampleRatio420)
	for i := range photo.Y {
		photo.Y[i] = uint8(i % 251)
	}
	path := filepath.Join(b.TempDir(), "photo.jpg")
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	if err := jpeg.Encode(f, photo, nil); err != nil {
		b.Fatal(err)
	}
	f.Close()
	how := Images{Height: 64, Width: 64, Crop: true, Channels: 3}
	to := make([]uint8, 64*64*3)
	for b.Loop() {
		if _, err := how.decode(path, to); err != nil {
			b.Fatal(err)
		}
	}
}
