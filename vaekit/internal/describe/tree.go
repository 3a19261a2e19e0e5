package describe

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// A node is a piece of JSON that keeps the order of its members.
type node struct {
	kind    kind
	text    string // of a scalar: its JSON, but of a string the string itself
	members []member
}

// A member belongs to an object, or without a name to a list.
type member struct {
	name  string
	value node
}

type kind int

const (
	scalar kind = iota // a number, true, false or null
	text
	list
	object
)

// null stands for a nil slice or interface.
var null = node{kind: scalar, text: "null"}

// deepest is how far JSON may nest: far above any model, far below Go's stack.
const deepest = 1000

// lineWidth is how long an object or list may be to stand on one line.
const lineWidth = 80

// get is the member of an object with that name.
func (n node) get(name string) (node, bool) {
	for _, m := range n.members {
		if m.name == name {
			return m.value, true
		}
	}
	return node{}, false
}

func (n node) has(name string) bool {
	_, ok := n.get(name)
	return ok
}

// parse reads one JSON value.
func parse(data []byte) (node, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	n, err := parseNext(d, 0)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return node{}, fmt.Errorf("not a description: JSON at byte %d: %w", d.InputOffset(), err)
	}
	if _, err := d.Token(); err != io.EOF {
		return node{}, fmt.Errorf("not a description: more than one JSON value, at byte %d", d.InputOffset())
	}
	return n, nil
}

func parseNext(d *json.Decoder, depth int) (node, error) {
	token, err := d.Token()
	if err != nil {
		return node{}, err
	}
	if depth > deepest {
		return node{}, fmt.Errorf("nested deeper than %d", deepest)
	}
	switch token := token.(type) {
	case nil:
		return null, nil
	case bool:
		return node{kind: scalar, text: fmt.Sprint(token)}, nil
	case json.Number:
		return node{kind: scalar, text: token.String()}, nil
	case string:
		return node{kind: text, text: token}, nil
	}

	n := node{kind: list}
	if token == json.Delim('{') {
		n.kind = object
	}
	for d.More() {
		var m member
		if n.kind == object {
			token, err := d.Token()
			if err != nil {
				return node{}, err
			}
			m.name = token.(string)
			if n.has(m.name) {
				return node{}, fmt.Errorf("%q stands twice in one object", m.name)
			}
		}
		if m.value, err = parseNext(d, depth+1); err != nil {
			return node{}, err
		}
		n.members = append(n.members, m)
	}
	_, err = d.Token() // the closing bracket
	return n, err
}

// format is n as indented JSON; what is short stands on one line.
func (n node) format(indent string) string {
	line := n.line()
	if len(n.members) == 0 || len(indent)+len(line) <= lineWidth {
		return line
	}
	inner := indent + "  "
	parts := make([]string, len(n.members))
	for i, m := range n.members {
		parts[i] = inner + m.prefix(n.kind) + m.value.format(inner)
	}
	open, end := n.brackets()
	return open + "\n" + strings.Join(parts, ",\n") + "\n" + indent + end
}

// line is n as JSON on one line.
func (n node) line() string {
	switch n.kind {
	case scalar:
		return n.text
	case text:
		return quote(n.text)
	}
	parts := make([]string, len(n.members))
	for i, m := range n.members {
		parts[i] = m.prefix(n.kind) + m.value.line()
	}
	open, end := n.brackets()
	return open + strings.Join(parts, ", ") + end
}

func (n node) brackets() (open, end string) {
	if n.kind == object {
		return "{", "}"
	}
	return "[", "]"
}

func (m member) prefix(of kind) string {
	if of == object {
		return quote(m.name) + ": "
	}
	return ""
}

// quote is a JSON string that leaves <, > and & as they are.
func quote(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		panic(err) // a string and a Builder cannot fail
	}
	return strings.TrimSuffix(b.String(), "\n")
}
