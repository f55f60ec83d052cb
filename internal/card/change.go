package card

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/ledger"
)

// Refusals of changes to single cards.
var (
	ErrCardUsed    = fault.New(fault.Conflict, "card_stays_used", "This card is used. Used cards are never changed; a mistake is answered by a reversal.")
	ErrCardVoid    = fault.New(fault.Conflict, "card_stays_void", "This card is void already. Void is for good.")
	ErrCardsMaking = fault.New(fault.Conflict, "series_not_made", "The cards of this series can’t be changed: they are still being made, or the series is void or cancelled.")
	ErrTill        = fault.Field("valid_till", "card_till", "Valid till must be a date like 2027-12-31.")
	ErrTillPast    = fault.Field("valid_till", "card_till_past", "Valid till must not lie in the past. To take a card out of use, disable or delete it.")
	ErrTillFar     = fault.Field("valid_till", "card_till_far", "Valid till must lie within the next 30 years.")
	ErrTillLapsed  = fault.Field("valid_till", "card_till_lapsed", "This series has expired and its leftover value is booked as breakage. Give the series a later date first: that brings the value back.")
	ErrCardPartner = fault.Field("partner", "card_partner", "Choose one of the partners that you may see.")
	ErrRemark      = fault.Field("remark", "card_remark", "A remark can have up to 200 characters.")
	ErrReason      = fault.Field("reason", "card_reason", "Say why, in 3 to 200 characters. It stays in the history of the card.")
	ErrErased      = fault.New(fault.Conflict, "card_erased", "The code of this card was erased: it is void, or was printed once, or was used long ago.")
)

// Edit is what may be changed of an unused card.
type Edit struct {
	ValidTill string // a date; empty: the series'
	PartnerID int64  // 0: the series' partners
	Remark    string
}

// changeable holds the series of a card so that nothing of it is redeemed or
// posted between a check and what f does: redemptions share the same lock and
// then take the card's row, state changes of the series take the lock alone.
func (s *Service) changeable(ctx context.Context, actor audit.Actor, seriesID int64, f func(tx pgx.Tx, series db.Series) error) error {
	return s.inTx(ctx, func(tx pgx.Tx) error {
		if _, err := s.seriesIn(ctx, tx, actor, seriesID); err != nil {
			return err
		}
		return s.sharing(ctx, tx, seriesID, func(series db.Series) error { return f(tx, series) })
	})
}

