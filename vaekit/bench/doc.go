// Bench measures how fast the kit trains beside JAX, PyTorch, TensorFlow and plain GoMLX,
// on the same work: the same layers, batch, optimiser and data. Run it with `make bench`.
//
// Every program of a workload is a process that stays alive and works only when it is
// asked to, so that compiling is measured apart and one works at a time:
//
//	bench                         program
//	starts it with a spec      →  trains the epochs whose losses are compared
//	                           ←  {"first": seconds, "losses": [mean of each epoch], "version": …}
//	"5"                        →  trains for about 5 seconds
//	                           ←  {"steps": …, "seconds": …}
//
// Turns go round: A B C A B C …, and a ratio is taken within a round, between programs
// that ran a few seconds apart, because a machine that others use as well is fast in one
// minute and slow in the next. What is reported of the rounds is their median. A ratio is
// refused where its rounds disagree by more than [tolerated], or where the losses do not
// fall alike, which would mean that the work is not the same.
package main
