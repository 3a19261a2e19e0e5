// Package engine is the one room that knows how GoMLX runs: which backend there
// is, how many training steps go into one program, how random streams are named,
// and how what a run carries is kept on disk.
//
// It knows nothing of autoencoders. A model is a list of [Variable]s and a
// function that builds a loss; see [NewTrainer].
package engine
