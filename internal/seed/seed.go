// Package seed owns the sample data of `refill demo`: partners, people, series in
// every state and months of redemptions. All of it is made by the domain itself
// and then spread over the past, so that every invariant holds for it. It runs
// once, on an empty database, and never on one that holds anything.
package seed

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2" //nolint:depguard // who redeems what in the sample data; the codes are drawn by package card
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/money"
	"refill/internal/staff"
)

// Password is everybody's in the sample data.
const Password = "refill-demo"

// rounds is over how many turns the later redemptions are spread.
const rounds = 10

// customers is how many there are.
const customers = 200

// Sower makes the sample data.
type Sower struct {
	Pool     *pgxpool.Pool // as the application
	OwnerURL string        // as the owner of the tables, for spreading over the past
	Cards    *card.Service // a worker must be running
	Log      *slog.Logger

	random   *rand.Rand
	lasting  map[int64]int // days that a series lasts, once spread over the past
	admin    audit.Actor
	partners []db.Partner
	people   []db.Customer
}

// Needed reports whether the database is empty.
func Needed(ctx context.Context, pool *pgxpool.Pool) (bool, error) {
	n, err := db.New().StaffCount(ctx, pool)
	return n == 0, err
}

// batch is a series of the sample data and what becomes of it.
type batch struct {
	prefix   string
	price    string
	quantity int
	partners []int // places in Sower.partners; none: any
	used     int   // cards redeemed right after it was made
	later    int   // cards redeemed over the time since, mixed with the other series'
	activate bool
	end      func(ctx context.Context, actor audit.Actor, id int64) error
	days     int // from its activation until valid till, once spread over the past; 0: in the future
}

// Sow fills the database.
func (s *Sower) Sow(ctx context.Context) error { return unwatched(ctx, s.OwnerURL, s.sow) }

func (s *Sower) sow(ctx context.Context) error {
	s.random = rand.New(rand.NewPCG(2026, 11)) //nolint:gosec // sample data, the same each time
	s.lasting = map[int64]int{}
	started := time.Now() //nolint:forbidigo // the span that is spread over the past
	if err := s.sowPeople(ctx); err != nil {
		return err
	}
	none := func(context.Context, audit.Actor, int64) error { return nil }
	batches := []batch{
		{"Spring", "5.00", 400, nil, 290, 0, true, none, 75},
		{"Welcome", "10.00", 500, []int{0}, 310, 0, true, none, 120},
		{"", "20.00", 300, []int{1}, 160, 0, true, s.Cards.Void, 0},
		{"Kiosk", "5.00", 800, []int{2}, 90, 0, true, s.Cards.Lock, 0},
		{"QuickAccess", "10.00", 2000, nil, 120, 500, true, none, 0},
		{"South", "2.50", 1000, []int{1}, 40, 200, true, none, 0},
		{"Hotspot", "1.00", 5000, []int{0, 2}, 50, 350, true, none, 0},
		{"Premium", "50.00", 250, nil, 5, 40, true, none, 0},
	}
	ids := make([]int64, len(batches))
	for i, b := range batches {
		var err error
		if ids[i], err = s.sowSeries(ctx, b); err != nil {
			return err
		}
	}
	for round := range rounds {
		if round == rounds/2 {
			if err := s.sowCancelled(ctx); err != nil {
				return err
			}
		}
		if round == rounds-1 {
			if _, err := s.sowSeries(ctx, batch{"Holiday", "15.00", 1500, nil, 0, 0, false, none, 0}); err != nil {
				return err
			}
		}
		for i, b := range batches {
			b.used = b.later / rounds
			if err := s.redeem(ctx, ids[i], b); err != nil {
				return err
			}
		}
	}
	return spread(ctx, s.OwnerURL, started, s.lasting)
}

// sowPeople enters partners, staff and customers.
func (s *Sower) sowPeople(ctx context.Context) error {
	if err := s.sowPartners(ctx); err != nil {
		return err
	}
	for _, n := range []staff.New{
		{Username: "admin", Name: "Ada Admin", Role: db.StaffRoleAdministrator, AllPartners: true},
		{Username: "cashier", Name: "Casey Cashier", Role: db.StaffRoleCashier, PartnerIDs: []int64{s.partners[0].ID}},
		{Username: "operator", Name: "Oli Operator", Role: db.StaffRoleOperator, AllPartners: true},
	} {
		n.Password = Password
		id, err := staff.Create(ctx, s.Pool, audit.System(), n)
		if err != nil {
			return fmt.Errorf("enter staff %s: %w", n.Username, err)
		}
		if s.admin.StaffID == 0 {
			s.admin = audit.Actor{StaffID: id, Scope: audit.Everything()}
		}
	}
	hash, err := staff.Hash(Password)
	if err != nil {
		return err
	}
	for n := range customers {
		name, username := person(n)
		partner := s.partners[[...]int{0, 0, 1, 2, 1, 0, 2, 1}[n%8]]
		c, err := customer.Create(ctx, s.Pool, s.admin, customer.New{
			PartnerID: partner.ID, Username: username, Name: name, Currency: "USD", PasswordHash: hash,
			Email: username + "@example.com", Phone: fmt.Sprintf("+1 555 01%02d %03d", n%100, n),
		})
		if err != nil {
			return fmt.Errorf("enter %s: %w", username, err)
		}
		s.people = append(s.people, c)
	}
	return nil
}

