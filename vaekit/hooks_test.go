package vaekit

// Look is how long a chunk of steps should take, for tests that want many of a short training.
var Look = &look
