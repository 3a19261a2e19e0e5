package codec_test

import (
	"bytes"
	"fmt"
	"log"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit"
	"github.com/vaebook/vaebook/vaekit/codec"
)

// A trained run compresses images, and gives every bit back.
func Example() {
	run, err := vaekit.Load("testdata/binary") // a small one, of 6 by 6 pixels
	if err != nil {
		log.Fatal(err)
	}
	images := stripes(100, 2, 6, 6, 1)
	c, err := codec.New(run)
	if err != nil {
		log.Fatal(err)
	}
	var file bytes.Buffer
	report, err := c.Compress(&file, images, codec.Options{})
	if err != nil {
		log.Fatal(err)
	}
	back, err := codec.Decompress(&file, c)
	if err != nil {
		log.Fatal(err)
	}
	first, err := datasets.Read(images, 0)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(back.Len(), "images of", back.Shape, "in", report.Bytes, "bytes")
	fmt.Println("the first is as it was:", fmt.Sprint(back.Example(0)) == fmt.Sprint(first.Values))
	// Output:
	// 100 images of [6 6 1] in 638 bytes
	// the first is as it was: true
}
