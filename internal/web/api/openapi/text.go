package openapi

import "strings"

// Text is a text of the document: paragraphs between empty lines, with words of code between
// backquotes.
type Text string

// Span is a run of a paragraph.
type Span struct {
	Words string
	Code  bool
}

// Paragraphs returns the paragraphs in runs of words and code.
func (t Text) Paragraphs() [][]Span {
	var list [][]Span
	for paragraph := range strings.SplitSeq(string(t), "\n\n") {
		paragraph = strings.Join(strings.Fields(paragraph), " ")
		if paragraph == "" {
			continue
		}
		var spans []Span
		for i, words := range strings.Split(paragraph, "`") {
			if words != "" {
				spans = append(spans, Span{words, i%2 == 1})
			}
		}
		list = append(list, spans)
	}
	return list
}

// Spans returns the text as one paragraph.
func (t Text) Spans() []Span {
	var spans []Span
	for i, paragraph := range t.Paragraphs() {
		if i > 0 {
			spans = append(spans, Span{Words: " "})
		}
		spans = append(spans, paragraph...)
	}
	return spans
}
