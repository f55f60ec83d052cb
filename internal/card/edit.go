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
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/money"
)

// Refusals of an edit that are about the series, not about a field.
var (
	ErrSeriesEdited    = fault.New(fault.Conflict, "series_edited", "The series has changed since this form was opened. What it is now stands beside each field; look again and save.")
	ErrNothingEdited   = fault.New(fault.Invalid, "series_same", "Nothing has been changed yet.")
	ErrSeriesImporting = fault.New(fault.Conflict, "series_importing", "The cards of this series are being imported. It can be edited when all are there.")
	ErrSeriesOver      = fault.New(fault.Conflict, "series_over", "A deleted or cancelled series can’t be edited.")
	ErrPriceOfNone     = fault.Field("price", "edit_price_none", "No unused card is left whose price could change.")
	ErrPriceOfExpired  = fault.Field("price", "edit_price_expired", "The value of an expired series is gone. Give it a later last day as well, and the price can be changed.")
)

// editable are the states in which a series may be edited. While it is being made
// no money stands on it yet, and nothing of a card that is drawn hangs on the series.
func editable() []db.SeriesState {
	return []db.SeriesState{
		db.SeriesStateQueued, db.SeriesStateGenerating, db.SeriesStateFailed,
		db.SeriesStateReady, db.SeriesStateActive, db.SeriesStateLocked,
	}
}

// MayEdit refuses to edit a series that is over, or whose cards are being imported:
// the rows of a file find their series by its price.
func MayEdit(series db.Series) error {
	switch {
	case !slices.Contains(editable(), series.State):
		return ErrSeriesOver
	case series.ImportID != nil && series.MadeAt == nil:
		return ErrSeriesImporting
	}
	return nil
}

// EditForm is an edit of a series as it was typed. Version is the one of the
// series that the form was shown for.
type EditForm struct {
	Prefix, Price, ValidTill string
	Partners                 []string // ids, or AnyPartner
	PrintOnce                bool
	Version                  int32
}

// Change is one thing that an edit changes, in words: "price", from and to.
type Change struct {
	What string `json:"what"`
	From string `json:"from"`
	To   string `json:"to"`
}

// EditPlan is what an edit would do, and, once it was done, what it did.
type EditPlan struct {
	Changes []Change
	// Left is how many cards are unused, and Files how many files hold them.
	Left, Files int64
	// Renewed is the value that comes back from breakage, Repriced what the
	// outstanding value then rises by (below zero: falls).
	Renewed, Repriced money.Amount
	// NewPrice, NewPrefix, NewTill and NewPartners say what is changed.
	NewPrice, NewPrefix, NewTill, NewPartners, NewPrintOnce bool
	OldPrice, Price                                         money.Amount
	ValidTill                                               time.Time
	Live                                                    bool // the unused cards can be redeemed, then
	PrintOnce                                               bool
	// Solo says how the edit stands against the limit of one person, where it brings
	// cards into use.
	Solo approval.Solo

	prefix     string
	partnerIDs []int64 // empty: any
	timeZone   string
}

