package card

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/act"
	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/ledger"
)

// Errors of changes to single cards.
var (
	ErrCardUsed    = fault.New(fault.Conflict, "card_stays_used", "This card is used. Used cards are never changed; a mistake is answered by a reversal.")
	ErrCardVoid    = fault.New(fault.Conflict, "card_stays_void", "This card is void already. Void is for good.")
	ErrCardsMaking = fault.New(fault.Conflict, "series_not_made", "The cards of this series can’t be changed: they are still being made, or the series is void or cancelled.")
	ErrTillPast    = fault.Field("valid_till", "card_till_past", "Valid till must not lie in the past. To take a card out of use, disable or delete it.")
	ErrTillFar     = fault.Field("valid_till", "card_till_far", "Valid till must lie within the next 30 years.")
	ErrTillLapsed  = fault.Field("valid_till", "card_till_lapsed", "This series has expired and its leftover value is booked as breakage. Give the series a later date first: that brings the value back.")
	ErrCardPartner = fault.Field("partner", "card_partner", "Choose one of the partners that you may see.")
	ErrRemark      = fault.Field("remark", "card_remark", "A remark can have up to 200 characters.")
	ErrReason      = fault.Field("reason", "card_reason", "Say why, in 3 to 200 characters. It stays in the history of the card.")
	ErrCardHeld    = fault.New(fault.Conflict, "card_stays_reserved", "An API client has reserved this card until {until}. Wait until then, or release the card first.")
	ErrErased      = fault.New(fault.Conflict, "card_erased", "The code of this card was erased: it is void, or was printed once, or was used long ago.")
)

// Edit holds the editable fields of an unused card.
type Edit struct {
	ValidTill time.Time // the last day; its date in its own time zone counts; zero: that of the series
	PartnerID int64     // 0: the partners of the series
	Remark    string
}

// withChangeableSeries runs f in a transaction under the shared lock of a series that the
// actor may see. The lock excludes state changes of the series, which take it exclusively.
// Redemptions share the lock, so f must lock the row of a card before it checks the card.
func (s *Service) withChangeableSeries(ctx context.Context, actor audit.Actor, seriesID int64, f func(tx pgx.Tx, series db.Series) error) error {
	return s.InTx(ctx, func(tx pgx.Tx) error {
		if err := CheckModule(ctx, tx, actor); err != nil {
			return err
		}
		if _, err := s.seriesIn(ctx, tx, actor, seriesID); err != nil {
			return err
		}
		return s.withSharedSeries(ctx, tx, seriesID, func(series db.Series) error { return f(tx, series) })
	})
}

// withSharedSeries runs f under the shared lock of a series. It returns ErrCardsMaking if the
// series is not fully generated, void or cancelled.
func (s *Service) withSharedSeries(ctx context.Context, tx pgx.Tx, seriesID int64, f func(series db.Series) error) error {
	if err := s.q.SeriesShare(ctx, tx, int32(seriesID)); err != nil { //nolint:gosec // the key of a lock; an id that wraps around only waits for another series
		return fmt.Errorf("share the lock of a series: %w", err)
	}
	series, err := s.q.SeriesGet(ctx, tx, seriesID)
	if err != nil {
		return fmt.Errorf("read a series: %w", err)
	}
	switch series.State {
	case db.SeriesStateReady, db.SeriesStateActive, db.SeriesStateLocked:
		return f(series)
	default:
		return ErrCardsMaking
	}
}

// changeCard runs f on one unused card under its row lock and records the act. edits says that
// f may change the version of the series, whose row is then locked before the card. A used
// card is ErrCardUsed, a void card ErrCardVoid, a reserved one ErrCardHeld. If f returns errUnchanged, nothing is written
// and the result is nil.
func (s *Service) changeCard(ctx context.Context, actor audit.Actor, ref Ref, edits bool, f func(tx pgx.Tx, series db.Series, card db.CardGetForUpdateRow) (act.Act, error)) error {
	err := s.withChangeableSeries(ctx, actor, ref.SeriesID, func(tx pgx.Tx, series db.Series) error {
		if edits {
			if err := s.lockSeriesRow(ctx, tx, ref.SeriesID); err != nil {
				return err
			}
		}
		row, err := s.lockCard(ctx, tx, ref)
		if err != nil {
			return err
		}
		switch row.State {
		case db.CardStateUsed:
			return ErrCardUsed
		case db.CardStateVoid:
			return ErrCardVoid
		case db.CardStateActive, db.CardStateDisabled:
		}
		if row.Reserved && row.ReservedUntil != nil {
			return ErrCardHeld.With("until", fault.ZonedTime(row.ReservedUntil.In(zone(series.TimeZone))))
		}
		done, err := f(tx, series, row)
		if err != nil {
			return err
		}
		return act.Record(ctx, tx, actor, done)
	})
	if errors.Is(err, errUnchanged) {
		return nil
	}
	return err
}

