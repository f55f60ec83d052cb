package card

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/cardcode"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/guess"
	"refill/internal/money"
)

// Errors of an edit of a series.
var (
	ErrSeriesEdited    = fault.New(fault.Conflict, "series_edited", "The series has changed since this form was opened. The present values are beside the fields. Look again and save.")
	ErrNothingEdited   = fault.New(fault.Invalid, "series_same", "Nothing has been changed yet.")
	ErrSeriesImporting = fault.New(fault.Conflict, "series_importing", "The cards of this series are being imported. It can be edited when all are there.")
	ErrSeriesOver      = fault.New(fault.Conflict, "series_over", "A deleted or cancelled series can’t be edited.")
	ErrPriceOfNone     = fault.Field("price", "edit_price_none", "No unused card is left whose price could change.")
	ErrPriceOfExpired  = fault.Field("price", "edit_price_expired", "The value of an expired series is gone. Give it a later last day as well, and the price can be changed.")
)

// editable returns the states in which a series may be edited. They include generation: no
// value is posted yet, and generated cards do not depend on the edited fields.
func editable() []db.SeriesState {
	return []db.SeriesState{
		db.SeriesStateQueued, db.SeriesStateGenerating, db.SeriesStateFailed,
		db.SeriesStateReady, db.SeriesStateActive, db.SeriesStateLocked,
	}
}

// CheckEditable refuses to edit a void or cancelled series (ErrSeriesOver), and a series whose
// cards are being imported (ErrSeriesImporting), because an import finds the series of a row
// by its price.
func CheckEditable(series db.Series) error {
	switch {
	case !slices.Contains(editable(), series.State):
		return ErrSeriesOver
	case series.ImportID != nil && series.MadeAt == nil:
		return ErrSeriesImporting
	}
	return nil
}

// SeriesEdit holds the wanted fields of a series. Version is the version of the series that
// the form showed.
type SeriesEdit struct {
	Prefix    string
	Price     money.Amount // of one card, in the currency of the series
	ValidTill time.Time    // the last day; its date in its own time zone counts
	Partners  Partners
	PrintOnce bool
	Version   int32
}

// Change is one changed field, as text for display and for the audit trail.
type Change struct {
	What string `json:"what"`
	From string `json:"from"`
	To   string `json:"to"`
}

// EditPlan is what an edit would do, or has done.
type EditPlan struct {
	Changes []Change
	// Left is the number of cards that are neither used nor void. Files is the number of
	// export files of the series that were or will be written.
	Left, Files int64
	// Renewed is the value that moves from breakage to outstanding. Repriced is the change of
	// the outstanding value after that; it is negative if the value falls.
	Renewed, Repriced money.Amount
	// NewPrice, NewPrefix, NewTill, NewPartners and NewPrintOnce say which fields change.
	NewPrice, NewPrefix, NewTill, NewPartners, NewPrintOnce bool
	OldPrice, Price                                         money.Amount
	ValidTill                                               time.Time
	Live                                                    bool // the unused cards are redeemable after the edit
	PrintOnce                                               bool
	// Solo is the measure of the edit against the limit of one person. It is the zero value
	// where the edit brings no card into use.
	Solo approval.Solo

	prefix     string
	partnerIDs []int64 // empty: any
	timeZone   string
}

