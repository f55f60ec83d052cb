package tableimport

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
)

// candidate is a column that may hold a field.
type candidate struct{ rank, field, column int }

// guess finds the column of each field by its heading, where the content of the column
// agrees. Of two columns, the one with the more specific heading wins. Without a heading,
// only a single column of possible codes is found.
func (s *Survey) guess(schema Schema) {
	var all []candidate
	for i := range s.Columns {
		about, _ := headingOf(s.Columns[i].Heading)
		if s.Columns[i].Heading == "" {
			continue
		}
		for _, h := range about {
			for f, field := range schema.Fields {
				if field.Headings != h.about {
					continue
				}
				if rank, ok := s.agrees(field, h, i); ok {
					all = append(all, candidate{rank, f, i})
				}
			}
		}
	}
	slices.SortStableFunc(all, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.field, b.field), cmp.Compare(a.column, b.column))
	})
	taken := map[int]bool{}
	for _, c := range all {
		name := schema.Fields[c.field].Name
		if _, has := s.Guess[name]; !has && !taken[c.column] {
			s.Guess[name], taken[c.column] = c.column, true
		}
	}
	for _, c := range all { // a required field takes a column from an optional field
		field := schema.Fields[c.field]
		if _, has := s.Guess[field.Name]; has || !field.Required {
			continue
		}
		for _, other := range schema.Fields {
			if at, has := s.Guess[other.Name]; has && at == c.column && !other.Required {
				delete(s.Guess, other.Name)
				s.Guess[field.Name] = c.column
			}
		}
	}
	s.guessCode(schema, taken)
	s.dropAmbiguousCode(schema)
}

// rankCode is the first rank of HeadCode at which a heading may name something else, such
// as a voucher or a user.
const rankCode = 3

// maskSecrets masks the columns that hold codes although their values repeat, as in a list
// of events with several rows for one card. It also removes their words from the survey.
func (s *Survey) maskSecrets(schema Schema) {
	for i := range s.Columns {
		secret := s.isAbout(i, HeadCode, rankCode) || s.isAbout(i, HeadShortCode, rankGeneric)
		for _, field := range schema.Fields {
			at, has := s.Guess[field.Name]
			secret = secret || has && at == i && (field.Kind == Code || field.Headings == HeadShortCode)
		}
		if c := &s.Columns[i]; secret {
			c.Secret, c.Words, c.Distinct = true, nil, MaxWords+1
		}
	}
}

// rankGeneric is the first rank of HeadShortCode at which a heading may name any code.
const rankGeneric = 9

// dropAmbiguousCode removes the guess of the code column where several columns may hold the codes,
// as on a printed sheet with three columns of cards. A person must then choose. The code of
// one card must never become the short code of another.
func (s *Survey) dropAmbiguousCode(schema Schema) {
	for _, field := range schema.Fields {
		at, has := s.Guess[field.Name]
		if !has || field.Kind != Code {
			continue
		}
		shorts := map[int]bool{}
		for _, other := range schema.Fields {
			short, has := s.Guess[other.Name]
			if !has || other.Headings != HeadShortCode {
				continue
			}
			if s.isAbout(short, HeadShortCode, rankGeneric) || s.Columns[short].symbols() < s.Columns[at].symbols() {
				shorts[short] = true
			} else {
				delete(s.Guess, other.Name)
			}
		}
		for i := range s.Columns {
			if i != at && !shorts[i] && s.Columns[i].MayBeCode && s.isAbout(i, HeadCode, rankUser) && s.isAbout(at, HeadCode, rankUser) {
				delete(s.Guess, field.Name)
			}
		}
	}
}

// isAbout reports whether the heading of a column names something with a rank below the
// given one.
func (s *Survey) isAbout(column int, what Headings, below int) bool {
	about, _ := headingOf(s.Columns[column].Heading)
	return slices.ContainsFunc(about, func(h heading) bool { return h.about == what && h.rank < below })
}

// symbols returns the average length of the codes of a column.
func (c *Column) symbols() float64 {
	sum, n := 0.0, 0.0
	for _, shape := range c.Shapes {
		digits := strings.IndexFunc(shape.Key, func(r rune) bool { return r < '0' || r > '9' })
		if length, err := strconv.Atoi(shape.Key[:max(digits, 0)]); err == nil {
			sum, n = sum+float64(length)*float64(shape.N), n+float64(shape.N)
		}
	}
	return sum / max(n, 1)
}

// guessCode uses the only column of possible codes as the code column where no heading
// names one.
func (s *Survey) guessCode(schema Schema, taken map[int]bool) {
	only := -1
	for i := range s.Columns {
		if !s.Columns[i].MayBeCode || taken[i] {
			continue
		}
		if only >= 0 {
			return
		}
		only = i
	}
	if only < 0 {
		return
	}
	for _, field := range schema.Fields {
		if _, has := s.Guess[field.Name]; !has && field.Kind == Code && field.Required {
			s.Guess[field.Name] = only
			return
		}
	}
}

// agrees reports whether the content of a column can be a field, and the rank of the column
// among the candidates.
func (s *Survey) agrees(field Field, h heading, at int) (rank int, ok bool) {
	c := &s.Columns[at]
	rank = h.rank
	if c.Filled == 0 {
		return rank + 20, field.Kind != Code || c.Empty == 0 || h.rank < rankUser
	}
	switch field.Kind {
	case Code:
		if h.rank >= rankUser && !c.MayBeCode {
			return 0, false
		}
		if h.rank == rankUser-1 && !c.MayBeCode {
			rank += 10
		}
	case Date:
		return rank, (c.Dates.Good+c.Dates.None)*2 >= c.Filled
	case Amount, Remaining, Signed:
		return rank, (c.Amounts.Good+c.foreign())*2 >= c.Filled
	case Status:
		// In a short file each word may occur once, as codes do.
		return rank, c.Distinct <= MaxWords && (!c.MayBeCode || h.rank == 0) && c.Dates.Good*2 < c.Filled || c.known()
	case Event:
		// A column with the heading "used" may hold amounts, or transferred data.
		return rank, h.rank < rankUsed || c.Distinct <= 2 || c.Amounts.Good*2 < c.Filled
	case Text, Currency:
	}
	return rank, true
}

// foreign returns the number of amounts in another currency.
func (c *Column) foreign() int64 {
	if c.Amounts.Currency != "" {
		return c.Amounts.Bad
	}
	return 0
}

// known reports whether every word of a column is a known word of a status.
func (c *Column) known() bool {
	for _, w := range c.Words {
		if _, ok := knownStatus()[w.Key]; !ok {
			return false
		}
	}
	return len(c.Words) > 0
}

// Key returns a key of the shape of the file. Two files have the same key if they have the
// same headings, or no headings and as many columns with the same kinds of values.
func (s *Survey) Key() string {
	parts := make([]string, 0, len(s.Columns)+1)
	named := false
	for _, name := range s.Layout.Names {
		named = named || headingKey(name) != ""
	}
	for i := range s.Columns {
		c := &s.Columns[i]
		switch {
		case named:
			parts = append(parts, headingKey(c.Heading))
		case c.MayBeCode:
			parts = append(parts, "code")
		case c.Dates.Good > 0 && c.Dates.Good*2 >= c.Filled:
			parts = append(parts, "date")
		case c.Amounts.Good > 0 && c.Amounts.Good*2 >= c.Filled:
			parts = append(parts, "amount")
		default:
			parts = append(parts, "text")
		}
	}
	if named {
		for len(parts) > 0 && parts[len(parts)-1] == "" {
			parts = parts[:len(parts)-1]
		}
		parts = append(parts, "named")
	}
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:16])
}