// errUnchanged says that a card is in the wanted state already. Nothing is recorded.
var errUnchanged = errors.New("card: nothing to change")

func (s *Service) lockCard(ctx context.Context, tx pgx.Tx, ref Ref) (db.CardGetForUpdateRow, error) {
	row, err := s.q.CardGetForUpdate(ctx, tx, db.CardGetForUpdateParams(ref))
	if errors.Is(err, pgx.ErrNoRows) {
		return row, ErrNoCard
	}
	if err != nil {
		return row, fmt.Errorf("lock a card: %w", err)
	}
	return row, nil
}

// EditCard changes the last day, partner and remark of an unused card. Invalid fields are a
// fault.List with one fault a field. An edit that brings more value into use than one person
// may is refused. An edit without a change records nothing.
func (s *Service) EditCard(ctx context.Context, actor audit.Actor, ref Ref, e Edit) error {
	return s.PatchCard(ctx, actor, ref, func(Edit) Edit { return e })
}

// PatchCard is EditCard with the fields that patch makes of the present ones, under the lock
// of the card.
func (s *Service) PatchCard(ctx context.Context, actor audit.Actor, ref Ref, patch func(now Edit) Edit) error {
	return s.changeCard(ctx, actor, ref, true, func(tx pgx.Tx, series db.Series, row db.CardGetForUpdateRow) (act.Act, error) {
		e := patch(Edit{ValidTill: db.Deref(row.ValidTill), PartnerID: db.Deref(row.PartnerID), Remark: db.Deref(row.Remark)})
		till, partnerID, remark, err := s.checkCardEdit(ctx, tx, actor, series, row, e)
		if err != nil {
			return nil, err
		}
		if err := s.checkCardIntoUse(ctx, tx, series, row, ref.Serial, till, partnerID, actor.Accountable()); err != nil {
			return nil, err
		}
		p := db.CardEditParams{SeriesID: ref.SeriesID, Serial: ref.Serial, ValidTill: till, PartnerID: partnerID}
		if remark != "" {
			p.Remark = &remark
		}
		if err := s.q.CardEdit(ctx, tx, p); err != nil {
			return nil, fmt.Errorf("edit a card: %w", err)
		}
		var changes []Change
		note := func(what, from, to, none string) {
			if from != to {
				changes = append(changes, Change{what, cmp.Or(from, none), cmp.Or(to, none)})
			}
		}
		names, err := s.partnerNames(ctx, tx, row.PartnerID, partnerID)
		if err != nil {
			return nil, err
		}
		note("valid till", displayDay(row.ValidTill), displayDay(till), asSeries)
		note("partner", names[db.Deref(row.PartnerID)], names[db.Deref(partnerID)], asSeries)
		note("remark", db.Deref(row.Remark), remark, "none")
		if len(changes) == 0 {
			return nil, errUnchanged
		}
		if !sameDay(row.ValidTill, till) || db.Deref(row.PartnerID) != db.Deref(partnerID) {
			if err := s.bumpVersion(ctx, tx, series.ID); err != nil {
				return nil, err
			}
		}
		return Edited{act.OfCard(ref.SeriesID, ref.Serial), changes}, nil
	})
}

