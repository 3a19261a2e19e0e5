package show

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/vaebook/vaebook/datasets"
	"github.com/vaebook/vaebook/vaekit"
	"github.com/vaebook/vaebook/vaekit/dist"
)

const (
	mostPoints = 2000 // on a map
	activeFrom = 0.01 // the variance of the means of a latent that tells something (Burda et al., 2015)
)

// A spec is what the scripts in explorer/ are told; base64 is JSON's way with []byte.
type spec struct {
	Latent    int          `json:"latent"`
	Shape     []int        `json:"shape"`
	Image     []int        `json:"image,omitempty"` // Shape, where it is that of an image
	Classes   int          `json:"classes"`
	Class     int          `json:"class"`             // seen first
	Program   *program     `json:"program,omitempty"` // one of the three
	Atlas     *atlas       `json:"atlas,omitempty"`
	Sounds    *pad         `json:"sounds,omitempty"`
	Points    points       `json:"points"`
	Colours   []string     `json:"colours"`
	Principal [2][]float32 `json:"principal"`    // directions of length 1
	KL        []float32    `json:"kl,omitempty"` // of each latent, in nats
	Order     []int        `json:"order"`        // latents, those that tell most first
	Active    int          `json:"active"`       // so many of them tell anything
	Circles   bool         `json:"circles"`      // the prior is N(0, I)
	Start     []float32    `json:"start"`
	A         []float32    `json:"a"`
	B         []float32    `json:"b"`
	Note      string       `json:"note"`

	latents *vaekit.Latents
	mean    []float32 // of them
}

// points are latents in numbers of 16 bits.
type points struct {
	Count  int     `json:"count"`
	One    float64 `json:"one"`    // how many are 1
	Values []byte  `json:"values"` // [Count, latent], the lower byte first
	Labels []int   `json:"labels,omitempty"`
}

// newSpec looks at a run and some of the data, evenly spread.
func newSpec(run *vaekit.Run, data datasets.Dataset) (*spec, error) {
	if run == nil || data == nil || data.Len() == 0 {
		return nil, errors.New("show: Explorer wants a run, and data to show where it lies")
	}
	if run.Model.Local {
		return nil, errors.New("show: Explorer shows models with one z for an example; this one, with Model.Local, has one for every position")
	}
	d := run.Model.Latent
	if d < 2 {
		return nil, errors.New("show: Explorer wants 2 latents or more to make a map of; run.Traverse shows what one does")
	}
	n := min(data.Len(), mostPoints)
	indices := make([]int, n)
	for i := range indices {
		indices[i] = i * data.Len() / n
	}
	some, err := datasets.Subset(data, indices)
	if err != nil {
		return nil, err
	}
	s := &spec{Latent: d, Shape: run.Shape(), Classes: run.Model.Classes, Class: run.Chosen(), Start: make([]float32, d)}
	if s.latents, err = run.Encode(some); err != nil {
		return nil, err
	}
	for _, v := range s.latents.Mean {
		if !finite(float64(v)) {
			return nil, errors.New("show: the encoder makes latents that are not finite; see run.Evaluate")
		}
	}
	if shape := s.Shape; len(shape) == 3 && (shape[2] == 1 || shape[2] == 3) {
		s.Image = shape
	}
	_, s.Circles = run.Model.Prior.(dist.StandardNormal)
	for _, c := range classes {
		s.Colours = append(s.Colours, fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B))
	}
	s.Points = pointsOf(s.latents)
	s.directions()
	s.ends()
	s.Note = fmt.Sprintf("%d of %d examples.", n, data.Len())
	if n == data.Len() {
		s.Note = fmt.Sprintf("%d examples.", n)
	}
	return s, nil
}

func pointsOf(l *vaekit.Latents) points {
	largest := 1.0
	for _, v := range l.Mean {
		largest = max(largest, math.Abs(float64(v)))
	}
	p := points{Count: l.Len(), One: math.MaxInt16 / largest, Labels: l.Labels}
	for _, v := range l.Mean {
		p.Values = binary.LittleEndian.AppendUint16(p.Values, uint16(int16(math.Round(float64(v)*p.One))))
	}
	return p
}

