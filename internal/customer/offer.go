package customer

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
)

// Offer is how the customers of a partner can pay, as the portal shows it.
type Offer struct {
	RefillCard bool // the form is open to them
	Methods    map[db.PaymentType]Method
}

// Method is a way to pay beside the refill card.
type Method struct {
	Offered     bool
	Instruction string // what a customer has to do
}

// Methods are the ways to pay beside the refill card, in the order of pages.
func Methods() []db.PaymentType {
	return []db.PaymentType{db.PaymentTypeCash, db.PaymentTypeBankTransfer, db.PaymentTypeCreditCard, db.PaymentTypeOther}
}

// maxInstruction is the most characters that an instruction may have.
const maxInstruction = 500

// Offers reads what the portal offers, by partner.
func Offers(ctx context.Context, dbtx db.DBTX, scope audit.Scope) (map[int64]Offer, error) {
	q := db.New()
	partners, err := q.PartnerList(ctx, dbtx, db.PartnerListParams{AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs})
	if err != nil {
		return nil, fmt.Errorf("list partners: %w", err)
	}
	offers := map[int64]Offer{}
	for _, p := range partners {
		offers[p.ID] = Offer{RefillCard: p.PortalRefillCard, Methods: map[db.PaymentType]Method{}}
	}
	rows, err := q.PartnerMethodList(ctx, dbtx, slices.Collect(maps.Keys(offers)))
	if err != nil {
		return nil, fmt.Errorf("list ways to pay: %w", err)
	}
	for _, row := range rows {
		offers[row.PartnerID].Methods[row.Method] = Method{row.Offered, row.Instruction}
	}
	return offers, nil
}

// ChangeOffers lets edit alter the offers of every partner that the actor sees,
// and keeps what differs: all of it or nothing.
func ChangeOffers(ctx context.Context, beginner db.Beginner, actor audit.Actor, edit func(partnerID int64, o *Offer)) error {
	return pgx.BeginFunc(ctx, beginner, func(tx pgx.Tx) error {
		if err := db.New().PartnerMethodLock(ctx, tx); err != nil {
			return fmt.Errorf("lock the ways to pay: %w", err)
		}
		offers, err := Offers(ctx, tx, actor.Scope)
		if err != nil {
			return err
		}
		var faults fault.List
		for _, id := range slices.Sorted(maps.Keys(offers)) {
			before := offers[id]
			after := Offer{RefillCard: before.RefillCard, Methods: maps.Clone(before.Methods)}
			edit(id, &after)
			if list := after.check(id); len(list) > 0 {
				faults = append(faults, list...)
				continue
			}
			if err := after.keep(ctx, tx, actor, id, before); err != nil {
				return err
			}
		}
		return faults.Err()
	})
}

// OfferField names the control of a way to pay on a form.
func OfferField(partnerID int64, method db.PaymentType) string {
	return fmt.Sprintf("partner-%d-%s", partnerID, method)
}

// check cleans the instructions and holds them against the rules.
func (o Offer) check(partnerID int64) (faults fault.List) {
	for _, method := range Methods() {
		m := o.Methods[method]
		m.Instruction = strings.TrimSpace(strings.ReplaceAll(m.Instruction, "\r\n", "\n"))
		if n := len([]rune(m.Instruction)); n > maxInstruction {
			faults = append(faults, fault.Field(OfferField(partnerID, method)+"-text", "offer_instruction",
				fmt.Sprintf("The instruction may be up to %d characters long; this is %d.", maxInstruction, n)))
		}
		if m.Offered && m.Instruction == "" {
			faults = append(faults, fault.Field(OfferField(partnerID, method)+"-text", "offer_instruction_missing",
				"Say what customers have to do, such as where to pay or which account to use."))
		}
		o.Methods[method] = m
	}
	return faults
}

// keep writes what differs, and an audit row that names it.
func (o Offer) keep(ctx context.Context, tx pgx.Tx, actor audit.Actor, id int64, before Offer) error {
	q, detail := db.New(), map[string]any{"partner": id}
	if o.RefillCard != before.RefillCard {
		detail["refill_card"] = o.RefillCard
		if _, err := q.PartnerUpdatePortal(ctx, tx, db.PartnerUpdatePortalParams{ID: id, PortalRefillCard: o.RefillCard}); err != nil {
			return fmt.Errorf("change a partner's portal: %w", err)
		}
	}
	for _, method := range Methods() {
		m := o.Methods[method]
		if m == before.Methods[method] {
			continue
		}
		detail[string(method)] = map[string]any{"offered": m.Offered, "instruction": m.Instruction}
		err := q.PartnerMethodSet(ctx, tx, db.PartnerMethodSetParams{PartnerID: id, Method: method, Offered: m.Offered, Instruction: m.Instruction})
		if err != nil {
			return fmt.Errorf("keep a way to pay: %w", err)
		}
	}
	if len(detail) == 1 {
		return nil
	}
	return audit.Record(ctx, tx, actor, audit.Entry{Action: "partner.portal_changed", Detail: detail})
}