// CheckCardEdit checks the fields of an edit of a card and changes nothing. Its errors are
// those of EditCard, without the limit of one person.
func (s *Service) CheckCardEdit(ctx context.Context, actor audit.Actor, ref Ref, e Edit) error {
	return s.changeCard(ctx, actor, ref, false, func(tx pgx.Tx, series db.Series, row db.CardGetForUpdateRow) (act.Act, error) {
		if _, _, _, err := s.checkCardEdit(ctx, tx, actor, series, row, e); err != nil {
			return nil, err
		}
		return nil, errUnchanged
	})
}

// checkCardEdit checks the fields of an edit and returns the card's own last day, partner and
// remark. nil means that of the series.
func (s *Service) checkCardEdit(ctx context.Context, tx pgx.Tx, actor audit.Actor, series db.Series, row db.CardGetForUpdateRow, e Edit) (till *time.Time, partnerID *int64, remark string, err error) {
	till, tillErr := s.cardTill(ctx, tx, series, row.ValidTill, e.ValidTill)
	partnerID, partnerErr := s.cardPartner(ctx, tx, actor, series, e.PartnerID)
	remark = strings.TrimSpace(e.Remark)
	var remarkErr error
	if len([]rune(remark)) > 200 {
		remarkErr = ErrRemark
	}
	return till, partnerID, remark, faults(tillErr, partnerErr, remarkErr)
}

// asSeries is the audit text of a value that a card takes from its series.
const asSeries = "as the series"

// partnerNames returns the names of partners by id. nil ids are skipped.
func (s *Service) partnerNames(ctx context.Context, dbtx db.DBTX, ids ...*int64) (map[int64]string, error) {
	names := map[int64]string{}
	for _, id := range ids {
		if id == nil {
			continue
		}
		partner, err := s.q.PartnerGet(ctx, dbtx, *id)
		if err != nil {
			return nil, fmt.Errorf("read a partner: %w", err)
		}
		names[*id] = partner.Name
	}
	return names, nil
}

// faults joins the faults of several fields into one fault.List. An internal error is returned
// alone.
func faults(errs ...error) error {
	var list fault.List
	for _, err := range errs {
		if fault.IsInternal(err) {
			return err
		}
		list = append(list, fault.All(err)...)
	}
	return list.Err()
}

// cardTill checks the own last day of a card and returns it as the database keeps it; nil: the
// card has none. An unchanged day may be in the past. A new one is ErrTillPast before today in
// the time zone of the series and ErrTillFar after 30 years. It is ErrTillLapsed where the
// value of the series is booked as breakage, because only an edit of the whole series brings
// that value back.
func (s *Service) cardTill(ctx context.Context, tx db.DBTX, series db.Series, before *time.Time, day time.Time) (*time.Time, error) {
	if day.IsZero() {
		return nil, nil //nolint:nilnil // no date of its own
	}
	till := dayOf(day)
	if sameDay(before, &till) {
		return before, nil
	}
	today, err := s.q.SeriesToday(ctx, tx, series.TimeZone)
	if err != nil {
		return nil, fmt.Errorf("read the date: %w", err)
	}
	switch {
	case series.LapsedAt != nil:
		return nil, ErrTillLapsed
	case till.Before(today):
		return nil, ErrTillPast
	case till.After(today.AddDate(30, 0, 0)):
		return nil, ErrTillFar
	}
	return &till, nil
}

// DisableCard stops redemptions of an unused card until it is enabled again. Its value stays
// outstanding. A disabled card is no error.
func (s *Service) DisableCard(ctx context.Context, actor audit.Actor, ref Ref) error {
	return s.setCardState(ctx, actor, ref, db.CardStateDisabled, unmeasured)
}

// EnableCard makes a disabled card redeemable again. It is refused where that brings more
// value into use than one person may (ErrEnableNeedsSecond, or with the acts of the last 24
// hours).
func (s *Service) EnableCard(ctx context.Context, actor audit.Actor, ref Ref) error {
	return s.setCardState(ctx, actor, ref, db.CardStateActive, func(tx pgx.Tx, series db.Series) error {
		return s.checkEnable(ctx, tx, series, ref.Serial, 1, actor.Accountable(), approval.Taking(tx))
	})
}