// directions finds the two in which the means vary most, and orders the latents.
func (s *spec) directions() {
	l, d := s.latents, s.Latent
	s.mean = make([]float32, d)
	variance, kl := make([]float64, d), make([]float32, d)
	means := mat.NewDense(l.Len(), d, nil)
	for i := range l.Len() {
		for j, v := range l.At(i) {
			means.Set(i, j, float64(v))
			if l.Sigma != nil {
				μ, σ2 := float64(v), math.Pow(float64(l.Sigma[i*d+j]), 2)
				kl[j] += float32((μ*μ + σ2 - 1 - math.Log(σ2)) / 2 / float64(l.Len()))
			}
		}
	}
	for j := range d {
		mean, v := stat.PopMeanVariance(mat.Col(nil, j, means), nil)
		s.mean[j], variance[j] = float32(mean), v
		if variance[j] > activeFrom {
			s.Active++
		}
		s.Order = append(s.Order, j)
	}
	tells := func(j int) float64 { return variance[j] }
	if l.Sigma != nil && s.Circles { // there is a closed form
		s.KL, tells = kl, func(j int) float64 { return float64(kl[j]) }
	}
	slices.SortStableFunc(s.Order, func(a, b int) int { return cmp.Compare(tells(b), tells(a)) })

	var components stat.PC
	if l.Len() < 2 || !components.PrincipalComponents(means, nil) { // one point has none
		s.Principal = [2][]float32{unit(d, 0), unit(d, 1)}
		return
	}
	var vectors mat.Dense
	components.VectorsTo(&vectors)
	for i := range s.Principal {
		v := mat.Col(nil, i, &vectors)
		sign := 1.0
		if slices.Max(v) < -slices.Min(v) { // of the two directions, the same one every time
			sign = -1
		}
		for _, x := range v {
			s.Principal[i] = append(s.Principal[i], float32(sign*x))
		}
	}
}

// ends are those of the first walk: the first example, and the first with another label.
func (s *spec) ends() {
	l := s.latents
	other := l.Len() - 1
	if l.Labels != nil {
		other = max(0, slices.IndexFunc(l.Labels, func(label int) bool { return label != l.Labels[0] }))
	}
	s.A, s.B = l.At(0), l.At(other)
}

func unit(d, j int) []float32 {
	v := make([]float32, d)
	v[j] = 1
	return v
}

// plane is the two directions of the map that is seen first, and what they are called.
func (s *spec) plane() (u, v []float32, names [2]string) {
	if s.Latent == 2 {
		return unit(2, 0), unit(2, 1), [2]string{"z₁", "z₂"}
	}
	return s.Principal[0], s.Principal[1], [2]string{"1st principal direction", "2nd principal direction"}
}

// onMap are the points as they lie on that map.
type onMap struct{ *spec }

func (m onMap) Len() int { return m.latents.Len() }

func (m onMap) At(i int) []float32 {
	u, v, _ := m.plane()
	z := m.latents.At(i)
	return []float32{dot(z, u), dot(z, v)}
}

func dot(a, b []float32) (sum float32) {
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}

// reach is how far from the origin of the map all but a few of the points lie.
func (s *spec) reach() float64 {
	var all []float64
	for i := range s.latents.Len() {
		for _, v := range (onMap{s}).At(i) {
			all = append(all, math.Abs(float64(v)))
		}
	}
	slices.Sort(all)
	return max(1, all[len(all)*98/100])
}

// grid is n by n latents on the map, row by row from the bottom, from −half to half. What
// the map does not show of them is as in the mean.
func (s *spec) grid(n int, half float64) [][]float32 {
	u, v, _ := s.plane()
	place := func(i int) float32 { return float32(half * (2*float64(i)/float64(n-1) - 1)) }
	var all [][]float32
	for row := range n {
		for column := range n {
			z := slices.Clone(s.mean)
			x, y := place(column)-dot(z, u), place(row)-dot(z, v)
			for j := range z {
				z[j] += x*u[j] + y*v[j]
			}
			all = append(all, z)
		}
	}
	return all
}
