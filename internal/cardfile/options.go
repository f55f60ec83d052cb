package cardfile

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/formprint"
	"refill/internal/render"
)

// Options are the choices for a file besides its format. The zero value is that of the
// one-press buttons: every unused card in the usual form. They are stored here; package
// render applies them.
type Options struct {
	Layout    string    `json:"layout,omitempty"`
	BothSides bool      `json:"both_sides,omitempty"`
	QR        render.QR `json:"qr,omitempty"`       // content of the QR code on printed cards; empty: address and code
	OffsetX   float64   `json:"offset_x,omitempty"` // millimetres
	OffsetY   float64   `json:"offset_y,omitempty"`
	Parts     bool      `json:"parts,omitempty"` // a ZIP of smaller PDFs

	Columns   []string `json:"columns,omitempty"`   // further columns of a table, besides the seven default ones
	Delimiter string   `json:"delimiter,omitempty"` // of a CSV: empty, ";" or a tab
	Encoding  string   `json:"encoding,omitempty"`  // of a CSV

	ShopID   string `json:"shop_id,omitempty"`   // the print shop that the file is encrypted for; empty: not encrypted
	Shop     string `json:"shop,omitempty"`      // the shop's name at the time of the request; Request sets it
	SealedAs string `json:"sealed_as,omitempty"` // the shop's kind of encryption, also the file's extension; Request sets it

	Locked   bool     `json:"locked,omitempty"` // the PDF opens with a password
	Password Password `json:"-"`                // the password; stored sealed, apart from the options, until the file is made

	First  int32          `json:"first,omitempty"` // serials, both included; 0: no bound
	Last   int32          `json:"last,omitempty"`
	States []db.CardState `json:"states,omitempty"` // empty: unused ones

	Reason string `json:"reason,omitempty"` // why the file is asked for, kept in the audit trail
}

// Errors of invalid options.
var (
	ErrRange      = fault.Field("last", "export_range", "The last serial must not be smaller than the first.")
	ErrCardStates = fault.Field("cards", "export_card_state", "Choose unused, disabled or used cards. Void cards are never exported.")
	ErrPrintUsed  = fault.Field("cards", "export_print_used", "A used card holds no value and is not printed. Leave used cards out, or choose a table.")
	ErrNoneMatch  = fault.Field("first", "export_none_match", "No card of this series is in this selection. Widen the range or choose other states.")
)

// selection returns the choice of cards for package card.
func (o *Options) selection() card.Selection {
	return card.Selection{First: o.First, Last: o.Last, States: o.States}
}

// check refuses options that are invalid for every series.
func (o *Options) check(format db.ExportFormat) error {
	if o.Last != 0 && o.Last < o.First {
		return ErrRange
	}
	if !o.QR.Valid() {
		return render.ErrQR
	}
	if o.Locked && format != db.ExportFormatPdf {
		return ErrPasswordFormat
	}
	for _, state := range o.States {
		switch {
		case !state.Valid() || state == db.CardStateVoid:
			return ErrCardStates
		case state == db.CardStateUsed && format == db.ExportFormatPdf:
			return ErrPrintUsed
		}
	}
	return nil
}

// checkReason trims the reason. It refuses a missing one where the settings require it,
// and an invalid one always.
func (s *Service) checkReason(ctx context.Context, o *Options) error {
	o.Reason = strings.TrimSpace(o.Reason)
	settings, err := s.settings.Get(ctx)
	if err != nil || (o.Reason == "" && !settings.ExportReason) {
		return err
	}
	return audit.CheckReason(o.Reason)
}

// print returns the fingerprint of all options for a file of a series, without the
// password.
func (o Options) print(seriesID int64, format string) ([]byte, error) {
	o.Reason = strings.TrimSpace(o.Reason)
	return formprint.Of(seriesID, format, o)
}

// requested returns the act that records the request.
func (o *Options) requested(seriesID, id int64, format db.ExportFormat) Requested {
	r := Requested{Subject: act.OfSeries(seriesID), Ref: Ref{Export: id, Format: format}, Password: o.Locked, Reason: o.Reason}
	if o.ShopID != "" {
		r.EncryptedFor = o.Shop
	}
	return r
}

// ReadOptions decodes the stored options of an export.
func ReadOptions(e db.Export) (Options, error) {
	var o Options
	if err := json.Unmarshal(e.Options, &o); err != nil {
		return o, fmt.Errorf("read the options of export %d: %w", e.ID, err)
	}
	return o, nil
}

// LastChoice returns the options that a person last chose for a file: of this series,
// otherwise of any. Requests by the one-press buttons are left out. A range of serials is
// returned only for the series that it was chosen for.
func (s *Service) LastChoice(ctx context.Context, actor audit.Actor, seriesID int64) (string, Options, error) {
	row, found, err := db.Found(s.q.ExportGetChoice(ctx, s.db, db.ExportGetChoiceParams{CreatedBy: actor.Responsible(), SeriesID: seriesID}))
	if err != nil {
		return "", Options{}, fmt.Errorf("read the last choice for a file: %w", err)
	}
	if !found {
		return "", Options{}, nil
	}
	o, err := ReadOptions(db.Export{Options: row.Options})
	o.First, o.Last = 0, 0
	return string(row.Format), o, err
}
