package mailing_test

import (
	"net/netip"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/customer"
	"refill/internal/mail"
	"refill/internal/mailqueue"
)

func (b *bundle) help(t *testing.T, username string, from byte) error {
	t.Helper()
	return customer.AskForHelp(t.Context(), b.pool, customer.HelpRequest{Username: username, Address: netip.AddrFrom4([4]byte{192, 0, 2, from})})
}

// open reports whether staff see a request.
func (b *bundle) open(t *testing.T, id int64) bool {
	t.Helper()
	var open bool
	require.NoError(t, b.pool.QueryRow(t.Context(), `select exists (select from sign_in_help where customer_id = $1)`, id).Scan(&open))
	return open
}

// lastLink is the token of the link in the last message to a customer.
func (b *bundle) lastLink(t *testing.T, username string) string {
	t.Helper()
	got := b.smtp.Messages(t, username+"@example.com")
	require.NotEmpty(t, got)
	found := regexp.MustCompile(`https://refill\.example\.net/portal/welcome/(\S+)`).FindStringSubmatch(got[len(got)-1].Text)
	require.Len(t, found, 2)
	return found[1]
}

// A customer who can't sign in gets a link that works once for half an hour; a new password
// ends other sessions, and a message says so.
func TestLinkIsMailed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	id := b.customer(t, "anna")
	b.exec(t, `update partner set brand = 'Northlight' where id = $1`, b.north.ID)
	byStaff, err := customer.NewLink(ctx, b.pool, audit.System(), id, 24*3600e9)
	require.NoError(t, err)
	require.NoError(t, b.help(t, " Anna ", 1))
	require.False(t, b.open(t, id))
	require.Equal(t, 1, b.work(t))
	got := b.smtp.Messages(t, "anna@example.com")[0]
	require.Equal(t, "Your sign-in link for Northlight", got.Subject)
	require.Equal(t, "Northlight", got.From.Name)
	first := b.lastLink(t, "anna")
	var soon bool
	require.NoError(t, b.pool.QueryRow(ctx, `select bool_and(expires_at between now() + interval '29 minutes' and now() + interval '30 minutes') from customer_link where mailed`).Scan(&soon))
	require.True(t, soon)

	require.NoError(t, b.help(t, "anna", 1))
	require.Equal(t, 1, b.work(t))
	_, err = customer.FindLink(ctx, b.pool, customer.Link{Token: first})
	require.ErrorIs(t, err, customer.ErrLink, "a newer one replaces it")
	_, err = customer.FindLink(ctx, b.pool, customer.Link{Token: byStaff})
	require.NoError(t, err, "a request takes no link of staff away")

	was := 0
	require.NoError(t, b.pool.QueryRow(ctx, `select shut_out from customer where id = $1`, id).Scan(&was))
	in, err := customer.UseLink(ctx, b.pool, customer.Link{Token: b.lastLink(t, "anna")}, "a long quiet river")
	require.NoError(t, err)
	require.Equal(t, id, in.ID)
	require.Greater(t, int(in.ShutOut), was, "sessions are ended")
	require.Equal(t, 1, b.work(t))
	require.Equal(t, "Your password for Northlight was changed", b.subjects(t, "anna")[2])
}

// Where no message can go staff are asked, as without e-mail; and nothing tells which.
func TestLinkGoesToStaffInstead(t *testing.T) {
	t.Parallel()
	b := setup(t)
	without, barred, refused, late := b.customer(t, "without"), b.customer(t, "barred"), b.customer(t, "xena"), b.customer(t, "late")
	b.exec(t, `update customer set email = '' where id = $1`, without)
	disabled := b.customer(t, "disabled")
	b.exec(t, `update customer set disabled_at = now() where id = $1`, disabled)
	require.NoError(t, b.help(t, "without", 1))
	require.NoError(t, b.help(t, "disabled", 2))
	require.NoError(t, b.help(t, "nobody", 3))
	require.Empty(t, b.queue(t))
	require.True(t, b.open(t, without))
	require.False(t, b.open(t, disabled))

	// After three messages within an hour the next request goes to staff.
	for range 3 {
		require.NoError(t, b.help(t, "barred", 4))
	}
	require.False(t, b.open(t, barred))
	require.NoError(t, b.help(t, "barred", 5))
	require.True(t, b.open(t, barred))
	require.Len(t, b.queue(t), 3)

	// The server refuses the address for good: the worker asks staff.
	require.NoError(t, b.help(t, "xena", 6))
	job := b.queue(t)[0]
	var answer *mail.Error
	require.ErrorAs(t, b.send(t, job), &answer)
	require.True(t, answer.Final())
	require.NoError(t, b.mail.CustomerFailed(t.Context(), job.customer))
	require.True(t, b.open(t, refused))

	// A request that waited for hours is answered by people.
	require.NoError(t, b.help(t, "late", 7))
	b.owner(t, `update sign_in_mail set at = at - interval '3 hours'`)
	require.Equal(t, 1, b.work(t))
	require.True(t, b.open(t, late))
	require.Empty(t, b.smtp.Messages(t, ""))
	require.NotContains(t, job.args, "@")
}

// A customer who is disabled, or gone to another address, before the message is sent gets
// none there.
func TestCustomerIsReadWhenSent(t *testing.T) {
	t.Parallel()
	b := setup(t)
	gone, moved := b.customer(t, "gone"), b.customer(t, "moved")
	require.NoError(t, b.help(t, "gone", 1))
	require.NoError(t, b.help(t, "moved", 1))
	b.exec(t, `update customer set disabled_at = now() where id = $1`, gone)
	b.exec(t, `update customer set email = 'new@example.com' where id = $1`, moved)
	require.Equal(t, 2, b.work(t))
	require.Empty(t, b.subjects(t, "gone"))
	require.Empty(t, b.subjects(t, "moved"))
	require.Len(t, b.subjects(t, "new"), 1)
	require.NoError(t, b.mail.Customer(t.Context(), 1, mailqueue.CustomerArgs{CustomerID: gone, About: mailqueue.Password}))
	require.Empty(t, b.subjects(t, "gone"))
}
