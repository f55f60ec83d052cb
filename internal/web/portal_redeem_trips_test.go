package web

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/card"
	"refill/internal/cardcode/codetest"
	"refill/internal/dbtest"
	"refill/internal/setting"
	"refill/internal/web/portal"
)

// mostTrips is how often a redemption may wait for the database, from the request to
// its answer: each wait costs the latency of the network between them.
const mostTrips = 10

// A redemption in the portal waits for the database at most mostTrips times, and so does
// the refusal of a code that no card has. The count is taken at the connection.
func TestRedeemRoundTrips(t *testing.T) {
	t.Parallel()
	pool, wire := dbtest.WirePool(t, dbtest.Pool(t))
	now := time.Now()
	s := newSiteOn(t, pool, func(d *Deps) {
		d.Settings = setting.NewStore(pool, func() time.Time { return now }) // what is kept for seconds is read once
		d.Cards = card.New(pool, codetest.Keys(t), d.Admin.Jobs, d.Settings, d.Log)
	})
	anna := s.asCustomer("anna", s.North)
	_, codes := s.series(3)
	ask := func(code string, status int) int64 {
		wire.Take()
		got := anna.post(portal.SectionRedeem, url.Values{"code": {code}, "key": {uuid.NewString()}})
		require.Equal(t, status, got.Status, got.Body)
		return wire.Take()
	}
	unknown := s.unknownCode()
	ask(codes[0], http.StatusSeeOther) // the connection knows the statements from here on
	ask(unknown, http.StatusUnprocessableEntity)
	redeemed, refused := ask(codes[1], http.StatusSeeOther), ask(unknown, http.StatusUnprocessableEntity)
	t.Logf("redeemed: %d round trips, refused: %d", redeemed, refused)
	require.LessOrEqual(t, redeemed, int64(mostTrips))
	require.LessOrEqual(t, refused, int64(mostTrips))
}
