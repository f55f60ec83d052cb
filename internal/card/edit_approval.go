package card

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/money"
	"refill/internal/staff"
)

// ErrEditWaits says that an edit of a series was not made yet: it was asked for.
var ErrEditWaits = fault.New(fault.Conflict, "edit_waits", "This brings more cards into use than one person may within 24 hours. Nothing has changed yet: the edit waits until another person approves it.")

// EditFacts are an edit of a series that waits for a second person: what exactly will
// be written, and the changes in words.
type EditFacts struct {
	Changes    []Change `json:"changes"`
	Prefix     string   `json:"prefix"`
	Price      int64    `json:"price"` // minor units
	ValidTill  string   `json:"valid_till"`
	PartnerIDs []int64  `json:"partner_ids"` // none: any
	PrintOnce  bool     `json:"print_once"`
}

// weighEdit holds an edit against the limit where it brings cards of an active series
// into use: an expired series gets a later date, or the series more partners. The series
// counts whole. An edit that brings nothing into use has no limit.
func (s *Service) weighEdit(ctx context.Context, dbtx db.DBTX, series db.Series, p EditPlan, by int64, weigh approval.Scale) (approval.Solo, error) {
	if series.State != db.SeriesStateActive {
		return approval.Solo{}, nil // its activation is weighed
	}
	var use approval.Use
	today, err := s.q.SeriesToday(ctx, dbtx, series.TimeZone)
	if err != nil {
		return approval.Solo{}, fmt.Errorf("read the date: %w", err)
	}
	if p.NewTill && series.ValidTill.Before(today) && !p.ValidTill.Before(today) {
		use = approval.UseDate
	}
	if use == "" && p.NewPartners {
		widens, err := s.widensSeries(ctx, dbtx, series, p.partnerIDs)
		if err != nil {
			return approval.Solo{}, err
		}
		if widens {
			use = approval.UsePartners
		}
	}
	if use == "" {
		return approval.Solo{}, nil
	}
	return approval.IntoUse(ctx, weigh, use, approval.Act{By: by, SeriesID: series.ID, Value: p.Left * p.Price.Minor})
}

// widensSeries reports whether customers can redeem cards of a series who could not,
// once it is for these partners; none: for any.
func (s *Service) widensSeries(ctx context.Context, dbtx db.DBTX, series db.Series, ids []int64) (bool, error) {
	if series.AnyPartner || !series.PartnerLock {
		return false, nil
	}
	before, err := s.q.SeriesPartnerList(ctx, dbtx, series.ID)
	if err != nil {
		return false, fmt.Errorf("read the partners of a series: %w", err)
	}
	added := func(id int64) bool { return !slices.Contains(before, id) }
	return len(ids) == 0 || slices.ContainsFunc(ids, added), nil
}

// concerned returns the partners that an edit concerns beside those of the series now:
// staff who do not see them all neither see nor decide the request. No partner has the
// id 0, which stands for any: only staff of all partners see that.
func concerned(ids []int64) []int64 {
	if len(ids) == 0 {
		return []int64{0}
	}
	return ids
}

// askEdit enters an edit as a request. One that waits already is the other one.
func (s *Service) askEdit(ctx context.Context, tx pgx.Tx, actor audit.Actor, series db.Series, p EditPlan) error {
	if actor.StaffID == 0 {
		return ErrApprovalNeeded // the program itself can ask no one
	}
	id, err := approval.Ask(ctx, tx, actor, approval.Request{
		Kind: db.ApprovalKindRenewal, By: actor.StaffID, SeriesID: series.ID, Version: series.Version, Price: series.Price, Currency: series.Currency,
		Value: p.Left * p.Price.Minor, Cards: p.Left, Before: p.Solo.Others, PartnerIDs: concerned(p.partnerIDs),
		Facts: EditFacts{
			Changes: p.Changes, Prefix: p.prefix, Price: p.Price.Minor, ValidTill: p.ValidTill.Format(time.DateOnly),
			PartnerIDs: append([]int64{}, p.partnerIDs...), PrintOnce: p.PrintOnce,
		},
	})
	if err == nil && id == 0 {
		return ErrEditAsked
	}
	return err
}

// ErrEditAsked says that another edit of the series waits.
var ErrEditAsked = fault.New(fault.Conflict, "edit_asked", "An edit of this series waits for a second person already. Let it be decided, or withdrawn, first.")

// edit makes an edit and records it.
func (s *Service) edit(ctx context.Context, tx pgx.Tx, actor audit.Actor, series db.Series, p *EditPlan) error {
	if err := s.applyEdit(ctx, tx, actor, series, p); err != nil {
		return err
	}
	facts := map[string]any{"changes": p.Changes, "cards": p.Left}
	if p.Renewed.Minor != 0 {
		facts["renewed"] = p.Renewed.Decimal()
	}
	if p.Repriced.Minor != 0 {
		facts["repriced"] = p.Repriced.Decimal()
	}
	if err := audit.Record(ctx, tx, actor, audit.Entry{Action: "series.edited", SeriesID: series.ID, Detail: facts}); err != nil {
		return err
	}
	return s.notifySeries(ctx, tx, series.ID)
}

// renewalKind makes an edit that was asked for. The series must be at the version for
// which it was, so only cards that were redeemed meanwhile may differ.
func (s *Service) renewalKind() approval.Kind {
	return approval.Kind{
		Name: db.ApprovalKindRenewal, Cards: true, Needs: needs(staff.SeriesEdit), Hold: s.holdAsked,
		Same: func(ctx context.Context, tx pgx.Tx, a db.Approval) (bool, error) {
			facts, err := approval.Facts[EditFacts](a)
			if err != nil {
				return false, err
			}
			series, _, cards, err := s.measured(ctx, tx, a)
			return series.Version == a.Version && cards*facts.Price <= a.Value && slices.Contains(editable(), series.State), err
		},
		Approve: func(ctx context.Context, tx pgx.Tx, actor audit.Actor, a db.Approval) error {
			facts, err := approval.Facts[EditFacts](a)
			if err != nil {
				return err
			}
			series, err := s.q.SeriesGet(ctx, tx, deref(a.SeriesID))
			if err != nil {
				return fmt.Errorf("read a series: %w", err)
			}
			till, err := time.Parse(time.DateOnly, facts.ValidTill)
			if err != nil {
				return err
			}
			p := EditPlan{
				Changes: facts.Changes, prefix: facts.Prefix, Price: money.Amount{Minor: facts.Price, Currency: series.Currency},
				OldPrice: money.Amount{Minor: series.Price, Currency: series.Currency}, ValidTill: till, PrintOnce: facts.PrintOnce,
				partnerIDs: facts.PartnerIDs, timeZone: series.TimeZone,
				NewPrice: facts.Price != series.Price, NewTill: !till.Equal(series.ValidTill), NewPrefix: facts.Prefix != series.Prefix,
				NewPrintOnce: facts.PrintOnce != series.PrintOnce, NewPartners: true,
			}
			return s.edit(ctx, tx, actor, series, &p)
		},
	}
}
