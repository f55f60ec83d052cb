package mailing_test

import (
	"encoding/json"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/internal/mail"
	"refill/internal/mail/smtptest"
	"refill/internal/mailing"
	"refill/internal/mailqueue"
	"refill/internal/setting"
	"refill/internal/staff"
	"refill/internal/staff/peopletest"
)

// TestMain releases the database server that the tests of this package share.
func TestMain(m *testing.M) { dbtest.Main(m) }

// bundle is a database of the test's own, an SMTP server, and the service between them.
type bundle struct {
	pool   *pgxpool.Pool
	q      *db.Queries
	smtp   *smtptest.Server
	mail   *mailing.Service
	north  db.Partner
	later  atomic.Int64 // what the clock is ahead, in nanoseconds
	config mailing.Config
}

func setup(t *testing.T) *bundle {
	t.Helper()
	b := &bundle{pool: dbtest.MailPool(t), q: db.New(), smtp: smtptest.Start(t, smtptest.Options{Recipients: `^[^x].*@example\.com$`})}
	sender, err := mail.New(mail.Config{URL: "smtp+plain://" + b.smtp.Addr, From: "refill@example.net"})
	require.NoError(t, err)
	b.config = mailing.Config{
		DB: b.pool, Sender: sender, Settings: setting.NewStore(b.pool, time.Now), PublicURL: "https://refill.example.net",
		Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return time.Now().Add(time.Duration(b.later.Load())) },
	}
	b.mail = mailing.New(b.config)
	b.north, err = b.q.PartnerCreate(t.Context(), b.pool, db.PartnerCreateParams{Name: "North", TimeZone: "Europe/Berlin"})
	require.NoError(t, err)
	return b
}

// person adds a member of staff with a confirmed address, username@example.com.
func (b *bundle) person(t *testing.T, username string, role db.StaffRole, partners ...int64) int64 {
	t.Helper()
	id := peopletest.Staff(t, b.pool, staff.New{Username: username, Role: role, AllPartners: len(partners) == 0, PartnerIDs: partners})
	b.exec(t, `insert into staff_mail (staff_id, address, confirmed_at) values ($1, $2, now())`, id, username+"@example.com")
	return id
}

func (b *bundle) customer(t *testing.T, username string) int64 {
	t.Helper()
	row, err := customer.Create(t.Context(), b.pool, audit.System(), customer.New{
		PartnerID: b.north.ID, Username: username, Name: "Test " + username, Email: username + "@example.com", PasswordHash: peopletest.Hash, Currency: "USD",
	})
	require.NoError(t, err)
	return row.ID
}

func (b *bundle) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	_, err := b.pool.Exec(t.Context(), sql, args...)
	require.NoError(t, err)
}

// owner runs a statement that the application may not.
func (b *bundle) owner(t *testing.T, sql string) {
	t.Helper()
	_, err := dbtest.Owner(t, b.pool).Exec(t.Context(), sql)
	require.NoError(t, err)
}

// queued is a job of a message.
type queued struct {
	id       int64
	kind     string
	args     string
	staff    mailqueue.StaffArgs
	customer mailqueue.CustomerArgs
}

// queue returns the jobs of messages, oldest first, and empties the queue.
func (b *bundle) queue(t *testing.T) []queued {
	t.Helper()
	rows, err := b.pool.Query(t.Context(), `delete from river_job where queue = 'mail' returning id, kind, args::text`)
	require.NoError(t, err)
	defer rows.Close()
	jobs := []queued{}
	for rows.Next() {
		var q queued
		require.NoError(t, rows.Scan(&q.id, &q.kind, &q.args))
		require.NoError(t, json.Unmarshal([]byte(q.args), &q.staff))
		require.NoError(t, json.Unmarshal([]byte(q.args), &q.customer))
		jobs = append(jobs, q)
	}
	require.NoError(t, rows.Err())
	return jobs
}

// work sends the messages of the queue, as a worker does, and returns how many there were.
func (b *bundle) work(t *testing.T) int {
	t.Helper()
	jobs := b.queue(t)
	for _, q := range jobs {
		require.NoError(t, b.send(t, q), q.args)
	}
	return len(jobs)
}

func (b *bundle) send(t *testing.T, q queued) error {
	t.Helper()
	if q.kind == (mailqueue.StaffArgs{}).Kind() {
		return b.mail.Staff(t.Context(), q.id, q.staff)
	}
	return b.mail.Customer(t.Context(), q.id, q.customer)
}

// subjects returns the subjects of what arrived for a person.
func (b *bundle) subjects(t *testing.T, username string) []string {
	t.Helper()
	subjects := []string{}
	for _, m := range b.smtp.Messages(t, username+"@example.com") {
		subjects = append(subjects, m.Subject)
	}
	return subjects
}
