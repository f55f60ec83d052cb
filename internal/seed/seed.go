// Package seed makes the sample data of `refill demo`: partners, people, series in every
// state, and months of redemptions. The domain functions make all data, which is then
// backdated, so that every invariant holds. It runs once, on an empty database only.
package seed

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2" //nolint:depguard // who redeems what in the sample data; the codes are drawn by package card
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/money"
	"refill/internal/signin"
	"refill/internal/staff"
)

// Password is the password of every sample account.
const Password = "refill-demo"

// rounds is the number of rounds of the later redemptions.
const rounds = 10

// customers is the number of sample customers.
const customers = 200

// Seeder makes the sample data.
type Seeder struct {
	Pool     *pgxpool.Pool // as the application
	OwnerURL string        // as the owner of the tables, for backdating
	Cards    *card.Service // a worker must be running
	Log      *slog.Logger

	random    *rand.Rand
	lifetimes map[int64]int // days of validity of a series after backdating, by id
	admin     audit.Actor
	partners  []db.Partner
	people    []db.Customer
}

// Needed reports whether the database is empty.
func Needed(ctx context.Context, pool *pgxpool.Pool) (bool, error) {
	n, err := db.New().StaffCount(ctx, pool)
	return n == 0, err
}

// batch describes a sample series.
type batch struct {
	prefix   string
	price    int64 // in cents
	quantity int32
	partners []int // indexes in Seeder.partners; none: any partner
	used     int   // cards redeemed right after generation
	later    int   // cards redeemed in the later rounds, alternating with other series
	activate bool
	end      func(ctx context.Context, actor audit.Actor, id int64) error
	days     int // days from activation to the last day, after backdating; 0: the last day is in the future
}

// Run makes the sample data. The theft rules do not see it.
func (s *Seeder) Run(ctx context.Context) error { return withoutTheftWatch(ctx, s.OwnerURL, s.run) }

func (s *Seeder) run(ctx context.Context) error {
	s.random = rand.New(rand.NewPCG(2026, 11)) //nolint:gosec // sample data, the same each time
	s.lifetimes = map[int64]int{}
	started := time.Now() //nolint:forbidigo // beginning of the time that is backdated
	if err := s.createPeople(ctx); err != nil {
		return err
	}
	none := func(context.Context, audit.Actor, int64) error { return nil }
	batches := []batch{
		{"Spring", 500, 400, nil, 290, 0, true, none, 75},
		{"Welcome", 1000, 500, []int{0}, 310, 0, true, none, 120},
		{"", 2000, 300, []int{1}, 160, 0, true, s.voidMistake, 0},
		{"Kiosk", 500, 800, []int{2}, 90, 0, true, s.Cards.Lock, 0},
		{"QuickAccess", 1000, 2000, nil, 120, 500, true, none, 0},
		{"South", 250, 1000, []int{1}, 40, 200, true, none, 0},
		{"Hotspot", 100, 5000, []int{0, 2}, 50, 350, true, none, 0},
		{"Premium", 5000, 250, nil, 5, 40, true, none, 0},
	}
	ids := make([]int64, len(batches))
	for i, b := range batches {
		var err error
		if ids[i], err = s.createSeries(ctx, b); err != nil {
			return err
		}
	}
	for round := range rounds {
		if round == rounds/2 {
			if err := s.createCancelledSeries(ctx); err != nil {
				return err
			}
		}
		if round == rounds-1 {
			if _, err := s.createSeries(ctx, batch{"Holiday", 1500, 1500, nil, 0, 0, false, none, 0}); err != nil {
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
	return backdate(ctx, s.OwnerURL, started, s.lifetimes)
}

// createPeople creates partners, staff and customers.
func (s *Seeder) createPeople(ctx context.Context) error {
	if err := s.createPartners(ctx); err != nil {
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
		if s.admin.ID == 0 {
			s.admin = audit.ByStaff(id, audit.Everything())
		}
	}
	hash, err := signin.Hash(Password)
	if err != nil {
		return err
	}
	for n := range customers {
		name, username := sampleName(n)
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

// createSeries orders a series, waits for its cards, redeems some of them, and runs the
// final step of the batch.
func (s *Seeder) createSeries(ctx context.Context, b batch) (int64, error) {
	s.Log.InfoContext(ctx, "sample series", slog.String("prefix", b.prefix), slog.Int("cards", int(b.quantity)))
	chosen := card.Partners{Any: len(b.partners) == 0}
	for _, place := range b.partners {
		chosen.IDs = append(chosen.IDs, s.partners[place].ID)
	}
	ordered, err := s.Cards.Order(ctx, s.admin, card.OrderRequest{
		Quantity: b.quantity, Prefix: b.prefix, Price: money.Amount{Minor: b.price, Currency: "USD"}, Partners: chosen, Activate: b.activate,
		ValidTill: time.Now().AddDate(1, 0, 0), Key: uuid.New(), //nolint:forbidigo // a year from now
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
		s.lifetimes[ordered.ID] = b.days
	}
	return ordered.ID, nil
}

// await waits until the worker has made the cards of a series.
func (s *Seeder) await(ctx context.Context, id int64) error {
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

// redeem redeems cards of a series as customers in the portal do, with cash payments now
// and then.
func (s *Seeder) redeem(ctx context.Context, id int64, b batch) error {
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
	left := b.used
	return s.Cards.EachUnused(ctx, series, func(page []card.Unsealed) error {
		for _, c := range page[:min(left, len(page))] {
			who := s.people[s.random.IntN(len(s.people))]
			for len(allowed) > 0 && !allowed[who.PartnerID] {
				who = s.people[s.random.IntN(len(s.people))]
			}
			cash := s.random.IntN(12) == 0
			sum := money.Amount{Minor: int64(500 * (1 + s.random.IntN(8))), Currency: "USD"}
			code := c.Code.Reveal(series.Prefix)
			// One visit after another: the ids of rows then have the order of their times.
			if err := s.visit(ctx, who, code, cash, sum); err != nil {
				return err
			}
		}
		left -= min(left, len(page))
		return nil
	})
}

// visit redeems one card, and enters a cash payment if cash is set.
func (s *Seeder) visit(ctx context.Context, who db.Customer, code string, cash bool, sum money.Amount) error {
	actor := audit.ByCustomer(who.ID, audit.Everything())
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

// createCancelledSeries orders a large series and cancels it at once.
func (s *Seeder) createCancelledSeries(ctx context.Context) error {
	ordered, err := s.Cards.Order(ctx, s.admin, card.OrderRequest{
		Quantity: 750_000, Prefix: "Mistake", Price: money.Amount{Minor: 1000, Currency: "USD"}, Partners: card.Partners{Any: true}, Activate: true,
		ValidTill: time.Now().AddDate(1, 0, 0), Key: uuid.New(), //nolint:forbidigo // a year from now
	})
	if err != nil {
		return fmt.Errorf("order a series to cancel: %w", err)
	}
	return s.Cards.Cancel(ctx, s.admin, ordered.ID)
}

// voidMistake deletes a series that was ordered by mistake.
func (s *Seeder) voidMistake(ctx context.Context, actor audit.Actor, id int64) error {
	return s.Cards.Void(ctx, actor, id, "Ordered at the wrong price")
}
