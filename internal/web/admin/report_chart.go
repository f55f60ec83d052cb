package admin

// reportChart is a stacked bar chart.
type reportChart struct {
	Title, Text string
	Bars        []reportBar
	Legend      []string // names of the parts, the lowest first
	Highest     string
	Width       int64
}

// reportBar is one bar.
type reportBar struct {
	X     int64
	Label string
	Title string // text on hover
	Parts []reportBarPart
}

// reportBarPart is one part of a bar, in the units of the drawing.
type reportBarPart struct{ Part, Y, Height int64 }

// mostParts is the number of parts with a colour of their own.
const mostParts = 6

// add adds a bar at the right. values are in the order of the legend.
func (c *reportChart) add(label, title string, values ...int64) {
	b := reportBar{X: int64(len(c.Bars)) * chartStep, Label: label, Title: title}
	for i, v := range values {
		b.Parts = append(b.Parts, reportBarPart{Part: int64(min(i, mostParts-1)), Height: max(v, 0)})
	}
	c.Bars = append(c.Bars, b)
}

// scale converts values to heights, after all bars are added. words formats the highest
// value.
func (c *reportChart) scale(words func(int64) string) {
	var most int64
	for _, b := range c.Bars {
		var sum int64
		for _, p := range b.Parts {
			sum += p.Height
		}
		most = max(most, sum)
	}
	if most == 0 {
		c.Bars = nil
		return
	}
	c.Highest, c.Width = words(most), int64(len(c.Bars))*chartStep
	for i := range c.Bars {
		y := int64(chartHeight * 10)
		for j := range c.Bars[i].Parts {
			p := &c.Bars[i].Parts[j]
			height := int64(float64(p.Height) / float64(most) * chartHeight * 10)
			if p.Height > 0 {
				height = max(height, 4) // a small part stays visible
			}
			y -= height
			p.Y, p.Height = y, height
		}
	}
}

// Few reports whether there is room for a label below every bar.
func (c reportChart) Few() bool { return len(c.Bars) <= mostLabels }

// mostLabels is the greatest number of bars that each have a label.
const mostLabels = 12

// Ends returns the labels below the bars: all of them for few bars, otherwise those of the
// first and the last bar.
func (c reportChart) Ends() []string {
	var words []string
	for i, b := range c.Bars {
		if c.Few() || i == 0 || i == len(c.Bars)-1 {
			words = append(words, b.Label)
		}
	}
	return words
}
