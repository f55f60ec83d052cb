package web

import (
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/check"
	"refill/internal/dbtest"
	"refill/internal/setting"
	"refill/internal/staff"
)

const redeemCall = "admin/finance/refill-cards/0?redeem=true"

// A card is redeemed once with 202 and no body, from JSON and from forms. The same call within
// ten minutes is answered the same and moves nothing; later it is refused.
func TestSplynxRedeems(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	_, codes := s.series(4)
	id := s.newCustomer("carla", s.North)
	other := s.newCustomer("otto", s.North)
	a := s.addon(nil, staff.RedeemFor)
	body := fmt.Sprintf(`{"code":%q,"customer_id":"%d"}`, "201902-kek-"+codes[0], id)
	for range 3 {
		got := a.ask(http.MethodPut, redeemCall, body)
		require.Equal(t, http.StatusAccepted, got.Status, got.Body)
		require.Empty(t, got.Body)
		require.Equal(t, int64(1000), s.balanceOf("carla"))
	}
	require.Equal(t, 1, s.count(`select count(*) from ledger_tx where kind = 'redeem' and client_id = $1`, a.ID))
	a.ask(http.MethodPut, redeemCall, fmt.Sprintf(`{"code":%q,"customer_id":%d}`, codes[0], other)).failed(t, http.StatusUnprocessableEntity, "INVALID_INPUT_DATA")
	second := s.addon(nil, staff.RedeemFor) // it has not redeemed the card
	second.ask(http.MethodPut, redeemCall, body).failed(t, http.StatusUnprocessableEntity, "INVALID_INPUT_DATA")

	form := url.Values{"code": {codes[1]}, "customer_id": {fmt.Sprint(id)}}.Encode()
	got := a.ask(http.MethodPut, redeemCall, form, "Content-Type", "application/x-www-form-urlencoded", "Origin", "https://splynx.example.com")
	require.Equal(t, http.StatusAccepted, got.Status, got.Body)
	parts := "--b\r\nContent-Disposition: form-data; name=\"code\"\r\n\r\n" + codes[2] + "\r\n--b\r\nContent-Disposition: form-data; name=\"customer_id\"\r\n\r\n" + fmt.Sprint(id) + "\r\n--b--\r\n"
	got = a.ask(http.MethodPut, redeemCall, parts, "Content-Type", "multipart/form-data; boundary=b")
	require.Equal(t, http.StatusAccepted, got.Status, got.Body)
	require.Equal(t, int64(3000), s.balanceOf("carla"))

	broken, err := check.Run(t.Context(), s.Pool, nil)
	require.NoError(t, err)
	require.Empty(t, broken)
	backdate(s, `update ledger_tx set at = at - interval '11 minutes'`)
	a.ask(http.MethodPut, redeemCall, body).failed(t, http.StatusUnprocessableEntity, "INVALID_INPUT_DATA")

	// Nothing is taken for what it is not.
	for _, one := range []string{"", "?redeem=false", "?redeem=true&x=1"} {
		a.ask(http.MethodPut, "admin/finance/refill-cards/0"+one, body).failed(t, http.StatusNotFound, "NOT_FOUND")
	}
	a.ask(http.MethodPut, redeemCall, `{"code":"x"}`).failed(t, http.StatusUnprocessableEntity, "INVALID_INPUT_DATA")
	a.ask(http.MethodPut, redeemCall, `{"code":`).failed(t, http.StatusBadRequest, "BAD_REQUEST")
	a.ask(http.MethodPut, redeemCall, `[]`).failed(t, http.StatusBadRequest, "BAD_REQUEST")
	a.ask(http.MethodPut, redeemCall, fmt.Sprintf(`{"code":%q,"customer_id":"799999"}`, codes[3])).failed(t, http.StatusNotFound, "NOT_FOUND")
	require.NotContains(t, s.Log.String(), codes[0])
}

