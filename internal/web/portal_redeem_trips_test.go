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

// mostTrips is the limit of database round trips of a redemption, from its request to its
// response. Each round trip costs the network latency once.
const mostTrips = 10

// A redemption in the portal needs at most mostTrips round trips to the database, and so
// does the refusal of a code that no card has. They are counted at the connection.
func TestRedeemRoundTrips(t *testing.T) {
	t.Parallel()
	pool, wire := dbtest.WirePool(t, dbtest.Pool(t))
	now := time.Now()
	s := newSiteOn(t, pool, func(d *Deps) {
		d.Settings = setting.NewStore(pool, func() time.Time { return now }) // the settings stay cached
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
	ask(codes[0], http.StatusSeeOther) // from here on the statements are prepared
	ask(unknown, http.StatusUnprocessableEntity)
	redeemed, refused := ask(codes[1], http.StatusSeeOther), ask(unknown, http.StatusUnprocessableEntity)
	t.Logf("redeemed: %d round trips, refused: %d", redeemed, refused)
	require.LessOrEqual(t, redeemed, int64(mostTrips))
	require.LessOrEqual(t, refused, int64(mostTrips))
}
