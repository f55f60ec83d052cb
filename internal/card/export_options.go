package card

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/fault"
)

// ExportOptions is what was chosen for a file beyond its format. The zero value is
// what the one-press buttons make: every unused card, in the usual form. How a
// file looks is decided by package export; here it is only kept.
type ExportOptions struct {
	Layout    string  `json:"layout,omitempty"`
	BothSides bool    `json:"both_sides,omitempty"`
	OffsetX   float64 `json:"offset_x,omitempty"` // millimetres
	OffsetY   float64 `json:"offset_y,omitempty"`
	Parts     bool    `json:"parts,omitempty"` // a ZIP of smaller PDFs

	Columns   []string `json:"columns,omitempty"`   // of a table, beyond the seven
	Delimiter string   `json:"delimiter,omitempty"` // of a CSV: empty, ";" or a tab
	Encoding  string   `json:"encoding,omitempty"`  // of a CSV

	ShopID   string `json:"shop_id,omitempty"`   // of the print shop that the file is encrypted for; empty: in clear
	Shop     string `json:"shop,omitempty"`      // its name then
	SealedAs string `json:"sealed_as,omitempty"` // how: also the end of the file's name

	Locked   bool     `json:"locked,omitempty"` // a PDF that opens with a password
	Password Password `json:"-"`                // which; kept sealed beside the options, until the file is made

	First  int32          `json:"first,omitempty"` // serials, both included; 0: no bound
	Last   int32          `json:"last,omitempty"`
	States []db.CardState `json:"states,omitempty"` // empty: unused ones

	Reason string `json:"reason,omitempty"` // why the file is asked for, kept in the audit trail
}

// Refusals of a choice.
var (
	ErrExportRange = fault.Field("last", "export_range", "The last serial must not be smaller than the first.")
	ErrCardStates  = fault.Field("cards", "export_card_state", "Choose unused, disabled or used cards. Void cards are never exported.")
	ErrPrintUsed   = fault.Field("cards", "export_print_used", "A used card holds no value and is not printed. Leave used cards out, or choose a table.")
	ErrNoneMatch   = fault.Field("first", "export_none_match", "No card of this series is in this selection. Widen the range or choose other states.")
)

// states are the states of the cards that a file holds.
func (o *ExportOptions) states() []db.CardState {
	if len(o.States) == 0 {
		return []db.CardState{db.CardStateActive}
	}
	return o.States
}

// all reports whether the choice is every unused card.
func (o *ExportOptions) all() bool {
	return o.First <= 1 && o.Last == 0 && len(o.states()) == 1 && o.states()[0] == db.CardStateActive
}

// last is the last serial that may be in the file.
func (o *ExportOptions) last() int32 {
	if o.Last == 0 {
		return MaxQuantity
	}
	return o.Last
}

// check refuses what no file can be made of.
func (o *ExportOptions) check(format db.ExportFormat) error {
	if o.Last != 0 && o.Last < o.First {
		return ErrExportRange
	}
	if o.Locked && format != db.ExportFormatPdf {
		return ErrPasswordFormat
	}
	for _, state := range o.states() {
		switch {
		case !state.Valid() || state == db.CardStateVoid:
			return ErrCardStates
		case state == db.CardStateUsed && format == db.ExportFormatPdf:
			return ErrPrintUsed
		}
	}
	return nil
}

// checkReason tidies the reason, and refuses one that is none: where settings ask for
// it, and where it is given all the same.
func (s *Service) checkReason(ctx context.Context, o *ExportOptions) error {
	o.Reason = strings.TrimSpace(o.Reason)
	settings, err := s.settings.Get(ctx)
	if err != nil || (o.Reason == "" && !settings.ExportReason) {
		return err
	}
	return customer.CheckReason(o.Reason)
}

// facts is what the audit trail says of the request.
func (o *ExportOptions) facts(id int64, format string) map[string]any {
	facts := map[string]any{"export": id, "format": format}
	if o.ShopID != "" {
		facts["encrypted_for"] = o.Shop
	}
	if o.Locked {
		facts["password"] = true
	}
	if o.Reason != "" {
		facts["reason"] = o.Reason
	}
	return facts
}

// ReadExportOptions reads what an export keeps of its choice.
func ReadExportOptions(e db.Export) (ExportOptions, error) {
	var o ExportOptions
	if err := json.Unmarshal(e.Options, &o); err != nil {
		return o, fmt.Errorf("read the options of export %d: %w", e.ID, err)
	}
	return o, nil
}

// Selected is how many cards a file of a series would hold now.
func (s *Service) Selected(ctx context.Context, series db.SeriesShowRow, o ExportOptions) (int64, error) {
	if o.all() {
		return Unused(series), nil
	}
	n, err := s.q.CardExportCount(ctx, s.db, db.CardExportCountParams{
		SeriesID: series.Series.ID, FirstSerial: o.First, LastSerial: o.last(), States: stateNames(o.states()),
	})
	if err != nil {
		return 0, fmt.Errorf("count cards: %w", err)
	}
	return n, nil
}

func stateNames(states []db.CardState) []string {
	names := make([]string, len(states))
	for i, state := range states {
		names[i] = string(state)
	}
	return names
}

// PartnerNames are the names of all partners.
func (s *Service) PartnerNames(ctx context.Context) (map[int64]string, error) {
	rows, err := s.q.PartnerList(ctx, s.db, db.PartnerListParams{AllPartners: true, PartnerIds: []int64{}})
	if err != nil {
		return nil, fmt.Errorf("read the partners: %w", err)
	}
	names := make(map[int64]string, len(rows))
	for _, row := range rows {
		names[row.ID] = row.Name
	}
	return names, nil
}

// LastChoice is what a person chose last for a file: of this series, else of any.
// The range of serials belongs to the series it was chosen for.
func (s *Service) LastChoice(ctx context.Context, actor audit.Actor, seriesID int64) (string, ExportOptions, error) {
	row, err := s.q.ExportGetChoice(ctx, s.db, db.ExportGetChoiceParams{CreatedBy: actor.StaffID, SeriesID: seriesID})
	if errors.Is(err, pgx.ErrNoRows) {
		return "", ExportOptions{}, nil
	}
	if err != nil {
		return "", ExportOptions{}, fmt.Errorf("read the last choice for a file: %w", err)
	}
	o, err := ReadExportOptions(db.Export{Options: row.Options})
	o.First, o.Last = 0, 0
	return string(row.Format), o, err
}

// Sample is a made-up code of the format for previews, other for each n. Its check
// never holds, so no card has it.
func (f Format) Sample(prefix string, n int) string {
	symbols := f.Symbols()
	var b strings.Builder
	for i := range f.Length {
		b.WriteByte(symbols[(i+n)%len(symbols)])
	}
	code := []byte(b.String())
	if f.holds(code) {
		code[0] = symbols[(n+1)%len(symbols)]
	}
	return Code{string(code)}.Reveal(prefix)
}
