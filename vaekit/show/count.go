package show

import (
	"fmt"
	"html"
	"io"
	"os"

	"github.com/janpfeifer/gonb/gonbui"
	"golang.org/x/term"
)

// Count returns what shows how far a long piece of work is, such as "examples measured"
// for vaekit.Evaluation.Progress: in a notebook and on a terminal one line that changes
// in place, elsewhere a line at the end.
func Count(what string) func(done, total int) {
	if c, ok := out.(cell); ok {
		return c.count(gonbui.UniqueId(), what)
	}
	return count(os.Stdout, what, term.IsTerminal(int(os.Stdout.Fd())))
}

func (c cell) count(id, what string) func(done, total int) {
	return func(done, total int) {
		line := counted(done, total, what)
		c.update(id, html.EscapeString(line), line)
		if done == total {
			c.flush()
		}
	}
}

func count(w io.Writer, what string, inPlace bool) func(done, total int) {
	return func(done, total int) {
		if inPlace {
			fmt.Fprint(w, "\r")
		}
		if inPlace || done == total {
			fmt.Fprint(w, counted(done, total, what))
		}
		if done == total {
			fmt.Fprintln(w)
		}
	}
}

func counted(done, total int, what string) string {
	return fmt.Sprintf("%s of %s %s", thousands(done), thousands(total), what)
}
