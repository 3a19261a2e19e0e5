package vaekit

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit/dist"
	"github.com/vaebook/vaebook/vaekit/internal/engine"
	"github.com/vaebook/vaebook/vaekit/nets"
	"github.com/vaebook/vaebook/vaekit/optim"
)

// FitPrior is the run with another prior, fitted to where its posteriors put data: draws
// from q(z|x) of up to 20,000 examples, or positions of a Local model, of which a tenth is held out. Samples of N(0, I) are
// often ugly because they come from where the posteriors of no example are; from what
// the posteriors really make up together they are better (ex-post density estimation,
// Ghosh et al., 2020), and the rate falls by as much as the prior fits better.
//
//	better, err := run.FitPrior(digits.Train, dist.MixtureOfGaussians{Full: true})
//
// A dist.MixtureOfGaussians without Components gets 1, 2, 4, … until the held-out draws
// become no more likely by a hundredth of a nat. Any other prior, such as a dist.FlowPrior, is trained until they
// do not. Nothing else of the run changes, and [Run.Export] keeps it.
func (r *Run) FitPrior(data datasets.Dataset, prior dist.Prior) (fitted *Run, err error) {
	defer recovered(&err)
	if err := r.look.suits(data); err != nil {
		return nil, err
	}
	model := r.Model
	if model.Prior = prior; prior == nil {
		return nil, errors.New("vaekit: FitPrior was given no prior; dist.MixtureOfGaussians{} is a good first one")
	}
	if _, err := model.build(r.Shape()); err != nil {
		return nil, err
	}
	positions := datasets.Size(r.look.model.positions)
	some, err := datasets.Subset(data, indicesAllOver(data.Len(), max(100, aggregateDraws/positions)))
	if err != nil {
		return nil, fmt.Errorf("vaekit: %w", err)
	}
	z, err := r.look.draws(r.weights, some)
	if err != nil {
		return nil, err
	}
	p := priorFit{run: r, latent: r.Model.Latent}
	for i, row := 0, 0; i < len(z); i, row = i+p.latent, row+1 {
		if row/positions%10 == 9 {
			p.held = append(p.held, z[i:i+p.latent]...)
		} else {
			p.train = append(p.train, z[i:i+p.latent]...)
		}
	}
	if len(p.held) == 0 {
		return nil, fmt.Errorf("vaekit: FitPrior was given %d examples; it holds out every tenth, so give it 10 or more", data.Len())
	}
	var values map[string][]float32
	if mixture, ok := prior.(dist.MixtureOfGaussians); ok {
		prior, values, err = p.mixture(mixture)
	} else {
		values, err = p.descend(prior)
	}
	if err != nil {
		return nil, fmt.Errorf("vaekit: FitPrior: %w", err)
	}
	return r.withPrior(prior, values)
}

// aggregateDraws is how many draws of the aggregate posterior a prior is fitted to.
const aggregateDraws = 20_000

// A priorFit is latents for a prior to explain.
type priorFit struct {
	run         *Run
	latent      int
	train, held []float32 // [draws, latent]
}

// mixture fits by expectation and maximisation.
func (p priorFit) mixture(prior dist.MixtureOfGaussians) (dist.Prior, map[string][]float32, error) {
	train, held := wide(p.train), wide(p.held)
	counts := []int{prior.Components}
	if prior.Components == 0 {
		counts = nil
		for k := 1; k <= min(512, len(train)/p.latent/10); k *= 2 {
			counts = append(counts, k)
		}
	}
	var best *mixture
	most := math.Inf(-1)
	for _, k := range counts {
		m, err := fitMixture(engine.Rand(0, "mixture", uint64(k)), train, p.latent, k, prior.Full)
		if err != nil {
			return nil, nil, err
		}
		logProb := m.logProb(held)
		if logProb > most {
			best = m
		}
		if logProb < most+0.01 {
			break
		}
		most = logProb
	}
	if best == nil {
		return nil, nil, errors.New("there are too few examples for a mixture")
	}
	prior.Components = len(best.mean)
	values := map[string][]float32{}
	for c, mean := range best.mean {
		values["log_weight"] = append(values["log_weight"], float32(best.logWeight[c]))
		for i, m := range mean {
			values["mean"] = append(values["mean"], float32(m))
			values["log_variance"] = append(values["log_variance"], float32(2*math.Log(best.lower[c][i*p.latent+i])))
		}
		for at, l := range best.lower[c] {
			if at/p.latent == at%p.latent {
				l = 0
			}
			values["lower"] = append(values["lower"], float32(l))
		}
	}
	return prior, values, nil
}