// PlanEdit checks an edit against every rule and returns what it would do. It changes nothing.
// Invalid fields are a fault.List with one fault a field. A series of another version than
// that of the form is ErrSeriesEdited. An edit without a change is ErrNothingEdited.
func (s *Service) PlanEdit(ctx context.Context, actor audit.Actor, seriesID int64, f SeriesEdit) (EditPlan, error) {
	row, err := s.Series(ctx, actor, seriesID)
	if err != nil {
		return EditPlan{}, err
	}
	series := row.Series
	if err := CheckEditable(series); err != nil {
		return EditPlan{}, err
	}
	if series.Version != f.Version {
		return EditPlan{}, ErrSeriesEdited
	}
	p, err := s.checkEdit(ctx, actor, row, f)
	if err != nil {
		return p, err
	}
	if len(p.Changes) == 0 {
		return p, ErrNothingEdited
	}
	if p.Files, err = s.q.ExportCountSeries(ctx, s.db, seriesID); err != nil {
		return p, fmt.Errorf("count the exports of a series: %w", err)
	}
	p.Left = int64(series.Made) - row.Used - row.Void
	p.computeAmounts(series)
	p.Live = series.State == db.SeriesStateActive && (p.NewTill || !row.Expired)
	if err := p.checkPriceChange(series, row.Expired); err != nil {
		return p, err
	}
	if err := s.checkReprice(ctx, s.db, series, p, actor.Accountable(), approval.Looking(s.db)); err != nil {
		return p, err
	}
	if p.Solo, err = s.weighEdit(ctx, s.db, series, p, actor.Accountable(), approval.Looking(s.db)); err != nil {
		return p, err
	}
	return p, s.checkRenewedGuess(ctx, row, p)
}

// checkRenewedGuess refuses a later last day of an expired series where the redeemable cards
// would make the chance of a lucky guess larger than guess.MaxLuckyChance. An order has the
// same limit (checkOdds).
func (s *Service) checkRenewedGuess(ctx context.Context, row db.SeriesShowRow, p EditPlan) error {
	if !row.Expired || !p.NewTill {
		return nil
	}
	settings, err := s.settings.Get(ctx)
	if err != nil {
		return err
	}
	chance, err := s.Guesses.LuckyChance(ctx, settings, 0)
	if err != nil {
		return err
	}
	codes := cardcode.Format{Alphabet: cardcode.Alphabet(row.Series.CodeAlphabet), Length: int(row.Series.CodeLength)}.Codes()
	if chance += float64(p.Left) * float64(settings.GuessesDaily) * 365 / codes; chance > guess.MaxLuckyChance {
		return fault.Field("valid_till", "edit_guessable", "With these cards valid again, codes would be too easy to guess. Delete old series first.")
	}
	return nil
}

// computeAmounts sets Renewed and Repriced from the number of remaining cards.
func (p *EditPlan) computeAmounts(series db.Series) {
	p.Renewed, p.Repriced = money.Amount{Currency: series.Currency}, money.Amount{Currency: series.Currency}
	lapsed := series.LapsedAt != nil
	if lapsed && p.NewTill {
		p.Renewed.Minor = p.Left * series.Price
	}
	if Posted(series) || (lapsed && p.NewTill) {
		p.Repriced.Minor = p.Left * (p.Price.Minor - series.Price)
	}
}

// checkPriceChange refuses a new price where no card is left whose price could change
// (ErrPriceOfNone). It also refuses a new price without a new last day where the value of the
// series has moved to breakage, or is about to (ErrPriceOfExpired): the amount that a later
// renewal brings back is computed from the price.
func (p *EditPlan) checkPriceChange(series db.Series, expired bool) error {
	if p.NewPrice && p.Left == 0 && series.Made == series.Quantity {
		return ErrPriceOfNone
	}
	if p.NewPrice && !p.NewTill && (series.LapsedAt != nil || (expired && series.State != db.SeriesStateReady)) {
		return ErrPriceOfExpired
	}
	return nil
}

