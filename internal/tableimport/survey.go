package tableimport

import (
	"errors"
	"io"
	"slices"

	"refill/internal/importfile"
)

// mostSwallowed is the number of rows with wrong quotation marks that a survey names.
const mostSwallowed = 20

// MakeSurvey reads a whole file once, in memory that does not grow with the file. An error
// is an error of the file.
func MakeSurvey(rows importfile.Rows, schema Schema, o SurveyOptions) (*Survey, error) {
	s := &surveyor{schema: schema, code: -1, user: -1, password: -1, survey: &Survey{Guess: map[string]int{}}, counts: map[Reason]*Count{}}
	var sample []sampleRow
	for len(sample) < sampled {
		row, err := rows.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		sample = append(sample, sampleRow{
			number: row.Number, cells: slices.Clone(row.Cells), kinds: slices.Clone(row.Kinds), lines: row.Lines, swallowed: row.Swallowed, hidden: row.Hidden,
		})
	}
	s.begin(sample, o.Plan)
	for _, row := range sample {
		s.add(importfile.Row{Number: row.number, Cells: row.cells, Kinds: row.kinds, Lines: row.lines, Swallowed: row.swallowed, Hidden: row.hidden})
	}
	for len(sample) == sampled {
		row, err := rows.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		s.add(row)
	}
	return s.end(sample, o.Plan), nil
}

// surveyor is the state of a survey.
type surveyor struct {
	schema  Schema
	survey  *Survey
	layout  layout
	code    int // the column of the codes by the plan or by its heading; -1: unknown
	columns []*columnStats
	counts  map[Reason]*Count

	user, password int // the columns of user and password in the export of a hotspot tool; -1: none
	equal          int64
}

// begin decides where the table begins.
func (s *surveyor) begin(sample []sampleRow, plan *Plan) {
	s.layout = findLayout(sample)
	if plan != nil {
		s.layout.take(*plan)
		for _, f := range s.schema.Fields {
			if at, ok := plan.Columns[f.Name]; ok && f.Kind == Code && s.code < 0 {
				s.code = at
			}
		}
	}
	s.survey.Layout = s.layout.Layout
	for i, name := range s.layout.Names {
		about, _ := headingOf(name)
		for _, h := range about {
			switch {
			case h.about == HeadCode && h.rank == rankUser && s.user < 0:
				s.user = i
			case h.about == HeadPassword && s.password < 0:
				s.password = i
			}
		}
	}
	s.widen(len(s.layout.Names))
	for _, row := range sample {
		s.widen(len(row.cells))
	}
	for i, c := range s.columns {
		var codes []string
		for _, row := range sample {
			if row.number < s.layout.First || row.comment || i >= len(row.cells) || isPlaceholder(row.cells[i]) {
				continue
			}
			if code := codeText(row.cells[i]); code != "" && !isSheetError(code) && !isScientific(code) {
				codes = append(codes, code)
			}
		}
		c.shapes.skeleton = commonSkeleton(codes)
	}
}

// take takes the position of the table from a plan.
func (l *layout) take(p Plan) {
	l.Heading, l.First, l.Names, l.Comment, l.comment = p.Heading, p.First, p.Names, p.Comment, p.Comment
	l.index()
}

func (s *surveyor) widen(n int) {
	for len(s.columns) < n {
		s.columns = append(s.columns, newColumnStats())
	}
}

// add counts a row.
func (s *surveyor) add(row importfile.Row) {
	if reason := s.layout.reason(row, s.code); reason != "" {
		s.count(row, reason)
		return
	}
	if row.Hidden {
		s.count(row, ReasonHidden)
		return
	}
	if row.Swallowed {
		s.count(row, ReasonSwallowed)
		if len(s.survey.Swallowed) < mostSwallowed {
			s.survey.Swallowed = append(s.survey.Swallowed, LeftOut{Row: row.Number, Reason: ReasonSwallowed, Lines: row.Lines})
		}
		return
	}
	s.survey.Rows++
	if s.user >= 0 && s.password >= 0 && s.user < len(row.Cells) && s.password < len(row.Cells) && row.Cells[s.user] == row.Cells[s.password] {
		s.equal++
	}
	s.widen(len(row.Cells))
	for i, cell := range row.Cells {
		kind := importfile.CellText
		if i < len(row.Kinds) {
			kind = row.Kinds[i]
		}
		s.columns[i].add(row.Number, cell, kind, s.schema.Currency)
	}
}

