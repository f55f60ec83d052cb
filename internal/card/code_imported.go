package card

import (
	"context"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"refill/internal/audit"
	"refill/internal/db"
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

// bare is an imported code without the signs that people leave out or change between its
// groups. A code that is too short without them keeps them.
func (c Code) bare() Code {
	if !c.isImported() {
		return c
	}
	bare := strings.Map(func(r rune) rune {
		if separates(r) {
			return -1
		}
		return r
	}, c.symbols[len(importedMark):])
	if utf8.RuneCountInString(bare) < minImported {
		return c
	}
	return Code{importedMark + bare}
}

// parseImported reads a code that another system made: any printable characters,
// case as it is. Spaces and invisible marks go, dashes of every kind become one
// kind, digits of every script become 0 to 9.
func parseImported(text string) (Code, bool) {
	if len(text) > longestInput {
		return Code{}, false
	}
	var b strings.Builder
	b.WriteString(importedMark)
	symbols := 0
	for _, r := range PlainText(text) {
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

// parseForeign reads a code out of an imported file. Of the address that a QR code holds
// it is the code alone, as it is of what customers scan.
func parseForeign(text string) (Code, bool) {
	text = scanned(text)
	if ownForm.MatchString(text) {
		if codes, err := ParseCode(text, []Format{importedFormat}); err == nil {
			return codes[0], true
		}
	}
	return parseImported(text)
}

// shown is how much of its end a screen shows of an imported code: as much as tells
// no guesser anything.
func (c Code) shownImported() string {
	symbols := []rune(c.indexed()[len(importedMark):])
	shown := 0
	switch {
	case len(symbols) >= 12:
		shown = 4
	case len(symbols) >= 9:
		shown = 2
	}
	return string(symbols[len(symbols)-shown:])
}

// maskedImported hides an imported code, but for the end that is shown.
func (c Code) maskedImported() string {
	return "••••-" + strings.TrimSuffix("••••-"+c.shown(), "-")
}

// typed is what an entered code may be, and the limits that its attempt is held
// against.
type typed struct {
	ours   []Code      // readings as codes of ours
	exact  []Code      // as an imported code
	near   []Code      // as one, without signs, and with look-alikes of Latin letters as those
	length int         // of the imported code, signs not counted
	chance float64     // that an attempt of this length hits an imported card
	limits GuessLimits // of codes of ours
}

// first is the likeliest reading, for the trace.
func (t typed) first() Code {
	for _, codes := range [][]Code{t.ours, t.exact, t.near} {
		if len(codes) > 0 {
			return codes[0]
		}
	}
	return Code{}
}

// readTyped reads what somebody typed. What has the length and the symbols of
// imported codes that somebody may hold can be one of those: then no typing error can
// be told, and the attempt is charged in the scope of imported codes of its length. A
// text that is neither is refused at once, without a charge and without a look-up.
// Staff may look for cards that nobody can redeem any more as well.
func (s *Service) readTyped(ctx context.Context, actor audit.Actor, text string) (typed, error) {
	ours, err := s.candidates(ctx, text)
	if fault.IsInternal(err) {
		return typed{}, err
	}
	limits, settingErr := s.limits(ctx)
	if settingErr != nil {
		return typed{}, settingErr
	}
	t := typed{ours: ours, limits: limits}
	shapes, fresh, shapeErr := s.importedShapes(ctx, false)
	if shapeErr != nil {
		return t, shapeErr
	}
	t.readImported(text, shapes, actor.StaffID != 0)
	if len(t.ours)+len(t.exact)+len(t.near) == 0 && !fresh { // an import may have ended just now
		if shapes, _, shapeErr = s.importedShapes(ctx, true); shapeErr != nil {
			return t, shapeErr
		}
		t.readImported(text, shapes, actor.StaffID != 0)
	}
	if len(t.ours)+len(t.exact)+len(t.near) == 0 {
		return t, err
	}
	return t, nil
}

// readImported adds the readings as an imported code.
func (t *typed) readImported(text string, shapes []db.ShapeListRow, dead bool) {
	if len(shapes) == 0 {
		return
	}
	code, ok := parseImported(scanned(text))
	if !ok {
		return
	}
	// The attempt is charged by the length without signs: else each sign would open
	// another count.
	t.length = code.length()
	t.chance = chanceAt(shapes, t.length)
	if written := code.written(); written != t.length && fitsAt(shapes, written, classOther, dead) { // codes whose readings are still to be written
		t.chance = max(t.chance, chanceAt(shapes, written))
	}
	if fits(shapes, code, dead) {
		t.exact = []Code{code}
	}
	near := []Code{code.bare()}
	if like, ok := parseImported(latin(scanned(text))); ok {
		near = append(near, like, like.bare())
	}
	t.near = nil
	for _, one := range near {
		same := func(other Code) bool { return other.indexed() == one.indexed() }
		if !same(code) && !slices.ContainsFunc(t.near, same) && fits(shapes, one, dead) {
			t.near = append(t.near, one)
		}
	}
}

// scanned returns the code in the address that a QR code holds, and any other text as
// it is: an imported code may have a “#” of its own.
func scanned(text string) string {
	address, fragment, ok := strings.Cut(text, "#")
	if !ok || !strings.Contains(address, "://") {
		return text
	}
	if plain, err := url.PathUnescape(fragment); err == nil {
		return plain
	}
	return fragment
}

// errImported says that what was asked for is done to the whole import instead.
var errImported = fault.New(fault.Conflict, "series_imported", "This series comes from an import. Stop the import or let it go on from its own page.")