func wide(x []float32) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}

// withPrior is the run with another prior of these values, by name.
func (r *Run) withPrior(prior dist.Prior, values map[string][]float32) (*Run, error) {
	model := r.Model
	model.Prior = prior
	b, err := model.build(r.Shape())
	if err != nil {
		return nil, err
	}
	other := *r
	other.Model, other.Dir, other.look = b.Model, "", newLooker(r.look.backend, b)
	if other.description, err = describeRun(b.Model, b.event, r.description.Training); err != nil {
		return nil, err
	}
	other.description.Made = r.description.Made
	with := func(vars []engine.Tensor) (all []engine.Tensor) {
		for _, param := range b.params() {
			v := engine.Tensor{Name: param.Name, Shape: param.Shape}
			if name, ok := strings.CutPrefix(param.Name, "prior."); ok {
				v.Data = values[name]
			}
			for _, mine := range vars {
				if v.Data == nil && mine.Name == param.Name {
					v.Data = mine.Data
				}
			}
			all = append(all, v)
		}
		return all
	}
	other.vars = with(r.vars)
	if r.best != nil {
		other.best = with(r.best)
	}
	other.weights, err = r.look.backend.Place(other.vars)
	return &other, err
}

// descend lowers −log p(z) until held-out latents become no more likely.
func (p priorFit) descend(prior dist.Prior) (map[string][]float32, error) {
	const batch, rounds, patience = 256, 200, 5
	backend := p.run.look.backend
	var names []string
	looks := fmt.Errorf("%T looks at the encoder; train the model with it", prior)
	params := prior.Params(p.latent, p.run.Shape())
	for _, param := range params {
		if param.Init == nets.Examples {
			return nil, looks
		}
		names = append(names, param.Name)
	}
	if len(names) == 0 {
		return nil, nil
	}
	vars, err := variables(params, 0, nil)
	if err != nil {
		return nil, err
	}
	density := func(pass *nets.Pass, z *graph.Node) *graph.Node {
		d := prior.Density(pass, dist.Given{Graph: z.Graph(), DType: z.DType(), Latent: p.latent, Encode: func(*graph.Node) dist.Density {
			panic(looks)
		}})
		return graph.Neg(graph.ReduceAllMean(d.LogProb(z)))
	}
	trainer, err := engine.NewTrainer(backend, 0, engine.Recipe{Optimiser: optim.Adam{}, Rate: 1e-3}, vars, func(e *engine.Build) engine.Loss {
		loss := density(nets.NewPass(true, e.Values, e.Noise), e.X)
		return engine.Loss{Value: loss, Measures: [3]*graph.Node{loss, loss, loss}}
	})
	if err != nil {
		return nil, err
	}
	held, err := backend.NewFunction(names, func(values map[string]*graph.Node, in []*graph.Node) []*graph.Node {
		return []*graph.Node{graph.Reshape(density(nets.NewPass(false, values, nil), in[0]), 1)}
	})
	if err != nil {
		return nil, err
	}
	n := len(p.train) / p.latent
	table, err := backend.NewTable(p.latent, p.train, nil, nil)
	if err != nil {
		return nil, err
	}
	defer table.Free()
	steps := max(1, n/batch)
	var best map[string][]float32
	least, since := math.Inf(1), 0
	for round := 0; round < rounds && since < patience; round++ {
		order := engine.Rand(0, "order", uint64(round)).Perm(n)
		rows := make([]int32, steps*min(batch, n))
		for i := range rows {
			rows[i] = int32(order[i])
		}
		if err := table.Order(backend, rows, len(rows)/steps); err != nil {
			return nil, err
		}
		if _, err := trainer.Run(table, round*steps, 0, steps); err != nil {
			return nil, err
		}
		out, err := held.Call(trainer.Trained(), engine.Tensor{Name: "z", Shape: []int{len(p.held) / p.latent, p.latent}, Data: p.held})
		if err != nil {
			return nil, err
		}
		since++
		if loss := float64(out[0].Floats()[0]); loss < least {
			least, since = loss, 0
			fetched, err := trainer.Trained().Fetch()
			if err != nil {
				return nil, err
			}
			best = map[string][]float32{}
			for _, t := range fetched {
				best[t.Name] = t.Floats()
			}
		}
	}
	if best == nil {
		return nil, errors.New("the prior's log-density is not finite")
	}
	return best, nil
}