// VoidCard makes an unused card void, which can't be undone. Its value moves from outstanding
// to breakage. It is refused where one person may not delete that much (ErrVoidNeedsSecond).
func (s *Service) VoidCard(ctx context.Context, actor audit.Actor, ref Ref) error {
	return s.setCardState(ctx, actor, ref, db.CardStateVoid, func(tx pgx.Tx, series db.Series) error {
		return checkVoid(ctx, series, 1, actor.Accountable(), approval.Taking(tx))
	})
}

// unmeasured is the measure of a change that takes nothing from the limit of one person.
func unmeasured(pgx.Tx, db.Series) error { return nil }

// setCardState changes the state of a card. measure counts the change within the limit of one
// person.
func (s *Service) setCardState(ctx context.Context, actor audit.Actor, ref Ref, to db.CardState, measure func(tx pgx.Tx, series db.Series) error) error {
	return s.changeCard(ctx, actor, ref, false, func(tx pgx.Tx, series db.Series, row db.CardGetForUpdateRow) (act.Act, error) {
		if row.State == to {
			return nil, errUnchanged
		}
		if err := measure(tx, series); err != nil {
			return nil, err
		}
		if err := s.q.CardSetState(ctx, tx, db.CardSetStateParams{SeriesID: ref.SeriesID, Serial: ref.Serial, State: to}); err != nil {
			return nil, fmt.Errorf("change a card: %w", err)
		}
		wasDisabled := int32(0)
		if row.State == db.CardStateDisabled {
			wasDisabled = 1
		}
		if err := s.tallyStates(ctx, tx, series.ID, to, 1, wasDisabled); err != nil {
			return nil, err
		}
		of := act.OfCard(ref.SeriesID, ref.Serial)
		switch to {
		case db.CardStateActive:
			return Enabled{of}, nil
		case db.CardStateDisabled:
			return Disabled{of}, nil
		default:
		}
		moved, err := s.postVoid(ctx, tx, actor, series, ref.Serial, 1)
		voided := Voided{Subject: of, Amount: moved}
		if moved != 0 {
			voided.Currency = series.Currency
		}
		return voided, err
	})
}

// tallyStates updates the counts of a series: n cards are now in a state, of which
// wereDisabled were disabled before. Changes by staff all count in shard 0. Shards are only
// summed, so the choice does not matter.
func (s *Service) tallyStates(ctx context.Context, tx pgx.Tx, seriesID int64, to db.CardState, n, wereDisabled int32) error {
	p := db.TallyAddParams{SeriesID: seriesID, Disabled: -wereDisabled}
	switch to {
	case db.CardStateDisabled:
		p.Disabled += n
	case db.CardStateVoid:
		p.Void = n
	case db.CardStateActive, db.CardStateUsed:
	}
	if err := s.q.TallyAdd(ctx, tx, p); err != nil {
		return fmt.Errorf("count changed cards: %w", err)
	}
	return nil
}

// postVoid moves the value of n voided cards from outstanding to breakage if it is posted as
// outstanding. It returns the moved amount in minor units. serial is 0 for several cards.
func (s *Service) postVoid(ctx context.Context, tx pgx.Tx, actor audit.Actor, series db.Series, serial, n int32) (int64, error) {
	if !Posted(series) {
		return 0, nil
	}
	breakage, err := ledger.System(ctx, tx, db.AccountKindBreakage, series.Currency)
	if err != nil {
		return 0, err
	}
	outstanding, err := s.q.AccountGetOutstanding(ctx, tx, &series.ID)
	if err != nil {
		return 0, fmt.Errorf("find the account of a series: %w", err)
	}
	amount := int64(n) * series.Price
	m := ledger.Movement{Kind: db.LedgerKindVoid, SeriesID: series.ID, Serial: serial, StaffID: actor.Responsible()}
	return amount, ledger.Move(ctx, tx, m, outstanding, breakage, amount)
}

// Posted reports whether the value of the unused cards of a series is posted as outstanding:
// since its activation, until its value lapses or it becomes void.
func Posted(series db.Series) bool {
	return (series.State == db.SeriesStateActive || series.State == db.SeriesStateLocked) && series.LapsedAt == nil
}

func sameDay(a, b *time.Time) bool { return dayText(a) == dayText(b) }

func dayText(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.Format(time.DateOnly)
}

// displayDay formats a day for display. nil is empty.
func displayDay(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.Format("2 Jan 2006")
}
