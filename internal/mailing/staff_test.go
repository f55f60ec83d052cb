package mailing_test

import (
	"context"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/mail"
	"refill/internal/mailing"
	"refill/internal/mailqueue"
	"refill/internal/staff"
	"refill/internal/staff/peopletest"
)

// ask enters a request of a member of staff.
func (b *bundle) ask(t *testing.T, by int64) {
	t.Helper()
	require.NoError(t, pgx.BeginFunc(t.Context(), b.pool, func(tx pgx.Tx) error {
		_, err := approval.Ask(t.Context(), tx, audit.ByStaff(by, audit.Everything()), approval.Request{
			Kind: db.ApprovalKindReopening, By: audit.ForStaff(by), PartnerIDs: []int64{b.north.ID},
		})
		return err
	}))
}

// A request is mailed to the people who may decide it and want to know, and to nobody else.
func TestApprovalIsMailed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	asker := b.person(t, "asker", db.StaffRoleAdministrator)
	b.person(t, "ada", db.StaffRoleAdministrator)
	b.person(t, "cash", db.StaffRoleCashier) // may not approve
	quiet := b.person(t, "quiet", db.StaffRoleAdministrator)
	gone := b.person(t, "gone", db.StaffRoleAdministrator)
	south, err := b.q.PartnerCreate(t.Context(), b.pool, db.PartnerCreateParams{Name: "South", TimeZone: "Europe/Berlin"})
	require.NoError(t, err)
	b.person(t, "south", db.StaffRoleAdministrator, south.ID)
	late := b.person(t, "late", db.StaffRoleAdministrator)
	require.NoError(t, staff.ChooseMail(t.Context(), b.pool, audit.ByStaff(quiet, audit.Everything()), staff.MailChoice{Files: true, Alarms: true}))

	b.ask(t, asker)
	jobs := b.queue(t)
	require.Len(t, jobs, 4, "ada, gone, south, late")
	for _, q := range jobs {
		require.NotContains(t, q.args, "@")
	}
	// What changes until the message is sent counts.
	b.exec(t, `update staff set disabled_at = now() where id = $1`, gone)
	b.exec(t, `update staff set role_id = (select id from role where key = 'cashier') where id = $1`, late)
	for _, q := range jobs {
		require.NoError(t, b.send(t, q))
	}
	got := b.smtp.Messages(t, "")
	require.Len(t, got, 1, "%v", got)
	require.Equal(t, "ada@example.com", got[0].To[0].Address)
	require.Equal(t, "A request waits for your decision", got[0].Subject)
	require.Contains(t, got[0].Text, "https://refill.example.net/admin/approvals")

	// A request that was decided meanwhile is not mailed.
	b.ask(t, asker)
	b.exec(t, `update approval set state = 'refused', decided_by = $1, decided_at = now(), reason = 'as a test' where state = 'waiting'`, late)
	require.NotZero(t, b.work(t))
	require.Len(t, b.smtp.Messages(t, ""), 1)
}

// A person who may be the same as the one who asks is not told to decide.
func TestSharedApproverIsNotMailed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	asker := b.person(t, "asker", db.StaffRoleAdministrator)
	ctx := t.Context()
	id, err := staff.Create(ctx, b.pool, audit.ByStaff(asker, audit.Everything()), staff.New{Username: "puppet", Password: "a long quiet river", Role: db.StaffRoleAdministrator, AllPartners: true}) //nolint:gosec // a password for tests
	require.NoError(t, err)
	b.exec(t, `insert into staff_mail (staff_id, address, confirmed_at) values ($1, 'puppet@example.com', now())`, id)
	b.ask(t, asker)
	require.Equal(t, 1, b.work(t))
	require.Empty(t, b.smtp.Messages(t, ""))
}

// Without an SMTP server nothing is queued, and a rollback takes the message back.
func TestNothingIsQueuedInVain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	asker := b.person(t, "asker", db.StaffRoleAdministrator)
	b.person(t, "ada", db.StaffRoleAdministrator)
	tx, err := b.pool.Begin(t.Context())
	require.NoError(t, err)
	require.NoError(t, mailqueue.Tell(t.Context(), tx, mailqueue.Event{About: mailqueue.Theft, ID: 1}))
	require.NoError(t, tx.Rollback(t.Context()))
	require.Empty(t, b.queue(t))
	without, err := db.Open(t.Context(), b.pool.Config().ConnString(), db.Options{Name: "test", MaxConns: 1})
	require.NoError(t, err)
	defer without.Close()
	tx, err = without.Begin(t.Context())
	require.NoError(t, err)
	require.NoError(t, mailqueue.Tell(t.Context(), tx, mailqueue.Event{About: mailqueue.Theft, ID: 1}))
	require.NoError(t, mailqueue.Staff(t.Context(), tx, mailqueue.StaffArgs{StaffID: asker, About: mailqueue.Confirm}))
	begins, err := mailqueue.AlarmBegins(t.Context(), tx, mailqueue.Books, 1)
	require.NoError(t, err)
	require.False(t, begins)
	require.NoError(t, tx.Commit(t.Context()))
	require.Empty(t, b.queue(t))
}

