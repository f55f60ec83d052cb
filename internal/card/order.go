package card

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/money"
)

// What an order may ask for.
const (
	MaxQuantity   = 1_000_000
	MaxPrefix     = 20
	maxPrice      = 100_000_000_000       // minor units of one card
	maxFaceValue  = 1_000_000_000_000_000 // minor units of a series
	maxYearsValid = 20
)

// OrderForm is an order as it was typed. Partners holds ids as text, or
// AnyPartner.
type OrderForm struct {
	Quantity, Prefix, Price, ValidTill string
	Partners                           []string
	Activate                           bool
	PrintOnce                          bool
	Key                                uuid.UUID // drawn when the form was shown: the same key orders once
}

// ErrOrderKeyUsed answers a form that is sent again with other entries.
var ErrOrderKeyUsed = fault.New(fault.Conflict, "order_key_used", "This form was sent before with other entries, and that series was ordered. Look at the list of series; press the button again to order this one too.")

// AnyPartner is the choice that lets every partner's customers redeem.
const AnyPartner = "any"

// Order is what an OrderForm asks for, once every rule holds.
type Order struct {
	Quantity   int32
	Prefix     string
	Price      money.Amount
	PartnerIDs []int64 // empty: any partner
	TimeZone   string
	ValidTill  time.Time
	Activate   bool
	PrintOnce  bool   // one file is made of the codes, then they are shredded
	Format     Format // of the codes
	Lock       bool   // the cards are for those partners only
	print      []byte // of the form, so that the same key with other entries is refused
	Key        uuid.UUID
	imported   bool // its cards come from a file
}

// FaceValue is what all cards of the order are worth together.
func (o Order) FaceValue() money.Amount {
	return money.Amount{Minor: int64(o.Quantity) * o.Price.Minor, Currency: o.Price.Currency}
}

// Ordered names a series that was ordered.
type Ordered struct {
	ID     int64
	Number string
}

// prefixForm is what a prefix is made of. Other characters would need care in
// file names, QR codes or on keypads.
var prefixForm = regexp.MustCompile(`^[A-Za-z0-9]{0,20}$`)

// CheckOrder reads a form and holds it against every rule. Its error is a
// fault.List with one fault a field.
func (s *Service) CheckOrder(ctx context.Context, actor audit.Actor, f OrderForm) (Order, error) {
	settings, err := s.settings.Get(ctx)
	if err != nil {
		return Order{}, err
	}
	o := Order{Prefix: strings.TrimSpace(f.Prefix), Activate: f.Activate, PrintOnce: f.PrintOnce, Key: f.Key, TimeZone: settings.TimeZone, Format: FormatOf(settings), Lock: settings.LockPartners}
	o.Price.Currency = settings.Currency
	var faults fault.List
	add := func(field, code, message string) { faults = append(faults, fault.Field(field, code, message)) }

	if o.Quantity, err = parseQuantity(f.Quantity); err != nil {
		add("quantity", "order_quantity", "Quantity must be a whole number from 1 to 1,000,000.")
	}
	if !prefixForm.MatchString(o.Prefix) {
		add("prefix", "order_prefix", "Prefix may have up to 20 letters A–Z and digits, without spaces.")
	}
	if o.Price.Minor, err = checkPrice(f.Price, settings.Currency); err != nil {
		faults = append(faults, fault.All(err)...)
	}
	if o.Quantity > 0 && o.Price.Minor > 0 && o.FaceValue().Minor > maxFaceValue {
		add("quantity", "order_face_value", "These cards would be worth more together than one series may be. Order fewer, or at a lower price.")
	}
	if err := s.checkPartners(ctx, actor, f.Partners, &o); err != nil {
		if fault.IsInternal(err) {
			return Order{}, err
		}
		faults = append(faults, fault.All(err)...)
	}
	if err := s.checkValidTill(ctx, f.ValidTill, &o); err != nil {
		if fault.IsInternal(err) {
			return Order{}, err
		}
		faults = append(faults, fault.All(err)...)
	}
	if err := mayActivate(ctx, s.db, actor.StaffID, o.Activate); err != nil {
		if fault.IsInternal(err) {
			return Order{}, err
		}
		faults = append(faults, fault.All(err)...)
	}
	if len(faults) == 0 {
		if err := s.checkOdds(ctx, settings, int64(o.Quantity)); err != nil {
			if fault.IsInternal(err) {
				return Order{}, err
			}
			faults = append(faults, fault.All(err)...)
		}
	}
	return o, faults.Err()
}

// checkPrice reads the price of one card.
func checkPrice(text, currency string) (int64, error) {
	ten := money.Amount{Minor: 1000, Currency: currency}.Decimal()
	minor, err := money.Parse(text, currency)
	switch {
	case errors.Is(err, money.ErrDecimals):
		return 0, fault.Field("price", "order_price_decimals", fmt.Sprintf("Price may have at most %d decimals, as in %s.", money.Digits(currency), ten))
	case err != nil || minor < 1 || minor > maxPrice:
		return minor, fault.Field("price", "order_price", fmt.Sprintf("Price must be an amount from %s to %s, such as %s.",
			money.Amount{Minor: 1, Currency: currency}.Decimal(),
			money.Group(strconv.Itoa(maxPrice/int(math.Pow10(money.Digits(currency))))), ten))
	}
	return minor, nil
}

