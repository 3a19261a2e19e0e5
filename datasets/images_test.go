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

func TestImageFolder(t *testing.T) {
	dir := t.TempDir()
	writeImage(t, filepath.Join(dir, "dogs", "b.png"), 4, 3, color.Gray{60})
	writeImage(t, filepath.Join(dir, "cats", "a.JPG"), 4, 3, color.Gray{200})
	writeImage(t, filepath.Join(dir, ".hidden", "c.png"), 9, 9, color.Gray{1})
	if err := os.WriteFile(filepath.Join(dir, "notes.txt"), []byte("not an image"), 0o644); err != nil {
		t.Fatal(err)
	}
	data := must(ImageFolder(dir))
	agrees(t, data)
	b := must(All(data))
	if !slices.Equal(b.Shape, []int{3, 4, 1}) || !slices.Equal(b.Labels, []int{0, 1}) || !slices.Equal(b.Origin, []string{"cats/a.JPG", "dogs/b.png"}) {
		t.Errorf("shape %v, labels %v, origin %v", b.Shape, b.Labels, b.Origin)
	}
	if b.Values[0] != 200./255 || b.Values[12] != 60./255 {
		t.Errorf("values %v and %v", b.Values[0], b.Values[12])
	}
	writeImage(t, filepath.Join(dir, "dogs", "red.png"), 4, 3, color.NRGBA{255, 0, 0, 128})
	b = must(All(must(ImageFolder(dir))))
	if !slices.Equal(b.Shape, []int{3, 4, 3}) || b.Values[2*36] != 128./255 || b.Values[2*36+1] != 0 {
		t.Errorf("with a half red image: shape %v, pixel %v", b.Shape, b.Values[72:75])
	}

	writeImage(t, filepath.Join(dir, "dogs", "wide.png"), 5, 3, color.Gray{1})
	if _, err := ImageFolder(dir); err == nil || !strings.Contains(err.Error(), "dogs/wide.png has 5×3 pixels, cats/a.JPG has 4×3") {
		t.Errorf("two sizes: %v", err)
	}
	writeImage(t, filepath.Join(dir, "top.png"), 4, 3, color.Gray{1})
	if _, err := ImageFolder(dir); err == nil || !strings.Contains(err.Error(), "sub-folders are labels") {
		t.Errorf("beside folders: %v", err)
	}
	if _, err := ImageFolder(t.TempDir()); err == nil || !strings.Contains(err.Error(), "no file ending in .png") {
		t.Errorf("empty folder: %v", err)
	}
	bad := t.TempDir()
	if err := os.WriteFile(filepath.Join(bad, "x.png"), []byte("text"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := ImageFolder(bad); err == nil || !strings.Contains(err.Error(), "x.png: not a PNG") {
		t.Errorf("not an image: %v", err)
	}
}
