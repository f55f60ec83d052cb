package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/setting"
	"refill/internal/staff"
	adminpages "refill/internal/web/admin"
)

// redeem sends a code for a customer under a key.
func (p *program) redeem(key, code, username string) *got {
	p.site.t.Helper()
	return p.send("/redemptions", key, fmt.Sprintf(`{"code":%q,"customer":{"username":%q}}`, code, username))
}

// Each client has its own limit of wrong codes, which bars no other client. The bar of a
// customer bars no other customer of the same client.
func TestAPIWrongCodesOfEachClient(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	_, codes := s.series(4)
	wrong := s.unknownCode()
	for _, name := range []string{"anna", "berta", "carla", "dora"} {
		s.newCustomer(name, s.North)
	}
	p, other := s.program(nil, staff.RedeemFor), s.program(nil, staff.RedeemFor)
	s.exec(`update api_client set wrong_codes_hour = 3 where id = $1`, p.ID)
	for i, name := range []string{"anna", "berta", "carla"} {
		p.redeem(fmt.Sprint("w", i), wrong, name).problem(t, http.StatusUnprocessableEntity, "card_refused")
	}
	barred := p.redeem("w4", codes[0], "dora")
	barred.problem(t, http.StatusTooManyRequests, "code_barred")
	wait, err := strconv.Atoi(barred.Header.Get("Retry-After"))
	require.NoError(t, err)
	left := s.count(`select ceil(extract(epoch from barred_until - now()))::integer from guess where scope = $1`, fmt.Sprint("client:", p.ID))
	require.GreaterOrEqual(t, wait, left, "the bar ends by then")
	require.Less(t, wait, left+30, "and not much before")
	require.Equal(t, http.StatusCreated, other.redeem("o1", codes[0], "dora").Status)

	// Another person sees the bar on the page of the client and lifts it; its owner may not.
	admin := s.as(db.StaffRoleAdministrator)
	at := adminpages.ClientURL(p.ID)
	require.Contains(t, admin.get(at).text("#barred"), "Barred after too many wrong codes")
	s.exec(`update api_client set owner_id = $2 where id = $1`, p.ID, admin.ID)
	admin.get(at).none("dialog#clear")
	require.Equal(t, http.StatusConflict, admin.post(at+"/clear-guesses", url.Values{"reason": {"a wrong file was loaded"}}).Status)
	s.exec(`update api_client set owner_id = $2 where id = $1`, p.ID, p.Owner)
	admin.get(at).one("dialog#clear")
	require.Equal(t, http.StatusUnprocessableEntity, admin.post(at+"/clear-guesses", url.Values{"reason": {""}}).Status)
	require.Equal(t, http.StatusSeeOther, admin.post(at+"/clear-guesses", url.Values{"reason": {"a wrong file was loaded"}}).Status)
	require.Equal(t, http.StatusCreated, p.redeem("w5", codes[1], "dora").Status)

	// One customer is barred by their own wrong codes, at a client with a higher limit.
	s.change(func(v *setting.Settings) { v.WrongSoft = 2 })
	for i := range 3 {
		other.redeem(fmt.Sprint("a", i), wrong, "anna")
	}
	other.redeem("a4", codes[2], "anna").problem(t, http.StatusTooManyRequests, "code_barred")
	require.Equal(t, http.StatusCreated, other.redeem("a5", codes[2], "berta").Status)
	require.Zero(t, s.balanceOf("anna"))
	require.Equal(t, int64(1000), s.balanceOf("berta"))
}

// With cards.reasons a client is told the true reason like staff of its partners, and a
// foreign card stays unknown; without it, it is told what a customer is.
func TestAPIReasons(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	_, used := s.series(1)
	locked, codes := s.series(1)
	s.exec(`update series set state = 'locked' where id = $1`, locked.ID)
	foreign, foreignCodes := s.series(1, s.South)
	for _, name := range []string{"anna", "berta"} {
		s.newCustomer(name, s.North)
	}
	north := []db.Partner{s.North}
	plain, told := s.program(north, staff.RedeemFor), s.program(north, staff.RedeemFor, staff.CardsReasons)
	everywhere := s.program(nil, staff.RedeemFor, staff.CardsReasons)
	require.Equal(t, http.StatusCreated, plain.redeem("first", used[0], "anna").Status)
	for name, c := range map[string]struct{ code, plain, told, everywhere string }{
		"used":    {used[0], card.ErrRefused.Code, card.ErrUsed.Code, card.ErrUsed.Code},
		"locked":  {codes[0], card.ErrRefused.Code, card.ErrInactive.Code, card.ErrInactive.Code},
		"unknown": {s.unknownCode(), card.ErrRefused.Code, card.ErrUnknown.Code, card.ErrUnknown.Code},
		"foreign": {foreignCodes[0], card.ErrRefused.Code, card.ErrUnknown.Code, card.ErrForeign.Code},
	} {
		for p, want := range map[*program]string{plain: c.plain, told: c.told, everywhere: c.everywhere} {
			s.exec(`delete from guess`)
			got := p.redeem(name, c.code, "berta")
			require.Equal(t, want, got.json()["code"], "%s: %s", name, got.Body)
			require.NotContains(t, got.Body, c.code)
		}
	}
	require.Zero(t, s.count(`select count(*) from card where series_id = $1 and state = 'used'`, foreign.ID))
}