// An address is used once its owner has opened the link that was sent there, signed in; the
// one before is told.
func TestAddressIsConfirmed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	id := peopletest.Staff(t, b.pool, staff.New{Username: "ada", Role: db.StaffRoleAdministrator, AllPartners: true})
	ada, eve := audit.ByStaff(id, audit.Everything()), audit.ByStaff(b.person(t, "eve", db.StaffRoleAdministrator), audit.Everything())
	enter := func(address, password string) error {
		return staff.AskMail(ctx, b.pool, ada, staff.NewMail{Username: "ada", Password: password, Address: address})
	}
	require.ErrorContains(t, enter("ada", peopletest.Password), "mail_address")
	require.ErrorContains(t, enter("ada@example.com", "wrong"), "password_current")
	require.Empty(t, b.queue(t))
	require.NoError(t, enter("ada@example.com", peopletest.Password))
	b.ask(t, eve.Person())
	jobs := b.queue(t)
	require.Len(t, jobs, 1, "an address that is not confirmed gets the link alone")
	require.NoError(t, b.send(t, jobs[0]))
	token := func(username string) string {
		got := b.smtp.Messages(t, username+"@example.com")
		require.NotEmpty(t, got)
		found := regexp.MustCompile(`https://refill\.example\.net/admin/account/mail/confirm/(\S+)`).FindStringSubmatch(got[len(got)-1].Text)
		require.Len(t, found, 2, got[len(got)-1].Text)
		return found[1]
	}
	first := token("ada")
	address, err := staff.FindMail(ctx, b.pool, ada, first)
	require.NoError(t, err)
	require.Equal(t, "ada@example.com", address)
	_, err = staff.FindMail(ctx, b.pool, eve, first)
	require.ErrorIs(t, err, staff.ErrMailLink)
	require.ErrorIs(t, staff.ConfirmMail(ctx, b.pool, eve, first), staff.ErrMailLink)
	require.ErrorIs(t, staff.ConfirmMail(ctx, b.pool, ada, "nonsense"), staff.ErrMailLink)
	require.NoError(t, staff.ConfirmMail(ctx, b.pool, ada, first))
	require.ErrorIs(t, staff.ConfirmMail(ctx, b.pool, ada, first), staff.ErrMailLink, "it works once")
	require.Empty(t, b.queue(t), "there was no address before")

	require.NoError(t, enter("new@example.com", peopletest.Password))
	require.Equal(t, 1, b.work(t))
	old := token("new")
	b.exec(t, `update staff_mail set token_until = now() - interval '1 second' where staff_id = $1`, id)
	require.ErrorIs(t, staff.ConfirmMail(ctx, b.pool, ada, old), staff.ErrMailLink, "it works for an hour")
	require.NoError(t, enter("new@example.com", peopletest.Password))
	require.Equal(t, 1, b.work(t))
	require.NoError(t, staff.ConfirmMail(ctx, b.pool, ada, token("new")))
	require.Equal(t, 1, b.work(t))
	require.Contains(t, b.subjects(t, "ada"), "Your e-mail address was changed")
	require.NoError(t, staff.RemoveMail(ctx, b.pool, ada))
	require.Equal(t, 1, b.work(t))
	require.Contains(t, b.subjects(t, "new"), "Your e-mail address was changed")
	var left int
	require.NoError(t, b.pool.QueryRow(ctx, `select count(*) from mail_former`).Scan(&left))
	require.Zero(t, left)

	for range 2 {
		require.NoError(t, enter("ada@example.com", peopletest.Password))
	}
	require.ErrorIs(t, enter("ada@example.com", peopletest.Password), staff.ErrMailLimit)
}

