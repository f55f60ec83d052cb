package card

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/act"
	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/money"
	"refill/internal/staff"
)

// ErrEditWaits says that an edit of a series waits for a second person. Nothing has changed.
var ErrEditWaits = fault.New(fault.Conflict, "edit_waits", "This brings more cards into use than one person may within 24 hours. Nothing has changed yet: the edit waits until another person approves it.")

// EditFacts is an edit of a series that waits for a second person: the values that approval
// writes, and the changes as text.
type EditFacts struct {
	Changes    []Change `json:"changes"`
	Prefix     string   `json:"prefix"`
	Price      int64    `json:"price"`       // minor units
	ValidTill  string   `json:"valid_till"`  // YYYY-MM-DD
	PartnerIDs []int64  `json:"partner_ids"` // empty: any partner
	PrintOnce  bool     `json:"print_once"`
}

// weighEdit measures an edit of an active series against the limit of one person, where it
// brings cards into use: an expired series gets a later last day, or a series gets more
// partners. All remaining cards of the series count, at the new price. Other edits have no
// limit and return the zero Solo.
func (s *Service) weighEdit(ctx context.Context, dbtx db.DBTX, series db.Series, p EditPlan, by audit.Accountable, weigh approval.Scale) (approval.Solo, error) {
	if series.State != db.SeriesStateActive {
		return approval.Solo{}, nil // the activation of the series is measured
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
	return approval.IntoUse(ctx, weigh, use, approval.Act{By: by, SeriesID: series.ID, Value: p.Left * p.Price.Minor, Currency: series.Currency})
}

// widensSeries reports whether a change to the given partners lets more customers redeem the
// cards of a series. No ids mean any partner.
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

// requestPartners returns the partners that a request adds to those of its series. Only staff
// who see every one of them see and decide the request. Where the series is to be for any
// partner it returns the id 0, which no partner has: only staff of all partners see it then.
func requestPartners(ids []int64) []int64 {
	if len(ids) == 0 {
		return []int64{0}
	}
	return ids
}

// askEdit inserts an edit as a request for a second person. It returns ErrEditAsked if another
// edit of the series waits, and ErrApprovalNeeded if the actor is the system.
func (s *Service) askEdit(ctx context.Context, tx pgx.Tx, actor audit.Actor, series db.Series, p EditPlan) error {
	if actor.IsSystem() {
		return ErrApprovalNeeded // a request needs an accountable person
	}
	id, err := approval.Ask(ctx, tx, actor, approval.Request{
		Kind: db.ApprovalKindRenewal, By: actor.Accountable(), SeriesID: series.ID, Version: series.Version, Price: series.Price, Currency: series.Currency,
		Value: p.Left * p.Price.Minor, Cards: p.Left, Before: p.Solo.Others, PartnerIDs: requestPartners(p.partnerIDs),
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

// ErrEditAsked says that another edit of the series waits for a second person.
var ErrEditAsked = fault.New(fault.Conflict, "edit_asked", "An edit of this series waits for a second person already. Let it be decided, or withdrawn, first.")

// edit applies an edit and records it.
func (s *Service) edit(ctx context.Context, tx pgx.Tx, actor audit.Actor, series db.Series, p *EditPlan) error {
	if err := s.applyEdit(ctx, tx, actor, series, p); err != nil {
		return err
	}
	edited := SeriesEdited{Subject: act.OfSeries(series.ID), Changes: p.Changes, Cards: p.Left}
	if p.Renewed.Minor != 0 {
		edited.Renewed = p.Renewed.Decimal()
	}
	if p.Repriced.Minor != 0 {
		edited.Repriced = p.Repriced.Decimal()
	}
	return act.Record(ctx, tx, actor, edited)
}

// renewalKind is the kind of requests that edit a series. Approval requires the version of the
// series for which the edit was requested, so only the number of remaining cards can differ.
func (s *Service) renewalKind() approval.Kind {
	return approval.Kind{
		Name: db.ApprovalKindRenewal, Cards: true, Needs: Needs(staff.SeriesEdit), Hold: s.holdSubject,
		Same: func(ctx context.Context, tx pgx.Tx, a db.Approval) (bool, error) {
			facts, err := approval.Facts[EditFacts](a)
			if err != nil {
				return false, err
			}
			series, _, cards, err := s.readSubject(ctx, tx, a)
			return series.Version == a.Version && cards*facts.Price <= a.Value && slices.Contains(editable(), series.State), err
		},
		Approve: func(ctx context.Context, tx pgx.Tx, actor audit.Actor, a db.Approval) error {
			facts, err := approval.Facts[EditFacts](a)
			if err != nil {
				return err
			}
			series, err := s.q.SeriesGet(ctx, tx, db.Deref(a.SeriesID))
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
