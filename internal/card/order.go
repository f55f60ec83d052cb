package card

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/cardcode"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/formprint"
	"refill/internal/money"
	"refill/internal/partner"
	"refill/internal/setting"
)

// Limits of an order.
const (
	MaxQuantity   = 1_000_000
	MaxPrefix     = 20                    // characters
	MaxPrice      = 100_000_000_000       // of one card, in minor units
	MaxFaceValue  = 1_000_000_000_000_000 // of a series, in minor units
	maxYearsValid = 20
)

// OrderRequest holds the fields of an order. CheckOrder checks them.
type OrderRequest struct {
	Quantity  int32
	Prefix    string
	Price     money.Amount // of one card, in the currency of the installation, or money.Test for test partners
	ValidTill time.Time    // the last day; its date in its own time zone counts; zero: missing
	Partners  Partners
	Activate  bool
	PrintOnce bool
	Key       uuid.UUID // idempotency key
}

// ErrOrderKeyUsed refuses an idempotency key that has ordered a series with other fields.
var ErrOrderKeyUsed = fault.New(fault.Conflict, "order_key_used", "This form was sent before with other entries, and that series was ordered. Look at the list of series; press the button again to order this one too.")

// Order is a valid order.
type Order struct {
	Quantity   int32
	Prefix     string
	Price      money.Amount
	PartnerIDs []int64 // empty: any partner
	Test       bool    // the partners are test partners
	TimeZone   string
	ValidTill  time.Time
	Activate   bool
	PrintOnce  bool            // the codes are exported once and then shredded
	Format     cardcode.Format // of the codes
	Lock       bool            // only customers of these partners can redeem the cards
	print      []byte          // fingerprint of the fields; the same key with other fields is refused
	Key        uuid.UUID       // idempotency key
	Imported   bool            // the cards come from an import, so none are generated
}

// FaceValue returns the face value of all cards of the order together.
func (o Order) FaceValue() money.Amount {
	return money.Amount{Minor: int64(o.Quantity) * o.Price.Minor, Currency: o.Price.Currency}
}

// Ordered identifies a series that was ordered.
type Ordered struct {
	ID     int64
	Number string
}

var errTillPassed = fault.Field("valid_till", "order_valid_till_passed", "Valid till has passed already. Today is {today}.")

// prefixForm is the form of a prefix. Other characters cause trouble in file names, QR codes
// and on keypads.
var prefixForm = regexp.MustCompile(`^[A-Za-z0-9]{0,20}$`)

// CheckPrefix returns the fault of an invalid prefix, or nil. A prefix may be empty.
func CheckPrefix(prefix string) *fault.Error {
	if prefixForm.MatchString(prefix) {
		return nil
	}
	return fault.Field("prefix", "order_prefix", "Prefix may have up to 20 letters A–Z and digits, without spaces.")
}

