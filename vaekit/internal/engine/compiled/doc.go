// Package compiled keeps what XLA's plugin for the CPU compiles, so that a machine compiles a
// program once. Every cell of a notebook is a process of its own, and most of what one does that
// opens a finished run is to compile: parts of a second for a decoder, seconds for a step of
// training with convolutions or flows.
//
// The folder is $VAEKIT_CACHE, an absolute path, else vaebook/compiled in the user's cache folder;
// VAEKIT_CACHE=off keeps nothing, and neither does an XLA_FLAGS that asks for dumps or names a
// file. A kept program is the machine code that the compiler gave: the same bits come of it. It is
// taken for the same program, options, plugin, flags, processor, and number of cores and devices.
// What was not used for longest is deleted beyond 512 MiB. A kept program does what is written in
// it: the folder is for its owner alone to write.
package compiled
