package show

import (
	"fmt"
	"html"
	"strings"
	"unicode/utf8"
)

// Table shows rows of values under a header. Numbers get four significant
// digits and stand at the right of their columns.
//
//	show.Table([]string{"model", "ELBO", "active"}, []any{"β = 1", -151.2, 2}, []any{"β = 4", -163.9, 1})
func Table(header []string, rows ...[]any) {
	cells, err := cellsOf(header, rows)
	Check(err)
	Check(out.table(cells))
}

func cellsOf(header []string, rows [][]any) ([][]string, error) {
	if len(header) == 0 {
		return nil, fmt.Errorf("show: a table needs a header: the names of its columns")
	}
	cells := [][]string{header}
	for i, row := range rows {
		if len(row) != len(header) {
			return nil, fmt.Errorf("show: row %d of the table has %d values; its header has %d", i, len(row), len(header))
		}
		words := make([]string, len(row))
		for j, v := range row {
			switch v.(type) {
			case float32, float64:
				words[j] = strings.Replace(fmt.Sprintf("%.4g", v), "-", "−", 1)
			default:
				words[j] = fmt.Sprint(v)
			}
		}
		cells = append(cells, words)
	}
	return cells, nil
}

// numeric says for each column whether it is one of numbers, to be aligned at the right.
func numeric(rows [][]string) []bool {
	right := make([]bool, len(rows[0]))
	for j := range right {
		right[j] = len(rows) > 1
		for _, row := range rows[1:] {
			right[j] = right[j] && strings.ContainsAny(row[j], "0123456789") && !strings.ContainsFunc(row[j], isWord)
		}
	}
	return right
}

func isWord(r rune) bool { return !strings.ContainsRune("0123456789−-+.,eE%± ", r) }

// literal keeps Markdown from reading a word: a label or a file's name is shown as it is.
var literal = strings.NewReplacer(`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "~", `\~`, "$", `\$`, "|", `\|`, "\n", "<br>")

// markdown is a table as Jupyter and GitHub read it.
func markdown(rows [][]string) string {
	var b strings.Builder
	right := numeric(rows)
	for i, row := range rows {
		for _, word := range row {
			b.WriteString("| " + literal.Replace(html.EscapeString(word)) + " ")
		}
		b.WriteString("|\n")
		if i > 0 {
			continue
		}
		for _, r := range right {
			if r {
				b.WriteString("| ---: ")
			} else {
				b.WriteString("| --- ")
			}
		}
		b.WriteString("|\n")
	}
	return b.String()
}

// aligned is a table for a terminal, two spaces between its columns.
func aligned(rows [][]string) string {
	right := numeric(rows)
	width := make([]int, len(right))
	for _, row := range rows {
		for j, word := range row {
			width[j] = max(width[j], utf8.RuneCountInString(word))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		var l strings.Builder
		for j, word := range row {
			pad := strings.Repeat(" ", width[j]-utf8.RuneCountInString(word))
			if right[j] {
				l.WriteString(pad + word + "  ")
			} else {
				l.WriteString(word + pad + "  ")
			}
		}
		b.WriteString(strings.TrimRight(l.String(), " ") + "\n")
	}
	return b.String()
}
