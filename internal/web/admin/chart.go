package admin

// barChart is a bar chart. Each bar is a stack of parts. The partial "chart" draws it.
type barChart struct {
	ID     string // prefix of the ids of its elements
	Title  string
	Bars   []chartBar
	Legend []string    // the names of the parts, from the bottom of a stack to its top
	Grid   []chartLine // the top line first, the ground line last
	Width  int64
	Legends
}

// Legends are the words for the bars and for the marks of the period before, where there is
// a comparison.
type Legends struct{ Now, Then string }

// chartBar is one bar. Lengths are in the units of the drawing, from its top left corner.
type chartBar struct {
	X      int64
	Label  string // on the axis
	Title  string // every figure of the bar, shown when it is pointed at
	Parts  []chartPart
	Last   bool  // the bar that contains today
	End    int64 // its right edge
	Before int64 // height of the mark of the period before; 0: none
	then   int64
}

// chartPart is one part of a bar. Part is the number of its colour.
type chartPart struct{ Part, Y, Height int64 }

// chartLine is a grid line with the value that it marks.
type chartLine struct {
	Y     int64
	Value string
}

// The size of the drawing. The page stretches it, so only the proportions matter. A bar
// takes chartStep units of the width.
const (
	chartHeight   = 1000
	chartStep     = 10
	chartBarWidth = 8
	chartLines    = 3 // grid lines above the ground line
	mostParts     = 6 // parts with a colour of their own
	mostLabels    = 12
	leastHeight   = 4 // a bar that is not zero can be seen
)

// add appends a bar. The values are in the order of the legend.
func (c *barChart) add(label, title string, values ...int64) *chartBar {
	b := chartBar{X: int64(len(c.Bars)) * chartStep, Label: label, Title: title}
	for i, v := range values {
		b.Parts = append(b.Parts, chartPart{Part: int64(min(i, mostParts-1)), Height: max(v, 0)})
	}
	c.Bars = append(c.Bars, b)
	return &c.Bars[len(c.Bars)-1]
}

// scale turns values into lengths, once all bars are there. words writes a value on the
// axis. A chart without any value has no bars.
func (c *barChart) scale(words func(int64) string) {
	var most int64
	for _, b := range c.Bars {
		var sum int64
		for _, p := range b.Parts {
			sum += p.Height
		}
		most = max(most, sum, b.then)
	}
	if most == 0 {
		c.Bars = nil
		return
	}
	step := gridStep(most)
	top := step * chartLines
	length := func(v int64) int64 {
		n := int64(float64(v) / float64(top) * chartHeight)
		if v > 0 {
			n = max(n, leastHeight)
		}
		return n
	}
	for i := int64(chartLines); i >= 0; i-- {
		c.Grid = append(c.Grid, chartLine{Y: chartHeight - length(i*step), Value: words(i * step)})
	}
	c.Width = int64(len(c.Bars)) * chartStep
	for i := range c.Bars {
		b, y := &c.Bars[i], int64(chartHeight)
		for j := range b.Parts {
			p := &b.Parts[j]
			height := length(p.Height)
			y -= height
			p.Y, p.Height = y, height
		}
		b.End = b.X + chartBarWidth
		if b.then > 0 {
			b.Before = chartHeight - length(b.then)
		}
	}
}

// gridStep is the distance of the grid lines for a largest value: 1, 2 or 5 times a power of
// ten, so that chartLines of them reach the value.
func gridStep(most int64) int64 {
	for power := int64(1); ; power *= 10 {
		for _, digit := range []int64{1, 2, 5} {
			if step := digit * power; step >= (most+chartLines-1)/chartLines {
				return step
			}
		}
	}
}

// Few reports whether every bar has a label.
func (c barChart) Few() bool { return len(c.Bars) <= mostLabels }

// Labels are the words beneath the chart: of every bar where they are few, otherwise of five
// bars at about equal distances.
func (c barChart) Labels() []string {
	var words []string
	if c.Few() {
		for _, b := range c.Bars {
			words = append(words, b.Label)
		}
		return words
	}
	const spaces = 4
	last := len(c.Bars) - 1
	for i := range spaces + 1 {
		words = append(words, c.Bars[(i*last+spaces/2)/spaces].Label)
	}
	return words
}
