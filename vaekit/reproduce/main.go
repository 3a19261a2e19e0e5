package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit"
)

func main() {
	var l lab
	flag.StringVar(&l.out, "out", "out/reproduce", "folder for runs, figures and the table")
	long := flag.Bool("long", false, "also the rows that take hours on two cores")
	only := flag.String("rows", "", "only these and what they begin with, as iwae-k1,vamp; of either length")
	flag.Parse()
	if err := l.work(*long, *only); errors.Is(err, vaekit.ErrStopped) {
		fmt.Fprintln(os.Stderr, "Interrupted; the same command goes on from here.")
		os.Exit(130)
	} else if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// work runs the rows that are asked for and not done, and writes the table after each.
func (l *lab) work(long bool, only string) error {
	digits, err := datasets.MNIST()
	if err != nil {
		return err
	}
	rows := append(rows(digits), sounds(datasets.SpokenDigits)...)
	asked := func(r row) bool { return !r.long || long }
	if only != "" {
		names := strings.Split(only, ",")
		for _, name := range names {
			if !slices.ContainsFunc(rows, func(r row) bool { return r.name == name }) {
				return fmt.Errorf("reproduce: there is no row %q; there are %s", name, strings.Join(namesOf(rows), ", "))
			}
		}
		asked = func(r row) bool { return slices.Contains(names, r.name) }
	}
	line, err := vaekit.Backend()
	if err != nil {
		return err
	}
	fmt.Println(line)
	for _, r := range rows {
		if asked(r) {
			if err := l.run(r); errors.Is(err, errMissing) && only == "" {
				fmt.Printf("\n%s is left out: %v\n", r.name, err)
			} else if err != nil {
				return fmt.Errorf("reproduce: %s: %w", r.name, err)
			}
		}
		if err := l.write(rows); err != nil {
			return err
		}
	}
	fmt.Println("The table is in", l.table())
	return nil
}

func namesOf(rows []row) (names []string) {
	for _, r := range rows {
		names = append(names, r.name)
	}
	return names
}
