// Vaezip compresses images by a trained model, without loss, and back.
//
//	vaezip -model runs/grey images.idx digits.vz     compresses IDX, a folder of pictures, or .npy
//	vaezip -d digits.vz images.idx                   decompresses to any of these
//	vaezip -test digits.vz                           decompresses, and writes nothing
//	vaezip -list digits.vz                           says what the file holds, and whether it is whole
//
// What is kept are bytes of pixels: of a folder not the names, and of pictures not
// transparency, which is laid over black, nor more than 8 bits.
//
// Decompressing wants the -model that compressed, unless -embed has put it into the file.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"math"
	"os"

	"github.com/vaebook/vaebook/vaekit"
	"github.com/vaebook/vaebook/vaekit/codec"
	"github.com/vaebook/vaebook/vaekit/show"
)

// options are what the command line says.
type options struct {
	model            string
	back, test, list bool
	embed, force     bool
	block            int
	from, to         string
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("vaezip: ")
	if err := vaezip(os.Args[1:], os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func vaezip(args []string, out io.Writer) error {
	var o options
	flags := flag.NewFlagSet("vaezip", flag.ContinueOnError)
	flags.StringVar(&o.model, "model", "", "`folder` of the trained run")
	flags.BoolVar(&o.back, "d", false, "decompress")
	flags.BoolVar(&o.test, "test", false, "decompress, and write nothing")
	flags.BoolVar(&o.list, "list", false, "say what the file holds, and whether it is whole")
	flags.BoolVar(&o.embed, "embed", false, "put the model into the file")
	flags.BoolVar(&o.force, "f", false, "write over a file that is there")
	flags.IntVar(&o.block, "block", 0, "`examples` that can be decompressed without the others")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	o.from, o.to = flags.Arg(0), flags.Arg(1)
	wanted := 2
	if o.test || o.list {
		wanted = 1
	}
	if flags.NArg() != wanted {
		return errors.New("vaezip -model FOLDER IMAGES FILE.vz, vaezip -d FILE.vz IMAGES, vaezip -test FILE.vz, vaezip -list FILE.vz; -h says more")
	}
	switch {
	case o.list:
		return list(o, out)
	case o.test, o.back:
		return decompress(o, out)
	}
	return compress(o, out)
}

// load is the model that the command line names, nil where it names none.
func load(o options) (*codec.Model, error) {
	if o.model == "" {
		return nil, nil
	}
	run, err := vaekit.Load(o.model)
	if err != nil {
		return nil, err
	}
	return codec.New(run)
}

func compress(o options, out io.Writer) error {
	m, err := load(o)
	if err != nil {
		return err
	}
	if m == nil {
		return errors.New("-model is needed: the folder of a trained run")
	}
	images, err := open(o.from, m.Shape(), m.Levels())
	if err != nil {
		return err
	}
	var report codec.Report
	err = atomically(o.to, o.force, func(file *os.File) (err error) {
		report, err = m.Compress(file, images, codec.Options{Block: o.block, Embed: o.embed, Progress: show.Count("examples compressed")})
		return err
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s: %d bytes, %s\n", o.to, report.Bytes, ratio(report, m.Levels()))
	return nil
}

// ratio says how much smaller a file is than its values.
func ratio(r codec.Report, levels int) string {
	if r.Values == 0 {
		return "no examples"
	}
	words := fmt.Sprintf("%.4f bits for each value of %.3g", r.BitsPerDim(), math.Log2(float64(levels)))
	if r.Model > 0 {
		words += fmt.Sprintf(", beside a model of %d bytes", r.Model)
	}
	return words
}

func decompress(o options, out io.Writer) error {
	m, err := load(o)
	if err != nil {
		return err
	}
	file, err := os.Open(o.from)
	if err != nil {
		return err
	}
	defer file.Close()
	size, err := file.Stat()
	if err != nil {
		return err
	}
	whole, err := codec.Open(file, size.Size(), m) // how many examples there are, before they are read
	if err != nil {
		return fmt.Errorf("%s: %w", o.from, err)
	}
	all := &blocks{from: file, m: whole.Model(), total: whole.Len(), count: show.Count("examples decompressed")}
	if o.test {
		if err := all.each(func([]uint8) error { return nil }); err != nil {
			return err
		}
		fmt.Fprintf(out, "%s: whole, %d examples\n", o.from, whole.Len())
		return nil
	}
	return save(o.to, o.force, all)
}

func list(o options, out io.Writer) error {
	file, err := os.Open(o.from)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := codec.List(file)
	if err != nil {
		return fmt.Errorf("%s: %w", o.from, err)
	}
	fmt.Fprintf(out, "%s: %d examples of shape %v in %d blocks, %d bytes, %s; model %x\n",
		o.from, info.Examples, info.Shape, info.Blocks, info.Bytes, ratio(info.Report, info.Levels), info.Fingerprint)
	return nil
}
