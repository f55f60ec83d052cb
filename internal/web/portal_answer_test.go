package web

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/dbtest"
	"refill/internal/web/kit"
	"refill/internal/web/portal"
)

// sendHTMX sends a form as the script of a page does.
func (b *browser) sendHTMX(path string, form url.Values) *got {
	b.site.t.Helper()
	return b.do(post, path, form.Encode(), "Content-Type", formType, "HX-Request", "true", "HX-Current-URL", b.site.URL+portal.SectionRedeem)
}

// Every answer has the header by which scripts tell the portal from a gateway.
func TestAnswersAreMarked(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, path := range []string{"/", "/portal/login", "/portal", "/none", "/healthz", "/favicon.ico"} {
		require.Equal(t, "1", s.browser().get(path).Header.Get(kit.AnswerHeader), path)
	}
}

// A database that does not answer leaves the form of a redemption, and the notice says that
// pressing again is safe.
func TestPortalRedeemFrozenDatabase(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(d *Deps) { d.Patience = 2 * time.Second })
	anna := s.asCustomer("anna", s.North)
	form := url.Values{"code": {"0000-0000-0000-0000"}, "key": {uuid.NewString()}}
	tx, err := dbtest.Owner(t, s.Pool).Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), `lock table customer in access exclusive mode`)
	require.NoError(t, err)
	notice := anna.sendHTMX(portal.SectionRedeem, form)
	require.Equal(t, http.StatusServiceUnavailable, notice.Status)
	require.Equal(t, "#notice", notice.Header.Get("HX-Retarget"))
	require.Contains(t, notice.text(".notice"), "press the button again: that is safe")
	require.NotContains(t, notice.Body, "database")
	page := anna.post(portal.SectionRedeem, form)
	require.Contains(t, page.text("main"), "go back to the form and press the button again: that is safe")
	require.NoError(t, tx.Rollback(t.Context()))
}

// A customer whose session has ended is told so, in the look of their partner, and that
// nothing was redeemed.
func TestPortalSignedOut(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.exec(`update partner set slug = 'north', brand = 'Northlight' where id = $1`, s.North.ID)
	anna := s.asCustomer("anna", s.North)
	_, codes := s.series(1)
	form := url.Values{"code": {codes[0]}, "key": {uuid.NewString()}}
	require.Contains(t, anna.get(portal.SectionRedeem).text(".brand"), "Northlight")
	s.exec(`delete from session where customer_id = $1`, anna.ID)

	sent := anna.sendHTMX(portal.SectionRedeem, form)
	require.Equal(t, http.StatusUnauthorized, sent.Status)
	to := sent.Header.Get("HX-Redirect")
	require.Equal(t, "/portal/login?next=%2Fportal%2Ffinance%2Frefill-card", to)
	door := anna.get(to)
	require.Contains(t, door.text("#notice"), "You were signed out; nothing was redeemed.")
	require.Contains(t, door.text(".brand"), "Northlight")
	require.Contains(t, door.one("title").Text(), "Northlight")

	page := anna.post(portal.SectionRedeem, form)
	require.Equal(t, http.StatusUnauthorized, page.Status)
	require.Contains(t, page.text("main"), "Nothing was redeemed")
	require.Equal(t, to, page.one(".problem-ways a").AttrOr("href", ""))
	require.Contains(t, page.text(".brand"), "Northlight")

	read := anna.get(anna.get(portal.SectionPayments).Header.Get("Location"))
	require.Contains(t, read.text("#notice"), "You were signed out. Sign in to go on.")
	require.NotContains(t, s.Log.String(), codes[0][5:])

	stranger := s.browser()
	require.Empty(t, stranger.get(stranger.get(portal.SectionPayments).Header.Get("Location")).text("#notice"), "no session, nothing ended")
}