// checkEdit checks each field of an edit. An unchanged last day, and partners that the series
// has already, are accepted even where a new order would refuse them.
func (s *Service) checkEdit(ctx context.Context, actor audit.Actor, row db.SeriesShowRow, f SeriesEdit) (EditPlan, error) {
	series := row.Series
	p := EditPlan{prefix: strings.TrimSpace(f.Prefix), timeZone: series.TimeZone, ValidTill: series.ValidTill, PrintOnce: f.PrintOnce, NewPrintOnce: f.PrintOnce != series.PrintOnce}
	p.OldPrice = money.Amount{Minor: series.Price, Currency: series.Currency}
	p.Price = money.Amount{Minor: f.Price.Minor, Currency: series.Currency}
	var faults fault.List
	if wrong := CheckPrefix(p.prefix); wrong != nil {
		faults = append(faults, wrong)
	}
	if wrong := checkPrice(f.Price, series.Currency); wrong != nil {
		faults = append(faults, wrong)
	} else if p.Price.Minor*int64(series.Quantity) > MaxFaceValue {
		faults = append(faults, fault.Field("price", "edit_face_value", "At this price the cards would be worth more together than one series may be. Choose a lower one."))
	}
	o := Order{TimeZone: series.TimeZone}
	now, err := s.currentPartners(ctx, series)
	if err != nil {
		return p, err
	}
	if err := s.CheckPartners(ctx, actor, f.Partners, &o, now...); err != nil {
		if fault.IsInternal(err) {
			return p, err
		}
		faults = append(faults, fault.All(err)...)
	} else if o.Test != (series.Currency == money.Test) {
		faults = append(faults, ErrPartnersKept)
	}
	if err := s.checkPrintOnceChange(ctx, s.db, series.ID, p); err != nil {
		if fault.IsInternal(err) {
			return p, err
		}
		faults = append(faults, fault.All(err)...)
	}
	p.partnerIDs, o.TimeZone = o.PartnerIDs, series.TimeZone // the zone of a series is fixed
	if !dayOf(f.ValidTill).Equal(dayOf(series.ValidTill)) {
		if err := s.checkValidTill(ctx, f.ValidTill, &o); err != nil {
			if fault.IsInternal(err) {
				return p, err
			}
			faults = append(faults, fault.All(err)...)
		}
		p.ValidTill = o.ValidTill
	}
	if len(faults) > 0 {
		return p, faults.Err()
	}
	return p, s.listChanges(ctx, row, &p)
}

// listChanges fills in Changes and the New fields of a plan.
func (s *Service) listChanges(ctx context.Context, row db.SeriesShowRow, p *EditPlan) error {
	series := row.Series
	p.NewPrefix, p.NewPrice = p.prefix != series.Prefix, p.Price.Minor != series.Price
	p.NewTill = !p.ValidTill.Equal(series.ValidTill)
	now, err := s.currentPartners(ctx, series)
	if err != nil {
		return err
	}
	slices.Sort(p.partnerIDs)
	p.NewPartners = !slices.Equal(now, p.partnerIDs)
	add := func(changed bool, what, from, to string) {
		if changed {
			p.Changes = append(p.Changes, Change{what, from, to})
		}
	}
	add(p.NewPrefix, "prefix", orNone(series.Prefix), orNone(p.prefix))
	add(p.NewPrice, "price", p.OldPrice.String(), p.Price.String())
	if p.NewPartners {
		from, to, err := s.namesBeforeAfter(ctx, row, p.partnerIDs)
		if err != nil {
			return err
		}
		add(true, "partners", from, to)
	}
	add(p.NewTill, "valid till", series.ValidTill.Format("2 Jan 2006"), p.ValidTill.Format("2 Jan 2006"))
	add(p.NewPrintOnce, "print once", yesNo(series.PrintOnce), yesNo(p.PrintOnce))
	return nil
}

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

// checkPrintOnceChange returns ErrOnceFixed if an edit changes whether a series is printed once
// after a file of the series was made.
func (s *Service) checkPrintOnceChange(ctx context.Context, dbtx db.DBTX, seriesID int64, p EditPlan) error {
	if !p.NewPrintOnce {
		return nil
	}
	files, err := s.q.ExportCountAny(ctx, dbtx, seriesID)
	if err != nil {
		return fmt.Errorf("count the files of a series: %w", err)
	}
	if files > 0 {
		return ErrOnceFixed
	}
	return nil
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}

