package webhook

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/cardcode/codetest"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/internal/event"
	"refill/internal/money"
	"refill/internal/setting"
	"refill/internal/staff"
	"refill/internal/staff/peopletest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// bundle is an installation with two partners, a customer of each and a service whose clock
// the test moves.
type bundle struct {
	pool         *pgxpool.Pool
	hooks        *Service
	relay        *event.Relay
	cards        *card.Service
	admin        audit.Actor
	north, south db.Partner
	anna, sam    db.Customer

	mu    sync.Mutex
	clock time.Time
}

func (b *bundle) now() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.clock.IsZero() {
		return time.Now()
	}
	return b.clock
}

func loopback() []netip.Prefix { return []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} }

func setup(t *testing.T) *bundle {
	t.Helper()
	b := &bundle{pool: dbtest.Pool(t)}
	log := slog.New(slog.DiscardHandler)
	jobs, err := river.NewClient(riverpgxv5.New(b.pool), &river.Config{Logger: log})
	require.NoError(t, err)
	b.cards = card.New(b.pool, codetest.Keys(t), jobs, setting.NewStore(b.pool, time.Now), log)
	b.hooks = New(Config{DB: b.pool, Jobs: jobs, Vault: b.cards.Codes, Networks: loopback(), Log: log, Now: b.now})
	b.relay = event.NewRelay(b.pool, b.hooks, log)
	id := peopletest.Staff(t, b.pool, staff.New{Username: "ada", Role: db.StaffRoleAdministrator, AllPartners: true})
	b.admin = audit.ByStaff(id, audit.Everything())
	for _, name := range []string{"North", "South"} {
		p, err := db.New().PartnerCreate(t.Context(), b.pool, db.PartnerCreateParams{Name: name, TimeZone: "UTC"})
		require.NoError(t, err)
		c, err := customer.Create(t.Context(), b.pool, b.admin, customer.New{PartnerID: p.ID, Username: "of-" + name, Name: "C", Currency: "USD"})
		require.NoError(t, err)
		if name == "North" {
			b.north, b.anna = p, c
		} else {
			b.south, b.sam = p, c
		}
	}
	return b
}

// pay pays into a customer's balance, which makes an event.
func (b *bundle) pay(t *testing.T, c db.Customer) {
	t.Helper()
	_, err := customer.Pay(t.Context(), b.pool, b.admin, customer.Payment{
		CustomerID: c.ID, Type: db.PaymentTypeCash, Amount: money.Amount{Minor: 100, Currency: "USD"}, Comment: "at the till", Key: uuid.New(),
	})
	require.NoError(t, err)
}

// step relays everything that is queued.
func (b *bundle) step(t *testing.T) {
	t.Helper()
	for more := true; more; {
		var err error
		_, more, err = b.relay.Step(t.Context())
		require.NoError(t, err)
	}
}

// deliver sends everything that is due for an endpoint.
func (b *bundle) deliver(t *testing.T, id int64) (n int) {
	t.Helper()
	for {
		sent, err := b.hooks.DeliverOne(t.Context(), id)
		require.NoError(t, err)
		if !sent {
			return n
		}
		n++
	}
}

// form is an endpoint for payments of North.
func (b *bundle) form(url string) Form {
	return Form{Name: uuid.NewString(), URL: url, Types: []string{"payment.*"}, PartnerIDs: []int64{b.north.ID}}
}

func (b *bundle) endpoint(t *testing.T, f Form) (int64, string) {
	t.Helper()
	made, err := b.hooks.Create(t.Context(), b.admin, f, uuid.New())
	require.NoError(t, err)
	return made.ID, made.Secret
}

func (b *bundle) exec(t *testing.T, sql string) {
	t.Helper()
	_, err := b.pool.Exec(t.Context(), sql)
	require.NoError(t, err)
}

func (b *bundle) text(t *testing.T, sql string, args ...any) (s string) {
	t.Helper()
	require.NoError(t, b.pool.QueryRow(t.Context(), sql, args...).Scan(&s))
	return s
}

// dueNow lets every delivery be due without waiting for it.
func (b *bundle) dueNow(t *testing.T) {
	t.Helper()
	b.exec(t, `update webhook_delivery set next_at = now() where state = 'due'`)
}

// got is a request that a listener has received.
type got struct {
	Header http.Header
	Body   string
}

// listener is a receiver of webhooks.
type listener struct {
	*httptest.Server

	mu     sync.Mutex
	got    []got
	answer func(w http.ResponseWriter, r *http.Request)
}

func listen(t *testing.T) *listener {
	t.Helper()
	l := &listener{answer: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }}
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		l.mu.Lock()
		l.got = append(l.got, got{r.Header.Clone(), string(body)})
		answer := l.answer
		l.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(l.Close)
	return l
}

func (l *listener) answers(do func(w http.ResponseWriter, r *http.Request)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answer = do
}

func (l *listener) answersStatus(status int) {
	l.answers(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
}

func (l *listener) take() []got {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := l.got
	l.got = nil
	return list
}

// names resolves names to addresses, the next ones at each question.
type names struct {
	mu    sync.Mutex
	lists [][]netip.Addr
	asked int
}

func (n *names) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	list := n.lists[min(n.asked, len(n.lists)-1)]
	n.asked++
	return list, nil
}
