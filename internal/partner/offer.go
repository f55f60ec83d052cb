package partner

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
)

// Offer says how the customers of a partner can pay, as the portal shows it.
type Offer struct {
	RefillCard bool // they may redeem cards in the portal
	Methods    map[db.PaymentType]Method
}

// Method is a payment method other than refill cards.
type Method struct {
	Offered     bool
	Instruction string // what a customer has to do
}

// Methods lists the payment methods other than refill cards, in the order of pages.
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

// ChangeOffers applies edit to the offers of all partners that the actor sees, and stores
// what differs in one transaction.
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

// check trims the instructions and validates them.
func (o Offer) check(partnerID int64) (faults fault.List) {
	for _, method := range Methods() {
		m := o.Methods[method]
		m.Instruction = strings.TrimSpace(strings.ReplaceAll(m.Instruction, "\r\n", "\n"))
		if n := len([]rune(m.Instruction)); n > maxInstruction {
			faults = append(faults, fault.Field(OfferField(partnerID, method)+"-text", "offer_instruction",
				"The instruction may be up to {most} characters long; this is {count}.").
				With("most", fault.Number(maxInstruction)).With("count", fault.Number(n)))
		}
		if m.Offered && m.Instruction == "" {
			faults = append(faults, fault.Field(OfferField(partnerID, method)+"-text", "offer_instruction_missing",
				"Say what customers have to do, such as where to pay or which account to use."))
		}
		o.Methods[method] = m
	}
	return faults
}

// keep stores what differs, with an audit row.
func (o Offer) keep(ctx context.Context, tx pgx.Tx, actor audit.Actor, id int64, before Offer) error {
	q, changed := db.New(), PortalChanged{Partner: id}
	if o.RefillCard != before.RefillCard {
		changed.RefillCard = &o.RefillCard
		if _, err := q.PartnerUpdatePortal(ctx, tx, db.PartnerUpdatePortalParams{ID: id, PortalRefillCard: o.RefillCard}); err != nil {
			return fmt.Errorf("change a partner's portal: %w", err)
		}
	}
	for _, method := range Methods() {
		m := o.Methods[method]
		if m == before.Methods[method] {
			continue
		}
		changed.set(method, m)
		err := q.PartnerMethodSet(ctx, tx, db.PartnerMethodSetParams{PartnerID: id, Method: method, Offered: m.Offered, Instruction: m.Instruction})
		if err != nil {
			return fmt.Errorf("keep a way to pay: %w", err)
		}
	}
	if changed == (PortalChanged{Partner: id}) {
		return nil
	}
	return act.Record(ctx, tx, actor, changed)
}
