// Package render turns cards into files, written to an io.Writer. It owns the design of a
// card on paper (PDF) and in a table (CSV, XLSX, JSON Lines, printer file). It never reads
// a database or a clock, never opens a file, never starts a goroutine and never logs. No
// error contains the code of a card, because a code is money.
package render

import (
	"io"

	"refill/internal/fault"
	"refill/internal/render/pdf"
)

// Card is a card as it is printed or exported.
type Card struct {
	Serial        int64  // Contiguous in its series, from 1.
	SerialText    string // As printed on the card; empty: the plain number.
	Code          string // The full printed code, PREFIX-XXXX-XXXX-XXXX-XXXX, in clear: only here.
	Price         string // Machine form: "10.00".
	PriceText     string // For people: "USD 10.00".
	Currency      string // ISO 4217: "USD".
	ValidTill     string // Machine form: "2027-12-31".
	ValidTillText string // For people: "31 Dec 2027".
	Series        string // "202611".
	Status        string // "active", "inactive", "used", …
	Prefix        string // Of the series.
	Partner       string // The partner whose customers may redeem it; empty: any.
	Link          string // Content of the QR code.
}

// Writer writes the cards of one file, one after another. It is not safe for concurrent
// use. After an error every further call returns that error.
type Writer interface {
	// Write adds a card. Bytes may reach the underlying writer later.
	Write(c Card) error
	// Close finishes the file; without it the file is incomplete. It does not
	// close the underlying writer.
	Close() error
}

// Meta is what all cards of a printed file share.
type Meta struct {
	Brand        string   // Issuer of the cards. Shrinks to fit, and is then truncated with "…".
	Series       string   // Number of the series, for the line in the sheet's margin.
	PortalURL    string   // "https://refill.example.net"; its host stands on the card.
	Partner      string   // Name of the partner in addresses; empty: none. See Address.
	QR           QR       // Content of the QR code.
	Title        string   // Of the document and of each sheet; empty: made from Brand and Series.
	Instructions []string // At most two lines: instructions for the customer.
	Unscanned    []string // Instructions on a card whose layout has no room for the QR code; nil: Instructions.
	Count        int64    // Cards in the file, for "Sheet 1 of 100"; 0 when it isn't known.
	Accent       string   // The brand's colour as "#rrggbb"; empty: a dark blue. Text in it is darkened until it can be read.
	Logo         []byte   // PNG for a white ground; empty: none. One that is at least twice as wide as high replaces the brand.
	Labels       Labels
	Fonts        pdf.Fonts // source of fonts for characters that the shipped fonts lack; nil: none
	SampleCode   string    // An invalid code as long as those of the file, for measuring.

	Layout    string  // name of a Layout; empty: the first
	BothSides bool    // face value on the front, everything with the code on the back
	OffsetX   float64 // millimetres to the right, to correct a misaligned printer
	OffsetY   float64 // millimetres downwards

	Locked   bool      // the file opens with a password
	Password string    // the password
	Random   io.Reader // source of the encryption keys
}

// QR is the content of the QR code on a card.
type QR string

// The contents of the QR code. A QR code with the code can be read as soon as it can be
// seen, also where a scratch label covers the code in letters.
const (
	QRCode    QR = ""        // Link: a scan opens the portal with the code filled in
	QRAddress QR = "address" // Address: a scan opens the portal
	QRNone    QR = "none"    // no QR code
)

// Valid reports whether q is one of the contents.
func (q QR) Valid() bool { return q == QRCode || q == QRAddress || q == QRNone }

// MaxOffset is the largest correction of a sheet's position, in millimetres.
const MaxOffset = 10.0

// Labels are the fixed words on a card, for portals in other languages. An empty label is
// replaced by the English word.
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

// Faults of a printed file. The first three are corrected in the settings or on the form
// of the series, so their messages say where.
var (
	// ErrGlyph reports a character that no font of the card has.
	ErrGlyph = fault.New(fault.Invalid, "export_glyph", "The card’s font lacks a character of the text.")
	// ErrTooWide reports a text that doesn't fit its place at the smallest legible size.
	ErrTooWide = fault.New(fault.Invalid, "export_too_wide", "A text is too long for the card.")
	// ErrAddress reports an address of the portal that is too long for a QR code that still
	// scans from a card.
	ErrAddress = fault.New(fault.Invalid, "export_address", "The portal’s address is too long for the QR code on a card.")
	// ErrLayout reports an unknown name of a layout.
	ErrLayout = fault.Field("layout", "export_layout", "Choose one of the layouts.")
	// ErrSides reports a layout that can't be printed on both sides.
	ErrSides = fault.Field("sides", "export_sides", "Labels, small cards and receipts are printed on one side. Choose one side, or another layout.")
	// ErrQR reports an unknown content of the QR code.
	ErrQR = fault.Field("qr", "export_qr", "Choose what the QR code holds, or no QR code.")
	// ErrOffset reports a correction larger than MaxOffset.
	ErrOffset = fault.Field("offset_x", "export_offset", "Type millimetres from −10 to 10, such as 1.5 or −0.8.")
	// ErrPasswordShort, ErrPasswordLong and ErrPasswordChars report an invalid password.
	ErrPasswordShort = fault.Field("password", "export_password_short", "Type a password of at least 8 characters: a person who gets hold of the file can try any number of them.")
	ErrPasswordLong  = fault.Field("password", "export_password_long", "The password is too long: PDF takes 127 bytes, which are 127 English letters or 63 of most other alphabets.")
	ErrPasswordChars = fault.Field("password", "export_password_chars", "The password has a space at an end, or a character that PDF readers don’t agree on. Use letters, digits, punctuation and single spaces.")
	// ErrMeta reports an invalid Meta: a colour that is not "#rrggbb", a logo that is not
	// PNG, or more than two lines of instructions.
	ErrMeta = fault.New(fault.Invalid, "export_meta", "The card’s design has a setting that can’t be used.")
)

var (
	errColor   = fault.New(fault.Invalid, "export_color", "The brand’s colour must look like #1f4e79.")
	errLines   = fault.New(fault.Invalid, "export_lines", "A card has room for two lines of instructions.")
	errPicture = fault.New(fault.Invalid, "export_logo", "The logo isn’t a PNG picture.")
)
