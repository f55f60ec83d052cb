package card

import (
	"bytes"
	"context"
	"crypto/hmac"
	"encoding/binary"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"refill/internal/db"
	"refill/internal/setting"
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

// reading is a further way to read the code of a card.
type reading struct {
	kind db.ReadingKind
	code Code
}

// foldedMark begins the symbols of a reading in any case. Imported codes are
// printable, so no code has it.
const foldedMark = importedMark + "\x01"

// folded returns the reading of an imported code in any case.
func (c Code) folded() Code {
	return Code{foldedMark + folded(c.indexed()[len(importedMark):])}
}

// length is how many symbols an imported code has, dashes and other signs not counted.
func (c Code) length() int { return c.bare().written() }

// written is how many symbols an imported code has, dashes alone not counted.
func (c Code) written() int { return len([]rune(c.indexed())) - len(importedMark) }

// identityFormats are the formats that tell whether two codes are the same: those
// in use, and every form that a code of letters of another installation may have.
// They don't depend on the day's settings, so that an answer of today holds tomorrow.
func identityFormats(inUse []Format) []Format {
	formats := slices.Clone(inUse)
	for _, length := range setting.CodeLengths(setting.Letters) {
		if f := (Format{Letters, length}); !slices.Contains(formats, f) {
			formats = append(formats, f)
		}
	}
	return formats
}

// ownReadings are the codes of ours that an imported code may be.
func (c Code) ownReadings(formats []Format) []Code {
	if !c.isImported() {
		return nil
	}
	codes, err := ParseCode(c.symbols[len(importedMark):], formats)
	if err != nil {
		return nil // it is none of ours
	}
	return codes
}

// shortCode reads the short code of a row that has a full one as well. It is not ok
// where the text is too short or is the full code itself. Signs within it are dropped:
// what is typed is looked up without them as well.
func shortCode(full Code, text string) (Code, bool) {
	short, ok := parseImported(scanned(text))
	if !ok || short.bare().indexed() == full.bare().indexed() {
		return Code{}, false
	}
	return short.bare(), true
}

// furtherReadings returns how a card can be read besides its code. short is the
// zero Code where the file has none.
func furtherReadings(code, short Code, formats []Format) []reading {
	var all []reading
	for _, own := range code.ownReadings(formats) {
		all = append(all, reading{db.ReadingKindOwn, own})
	}
	if code.isImported() {
		if now, ok := parseImported(code.symbols[len(importedMark):]); ok && now.indexed() != code.indexed() {
			all = append(all, reading{db.ReadingKindExact, now})
			code = now
		}
		if bare := code.bare(); bare.indexed() != code.indexed() {
			all = append(all, reading{db.ReadingKindExact, bare})
			code = bare
		}
		if inAnyCase(code) {
			all = append(all, reading{db.ReadingKindFolded, code.folded()})
		}
	}
	if short.symbols != "" {
		all = append(all, reading{db.ReadingKindShort, short}, reading{db.ReadingKindShortFolded, short.folded()})
	}
	return all
}

// inAnyCase reports whether a code has letters that can be typed in another case.
func inAnyCase(code Code) bool {
	text := code.indexed()
	return strings.ToUpper(text) != strings.ToLower(text)
}

// proof binds a reading to its card, under the index key: with the database alone
// nobody can make a reading of theirs lead to another's card.
func (x *indexer) proof(seriesID int64, serial int32, kind db.ReadingKind, index []byte) []byte {
	bound := []byte("\x02reading of a card")
	bound = binary.BigEndian.AppendUint64(bound, uint64(seriesID)) //nolint:gosec // ids are positive
	bound = binary.BigEndian.AppendUint32(bound, uint32(serial))   //nolint:gosec // serials are positive
	bound = append(append(append(bound, kind...), 0), index...)
	return x.append(nil, Code{string(bound)})
}

// readCard is a card whose readings are to be written.
type readCard struct {
	serial      int32
	code, short Code
}

// writeReadings enters the further readings of cards of a series under the newest index
// key, in the caller's transaction. What is there already stays.
func (s *Service) writeReadings(ctx context.Context, tx pgx.Tx, seriesID int64, cards []readCard, formats []Format) error {
	return s.writeReadingsUnder(ctx, tx, s.keys.CurrentIndex(), seriesID, cards, formats)
}

func (s *Service) writeReadingsUnder(ctx context.Context, tx pgx.Tx, keyID int16, seriesID int64, cards []readCard, formats []Format) error {
	x, err := s.keys.indexer(keyID)
	if err != nil {
		return err
	}
	type row struct {
		index, proof, sealed []byte
		serial               int32
		kind                 db.ReadingKind
	}
	sealKey := s.keys.Current()
	var rows []row
	for _, card := range cards {
		for _, r := range furtherReadings(card.code, card.short, formats) {
			index := x.append(nil, r.code)
			one := row{index, x.proof(seriesID, card.serial, r.kind, index), nil, card.serial, r.kind}
			if r.kind == db.ReadingKindShort {
				if one.sealed, err = s.keys.sealShort(sealKey, seriesID, card.serial, r.code); err != nil {
					return err
				}
			}
			rows = append(rows, one)
		}
	}
	if len(rows) == 0 {
		return nil
	}
	slices.SortFunc(rows, func(a, b row) int { return bytes.Compare(a.index, b.index) }) // the index fills in order
	p := db.ReadingCreateParams{SeriesID: seriesID, KeyID: keyID, SealKeyID: sealKey}
	for _, r := range rows {
		p.CodeIndexes, p.Proofs, p.Sealeds = append(p.CodeIndexes, r.index), append(p.Proofs, r.proof), append(p.Sealeds, r.sealed)
		p.Serials, p.Kinds = append(p.Serials, r.serial), append(p.Kinds, string(r.kind))
	}
	if err := s.q.ReadingCreate(ctx, tx, p); err != nil {
		return fmt.Errorf("write the readings of codes: %w", err)
	}
	return nil
}

// lookup is what a typed text is looked up by besides codes of ours: all its
// readings as an imported code, under every index key.
type lookup struct {
	exact, near, readings [][]byte
}

// empty reports that the text can be no imported code.
func (l lookup) empty() bool { return len(l.exact) == 0 && len(l.near) == 0 }

// lookup indexes the readings of a typed text.
func (s *Service) lookup(exact, near []Code) (l lookup, err error) {
	var readings []Code
	for _, code := range slices.Concat(exact, near) {
		readings = append(readings, code, code.folded())
	}
	if l.exact, err = s.keys.indexes(exact); err != nil {
		return l, err
	}
	if l.near, err = s.keys.indexes(near); err != nil {
		return l, err
	}
	l.readings, err = s.keys.indexes(readings)
	return l, err
}

// fit returns the card that a typed text means; the zero Ref: none, or more than
// one. It is one question, whatever the answer.
func (s *Service) fit(ctx context.Context, dbtx db.DBTX, at whereabouts) (Ref, error) {
	rows, err := s.q.CardFit(ctx, dbtx, db.CardFitParams{
		CodeIndexes: slices.Concat(at.indexes, at.imported.exact), NearIndexes: at.imported.near, ReadingIndexes: at.imported.readings,
	})
	if err != nil {
		return Ref{}, fmt.Errorf("look up the readings of a code: %w", err)
	}
	if len(rows) == 0 || (rows[0].Level > 0 && len(rows) > 1) {
		return Ref{}, nil
	}
	row := rows[0]
	if row.Kind != nil && !s.proves(row) {
		s.log.ErrorContext(ctx, "a reading of a code was changed in the database; it finds nothing", slog.Int64("series", row.SeriesID), slog.Int("serial", int(row.Serial)))
		return Ref{}, nil
	}
	return Ref{row.SeriesID, row.Serial}, nil
}

// proves reports whether a reading was written by the program for its card.
func (s *Service) proves(row db.CardFitRow) bool {
	x, err := s.keys.indexer(row.KeyID)
	return err == nil && hmac.Equal(x.proof(row.SeriesID, row.Serial, *row.Kind, row.CodeIndex), row.Proof)
}