// Edit edits a series under its exclusive lock and returns what it did, which may differ from
// an earlier PlanEdit by the cards redeemed since. Its errors are those of PlanEdit, and
// ErrEditWaits: the edit brings more value into use than one person may, and was inserted as a
// request for a second person.
func (s *Service) Edit(ctx context.Context, actor audit.Actor, seriesID int64, f SeriesEdit) (EditPlan, error) {
	plan, err := s.PlanEdit(ctx, actor, seriesID, f)
	if err != nil {
		return plan, err
	}
	waits := false
	err = s.InTx(ctx, func(tx pgx.Tx) error {
		series, err := s.Hold(ctx, tx, actor, seriesID, editable())
		if err != nil {
			return err
		}
		if series.Version != f.Version {
			return ErrSeriesEdited
		}
		if plan.Left, err = s.remaining(ctx, tx, series); err != nil {
			return err
		}
		if err := s.checkReprice(ctx, tx, series, plan, actor.Accountable(), approval.Looking(tx)); err != nil {
			return err
		}
		if plan.Solo, err = s.weighEdit(ctx, tx, series, plan, actor.Accountable(), approval.Taking(tx)); err != nil {
			return err
		}
		if waits = plan.Solo.Over(); waits {
			return s.askEdit(ctx, tx, actor, series, plan)
		}
		if err := s.checkReprice(ctx, tx, series, plan, actor.Accountable(), approval.Taking(tx)); err != nil {
			return err
		}
		return s.edit(ctx, tx, actor, series, &plan)
	})
	switch {
	case errors.Is(err, ErrSeriesState):
		return plan, ErrSeriesEdited
	case err == nil && waits:
		return plan, ErrEditWaits
	}
	return plan, err
}

// applyEdit writes the rows and posts the amounts of an edit. The series has the version of
// the plan, so only the number of remaining cards and the date can differ from the plan. Both
// are checked again.
func (s *Service) applyEdit(ctx context.Context, tx pgx.Tx, actor audit.Actor, series db.Series, p *EditPlan) error {
	if p.NewTill {
		today, err := s.q.SeriesToday(ctx, tx, p.timeZone)
		if err != nil {
			return fmt.Errorf("ask for today: %w", err)
		}
		if p.ValidTill.Before(today) { // the day has passed since the plan
			return errTillPassed.With("today", fault.Day(today))
		}
	}
	left, err := s.remaining(ctx, tx, series)
	if err != nil {
		return err
	}
	p.Left = left
	if err := s.checkTotalFaceValue(ctx, tx, series.Currency, int64(series.Quantity)*(p.Price.Minor-series.Price)); err != nil {
		return err
	}
	if err := p.checkPriceChange(series, false); err != nil { // the last card was redeemed since the plan
		return err
	}
	if err := s.checkPrintOnceChange(ctx, tx, series.ID, *p); err != nil {
		return err
	}
	if err := s.checkHeld(ctx, tx, series, *p); err != nil {
		return err
	}
	p.computeAmounts(series)
	// Breakage returns the amount that it received, at the old price. Then the cards are repriced.
	if err := s.postFromOutstanding(ctx, tx, series, db.LedgerKindRenew, db.AccountKindBreakage, -p.Renewed.Minor, actor); err != nil {
		return err
	}
	if err := s.postFromOutstanding(ctx, tx, series, db.LedgerKindReprice, db.AccountKindIssued, -p.Repriced.Minor, actor); err != nil {
		return err
	}
	if p.NewPartners {
		if err := s.q.SeriesPartnerKeep(ctx, tx, db.SeriesPartnerKeepParams{SeriesID: series.ID, PartnerIds: append([]int64{}, p.partnerIDs...)}); err != nil {
			return fmt.Errorf("take a series from partners: %w", err)
		}
		if err := s.q.SeriesPartnerPut(ctx, tx, db.SeriesPartnerPutParams{SeriesID: series.ID, PartnerIds: p.partnerIDs}); err != nil {
			return fmt.Errorf("give a series to partners: %w", err)
		}
	}
	err = s.q.SeriesEdit(ctx, tx, db.SeriesEditParams{
		ID: series.ID, Prefix: p.prefix, Price: p.Price.Minor, ValidTill: p.ValidTill,
		AnyPartner: len(p.partnerIDs) == 0, PrintOnce: p.PrintOnce, Renewed: series.LapsedAt != nil && p.NewTill,
	})
	if err != nil {
		return fmt.Errorf("edit a series: %w", err)
	}
	return nil
}
