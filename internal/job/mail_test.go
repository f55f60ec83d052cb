package job_test

import (
	"testing"
	"time"

	"github.com/riverqueue/river/rivertype"
	"github.com/stretchr/testify/require"

	"refill/internal/check"
	"refill/internal/dbtest"
	"refill/internal/mail"
	"refill/internal/mail/smtptest"
	"refill/internal/mailqueue"
	"refill/internal/staff"
	"refill/internal/staff/peopletest"
)

func mailSetup(t *testing.T, addr string) *bundle {
	t.Helper()
	sender, err := mail.New(mail.Config{URL: "smtp+plain://" + addr, From: "refill@example.net"})
	require.NoError(t, err)
	b := setupOn(t, dbtest.MailPool(t), sender)
	_, err = b.pool.Exec(t.Context(), `insert into staff_mail (staff_id, address, confirmed_at) values ($1, 'admin@example.com', now())`, b.admin.Person())
	require.NoError(t, err)
	return b
}

// Messages that could not be sent wait until the server is up again, and arrive once.
func TestMailWaitsForTheServer(t *testing.T) {
	t.Parallel()
	addr := smtptest.FreePort(t)
	b := mailSetup(t, addr)
	require.NoError(t, staff.AskMail(t.Context(), b.pool, b.admin, staff.NewMail{Username: "admin", Password: peopletest.Password, Address: "new@example.com"}))
	failed := b.await(t, mailqueue.StaffArgs{}.Kind())
	require.Equal(t, rivertype.JobStateRetryable, failed.Job.State)
	require.Contains(t, failed.Job.Errors[0].Error, "The SMTP server does not answer")
	require.InDelta(t, 30, time.Until(failed.Job.ScheduledAt).Seconds(), 10)

	smtp := smtptest.Start(t, smtptest.Options{Addr: addr})
	_, err := b.pool.Exec(t.Context(), `update river_job set state = 'available', scheduled_at = now() where id = $1`, failed.Job.ID)
	require.NoError(t, err)
	require.Equal(t, rivertype.JobStateCompleted, b.await(t, mailqueue.StaffArgs{}.Kind()).Job.State)
	require.Len(t, smtp.Await(t, "new@example.com", 1), 1)
}

// A recipient whom the server refuses for good is not tried again.
func TestMailToRefusedRecipientEnds(t *testing.T) {
	t.Parallel()
	smtp := smtptest.Start(t, smtptest.Options{Recipients: `^ada@example\.com$`})
	b := mailSetup(t, smtp.Addr)
	require.NoError(t, staff.AskMail(t.Context(), b.pool, b.admin, staff.NewMail{Username: "admin", Password: peopletest.Password, Address: "new@example.com"}))
	ended := b.await(t, mailqueue.StaffArgs{}.Kind())
	require.Equal(t, rivertype.JobStateCancelled, ended.Job.State)
	require.Contains(t, ended.Job.Errors[0].Error, "refuses this recipient")
}

// The attempts of a message take a day.
func TestMailIsGivenUpAfterADay(t *testing.T) {
	t.Parallel()
	b := mailSetup(t, smtptest.FreePort(t))
	_, err := b.pool.Exec(t.Context(), `insert into river_job (kind, args, queue, max_attempts, state, attempt, errors, scheduled_at)
		select 'mail_staff', jsonb_build_object('staff_id', $1::bigint, 'about', 'worker-back', 'id', 0), 'mail', $2, 'available', $2 - 1,
			array_agg(jsonb_build_object('at', now(), 'attempt', n, 'error', 'x', 'trace', '')), now() from generate_series(1, $2 - 1) n`, b.admin.Person(), mailqueue.MaxAttempts)
	require.NoError(t, err)
	require.Equal(t, rivertype.JobStateDiscarded, b.await(t, mailqueue.StaffArgs{}.Kind()).Job.State)
	whole, pause := time.Duration(0), 30*time.Second
	for range mailqueue.MaxAttempts - 1 {
		whole, pause = whole+pause, min(2*pause, time.Hour)
	}
	require.InDelta(t, 24, whole.Hours(), 1)
}

// A file that is ready is mailed to the person who asked for it.
func TestFileIsMailed(t *testing.T) {
	t.Parallel()
	smtp := smtptest.Start(t, smtptest.Options{})
	b := mailSetup(t, smtp.Addr)
	other := peopletest.Staff(t, b.pool, staff.New{Username: "other", Role: "administrator", AllPartners: true})
	_, err := b.pool.Exec(t.Context(), `insert into staff_mail (staff_id, address, confirmed_at) values ($1, 'other@example.com', now())`, other)
	require.NoError(t, err)
	made := b.order(t, 3)
	b.export(t, made, "csv")
	got := smtp.Await(t, "admin@example.com", 1)
	require.Equal(t, "The file of series "+made.Number+" is ready", got[0].Subject)
	require.Contains(t, got[0].Text, "https://refill.example.net/admin/finance/refill-cards/series/"+made.Number)
	require.Empty(t, smtp.Messages(t, "other@example.com"))
}

// A rule that breaks is mailed once while it stays broken, and again when it breaks again.
func TestBrokenBooksAreMailed(t *testing.T) {
	t.Parallel()
	smtp := smtptest.Start(t, smtptest.Options{})
	b := mailSetup(t, smtp.Addr)
	require.Equal(t, rivertype.JobStateCompleted, b.await(t, check.BooksArgs{}.Kind()).Job.State)
	b.order(t, 3)
	again := func(sql string) {
		_, err := dbtest.Owner(t, b.pool).Exec(t.Context(), `set session_replication_role = replica; `+sql)
		require.NoError(t, err)
		require.NoError(t, b.checks.Ask(t.Context(), b.admin))
		require.Equal(t, rivertype.JobStateCompleted, b.await(t, check.BooksArgs{}.Kind()).Job.State)
	}
	const fault = `insert into series_tally (series_id, shard, used) select max(id), 7, 1 from series`
	again(fault)
	got := smtp.Await(t, "admin@example.com", 1)
	require.Equal(t, "Alarm: the books do not hold", got[0].Subject)
	require.Contains(t, got[0].Text, "https://refill.example.net/admin/checks")
	again(`select`)
	again(`delete from series_tally where shard = 7`)
	var queued int
	require.NoError(t, b.pool.QueryRow(t.Context(), `select count(*) from river_job where queue = 'mail'`).Scan(&queued))
	require.Equal(t, 1, queued)
	again(fault)
	smtp.Await(t, "admin@example.com", 2)
}
