// Package show draws, plays and prints what a notebook's cells have to say.
//
// In a notebook (GoNB) a picture appears under the cell and a sound gets a
// player. Anywhere else the same call writes a file to the folder out/ and
// prints its name, so that a cell's code is a program too.
//
//	run := show.Must(vaekit.Train(model, digits.Train, vaekit.Training{Progress: show.Progress()}))
//	show.Images(show.Must(run.Sample(10)))         // a row of ten
//	show.Grid(show.Must(run.Manifold(20)), 20)     // 20 to a row
//	show.Pairs(digits, reconstructions)            // originals above reconstructions
//	show.Morph(between, 0)                         // a film strip; with columns, a grid
//	show.Scatter(latents, latents.Labels)          // the latent plane, coloured by label
//	show.Explorer(run, digits.Test)                // the same as a page to go about in
//	show.Curves(run.History)                       // loss, distortion and rate by epoch
//	show.Waveform(sound, 16000)                    // and Spectrogram, in dB
//	show.Play(sound, 16000, "three, by nobody")    // a player
//	show.Players(sounds, 16000)                    // side by side; Waveforms, Spectrograms
//
// A drawing function is short for the method of the same name of [Picture],
// which has a title and a width:
//
//	show.Picture{Title: "Ten digits that nobody wrote"}.Images(samples)
//
// # What the pictures promise
//
// They are PNG, because that is what every viewer of notebooks keeps. They have
// two pixels for each one on the page, and a white background, so that they
// read the same in a light and in a dark theme. Colours tell classes apart for
// colour-blind readers too, and never alone. A pixel or a point that is not a
// number is drawn in magenta or left out and counted; it is never drawn as if it were one.
//
// # When something is wrong
//
// This package is the end of the line: what it is given is shown to a person.
// So its functions return no errors. [Must] and everything that draws print
// the sentence of the error and end the cell with exit status 1: no stack
// trace, and a notebook executed without a reader stops there too. Library
// code returns its errors instead and has no use for this package.
package show

import (
	"fmt"
	"os"

	"github.com/vaebook/vaebook/datasets"
)

// A Picture says how something is to be drawn. Its zero value does what suits most.
type Picture struct {
	Title string // above the drawing; outside a notebook it also names the file
	Width int    // on the page, in CSS pixels; 0: what suits the drawing. Files have twice as many
	Log   bool   // Curves: logarithmic y axes

	Rate  int                                   // Explorer: what the run makes are sounds at so many Hz,
	Sound func(*datasets.Batch) *datasets.Batch // or is made into sounds by this
}

// Must returns x. If err is not nil, it prints err and ends the cell with exit
// status 1. It makes one expression of a call that may fail:
//
//	digits := show.Must(datasets.MNIST())
func Must[T any](x T, err error) T {
	Check(err)
	return x
}

// Check does nothing if err is nil, else it prints err and ends the cell with exit status 1.
func Check(err error) {
	if err == nil {
		return
	}
	out.flush() // what was shown before must not be lost
	fmt.Fprintln(os.Stderr, "error:", err)
	os.Exit(1)
}
