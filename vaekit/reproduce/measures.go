package main

import (
	"fmt"
	"math"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit"
	"github.com/vaebook/vaebook/vaekit/dist"
	"github.com/vaebook/vaebook/vaekit/metrics"
)

// samples compares 10,000 samples under N(0, I) and under a mixture that is fitted to the
// aggregate posterior with the reconstructions of test, the best that the decoder can do,
// and with the grey images themselves, by the kernel distance.
func samples(run *vaekit.Run, train, test, grey datasets.Dataset) ([]figure, error) {
	fitted, err := run.FitPrior(train, dist.MixtureOfGaussians{Full: true})
	if err != nil {
		return nil, err
	}
	reconstructions, err := run.Reconstruct(test)
	if err != nil {
		return nil, err
	}
	images, err := datasets.All(grey)
	if err != nil {
		return nil, err
	}
	distance := func(run *vaekit.Run, to *datasets.Batch) (metrics.Estimate, error) {
		drawn, err := run.Sample(to.Len())
		if err != nil {
			return metrics.Estimate{}, err
		}
		a, err := metrics.Digits(drawn)
		if err != nil {
			return metrics.Estimate{}, err
		}
		b, err := metrics.Digits(to)
		if err != nil {
			return metrics.Estimate{}, err
		}
		return metrics.Kernel(a, b)
	}
	var figures []figure
	for _, to := range []struct {
		name  string
		batch *datasets.Batch
		bar   *float64
	}{{"reconstructions", reconstructions, most(0.5)}, {"data", images, nil}} {
		normal, err := distance(run, to.batch)
		if err != nil {
			return nil, err
		}
		mixture, err := distance(fitted, to.batch)
		if err != nil {
			return nil, err
		}
		figures = append(figures,
			figure{What: "N(0, I) to " + to.name, Value: normal.Value, Error: normal.Error},
			figure{What: "mixture to " + to.name, Value: mixture.Value, Error: mixture.Error},
			figure{What: "ratio", Value: mixture.Value / normal.Value, High: to.bar})
	}
	return figures, nil
}

// paired is by how much −ELBO of the others is lower, seed by seed, and the NLL of the
// first of each.
func paired(runs, others []*vaekit.Run, test datasets.Dataset) ([]figure, error) {
	var gains []float64
	for i := range runs {
		a, err := runs[i].Evaluate(test, vaekit.Evaluation{})
		if err != nil {
			return nil, err
		}
		b, err := others[i].Evaluate(test, vaekit.Evaluation{})
		if err != nil {
			return nil, err
		}
		gains = append(gains, b.ELBO-a.ELBO)
	}
	var mean, squares float64
	for _, g := range gains {
		mean += g / float64(len(gains))
	}
	for _, g := range gains {
		squares += (g - mean) * (g - mean)
	}
	n := float64(len(gains))
	figures := []figure{{What: fmt.Sprintf("−ELBO lower by, mean of %d seeds,", len(gains)), Value: mean, Error: math.Sqrt(squares / (n - 1) / n), Low: least(1)}}
	for i, run := range []*vaekit.Run{runs[0], others[0]} {
		f, err := measured(run, test)
		if err != nil {
			return nil, err
		}
		figures = append(figures, figure{What: [2]string{"NLL before", "NLL after"}[i], Value: f.NLL, Error: f.NLLError})
	}
	return figures, nil
}