// sharing runs f under the shared lock of a series whose cards are all made and
// are not void as a whole.
func (s *Service) sharing(ctx context.Context, tx pgx.Tx, seriesID int64, f func(series db.Series) error) error {
	if err := s.q.SeriesShare(ctx, tx, int32(seriesID)); err != nil { //nolint:gosec // a lock's name; a wrapped id only waits for a stranger
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

// changeCard changes one unused card under its lock and records it.
func (s *Service) changeCard(ctx context.Context, actor audit.Actor, ref Ref, action string, f func(tx pgx.Tx, series db.Series, card db.CardGetForUpdateRow) (map[string]any, error)) error {
	err := s.changeable(ctx, actor, ref.SeriesID, func(tx pgx.Tx, series db.Series) error {
		if action == "card.edited" {
			if err := s.beforeTouch(ctx, tx, ref.SeriesID); err != nil {
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
		detail, err := f(tx, series, row)
		if err != nil {
			return err
		}
		err = audit.Record(ctx, tx, actor, audit.Entry{Action: action, SeriesID: ref.SeriesID, Serial: ref.Serial, Detail: detail})
		if err != nil {
			return err
		}
		return s.notifySeries(ctx, tx, ref.SeriesID)
	})
	if errors.Is(err, errAsItWas) {
		return nil
	}
	return err
}

// errAsItWas says that a card is as it was asked to be; nothing is recorded.
var errAsItWas = errors.New("card: nothing to change")

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

// EditCard changes the date, partner and remark of an unused card.
func (s *Service) EditCard(ctx context.Context, actor audit.Actor, ref Ref, e Edit) error {
	return s.changeCard(ctx, actor, ref, "card.edited", func(tx pgx.Tx, series db.Series, row db.CardGetForUpdateRow) (map[string]any, error) {
		till, tillErr := s.cardTill(ctx, tx, series, row.ValidTill, e.ValidTill)
		partnerID, partnerErr := s.cardPartner(ctx, tx, actor, e.PartnerID)
		remark := strings.TrimSpace(e.Remark)
		var remarkErr error
		if len([]rune(remark)) > 200 {
			remarkErr = ErrRemark
		}
		if err := faults(tillErr, partnerErr, remarkErr); err != nil {
			return nil, err
		}
		if err := s.mayEditCard(ctx, tx, series, row, ref.Serial, till, partnerID, actor.StaffID); err != nil {
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
		note("valid till", dayWords(row.ValidTill), dayWords(till), asSeries)
		note("partner", names[deref(row.PartnerID)], names[deref(partnerID)], asSeries)
		note("remark", deref(row.Remark), remark, "none")
		if len(changes) == 0 {
			return nil, errAsItWas
		}
		if !sameDay(row.ValidTill, till) || deref(row.PartnerID) != deref(partnerID) {
			if err := s.touch(ctx, tx, series.ID); err != nil {
				return nil, err
			}
		}
		return map[string]any{"changes": changes}, nil
	})
}

// asSeries stands for what a card has not of its own.
const asSeries = "as the series"

// partnerNames names partners by their ids; nil is none.
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

// faults are those of several fields, to be said at once; an error that is none
// goes before all.
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

// cardTill reads a date of a card's own. One that stays as it is may lie in the
// past; a new one may not, and a series whose leftover value has been booked as
// breakage must be renewed as a whole.
func (s *Service) cardTill(ctx context.Context, tx db.DBTX, series db.Series, before *time.Time, text string) (*time.Time, error) {
	text = strings.TrimSpace(text)
	if text == "" || (before != nil && text == dayText(before)) {
		if text == "" {
			return nil, nil //nolint:nilnil // no date of its own
		}
		return before, nil
	}
	till, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return nil, ErrTill
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

// cardPartner checks the partner that a card is to be for.
func (s *Service) cardPartner(ctx context.Context, tx db.DBTX, actor audit.Actor, id int64) (*int64, error) {
	if id == 0 {
		return nil, nil //nolint:nilnil // the series' partners
	}
	partners, err := s.q.PartnerList(ctx, tx, db.PartnerListParams{AllPartners: actor.Scope.AllPartners, PartnerIds: actor.Scope.PartnerIDs})
	if err != nil {
		return nil, fmt.Errorf("list the partners: %w", err)
	}
	for _, p := range partners {
		if p.ID == id {
			return &id, nil
		}
	}
	return nil, ErrCardPartner
}

// DisableCard stops an unused card from being redeemed until it is enabled again.
// It keeps its value.
func (s *Service) DisableCard(ctx context.Context, actor audit.Actor, ref Ref) error {
	return s.setCardState(ctx, actor, ref, "card.disabled", db.CardStateDisabled)
}

// EnableCard makes a disabled card redeemable again.
func (s *Service) EnableCard(ctx context.Context, actor audit.Actor, ref Ref) error {
	return s.setCardState(ctx, actor, ref, "card.enabled", db.CardStateActive)
}

// VoidCard deletes an unused card: it is out of use for good, and its value goes
// from outstanding to breakage.
func (s *Service) VoidCard(ctx context.Context, actor audit.Actor, ref Ref) error {
	return s.setCardState(ctx, actor, ref, "card.voided", db.CardStateVoid)
}

func (s *Service) setCardState(ctx context.Context, actor audit.Actor, ref Ref, action string, to db.CardState) error {
	return s.changeCard(ctx, actor, ref, action, func(tx pgx.Tx, series db.Series, row db.CardGetForUpdateRow) (map[string]any, error) {
		if row.State == to {
			return nil, errAsItWas
		}
		if to == db.CardStateActive {
			if err := s.mayEnable(ctx, tx, series, ref.Serial, 1, actor.StaffID, approval.Taking(tx)); err != nil {
				return nil, err
			}
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
		if to != db.CardStateVoid {
			return nil, nil
		}
		moved, err := s.postVoid(ctx, tx, actor, series, ref.Serial, 1)
		if moved == 0 {
			return nil, err
		}
		return map[string]any{"amount": moved, "currency": series.Currency}, err
	})
}

// tallyStates keeps the counts in step: n cards are now in a state, of which some
// were disabled before. Staff's changes all count in one shard; which one does
// not matter, as shards are only ever summed.
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

// postVoid moves the value of n voided cards from outstanding to breakage, where
// it stands as outstanding, and returns how much that was.
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
	m := ledger.Movement{Kind: db.LedgerKindVoid, SeriesID: series.ID, Serial: serial, StaffID: actor.StaffID}
	return amount, ledger.Move(ctx, tx, m, outstanding, breakage, amount)
}

// Posted reports whether the value of a series' unused cards stands as outstanding.
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

// dayWords is a day as people read it; nil: nothing.
func dayWords(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.Format("2 Jan 2006")
}

func deref[T any](v *T) T {
	if v == nil {
		var zero T
		return zero
	}
	return *v
}
