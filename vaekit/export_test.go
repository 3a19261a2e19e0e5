package vaekit_test

import (
	"flag"
	"os"
	"slices"
	"testing"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit"
)

var update = flag.Bool("update", false, "train the model in testdata/bars anew")

// The small model that an example embeds is what Export writes of a run.
func TestExportedRunIsTheRun(t *testing.T) {
	dir := t.TempDir()
	if *update {
		dir = "testdata/bars"
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
	}
	whole := t.TempDir()
	run := train(t, barModel(), bars(t, 2000), vaekit.Training{Dir: whole, Epochs: 60, Batch: 50, Rate: 3e-3})
	if err := run.Export(dir); err != nil {
		t.Fatal(err)
	}
	again := must[*vaekit.Run](t)(vaekit.Load(dir))
	a, b := must[*datasets.Batch](t)(run.Sample(3)), must[*datasets.Batch](t)(again.Sample(3))
	if !slices.Equal(a.Values, b.Values) {
		t.Error("the exported run draws other samples")
	}
	if exported, kept := len(weights(t, dir)), len(weights(t, whole)); exported > kept*6/10 {
		t.Errorf("exported weights have %d bytes, the run's checkpoint %d", exported, kept)
	}
}