// A reversal makes the card void; the same call is refused afterwards.
func TestSplynxRedeemAfterReversal(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	_, codes := s.series(1)
	id := s.newCustomer("carla", s.North)
	a := s.addon(nil)
	body := fmt.Sprintf(`{"code":%q,"customer_id":"%d"}`, codes[0], id)
	require.Equal(t, http.StatusAccepted, a.ask(http.MethodPut, redeemCall, body).Status)
	payment := s.count(`select max(id) from payment`)
	require.Equal(t, http.StatusCreated, a.send(fmt.Sprintf("/redemptions/%d/reversal", payment), "r", `{"reason":"as a test"}`).Status)
	a.ask(http.MethodPut, redeemCall, body).failed(t, http.StatusUnprocessableEntity, "INVALID_INPUT_DATA")
	require.Zero(t, s.balanceOf("carla"))
}

// Of the same call several times at once the money moves once, and every caller is told that it
// is done. Each call is charged as an attempt until its answer is known, so that they are fewer
// than the wrong codes that a customer may try.
func TestSplynxRedeemsAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	_, codes := s.series(1)
	id := s.newCustomer("carla", s.North)
	a := s.addon(nil, staff.RedeemFor)
	body := fmt.Sprintf(`{"code":%q,"customer_id":"%d"}`, codes[0], id)
	start, statuses := make(chan struct{}), make([]int, 4)
	var group sync.WaitGroup
	for i := range statuses {
		group.Go(func() {
			<-start
			statuses[i] = a.ask(http.MethodPut, redeemCall, body).Status
		})
	}
	close(start)
	group.Wait()
	for _, status := range statuses {
		require.Equal(t, http.StatusAccepted, status)
	}
	require.Equal(t, int64(1000), s.balanceOf("carla"))
	require.Equal(t, 1, s.count(`select count(*) from payment`))
}

// Rights, the limits of wrong codes and of requests, and the switches hold as for the API.
func TestSplynxLimits(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	_, codes := s.series(2)
	id := s.newCustomer("carla", s.North)
	a := s.addon(nil, staff.RedeemFor)
	body := func(code string) string { return fmt.Sprintf(`{"code":%q,"customer_id":"%d"}`, code, id) }
	a.ask(http.MethodGet, "admin/finance/refill-cards-series", "").failed(t, http.StatusForbidden, "FORBIDDEN")
	a.ask(http.MethodPost, "admin/finance/payments", "{}").failed(t, http.StatusForbidden, "FORBIDDEN")

	s.change(func(v *setting.Settings) { v.RefillCards = false })
	a.ask(http.MethodPut, redeemCall, body(codes[0])).failed(t, http.StatusServiceUnavailable, "SERVER_ERROR")
	s.change(func(v *setting.Settings) { v.RefillCards = true })

	unknown := s.unknownCode()
	barred := false
	for range 30 {
		got := a.ask(http.MethodPut, redeemCall, body(unknown))
		if barred = got.Status == http.StatusTooManyRequests; barred {
			got.failed(t, http.StatusTooManyRequests, "EXCEEDED_MAX_ATTEMPTS")
			require.NotEmpty(t, got.Header.Get("Retry-After"))
			break
		}
		got.failed(t, http.StatusUnprocessableEntity, "INVALID_INPUT_DATA")
		require.NotContains(t, got.Body, "unknown")
	}
	require.True(t, barred)

	s.exec(`update api_client set per_minute = 1 where id = $1`, a.ID)
	a.ask(http.MethodGet, "admin/api/check", "")
	a.ask(http.MethodGet, "admin/api/check", "").failed(t, http.StatusTooManyRequests, "EXCEEDED_MAX_ATTEMPTS")
	require.Zero(t, s.balanceOf("carla"))
}

// backdate changes rows that nothing may change, as their owner.
func backdate(s *site, sql string) {
	s.t.Helper()
	owner := dbtest.Owner(s.t, s.Pool)
	_, err := owner.Exec(s.t.Context(), `alter table ledger_tx disable trigger user; `+sql+`; alter table ledger_tx enable trigger user`)
	require.NoError(s.t, err)
}
