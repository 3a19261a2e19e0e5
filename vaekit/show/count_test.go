package show

import (
	"bytes"
	"testing"

	"github.com/janpfeifer/gonb/gonbui/protocol"
)

func TestCount(t *testing.T) {
	for inPlace, want := range map[bool]string{
		true:  "\r256 of 1,000 examples\r1,000 of 1,000 examples\n",
		false: "1,000 of 1,000 examples\n",
	} {
		var w bytes.Buffer
		tell := count(&w, "examples", inPlace)
		tell(256, 1000)
		tell(1000, 1000)
		if w.String() != want {
			t.Errorf("in place %v: %q, want %q", inPlace, w.String(), want)
		}
	}

	var sent []*protocol.DisplayData
	tell := cell{send: func(d *protocol.DisplayData) { sent = append(sent, d) }}.count("id", "<examples>")
	tell(256, 1000)
	tell(1000, 1000)
	if len(sent) != 2 || sent[0].DisplayID != "id" || sent[1].DisplayID != "id" || sent[1].Data[protocol.MIMETextHTML] != "1,000 of 1,000 &lt;examples&gt;" {
		t.Errorf("a cell is sent %v", sent)
	}
}
