// Package export turns values into files: cards in, bytes out to an io.Writer.
// It owns how a card looks on paper (PDF) and in a table (CSV). It never reads a
// database or a clock, never opens a file, never starts a goroutine and never
// logs; and because a code is money, no error it returns contains one.
package export

import (
	"io"

	"refill/internal/export/pdf"
	"refill/internal/fault"
)

// Card is one card as it is printed or sent.
type Card struct {
	Serial        int64  // Contiguous in its series, from 1.
	SerialText    string // As it is printed on the card; empty: the plain number.
	Code          string // The full printed code, PREFIX-XXXX-XXXX-XXXX-XXXX, in clear: only here.
	Price         string // Machine form: "10.00".
	PriceText     string // As people read it: "USD 10.00".
	Currency      string // ISO 4217: "USD".
	ValidTill     string // Machine form: "2027-12-31".
	ValidTillText string // As people read it: "31 Dec 2027".
	Series        string // "202611".
	Status        string // "active", "inactive", "used", …
	Prefix        string // Of the series.
	Partner       string // Whose customers may redeem it; empty: anybody's.
	Link          string // What its QR code holds.
}

// Writer takes the cards of one file, one after another. It is not safe for use
// by several goroutines. After an error every further call returns that error.
type Writer interface {
	// Write adds a card. Bytes may reach the underlying writer later.
	Write(c Card) error
	// Close finishes the file; without it the file is incomplete. It does not
	// close the underlying writer.
	Close() error
}

// Meta is what all cards of a printed file have in common.
type Meta struct {
	Brand        string   // Who issues the card. Shrinks to fit, then ends in "…".
	Series       string   // Number of the series, for the line in the sheet's margin.
	PortalURL    string   // "https://refill.example.net"; the QR code holds PortalURL + "/r#" + code.
	Title        string   // Of the document and of each sheet; empty: made from Brand and Series.
	Instructions []string // At most two lines: what the customer has to do.
	Count        int64    // Cards in the file, for "Sheet 1 of 100"; 0 when it isn't known.
	Accent       string   // The brand's colour as "#rrggbb"; empty: a dark blue. Text in it is darkened until it can be read.
	Logo         []byte   // PNG, made for a white ground; empty: none. One twice as wide as high stands in the place of the brand.
	Labels       Labels
	Fonts        pdf.Fonts // where to look for what the fonts that come with Refill lack; nil: nowhere
	SampleCode   string    // Made up, as long as the codes of the file: what places are measured by.

	Layout    string  // name of a Layout; empty: the first
	BothSides bool    // the face on the front, everything with the code on the back
	OffsetX   float64 // millimetres to the right, for a printer that prints askew
	OffsetY   float64 // and down

	Locked   bool      // the file opens with a password
	Password string    // which
	Random   io.Reader // keys are drawn from it
}

// MaxOffset is how far a sheet may be moved, in millimetres.
const MaxOffset = 10.0

// Labels are the card's own words, for portals in another language. An empty one
// gets its English word.
type Labels struct {
	Kind      string // "Refill card"
	Serial    string // "Serial"
	Series    string // "Series"
	ValidTill string // "Valid till"
	Sheet     string // "Sheet %d"
	SheetOf   string // "Sheet %d of %d"
	Print     string // "Print at 100 %, cut along the marks"
	PrintBoth string // "Print at 100 % on both sides, turn over the long edge"
}

// Faults of a printed file. The first three are mended in the settings or on the
// form of the series, so they say where and what.
var (
	// ErrGlyph says that a text has a character which the card's fonts lack.
	ErrGlyph = fault.New(fault.Invalid, "export_glyph", "The card’s font lacks a character of the text.")
	// ErrTooWide says that a text doesn't fit its place at the smallest size that
	// can still be read.
	ErrTooWide = fault.New(fault.Invalid, "export_too_wide", "A text is too long for the card.")
	// ErrAddress says that the portal's address is too long for a QR code that
	// still scans from a card.
	ErrAddress = fault.New(fault.Invalid, "export_address", "The portal’s address is too long for the QR code on a card.")
	// ErrLayout says that there is no layout of the name.
	ErrLayout = fault.Field("layout", "export_layout", "Choose one of the layouts.")
	// ErrSides says that the paper of a layout has no back.
	ErrSides = fault.Field("sides", "export_sides", "Labels, small cards and receipts are printed on one side. Choose one side, or another layout.")
	// ErrOffset says that a sheet would be moved too far.
	ErrOffset = fault.Field("offset_x", "export_offset", "A sheet can be moved by up to 10 mm each way.")
	// ErrPasswordShort, ErrPasswordLong and ErrPasswordChars say what speaks against
	// a password.
	ErrPasswordShort = fault.Field("password", "export_password_short", "Type a password of at least 8 characters: whoever gets hold of the file can try as many as they like.")
	ErrPasswordLong  = fault.Field("password", "export_password_long", "The password is too long: PDF takes 127 bytes, which are 127 English letters or 63 of most other alphabets.")
	ErrPasswordChars = fault.Field("password", "export_password_chars", "The password has a space at an end, or a character that PDF readers don’t agree on. Use letters, digits, punctuation and single spaces.")
	// ErrMeta says that a Meta is not one: a colour that isn't "#rrggbb", a logo
	// that isn't PNG, or more than two lines of instructions.
	ErrMeta = fault.New(fault.Invalid, "export_meta", "The card’s design has a setting that can’t be used.")
)