// CheckOrder checks a request against every rule. Invalid fields are a fault.List with one
// fault a field. The zero value of a required field is invalid.
func (s *Service) CheckOrder(ctx context.Context, actor audit.Actor, f OrderRequest) (Order, error) {
	settings, err := s.settings.Get(ctx)
	if err != nil {
		return Order{}, err
	}
	o := Order{Prefix: strings.TrimSpace(f.Prefix), Activate: f.Activate, PrintOnce: f.PrintOnce, Key: f.Key, TimeZone: settings.TimeZone, Format: settings.CodeFormat(), Lock: settings.LockPartners}
	wrongPartners := s.CheckPartners(ctx, actor, f.Partners, &o)
	if fault.IsInternal(wrongPartners) {
		return Order{}, wrongPartners
	}
	o.Price = money.Amount{Minor: f.Price.Minor, Currency: settings.Currency}
	if o.Test {
		o.Price.Currency = money.Test
	}
	var faults fault.List

	if err := settings.CheckCurrency(); err != nil {
		faults = append(faults, fault.All(err)...)
	}
	if f.Quantity >= 1 && f.Quantity <= MaxQuantity {
		o.Quantity = f.Quantity
	} else {
		faults = append(faults, fault.Field("quantity", "order_quantity", "Quantity must be a whole number from 1 to {most}.").With("most", fault.Number(MaxQuantity)))
	}
	if wrong := CheckPrefix(o.Prefix); wrong != nil {
		faults = append(faults, wrong)
	}
	if wrong := checkPrice(f.Price, o.Price.Currency); wrong != nil {
		faults = append(faults, wrong)
	}
	if o.Quantity > 0 && o.Price.Minor > MaxFaceValue/int64(o.Quantity) {
		faults = append(faults, fault.Field("quantity", "order_face_value", "These cards would be worth more together than one series may be. Order fewer, or at a lower price."))
	}
	faults = append(faults, fault.All(wrongPartners)...)
	if err := s.checkValidTill(ctx, f.ValidTill, &o); err != nil {
		if fault.IsInternal(err) {
			return Order{}, err
		}
		faults = append(faults, fault.All(err)...)
	}
	if err := CheckActivate(ctx, s.db, actor.Accountable(), o.Activate); err != nil {
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

// checkPrice returns the fault of the price of one card that is out of bounds or in another
// currency, or nil.
func checkPrice(price money.Amount, currency string) *fault.Error {
	switch {
	case price.Minor != 0 && price.Currency != currency:
		return fault.Field("price", "order_currency", "Price must be in {currency}, the currency of these cards.").With("currency", fault.Name(currency))
	case price.Minor < 1 || price.Minor > MaxPrice:
		return fault.Field("price", "order_price", "Price must be an amount from {least} to {most}, such as {example}.").
			With("least", fault.Figure{Minor: 1, Currency: currency}).With("most", fault.Figure{Minor: MaxPrice, Currency: currency}).
			With("example", fault.Figure{Minor: 1000, Currency: currency})
	}
	return nil
}

// checkValidTill checks a last day against today in the time zone of the order, and sets it.
func (s *Service) checkValidTill(ctx context.Context, day time.Time, o *Order) error {
	today, err := s.q.SeriesToday(ctx, s.db, o.TimeZone)
	if err != nil {
		return fmt.Errorf("ask for today: %w", err)
	}
	date := dayOf(day)
	switch {
	case day.IsZero():
		return fault.Field("valid_till", "order_valid_till_missing", "Enter the last day on which the cards can be redeemed.")
	case date.Before(today):
		return errTillPassed.With("today", fault.Day(today))
	case date.After(today.AddDate(maxYearsValid, 0, 0)):
		return fault.Field("valid_till", "order_valid_till_far", "Valid till may be at most {years} years away: {last}.").
			With("years", fault.Number(maxYearsValid)).With("last", fault.Day(today.AddDate(maxYearsValid, 0, 0)))
	}
	o.ValidTill = date
	return nil
}

// dayOf returns midnight UTC of the date of a time in its own time zone, which is how the
// database keeps dates. The zero time stays zero.
func dayOf(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	year, month, day := t.Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// Order inserts a series and the job that generates it, in one transaction. A worker generates
// the cards. The same idempotency key with the same fields returns the series of the first
// call; with other fields it is ErrOrderKeyUsed. Other errors are those of CheckOrder and
// Enter.
func (s *Service) Order(ctx context.Context, actor audit.Actor, f OrderRequest) (Ordered, error) {
	if done, err := s.earlierOrder(ctx, actor, f); err != nil || done.ID != 0 {
		return done, err
	}
	if err := CheckModule(ctx, s.db, actor); err != nil {
		return Ordered{}, err
	}
	o, err := s.CheckOrder(ctx, actor, f)
	if err != nil {
		return Ordered{}, err
	}
	if o.print, err = f.print(o.Price.Currency); err != nil {
		return Ordered{}, err
	}
	var ordered Ordered
	err = s.InTx(ctx, func(tx pgx.Tx) error {
		ordered, err = s.Enter(ctx, tx, actor, o)
		return err
	})
	if db.Constraint(err) == "series_order_key_key" { // a concurrent request with the same key was first
		return s.earlierOrder(ctx, actor, f)
	}
	return ordered, err
}

// earlierOrder returns the series that an idempotency key has ordered, or the zero value. A key
// that has ordered a series with other fields is ErrOrderKeyUsed.
func (s *Service) earlierOrder(ctx context.Context, actor audit.Actor, f OrderRequest) (Ordered, error) {
	row, err := s.q.SeriesGetByOrderKey(ctx, s.db, f.Key)
	if errors.Is(err, pgx.ErrNoRows) {
		return Ordered{}, nil
	}
	if err != nil {
		return Ordered{}, fmt.Errorf("look for the order: %w", err)
	}
	if row.CreatedBy != nil && *row.CreatedBy != actor.Responsible() {
		return Ordered{}, fault.New(fault.Conflict, "order_key_taken", "This form was sent already. Open Generate again.")
	}
	settings, err := s.settings.Get(ctx)
	if err != nil {
		return Ordered{}, err
	}
	currency, err := partner.Currency(ctx, s.db, settings.Currency, f.Partners.IDs...)
	if err != nil {
		return Ordered{}, err
	}
	print, err := f.print(currency)
	if err != nil {
		return Ordered{}, err
	}
	if same, known, err := formprint.Same(ctx, s.db, formprint.Order, f.Key, print); err != nil || (known && !same) {
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

// Enter inserts a series, its partners, its outstanding account and its job, in the caller's
// transaction. It returns ErrFaceValue or ErrHouseFull above the maximum face value, and
// audit.ErrNeedsStaff for an actor without an accountable person.
func (s *Service) Enter(ctx context.Context, tx pgx.Tx, actor audit.Actor, o Order) (Ordered, error) {
	if err := setting.CheckCurrency(ctx, tx); err != nil {
		return Ordered{}, err
	}
	if err := s.checkFaceValue(ctx, tx, o); err != nil {
		return Ordered{}, err
	}
	next, err := s.q.SeriesNextNumber(ctx, tx, o.TimeZone)
	if err != nil {
		return Ordered{}, fmt.Errorf("number a series: %w", err)
	}
	by := actor.Accountable()
	if by.IsNobody() {
		return Ordered{}, audit.ErrNeedsStaff
	}
	p := db.SeriesCreateParams{
		Number: fmt.Sprintf("%d%02d", next.Year, next.Last), Prefix: o.Prefix,
		Price: o.Price.Minor, Currency: o.Price.Currency, Quantity: o.Quantity,
		AnyPartner: len(o.PartnerIDs) == 0, TimeZone: o.TimeZone, ValidTill: o.ValidTill,
		ActivateWhenGenerated: o.Activate, CodeLength: int16(o.Format.Length), CodeAlphabet: string(o.Format.Alphabet), //nolint:gosec // at most 24
		PartnerLock: o.Lock, PrintOnce: o.PrintOnce, OrderKey: o.Key, CreatedBy: actor.Staff(),
	}
	p.ClientID, p.KeyMaker = by.Client()
	row, err := s.q.SeriesCreate(ctx, tx, p)
	if err != nil {
		return Ordered{}, fmt.Errorf("enter a series: %w", err)
	}
	if o.print != nil {
		if err := formprint.Keep(ctx, tx, formprint.Order, o.Key, o.print); err != nil {
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
	if !o.Imported {
		if err := s.enqueueGenerate(ctx, tx, row.ID); err != nil {
			return Ordered{}, err
		}
	}
	err = act.Record(ctx, tx, actor, SeriesOrdered{
		Subject: act.OfSeries(row.ID), Quantity: o.Quantity, Price: o.Price.Decimal(), Currency: o.Price.Currency, ValidTill: o.ValidTill.Format(time.DateOnly),
	})
	if err != nil {
		return Ordered{}, err
	}
	return Ordered{row.ID, row.Number}, nil
}

// enqueueGenerate queues the job that generates a series, and stores its id in the series.
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

// NotifySeries announces a change of a series to open pages when the transaction commits.
func (s *Service) NotifySeries(ctx context.Context, tx pgx.Tx, seriesID int64) error {
	if err := s.q.SeriesNotify(ctx, tx, seriesID); err != nil {
		return fmt.Errorf("announce a change of series: %w", err)
	}
	return nil
}

// errImported refuses to cancel or retry a single series of an import. Staff stop or continue
// the whole import instead.
var errImported = fault.New(fault.Conflict, "series_imported", "This series comes from an import. Stop the import or let it go on from its own page.")