// parseQuantity reads a whole number, with or without thousands separators.
func parseQuantity(text string) (int32, error) {
	minor, err := money.Parse(strings.TrimSpace(text), "JPY") // no decimals: whole numbers
	if err != nil || minor < 1 || minor > MaxQuantity {
		return 0, money.ErrRange
	}
	return int32(minor), nil
}

// checkPartners reads the chosen partners. One that is not theirs is answered
// like one that is not there. A series of exactly one partner keeps that
// partner's time zone.
func (s *Service) checkPartners(ctx context.Context, actor audit.Actor, chosen []string, o *Order) error {
	partners, err := s.q.PartnerList(ctx, s.db, db.PartnerListParams{
		AllPartners: actor.Scope.AllPartners, PartnerIds: actor.Scope.PartnerIDs,
	})
	if err != nil {
		return fmt.Errorf("list partners: %w", err)
	}
	zones := map[int64]string{}
	for _, p := range partners {
		if p.DisabledAt == nil {
			zones[p.ID] = p.TimeZone
		}
	}
	wanted := map[int64]bool{}
	anyOne := false
	for _, text := range chosen {
		if text == AnyPartner {
			anyOne = true
			continue
		}
		id, err := strconv.ParseInt(text, 10, 64)
		if _, known := zones[id]; err != nil || !known {
			return fault.Field("partner", "order_partner", "Choose a partner from the list.")
		}
		if !wanted[id] {
			wanted[id] = true
			o.PartnerIDs = append(o.PartnerIDs, id)
		}
	}
	if anyOne {
		o.PartnerIDs = nil
		if !actor.Scope.AllPartners {
			return fault.Field("partner", "order_partner_any", "Choose one or more of your partners; cards for any partner are ordered by staff of all partners.")
		}
		return nil
	}
	if len(o.PartnerIDs) == 0 {
		return fault.Field("partner", "order_partner", "Choose a partner from the list.")
	}
	if len(o.PartnerIDs) == 1 {
		o.TimeZone = zones[o.PartnerIDs[0]]
	}
	return nil
}

// checkValidTill reads the date and holds it against today where the series is.
func (s *Service) checkValidTill(ctx context.Context, text string, o *Order) error {
	today, err := s.q.SeriesToday(ctx, s.db, o.TimeZone)
	if err != nil {
		return fmt.Errorf("ask for today: %w", err)
	}
	text = strings.TrimSpace(text)
	date, err := time.Parse(time.DateOnly, text)
	switch {
	case text == "":
		return fault.Field("valid_till", "order_valid_till", "Enter the last day on which the cards can be redeemed.")
	case err != nil:
		return fault.Field("valid_till", "order_valid_till", "Valid till must be a date such as "+today.AddDate(1, 0, 0).Format(time.DateOnly)+".")
	case date.Before(today):
		return fault.Field("valid_till", "order_valid_till", "Valid till has passed already. Today is "+today.Format(time.DateOnly)+".")
	case date.After(today.AddDate(maxYearsValid, 0, 0)):
		return fault.Field("valid_till", "order_valid_till", fmt.Sprintf("Valid till may be at most %d years away: %s.", maxYearsValid, today.AddDate(maxYearsValid, 0, 0).Format(time.DateOnly)))
	}
	o.ValidTill = date
	return nil
}

// Order enters a series and its job in one transaction and returns at once; a
// worker makes the cards. The same key asked again gives the series that it
// ordered the first time.
func (s *Service) Order(ctx context.Context, actor audit.Actor, f OrderForm) (Ordered, error) {
	if done, err := s.orderedBefore(ctx, actor, f); err != nil || done.ID != 0 {
		return done, err
	}
	o, err := s.CheckOrder(ctx, actor, f)
	if err != nil {
		return Ordered{}, err
	}
	if o.print, err = f.print(o.Price.Currency); err != nil {
		return Ordered{}, err
	}
	var ordered Ordered
	err = s.inTx(ctx, func(tx pgx.Tx) error {
		ordered, err = s.enter(ctx, tx, actor, o)
		return err
	})
	if db.Constraint(err) == "series_order_key_key" { // the other of two clicks was first
		return s.orderedBefore(ctx, actor, f)
	}
	return ordered, err
}

