// Package codec compresses data without loss by a trained model, and gives the same bytes
// on every machine.
//
//	c, err := codec.New(run)
//	report, err := c.Compress(file, digits.Test, codec.Options{})
//	back, err := codec.Decompress(file, c)
//
// A good model of data is a good compressor: an x of probability p(x) takes −log₂ p(x)
// bits. An asymmetric numeral system (ANS; Duda, 2009) reaches that within a fraction of a
// percent. It keeps the message as a stack: a symbol that is pushed makes it longer by
// −log₂ of its probability, and a symbol that is popped makes it shorter by as much. With
// a probability that nothing was encoded by, a pop draws a random symbol, and pushing that
// again gives the bits back.
//
// A variational autoencoder knows p(x|z), not p(x). Bits-back coding (Hinton and van Camp,
// 1993; with ANS: Townsend, Bird and Barber, 2019) makes do with that:
//
//	pop  z from q(z|x)      the message is shorter by −log₂ q(z|x)
//	push x with p(x|z)      longer by −log₂ p(x|z)
//	push z with p(z)        longer by −log₂ p(z)
//
// On average that is the negative ELBO, in bits. Whoever has the message undoes the three
// steps in reverse order, and what is popped last goes back to where it came from.
//
// A [Codec] is one value's way onto a [Stack] and off it again. Small ones make large ones:
// [BitsBack] is three codecs, and a codec itself.
package codec
