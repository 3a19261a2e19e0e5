package describe

import "testing"

func TestRegisteringATypeIsNoDifference(t *testing.T) {
	before := []byte(`{"Back": {"opaque": "main.Swish", "Size": 4}}`)
	after := []byte(`{"Back": {"type": "main.Swish", "Size": 4}}`)
	if d := Difference(before, after); d != "" {
		t.Errorf("one value before and after its type is registered: %s", d)
	}
	if Difference(before, []byte(`{"Back": {"type": "main.Gate", "Size": 4}}`)) == "" {
		t.Error("two types are no difference")
	}
}
