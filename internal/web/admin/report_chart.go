package admin

// reportChart is bars side by side, each in parts on top of another.
type reportChart struct {
	Title, Text string
	Bars        []reportBar
	Legend      []string // of the parts, the lowest first
	Highest     string
	Width       int64
}

// reportBar is one of them.
type reportBar struct {
	X     int64
	Label string
	Title string // text on hover
	Parts []reportBarPart
}

// reportBarPart is a piece of a bar, in the drawing's own units.
type reportBarPart struct{ Part, Y, Height int64 }

// mostParts is how many parts have a colour of their own.
const mostParts = 6

// add puts a bar to the right of the others. values are in the legend's order.
func (c *reportChart) add(label, title string, values ...int64) {
	b := reportBar{X: int64(len(c.Bars)) * chartStep, Label: label, Title: title}
	for i, v := range values {
		b.Parts = append(b.Parts, reportBarPart{Part: int64(min(i, mostParts-1)), Height: max(v, 0)})
	}
	c.Bars = append(c.Bars, b)
}

// scale turns values into heights once all bars are there.
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
				height = max(height, 4) // what is there is seen
			}
			y -= height
			p.Y, p.Height = y, height
		}
	}
}

// Few reports whether every bar has its words beneath it.
func (c reportChart) Few() bool { return len(c.Bars) <= mostLabels }

// mostLabels is how many bars have room for that.
const mostLabels = 12

// Ends are the words beneath the first and the last bar, or beneath each of a few.
func (c reportChart) Ends() []string {
	var words []string
	for i, b := range c.Bars {
		if c.Few() || i == 0 || i == len(c.Bars)-1 {
			words = append(words, b.Label)
		}
	}
	return words
}
