package card

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/width"

	"refill/internal/fault"
)

// importedMark begins the symbols of a code that another system made. No code of
// ours has this byte, so neither blind indexes nor sealed codes of the two kinds
// can be taken for one another.
const importedMark = "\x00"

// How many symbols an imported code may have, spaces and dashes not counted.
const (
	minImported = 6
	maxImported = 64
)

// isImported reports whether another system made the code.
func (c Code) isImported() bool { return strings.HasPrefix(c.symbols, importedMark) }

// indexed is the form that the blind index is made of. An imported code loses its
// dashes there: where people type them differs.
func (c Code) indexed() string {
	if !c.isImported() {
		return c.symbols
	}
	return strings.ReplaceAll(c.symbols, "-", "")
}

// parseImported reads a code that another system made: any printable characters,
// case as it is. Spaces and invisible marks go, dashes of every kind become one
// kind.
func parseImported(text string) (Code, bool) {
	if len(text) > longestInput {
		return Code{}, false
	}
	var b strings.Builder
	b.WriteString(importedMark)
	symbols := 0
	for _, r := range norm.NFC.String(width.Narrow.String(text)) {
		switch {
		case r == '-', r >= 0x2010 && r <= 0x2015, r == 0x2212, r == 0x30fc:
			b.WriteByte('-')
		case unicode.IsSpace(r), unicode.In(r, unicode.Cf):
		case r == unicode.ReplacementChar, !unicode.IsPrint(r):
			return Code{}, false
		default:
			b.WriteRune(r)
			symbols++
		}
	}
	if symbols < minImported || symbols > maxImported {
		return Code{}, false
	}
	return Code{strings.TrimRight(b.String(), "-")}, true
}

// importedFormat is the form of our own codes that is recognised in a file. Others
// are imported as foreign codes, and work as those do.
var importedFormat = Format{Letters, 16} //nolint:gochecknoglobals // a constant, were structs allowed to be

// ownForm is how our own codes are usually printed. A code of this form whose check symbol
// holds comes from another installation of ours and stays a code of ours.
var ownForm = regexp.MustCompile(`^(?:[A-Za-z0-9]+-)?[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}$`)

// parseForeign reads a code out of an imported file.
func parseForeign(text string) (Code, bool) {
	if ownForm.MatchString(text) {
		if codes, err := ParseCode(text, []Format{importedFormat}); err == nil {
			return codes[0], true
		}
	}
	return parseImported(text)
}

// maskedImported hides an imported code, but for as much of its end as tells no
// guesser anything.
func (c Code) maskedImported() string {
	symbols := []rune(c.indexed()[len(importedMark):])
	shown := 0
	switch {
	case len(symbols) >= 12:
		shown = 4
	case len(symbols) >= 9:
		shown = 2
	}
	return "••••-" + strings.TrimSuffix("••••-"+string(symbols[len(symbols)-shown:]), "-")
}

// typed is what an entered code may be, and the limits that its attempt is held
// against.
type typed struct {
	codes  []Code
	limits GuessLimits
}

// readTyped reads what somebody typed. Where imported cards are in use it may be
// one of theirs, if its length is; then no typing error can be told, the attempt is
// charged, and the limits are those of imported codes.
func (s *Service) readTyped(ctx context.Context, text string) (typed, error) {
	codes, err := s.candidates(ctx, text)
	if fault.IsInternal(err) {
		return typed{}, err
	}
	limits, settingErr := s.limits(ctx)
	if settingErr != nil {
		return typed{}, settingErr
	}
	t := typed{codes: codes, limits: limits}
	pool, queryErr := s.q.SeriesImported(ctx, s.db)
	if queryErr != nil {
		return t, fmt.Errorf("look at the imported codes: %w", queryErr)
	}
	if _, fragment, ok := strings.Cut(text, "#"); ok && strings.Contains(text, "://") {
		text = fragment
	}
	if other, ok := parseImported(text); ok && pool.Longest > 0 {
		n := int32(len([]rune(other.indexed())) - len(importedMark)) //nolint:gosec // at most maxImported
		if n >= pool.Shortest && n <= pool.Longest {
			t.codes = append(t.codes, other)
			t.limits = limits.Tightened(pool.Chance)
		}
	}
	if len(t.codes) == 0 {
		return t, err
	}
	return t, nil
}

// errImported says that what was asked for is done to the whole import instead.
var errImported = fault.New(fault.Conflict, "series_imported", "This series comes from an import. Stop the import or let it go on from its own page.")
