// Command reproduce trains and measures the models of published figures, one row after the
// other, and writes what it found as a table: make reproduce, LONG=1 for the rows that
// take hours on two cores.
//
// A row goes through folders of its own under out/reproduce. Interrupted, it goes on from
// there, and one that is done is not run again; removing its folder runs it anew. A row that
// begins with the weights of another runs that one first.
//
//	out/reproduce/iwae-k1/run/           the run, as vaekit.Train leaves it
//	out/reproduce/iwae-k1/seconds.json   how long it trained and was measured
//	out/reproduce/iwae-k1/figures.json   what came of it: the row is done
//	out/reproduce/table.md               all rows that are done
//
// NLL is −log p(x) in nats on all 10,000 test images, binarised by one draw, estimated with
// 5,000 importance samples for each (Burda, Grosse and Salakhutdinov, 2015).
package main
