package datasets

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestCSV(t *testing.T) {
	path := filepath.Join(t.TempDir(), "wines.csv")
	text := "\ufeffalcohol, colour,name,kind\n12,1,a,red\n14,,b,white\n13,NA,c,red\n13,3,d,rosé\n"
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	m, err := CSV(path, Columns{Label: "kind", Skip: []string{"name"}})
	if err != nil {
		t.Fatal(err)
	}
	b, err := All(m)
	if err != nil {
		t.Fatal(err)
	}
	root := float32(math.Sqrt2)
	want := []float32{-root, -1, root, 0, 0, 0, 0, 1}
	for i, v := range want {
		if math.Abs(float64(b.Values[i]-v)) > 1e-6 {
			t.Errorf("the values are %v, expected %v", b.Values, want)
			break
		}
	}
	for got, want := range map[string]string{
		fmt.Sprint(m.Names, m.Kinds, b.Labels): "[alcohol colour] [red rosé white] [0 2 0 1]",
		fmt.Sprint(b.Mask):                     "[1 1 1 0 1 0 1 1]",
		fmt.Sprint(m.Mean, b.Origin):           "[13 2] [2 3 4 5]",
	} {
		if got != want {
			t.Errorf("got %s, expected %s", got, want)
		}
	}

	var kept Measurements // as a program would have it
	if err := json.Unmarshal(must(json.Marshal(m)), &kept); err != nil {
		t.Fatal(err)
	}
	other, err := readCSV(strings.NewReader("alcohol,colour,kind\n13,2,white\n"), Columns{Label: "kind", Like: &kept})
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := All(other); !slices.Equal(b.Values, []float32{0, 0}) || b.Labels[0] != 2 || b.Mask != nil {
		t.Errorf("by the scale of the first file the second is %v, %v", b.Values, b.Labels)
	}
}

// Training data without labels has a scale to lend, and labels here are this file's own.
func TestCSVLikeOneWithoutLabels(t *testing.T) {
	like := must(readCSV(strings.NewReader("a,kind\n1,x\n3,y\n"), Columns{Skip: []string{"kind"}}))
	m := must(readCSV(strings.NewReader("a,kind\n4,worn\n2,ok\n"), Columns{Label: "kind", Like: like}))
	if b := must(All(m)); !slices.Equal(b.Values, []float32{2, 0}) || !slices.Equal(b.Labels, []int{1, 0}) || !slices.Equal(m.Kinds, []string{"ok", "worn"}) {
		t.Errorf("values %v, labels %v of %v", b.Values, b.Labels, m.Kinds)
	}
}

// Words for what is missing, in any case, and a mark before a name in quotes.
func TestCSVAsOthersWriteIt(t *testing.T) {
	m := must(readCSV(strings.NewReader("\ufeff\"a\",\"kind\"\n1,20 \nNAN,10\nna,30\n3,10\n"), Columns{Label: "kind"}))
	if b := must(All(m)); !slices.Equal(b.Values, []float32{-1, 0, 0, 1}) || !slices.Equal(b.Mask, []uint8{1, 0, 0, 1}) || !slices.Equal(b.Labels, []int{20, 10, 30, 10}) {
		t.Errorf("values %v, mask %v, labels %v", b.Values, b.Mask, b.Labels)
	}
}

func TestCSVRefuses(t *testing.T) {
	numbers := must(readCSV(strings.NewReader("a,kind\n1,10\n2,20\n"), Columns{Label: "kind"}))
	good, err := readCSV(strings.NewReader("a,kind\n1,x\n2,y\n"), Columns{Label: "kind"})
	if err != nil {
		t.Fatal(err)
	}
	for says, c := range map[string]struct {
		text string
		how  Columns
	}{
		"the file is empty":                         {"", Columns{}},
		`line 3, column b: "two" is not a number`:   {"a,b\n1,2\n1,two\n", Columns{}},
		`"Inf" is not a number`:                     {"a\nInf\n", Columns{}},
		`"-nan" is not a number`:                    {"a\n-nan\n", Columns{}},
		`there is no column "kind"; the first line`: {"a,b\n1,2\n", Columns{Label: "kind"}},
		"no column is left":                         {"kind\nx\n", Columns{Label: "kind"}},
		"column b has no numbers":                   {"a,b\n1,\n2,\n", Columns{}},
		"wrong number of fields":                    {"a,b\n1\n", Columns{}},
		"the columns are c; those of Like are a":    {"c,kind\n1,x\n", Columns{Label: "kind", Like: good}},
		`the label "z" is not among those of Like`:  {"a,kind\n1,z\n", Columns{Label: "kind", Like: good}},
		`the label "?" is not a number`:             {"a,kind\n1,20\n1,?\n", Columns{Label: "kind", Like: numbers}},
		"there is no row below":                     {"a\n", Columns{}},
		"Like has the means [] and scales []":       {"a\n1\n", Columns{Like: &Measurements{Names: []string{"a"}}}},
	} {
		if _, err := readCSV(strings.NewReader(c.text), c.how); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: the error is %v, expected it to say %q", c.text, err, says)
		}
	}
}