// orderedBefore returns the series that the key of a form ordered, if any. A form
// with other entries than those is refused.
func (s *Service) orderedBefore(ctx context.Context, actor audit.Actor, f OrderForm) (Ordered, error) {
	row, err := s.q.SeriesGetByOrderKey(ctx, s.db, f.Key)
	if errors.Is(err, pgx.ErrNoRows) {
		return Ordered{}, nil
	}
	if err != nil {
		return Ordered{}, fmt.Errorf("look for the order: %w", err)
	}
	if row.CreatedBy != nil && *row.CreatedBy != actor.StaffID {
		return Ordered{}, fault.New(fault.Conflict, "order_key_taken", "This form was sent already. Open Generate again.")
	}
	settings, err := s.settings.Get(ctx)
	if err != nil {
		return Ordered{}, err
	}
	print, err := f.print(settings.Currency)
	if err != nil {
		return Ordered{}, err
	}
	if same, known, err := s.samePrint(ctx, formOrder, f.Key, print); err != nil || (known && !same) {
		return Ordered{}, cmp.Or(err, error(ErrOrderKeyUsed))
	} else if known {
		return Ordered{row.ID, row.Number}, nil
	}
	o, err := s.CheckOrder(ctx, actor, f)
	if fault.IsInternal(err) {
		return Ordered{}, err
	}
	same := o.Quantity == row.Quantity && o.Price.Minor == row.Price && o.Prefix == row.Prefix &&
		o.ValidTill.Equal(row.ValidTill) && o.PrintOnce == row.PrintOnce
	if err == nil && !same {
		return Ordered{}, ErrOrderKeyUsed
	}
	return Ordered{row.ID, row.Number}, nil
}

// enter writes a series, its partners, its account and its job.
func (s *Service) enter(ctx context.Context, tx pgx.Tx, actor audit.Actor, o Order) (Ordered, error) {
	if err := s.checkFaceValue(ctx, tx, o); err != nil {
		return Ordered{}, err
	}
	next, err := s.q.SeriesNextNumber(ctx, tx, o.TimeZone)
	if err != nil {
		return Ordered{}, fmt.Errorf("number a series: %w", err)
	}
	row, err := s.q.SeriesCreate(ctx, tx, db.SeriesCreateParams{
		Number: fmt.Sprintf("%d%02d", next.Year, next.Last), Prefix: o.Prefix,
		Price: o.Price.Minor, Currency: o.Price.Currency, Quantity: o.Quantity,
		AnyPartner: len(o.PartnerIDs) == 0, TimeZone: o.TimeZone, ValidTill: o.ValidTill,
		ActivateWhenGenerated: o.Activate, CodeLength: int16(o.Format.Length), CodeAlphabet: string(o.Format.Alphabet), //nolint:gosec // at most 24
		PartnerLock: o.Lock, PrintOnce: o.PrintOnce, OrderKey: o.Key, CreatedBy: actor.Staff(),
	})
	if err != nil {
		return Ordered{}, fmt.Errorf("enter a series: %w", err)
	}
	if o.print != nil {
		if err := s.keepPrint(ctx, tx, formOrder, o.Key, o.print); err != nil {
			return Ordered{}, err
		}
	}
	if len(o.PartnerIDs) > 0 {
		if err := s.q.SeriesPartnerAdd(ctx, tx, db.SeriesPartnerAddParams{SeriesID: row.ID, PartnerIds: o.PartnerIDs}); err != nil {
			return Ordered{}, fmt.Errorf("enter the partners of a series: %w", err)
		}
	}
	if _, err := s.q.AccountCreateOutstanding(ctx, tx, db.AccountCreateOutstandingParams{Currency: o.Price.Currency, SeriesID: &row.ID}); err != nil {
		return Ordered{}, fmt.Errorf("open the account of a series: %w", err)
	}
	if !o.imported {
		if err := s.enqueueGenerate(ctx, tx, row.ID); err != nil {
			return Ordered{}, err
		}
	}
	err = audit.Record(ctx, tx, actor, audit.Entry{Action: "series.ordered", SeriesID: row.ID, Detail: map[string]any{
		"quantity": o.Quantity, "price": o.Price.Decimal(), "currency": o.Price.Currency, "valid_till": o.ValidTill.Format(time.DateOnly),
	}})
	if err != nil {
		return Ordered{}, err
	}
	return Ordered{row.ID, row.Number}, s.notifySeries(ctx, tx, row.ID)
}

// enqueueGenerate puts the job of a series beside it.
func (s *Service) enqueueGenerate(ctx context.Context, tx pgx.Tx, seriesID int64) error {
	job, err := s.jobs.InsertTx(ctx, tx, GenerateSeriesArgs{SeriesID: seriesID}, nil)
	if err != nil {
		return fmt.Errorf("queue the making of a series: %w", err)
	}
	if err := s.q.SeriesSetJob(ctx, tx, db.SeriesSetJobParams{ID: seriesID, JobID: &job.Job.ID}); err != nil {
		return fmt.Errorf("note the job of a series: %w", err)
	}
	return nil
}

// notifySeries tells every open page, at commit, that a series changed.
func (s *Service) notifySeries(ctx context.Context, tx pgx.Tx, seriesID int64) error {
	if err := s.q.SeriesNotify(ctx, tx, seriesID); err != nil {
		return fmt.Errorf("announce a change of series: %w", err)
	}
	return nil
}
