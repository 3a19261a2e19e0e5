package describe

import (
	"bytes"
	"fmt"
	"strconv"
)

// Difference is the first place in reading order where two descriptions differ, in
// words, such as "Encoder[1].Units: 256 and 128"; "" where they say the same.
func Difference(a, b []byte) string {
	if bytes.Equal(a, b) {
		return ""
	}
	left, err := parse(a)
	if err != nil {
		return "the first is " + err.Error()
	}
	right, err := parse(b)
	if err != nil {
		return "the second is " + err.Error()
	}
	return differ(left, right, "")
}

// absent is what one side has and the other leaves at its zero value.
const absent = "not set"

func differ(a, b node, path string) string {
	a, b = a.named(), b.named()
	report := func(path, a, b string) string {
		return fault(path, "%s and %s", a, b).Error()
	}
	switch {
	case a.kind != b.kind, a.text != b.text, typeOf(a) != typeOf(b):
		return report(path, brief(a), brief(b))
	case a.kind == list:
		for i := range min(len(a.members), len(b.members)) {
			if d := differ(a.members[i].value, b.members[i].value, path+"["+strconv.Itoa(i)+"]"); d != "" {
				return d
			}
		}
		if i := len(b.members); len(a.members) > i {
			return report(fmt.Sprintf("%s[%d]", path, i), brief(a.members[i].value), "nothing")
		}
		if i := len(a.members); len(b.members) > i {
			return report(fmt.Sprintf("%s[%d]", path, i), "nothing", brief(b.members[i].value))
		}
		return ""
	}

	// Both sides keep their fields in the order of the struct, and each leaves some out.
	right := b.members
	for _, m := range a.members {
		if len(right) > 0 && !a.has(right[0].name) {
			break
		}
		other, both := b.get(m.name)
		if !both {
			return report(within(path, m.name), brief(m.value), absent)
		}
		in := within(path, m.name)
		if m.name == valueMember {
			in = path
		}
		if d := differ(m.value, other, in); d != "" {
			return d
		}
		right = right[1:]
	}
	for _, m := range right {
		if !a.has(m.name) {
			return report(within(path, m.name), absent, brief(m.value))
		}
	}
	return ""
}

// typeOf is the type that a value says it has.
func typeOf(n node) string {
	for _, label := range []string{typeMember, opaqueMember} {
		if t, ok := n.get(label); ok {
			return t.text
		}
	}
	return ""
}

// brief is n in a few words.
func brief(n node) string {
	if t := typeOf(n); t != "" {
		return t
	}
	const most = 60
	if line := []rune(n.line()); len(line) > most {
		return string(line[:most]) + "…"
	}
	return n.line()
}

// named is n with one label for its type, whether or not the value could be read back.
func (n node) named() node {
	if len(n.members) > 0 && n.members[0].name == opaqueMember {
		n.members = append([]member{{typeMember, n.members[0].value}}, n.members[1:]...)
	}
	return n
}