// dropAmbiguousUser removes the guess of the code column where user and password differ and both
// may be codes. A person must then choose the column.
func (s *surveyor) dropAmbiguousUser() {
	if s.user < 0 || s.password < 0 || !s.survey.Columns[s.user].MayBeCode || !s.survey.Columns[s.password].MayBeCode || s.equal*2 > s.survey.Rows {
		return
	}
	for _, f := range s.schema.Fields {
		if at, ok := s.survey.Guess[f.Name]; ok && f.Kind == Code && (at == s.user || at == s.password) {
			delete(s.survey.Guess, f.Name)
		}
	}
}

func (s *surveyor) count(row importfile.Row, reason Reason) {
	c := s.counts[reason]
	if c == nil {
		c = &Count{Reason: reason}
		s.counts[reason] = c
	}
	c.N++
	if len(c.Rows) < firstRows {
		c.Rows = append(c.Rows, row.Number)
	}
}

// end completes the survey after the last row.
func (s *surveyor) end(sample []sampleRow, plan *Plan) *Survey {
	for i, c := range s.columns {
		column := c.column()
		if i < len(s.layout.Names) {
			column.Heading = s.layout.Names[i]
			column.Currency = headingCurrency(column.Heading, s.schema.Currency)
		}
		s.survey.Columns = append(s.survey.Columns, column)
	}
	for _, reason := range []Reason{ReasonComment, ReasonTitle, ReasonHeading, ReasonTotal, ReasonHidden, ReasonSwallowed} {
		if c := s.counts[reason]; c != nil {
			s.survey.LeftOut = append(s.survey.LeftOut, *c)
		}
	}
	if plan != nil {
		s.survey.Guess = plan.Columns
	} else {
		s.survey.guess(s.schema)
		s.dropAmbiguousUser()
	}
	s.survey.maskSecrets(s.schema)
	s.preview(sample)
	return s.survey
}

// previewRows is the number of data rows in the preview, and the number of other rows
// before them.
const previewRows = 6

// preview stores the first rows for display. It masks every value of a column that may hold
// codes, and in other columns a single value that looks like a code.
func (s *surveyor) preview(sample []sampleRow) {
	data, others := 0, 0
	for _, row := range sample {
		reason := s.layout.reason(importfile.Row{Number: row.number, Cells: row.cells}, s.code)
		switch {
		case reason != "":
		case row.hidden:
			reason = ReasonHidden
		case row.swallowed:
			reason = ReasonSwallowed
		}
		if reason != "" {
			if others++; others > previewRows {
				continue
			}
		} else if data++; data > previewRows {
			break
		}
		shown := PreviewRow{Row: row.number, Reason: reason, Cells: make([]string, len(row.cells))}
		for i, cell := range row.cells {
			shown.Cells[i] = s.survey.shown(i, cell, reason)
		}
		s.survey.Preview = append(s.survey.Preview, shown)
	}
}

// shown returns a cell of the preview.
func (s *Survey) shown(column int, cell string, reason Reason) string {
	masked := column < len(s.Columns) && (s.Columns[column].MayBeCode || s.Columns[column].Secret)
	switch {
	case reason == ReasonHeading || reason == ReasonComment || reason == ReasonTitle || reason == ReasonTotal:
		masked = looksLikeCode(cell) && !isWord(cell)
	case reason != "":
		masked = true
	case !masked:
		masked = looksLikeCode(cell) && (s.holdsCodes(column) || isDigits(cell) && !readDate(cell).ok) // as a number it is larger than any amount
	}
	if masked {
		return Show(Code, cell)
	}
	return cut(cell)
}

// holdsCodes reports whether a column is neither of dates, nor of amounts, nor of repeated
// words.
func (s *Survey) holdsCodes(column int) bool {
	if column >= len(s.Columns) {
		return true
	}
	c := s.Columns[column]
	return c.Dates.Good*2 < c.Filled && c.Amounts.Good*2 < c.Filled && (c.Distinct > MaxWords || int64(c.Distinct)*3 >= c.Filled)
}