// sowSeries orders a series, waits for its cards, has some of them redeemed, and
// brings it to its end.
func (s *Sower) sowSeries(ctx context.Context, b batch) (int64, error) {
	s.Log.InfoContext(ctx, "sample series", slog.String("prefix", b.prefix), slog.Int("cards", b.quantity))
	chosen := []string{card.AnyPartner}
	if len(b.partners) > 0 {
		chosen = nil
		for _, place := range b.partners {
			chosen = append(chosen, fmt.Sprint(s.partners[place].ID))
		}
	}
	ordered, err := s.Cards.Order(ctx, s.admin, card.OrderForm{
		Quantity: fmt.Sprint(b.quantity), Prefix: b.prefix, Price: b.price, Partners: chosen, Activate: b.activate,
		ValidTill: time.Now().AddDate(1, 0, 0).Format(time.DateOnly), Key: uuid.New(), //nolint:forbidigo // a year from now
	})
	if err != nil {
		return 0, fmt.Errorf("order %s: %w", b.prefix, err)
	}
	if err := s.await(ctx, ordered.ID); err != nil {
		return 0, err
	}
	if err := s.redeem(ctx, ordered.ID, b); err != nil {
		return 0, err
	}
	if err := b.end(ctx, s.admin, ordered.ID); err != nil {
		return 0, fmt.Errorf("end %s: %w", b.prefix, err)
	}
	if b.days > 0 {
		s.lasting[ordered.ID] = b.days
	}
	return ordered.ID, nil
}

// await waits until the worker has made a series.
func (s *Sower) await(ctx context.Context, id int64) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		series, err := db.New().SeriesGet(ctx, s.Pool, id)
		if err != nil {
			return fmt.Errorf("wait for series %d: %w", id, err)
		}
		if series.MadeAt != nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for series %d: %w", id, ctx.Err())
		case <-tick.C:
		}
	}
}

// redeem has customers redeem cards of a series, as they would in the portal,
// and pay in cash now and then.
func (s *Sower) redeem(ctx context.Context, id int64, b batch) error {
	if b.used == 0 {
		return nil
	}
	series, err := db.New().SeriesGet(ctx, s.Pool, id)
	if err != nil {
		return err
	}
	allowed := map[int64]bool{}
	for _, place := range b.partners {
		allowed[s.partners[place].ID] = true
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(4)
	left := b.used
	err = s.Cards.EachUnused(ctx, series, func(page []card.Unsealed) error {
		for _, c := range page[:min(left, len(page))] {
			who := s.people[s.random.IntN(len(s.people))]
			for len(allowed) > 0 && !allowed[who.PartnerID] {
				who = s.people[s.random.IntN(len(s.people))]
			}
			cash := s.random.IntN(12) == 0
			sum := money.Amount{Minor: int64(500 * (1 + s.random.IntN(8))), Currency: "USD"}
			code := c.Code.Reveal(series.Prefix)
			group.Go(func() error { return s.visit(ctx, who, code, cash, sum) })
		}
		left -= min(left, len(page))
		return nil
	})
	if waited := group.Wait(); waited != nil {
		return waited
	}
	return err
}

// visit is one customer's visit: a card, and perhaps cash.
func (s *Sower) visit(ctx context.Context, who db.Customer, code string, cash bool, sum money.Amount) error {
	actor := audit.Actor{CustomerID: who.ID, Scope: audit.Everything()}
	if _, err := s.Cards.Redeem(ctx, actor, card.Redemption{CustomerID: who.ID, Code: code, Key: uuid.New()}); err != nil {
		return fmt.Errorf("redeem for %s: %w", who.Username, err)
	}
	if !cash {
		return nil
	}
	_, err := customer.Pay(ctx, s.Pool, s.admin, customer.Payment{
		CustomerID: who.ID, Type: db.PaymentTypeCash, Amount: sum, Comment: "At the counter", Key: uuid.New(),
	})
	return err
}

// sowCancelled orders a large series and cancels it at once.
func (s *Sower) sowCancelled(ctx context.Context) error {
	ordered, err := s.Cards.Order(ctx, s.admin, card.OrderForm{
		Quantity: "750000", Prefix: "Mistake", Price: "10.00", Partners: []string{card.AnyPartner}, Activate: true,
		ValidTill: time.Now().AddDate(1, 0, 0).Format(time.DateOnly), Key: uuid.New(), //nolint:forbidigo // a year from now
	})
	if err != nil {
		return fmt.Errorf("order a series to cancel: %w", err)
	}
	return s.Cards.Cancel(ctx, s.admin, ordered.ID)
}
