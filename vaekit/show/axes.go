package show

import (
	"image/color"
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// newPlot is a plot with axes in this package's type and colours.
func newPlot(title, x, y string) *plot.Plot {
	p := plot.New()
	p.BackgroundColor = paper
	p.Title.Text = title
	p.Title.TextStyle = textStyle(labelSize, ink, text.XCenter, text.YTop)
	p.Title.Padding = 6 * px
	for _, a := range []struct {
		*plot.Axis
		name string
	}{{&p.X, x}, {&p.Y, y}} {
		a.Label.Text = a.name
		a.Label.TextStyle.Color, a.Label.TextStyle.Font = ink, textStyle(labelSize, ink, 0, 0).Font
		a.Tick.Label.Color, a.Tick.Label.Font = ink, textStyle(labelSize-1, ink, 0, 0).Font
		a.Tick.Marker = ticks{most: 6}
		a.Tick.Length = 5 * px
		a.LineStyle = line(pencil, 1)
		a.Tick.LineStyle = a.LineStyle
		a.Padding = 0
	}
	p.Legend.TextStyle = textStyle(labelSize-1, ink, text.XLeft, text.YBottom)
	p.Legend.Padding = 2 * px
	p.Legend.Top = true
	return p
}

// line is a solid line, or one of dashes, width CSS pixels thick.
func line(c color.Color, width float64, dashes ...vg.Length) draw.LineStyle {
	return draw.LineStyle{Color: c, Width: vg.Length(width) * px, Dashes: dashes}
}

// room gives an axis a range where its values give none: nothing finite, or one value only.
func room(a *plot.Axis, half float64) {
	if !finite(a.Min) || !finite(a.Max) || a.Min > a.Max {
		a.Min, a.Max = 0, 1
	} else if a.Min == a.Max {
		a.Min, a.Max = a.Min-half, a.Max+half
	}
}

// ticks stand at multiples of 1, 2 or 5 times a power of ten.
type ticks struct {
	most  int  // of them
	whole bool // at whole numbers only: half an epoch has no loss
}

func (t ticks) Ticks(low, high float64) (marks []plot.Tick) {
	if !(high > low) || !finite(high-low) {
		return nil
	}
	power := int(math.Floor(math.Log10((high - low) / float64(t.most))))
	step := math.Pow10(power)
	for _, factor := range []float64{2, 2.5, 2} { // 1, 2, 5, 10
		if (high-low)/step <= float64(t.most) {
			break
		}
		step *= factor
	}
	if t.whole {
		step = max(step, 1)
	}
	for n := math.Ceil(low / step); n*step <= high; n++ {
		marks = append(marks, plot.Tick{Value: n * step, Label: label(n*step, max(0, -power))})
	}
	return marks
}

// label writes a number as a reader does: with a minus sign, without zeros at the end.
func label(v float64, decimals int) string {
	words := strconv.FormatFloat(v, 'f', decimals, 64)
	if math.Abs(v) >= 1e6 {
		words = strconv.FormatFloat(v, 'g', 3, 64)
	} else if strings.Contains(words, ".") {
		words = strings.TrimRight(strings.TrimRight(words, "0"), ".")
	}
	if words == "-0" {
		return "0"
	}
	return strings.Replace(words, "-", "−", 1)
}

// logTicks are 1, 2 and 5 times the powers of ten, and as on a linear axis
// where the range holds too few of those to read a value off.
type logTicks struct{}

func (logTicks) Ticks(low, high float64) (marks []plot.Tick) {
	if high/low < 10 {
		return ticks{most: 6}.Ticks(low, high)
	}
	for power := math.Floor(math.Log10(low)); math.Pow(10, power) <= high; power++ {
		for _, factor := range []float64{1, 2, 5} {
			v := factor * math.Pow(10, power)
			if v >= low && v <= high {
				mark := plot.Tick{Value: v}
				if factor == 1 || high/low < 1000 {
					mark.Label = label(v, max(0, -int(power)))
				}
				marks = append(marks, mark)
			}
		}
	}
	return marks
}

// horizontals are light lines at the vertical axis's named ticks.
type horizontals struct{}

func (horizontals) Plot(c draw.Canvas, p *plot.Plot) {
	_, y := p.Transforms(&c)
	for _, t := range p.Y.Tick.Marker.Ticks(p.Y.Min, p.Y.Max) {
		if !t.IsMinor() {
			c.StrokeLine2(line(grid, 1), c.Min.X, y(t.Value), c.Max.X, y(t.Value))
		}
	}
}