// PlanEdit holds an edit against every rule and says what would follow, without
// doing it.
func (s *Service) PlanEdit(ctx context.Context, actor audit.Actor, seriesID int64, f EditForm) (EditPlan, error) {
	row, err := s.Series(ctx, actor, seriesID)
	if err != nil {
		return EditPlan{}, err
	}
	series := row.Series
	if err := MayEdit(series); err != nil {
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
	p.reckon(series)
	p.Live = series.State == db.SeriesStateActive && (p.NewTill || !row.Expired)
	if err := p.allowed(series, row.Expired); err != nil {
		return p, err
	}
	if err := s.mayReprice(ctx, s.db, series, p, actor.StaffID, approval.Looking(s.db)); err != nil {
		return p, err
	}
	if p.Solo, err = s.weighEdit(ctx, s.db, series, p, actor.StaffID, approval.Looking(s.db)); err != nil {
		return p, err
	}
	return p, s.checkRenewedGuess(ctx, row, p)
}

// checkRenewedGuess refuses to bring an expired series back where that would make
// a lucky guess too likely, as it would be refused as an order.
func (s *Service) checkRenewedGuess(ctx context.Context, row db.SeriesShowRow, p EditPlan) error {
	if !row.Expired || !p.NewTill {
		return nil
	}
	settings, err := s.settings.Get(ctx)
	if err != nil {
		return err
	}
	chance, err := s.LuckyChance(ctx, settings, 0)
	if err != nil {
		return err
	}
	codes := Format{Alphabet(row.Series.CodeAlphabet), int(row.Series.CodeLength)}.Codes()
	if chance += float64(p.Left) * float64(settings.GuessesDaily) * 365 / codes; chance > MaxLuckyChance {
		return fault.Field("valid_till", "order_guessable", "With these cards valid again a lucky guess within a year would be likelier than one in a million. Delete old series first.")
	}
	return nil
}

// reckon works out the money of an edit, from the cards that are left.
func (p *EditPlan) reckon(series db.Series) {
	p.Renewed, p.Repriced = money.Amount{Currency: series.Currency}, money.Amount{Currency: series.Currency}
	lapsed := series.LapsedAt != nil
	if lapsed && p.NewTill {
		p.Renewed.Minor = p.Left * series.Price
	}
	if valued(series) || (lapsed && p.NewTill) {
		p.Repriced.Minor = p.Left * (p.Price.Minor - series.Price)
	}
}

// allowed refuses a new price where the old one has gone to breakage, or is about
// to: what would come back later could not be told. And where no card is left:
// used ones keep what they paid.
func (p *EditPlan) allowed(series db.Series, expired bool) error {
	if p.NewPrice && p.Left == 0 && series.Made == series.Quantity {
		return ErrPriceOfNone
	}
	if p.NewPrice && !p.NewTill && (series.LapsedAt != nil || (expired && series.State != db.SeriesStateReady)) {
		return ErrPriceOfExpired
	}
	return nil
}

// checkEdit reads the form and holds each field against its rules. What is left
// as it is may stand, even where it could not be entered today.
func (s *Service) checkEdit(ctx context.Context, actor audit.Actor, row db.SeriesShowRow, f EditForm) (EditPlan, error) {
	series := row.Series
	p := EditPlan{prefix: strings.TrimSpace(f.Prefix), timeZone: series.TimeZone, ValidTill: series.ValidTill, PrintOnce: f.PrintOnce, NewPrintOnce: f.PrintOnce != series.PrintOnce}
	p.OldPrice = money.Amount{Minor: series.Price, Currency: series.Currency}
	p.Price = p.OldPrice
	var faults fault.List
	if !prefixForm.MatchString(p.prefix) {
		faults = append(faults, fault.Field("prefix", "order_prefix", "Prefix may have up to 20 letters A–Z and digits, without spaces."))
	}
	var err error
	if p.Price.Minor, err = checkPrice(f.Price, series.Currency); err != nil {
		faults = append(faults, fault.All(err)...)
	} else if p.Price.Minor*int64(series.Quantity) > maxFaceValue {
		faults = append(faults, fault.Field("price", "order_face_value", "At this price the cards would be worth more together than one series may be. Choose a lower one."))
	}
	o := Order{TimeZone: series.TimeZone}
	if err := s.checkPartners(ctx, actor, f.Partners, &o); err != nil {
		if fault.IsInternal(err) {
			return p, err
		}
		faults = append(faults, fault.All(err)...)
	}
	if err := s.mayChangeOnce(ctx, s.db, series.ID, p); err != nil {
		if fault.IsInternal(err) {
			return p, err
		}
		faults = append(faults, fault.All(err)...)
	}
	p.partnerIDs, o.TimeZone = o.PartnerIDs, series.TimeZone // the zone of a series is fixed
	if strings.TrimSpace(f.ValidTill) != series.ValidTill.Format(time.DateOnly) {
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
	return p, s.compare(ctx, row, &p)
}

// compare lists what an edit changes.
func (s *Service) compare(ctx context.Context, row db.SeriesShowRow, p *EditPlan) error {
	series := row.Series
	p.NewPrefix, p.NewPrice = p.prefix != series.Prefix, p.Price.Minor != series.Price
	p.NewTill = !p.ValidTill.Equal(series.ValidTill)
	now, err := s.q.SeriesPartnerList(ctx, s.db, series.ID)
	if err != nil {
		return fmt.Errorf("read the partners of a series: %w", err)
	}
	slices.Sort(p.partnerIDs)
	if series.AnyPartner {
		now = nil
	}
	p.NewPartners = !slices.Equal(now, p.partnerIDs)
	add := func(changed bool, what, from, to string) {
		if changed {
			p.Changes = append(p.Changes, Change{what, from, to})
		}
	}
	add(p.NewPrefix, "prefix", orNone(series.Prefix), orNone(p.prefix))
	add(p.NewPrice, "price", p.OldPrice.String(), p.Price.String())
	if p.NewPartners {
		from, to, err := s.partnerWords(ctx, row, p.partnerIDs)
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

// mayChangeOnce refuses to change whether a series is printed once when a file of it
// was made already.
func (s *Service) mayChangeOnce(ctx context.Context, dbtx db.DBTX, seriesID int64, p EditPlan) error {
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

// partnerWords names the partners before and after.
func (s *Service) partnerWords(ctx context.Context, row db.SeriesShowRow, ids []int64) (from, to string, err error) {
	from, to = "any", "any"
	if !row.Series.AnyPartner {
		from = row.PartnerNames
	}
	if len(ids) == 0 {
		return from, to, nil
	}
	partners, err := s.q.PartnerList(ctx, s.db, db.PartnerListParams{PartnerIds: ids})
	if err != nil {
		return "", "", fmt.Errorf("list partners: %w", err)
	}
	var names []string
	for _, partner := range partners {
		names = append(names, partner.Name)
	}
	return from, strings.Join(names, ", "), nil
}

// Edit does what PlanEdit says, under the lock of the series, and returns what it
// did: cards may have been redeemed since the plan was shown. ErrEditWaits says that it
// brings more into use than one person may, and waits for a second one.
func (s *Service) Edit(ctx context.Context, actor audit.Actor, seriesID int64, f EditForm) (EditPlan, error) {
	plan, err := s.PlanEdit(ctx, actor, seriesID, f)
	if err != nil {
		return plan, err
	}
	waits := false
	err = s.inTx(ctx, func(tx pgx.Tx) error {
		series, err := s.hold(ctx, tx, actor, seriesID, editable())
		if err != nil {
			return err
		}
		if series.Version != f.Version {
			return ErrSeriesEdited
		}
		if plan.Left, err = s.remaining(ctx, tx, series); err != nil {
			return err
		}
		if err := s.mayReprice(ctx, tx, series, plan, actor.StaffID, approval.Looking(tx)); err != nil {
			return err
		}
		if plan.Solo, err = s.weighEdit(ctx, tx, series, plan, actor.StaffID, approval.Taking(tx)); err != nil {
			return err
		}
		if waits = plan.Solo.Over(); waits {
			return s.askEdit(ctx, tx, actor, series, plan)
		}
		if err := s.mayReprice(ctx, tx, series, plan, actor.StaffID, approval.Taking(tx)); err != nil {
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

// applyEdit writes the rows and posts the money of an edit. The version is the
// one that was planned for, so only the cards left and the day may differ.
func (s *Service) applyEdit(ctx context.Context, tx pgx.Tx, actor audit.Actor, series db.Series, p *EditPlan) error {
	if p.NewTill {
		today, err := s.q.SeriesToday(ctx, tx, p.timeZone)
		if err != nil {
			return fmt.Errorf("ask for today: %w", err)
		}
		if p.ValidTill.Before(today) { // midnight came between
			return fault.Field("valid_till", "order_valid_till", "Valid till has passed already. Today is "+today.Format(time.DateOnly)+".")
		}
	}
	left, err := s.remaining(ctx, tx, series)
	if err != nil {
		return err
	}
	p.Left = left
	if err := s.checkHouse(ctx, tx, int64(series.Quantity)*(p.Price.Minor-series.Price)); err != nil {
		return err
	}
	if err := p.allowed(series, false); err != nil { // the last card was redeemed meanwhile
		return err
	}
	if err := s.mayChangeOnce(ctx, tx, series.ID, *p); err != nil {
		return err
	}
	p.reckon(series)
	// What comes back comes back at the price at which it went; then it is repriced.
	if err := s.postOut(ctx, tx, series, db.LedgerKindRenew, db.AccountKindBreakage, -p.Renewed.Minor, actor); err != nil {
		return err
	}
	if err := s.postOut(ctx, tx, series, db.LedgerKindReprice, db.AccountKindIssued, -p.Repriced.Minor, actor); err != nil {
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
