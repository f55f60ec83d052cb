package cardcode

import (
	"encoding/binary"
	"slices"
	"strings"
)

// A printed code has readings: ways in which people type it and other systems write
// it. Which card a typed text means, and whether two codes are the same, is decided
// by comparing sets of readings, never by one spelling.
//
// Two codes are the same when
//   - they are equal without spaces, dashes and the other signs that people leave out or
//     change between groups, with the digits of every script and full-width characters
//     as plain ones; or
//   - both read as the same code of our own format, whose alphabet knows no case: so
//     a code of ours with and without dashes or prefix, in capitals or small, is one; or
//   - one is the short code of the other.
//
// Codes that differ in nothing but case are two codes in every alphabet but ours:
// systems with case-sensitive codes draw such pairs. What is typed finds a card in
// exact case first, and in any case only where one card fits.

// ReadingKind says how a reading follows from the code of its card.
type ReadingKind string

// The kinds of reading. The names are those of the database.
const (
	ReadingKindOwn         ReadingKind = "own"          // as a code of our own format
	ReadingKindExact       ReadingKind = "exact"        // in its own case
	ReadingKindFolded      ReadingKind = "folded"       // in any case
	ReadingKindShort       ReadingKind = "short"        // of the short code, in its own case
	ReadingKindShortFolded ReadingKind = "short_folded" // of the short code, in any case
)

// reading is a further way to read the code of a card.
type reading struct {
	Kind ReadingKind
	Code Code
}

// foldedMark begins the symbols of a reading in any case. Imported codes are
// printable, so no code has it.
const foldedMark = ImportedMark + "\x01"

// Folded returns the reading of an imported code in any case.
func (c Code) Folded() Code {
	return Code{foldedMark + folded(c.Indexed()[len(ImportedMark):])}
}

// Length is how many symbols an imported code has, dashes and other signs not counted.
func (c Code) Length() int { return c.Bare().Written() }

// Written is how many symbols an imported code has, dashes alone not counted.
func (c Code) Written() int { return len([]rune(c.Indexed())) - len(ImportedMark) }

// IdentityFormats are the formats that tell whether two codes are the same: those
// in use, and every form that a code of letters of another installation may have.
// They don't depend on the day's settings, so that an answer of today holds tomorrow.
func IdentityFormats(inUse []Format) []Format {
	formats := slices.Clone(inUse)
	for _, length := range Letters.Lengths() {
		if f := (Format{Letters, length}); !slices.Contains(formats, f) {
			formats = append(formats, f)
		}
	}
	return formats
}

// OwnReadings are the codes of ours that an imported code may be.
func (c Code) OwnReadings(formats []Format) []Code {
	if !c.IsImported() {
		return nil
	}
	codes, err := ParseCode(c.symbols[len(ImportedMark):], formats)
	if err != nil {
		return nil // it is none of ours
	}
	return codes
}

// ShortCode reads the short code of a row that has a full one as well. It is not ok
// where the text is too short or is the full code itself. Signs within it are dropped:
// what is typed is looked up without them as well.
func ShortCode(full Code, text string) (Code, bool) {
	short, ok := ParseImported(Scanned(text))
	if !ok || short.Bare().Indexed() == full.Bare().Indexed() {
		return Code{}, false
	}
	return short.Bare(), true
}

// FurtherReadings returns how a card can be read besides its code. short is the
// zero Code where the file has none.
func FurtherReadings(code, short Code, formats []Format) []reading {
	var all []reading
	for _, own := range code.OwnReadings(formats) {
		all = append(all, reading{ReadingKindOwn, own})
	}
	if code.IsImported() {
		if now, ok := ParseImported(code.symbols[len(ImportedMark):]); ok && now.Indexed() != code.Indexed() {
			all = append(all, reading{ReadingKindExact, now})
			code = now
		}
		if bare := code.Bare(); bare.Indexed() != code.Indexed() {
			all = append(all, reading{ReadingKindExact, bare})
			code = bare
		}
		if inAnyCase(code) {
			all = append(all, reading{ReadingKindFolded, code.Folded()})
		}
	}
	if short.symbols != "" {
		all = append(all, reading{ReadingKindShort, short}, reading{ReadingKindShortFolded, short.Folded()})
	}
	return all
}

// inAnyCase reports whether a code has letters that can be typed in another case.
func inAnyCase(code Code) bool {
	text := code.Indexed()
	return strings.ToUpper(text) != strings.ToLower(text)
}

// Proof is a MAC that binds a reading to its card under the index key. It prevents an
// attacker who can write to the database, but has no key file, from pointing a reading at
// another card.
func (x *Indexer) Proof(seriesID int64, serial int32, kind ReadingKind, index []byte) []byte {
	bound := []byte("\x02reading of a card")
	bound = binary.BigEndian.AppendUint64(bound, uint64(seriesID)) //nolint:gosec // ids are positive
	bound = binary.BigEndian.AppendUint32(bound, uint32(serial))   //nolint:gosec // serials are positive
	bound = append(append(append(bound, kind...), 0), index...)
	return x.Append(nil, Code{string(bound)})
}