// A broken rule is mailed once, again when it broke again, and a day later.
func TestAlarmIsMailedOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	begins := func() bool {
		is, err := mailqueue.AlarmBegins(ctx, b.pool, mailqueue.Books, 7)
		require.NoError(t, err)
		return is
	}
	require.True(t, begins())
	require.False(t, begins())
	require.NoError(t, b.q.MailAlarmOverExcept(ctx, b.pool, db.MailAlarmOverExceptParams{Alarm: "books", Subjects: []int64{7}}))
	require.False(t, begins())
	require.NoError(t, b.q.MailAlarmOverExcept(ctx, b.pool, db.MailAlarmOverExceptParams{Alarm: "books", Subjects: []int64{}}))
	require.True(t, begins())
	b.exec(t, `update mail_alarm set told_at = told_at - interval '25 hours'`)
	require.True(t, begins())
}

// Of many web processes one tells of a missing worker, once an outage; and a worker tells
// that it is over.
func TestMissingWorkerIsMailed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.person(t, "ada", db.StaffRoleAdministrator)
	b.person(t, "cash", db.StaffRoleCashier)
	b.person(t, "xerxes", db.StaffRoleAdministrator) // whom the server refuses
	seen := func(yes bool) {
		b.owner(t, `delete from river_leader`)
		if yes {
			b.owner(t, `insert into river_leader (name, leader_id, elected_at, expires_at) values ('default', 'w', now(), now() + interval '1 hour')`)
		}
	}
	watches := make([]*mailing.Watch, 6)
	for i := range watches {
		watches[i] = mailing.New(b.config).NewWatch()
	}
	look := func() {
		var wait sync.WaitGroup
		for _, w := range watches {
			wait.Go(func() { _ = w.Look(context.WithoutCancel(t.Context())) })
		}
		wait.Wait()
	}
	seen(true)
	look()
	seen(false)
	look()
	require.Empty(t, b.smtp.Messages(t, ""), "a restart is no outage")
	b.later.Add(int64(2 * time.Minute))
	look()
	b.later.Add(int64(time.Hour))
	look()
	require.Equal(t, []string{"Alarm: no worker runs"}, b.subjects(t, "ada"))
	require.Empty(t, b.subjects(t, "cash"))

	seen(true)
	look()
	require.NoError(t, b.mail.WorkerBack(t.Context()))
	require.NoError(t, b.mail.WorkerBack(t.Context()))
	for _, q := range b.queue(t) {
		if err := b.send(t, q); err != nil {
			var refused *mail.Error
			require.ErrorAs(t, err, &refused)
			require.True(t, refused.Final())
		}
	}
	require.Equal(t, []string{"Alarm: no worker runs", "Over: a worker runs again"}, b.subjects(t, "ada"))
	seen(false)
	look()
	b.later.Add(int64(2 * time.Minute))
	look()
	require.Len(t, b.subjects(t, "ada"), 3, "another outage")
}

// A server that is down keeps the watch trying, ever more seldom.
func TestMissingWorkerWaitsForTheServer(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.person(t, "ada", db.StaffRoleAdministrator)
	b.owner(t, `delete from river_leader`)
	w := b.mail.NewWatch()
	require.NoError(t, w.Look(t.Context()))
	b.later.Add(int64(2 * time.Minute))
	b.smtp.Stop()
	require.Error(t, w.Look(t.Context()))
	require.NoError(t, w.Look(t.Context()), "it rests")
	b.later.Add(int64(11 * time.Minute))
	require.Error(t, w.Look(t.Context()))
}

// Guessed codes are mailed to those who may see the alarm, once while it lasts.
func TestGuessesAreMailed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.person(t, "ada", db.StaffRoleAdministrator)
	b.person(t, "op", db.StaffRoleOperator)
	id := b.customer(t, "anna")
	settings, err := b.config.Settings.Get(t.Context())
	require.NoError(t, err)
	b.exec(t, `insert into audit (action, customer_id, detail) select 'card.refused', $1, '{"reason": "card_unknown"}' from generate_series(1, $2)`, id, settings.WrongPartner+1)
	require.NoError(t, b.mail.WatchGuesses(t.Context()))
	require.NoError(t, b.mail.WatchGuesses(t.Context()))
	b.work(t)
	require.Equal(t, []string{"Alarm: codes may be guessed"}, b.subjects(t, "ada"))
	require.Contains(t, b.smtp.Messages(t, "ada@example.com")[0].Text, "North")
	require.Empty(t, b.subjects(t, "op"))

	b.person(t, "north", db.StaffRoleAdministrator, b.north.ID)
	require.NoError(t, mailqueue.Tell(t.Context(), b.pool, mailqueue.Event{About: mailqueue.Probe, ID: 1}))
	require.Equal(t, 2, b.work(t))
	require.Contains(t, b.subjects(t, "ada"), "Alarm: an import may try codes")
	require.Empty(t, b.subjects(t, "north"), "it may be about any partner")
}
