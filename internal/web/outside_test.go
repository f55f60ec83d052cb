package web

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/check"
	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/internal/staff"
	adminpages "refill/internal/web/admin"
	"refill/internal/web/portal"
)

// handOver hands the value of a redemption over, as its own transaction would have done where the
// partner keeps balances outside.
func (s *site) handOver(payment int64) {
	s.t.Helper()
	s.exec(`insert into account (kind, currency) values ('outside', 'USD') on conflict do nothing`)
	s.exec(`with paid as (select p.*, t.series_id, t.serial, t.at as moved_at from payment p join ledger_tx t on t.id = p.tx_id where p.id = $1),
		moved as (update account set balance = balance - paid.amount, version = version + 1 from paid where account.customer_id = paid.customer_id
			returning account.id, account.balance, account.version),
		tx as (insert into ledger_tx (kind, series_id, serial, at) select 'handover', series_id, serial, moved_at from paid returning id),
		entries as (insert into ledger_entry (tx_id, account_id, amount, version, balance_after)
			select tx.id, moved.id, -paid.amount, moved.version, moved.balance from tx, moved, paid
			union all select tx.id, account.id, paid.amount, null, null from tx, paid, account where account.kind = 'outside'),
		line as (insert into payment (customer_id, partner_id, tx_id, type, amount, currency, balance_after)
			select paid.customer_id, paid.partner_id, tx.id, 'handover', -paid.amount, paid.currency, moved.balance from paid, tx, moved)
		insert into handover (tx_id, moved_by) select paid.tx_id, tx.id from paid, tx`, payment)
}

// keepsOutside makes North keep the balances of its customers outside.
func (s *site) keepsOutside() {
	s.t.Helper()
	got := s.as(db.StaffRoleAdministrator).post(adminpages.PartnerURL(s.North.ID)+"/balances", url.Values{"balances": {"outside"}})
	require.Equal(s.t, http.StatusSeeOther, got.Status, got.Body)
}

func (s *site) requireSound() {
	s.t.Helper()
	broken, err := check.Run(s.t.Context(), s.Pool, nil)
	require.NoError(s.t, err)
	require.Empty(s.t, broken)
}

// By API a customer of a partner that keeps balances outside is made at first use, the value is
// handed over, and the other system acknowledges that it has credited it.
func TestAPIOutside(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	_, codes := s.series(3)
	all, north := s.program(nil), s.program([]db.Partner{s.North})
	redeem := func(p *program, key, code, customer string) *got {
		return p.send("/redemptions", key, fmt.Sprintf(`{"code":%q,"customer":%s,"reference":"inv-1"}`, code, customer))
	}
	redeem(all, "k1", codes[0], `{"external_id":"A-1"}`).problem(t, http.StatusNotFound, "customer_unknown")
	s.keepsOutside()
	redeem(all, "k1", codes[0], `{"external_id":"A-1"}`).problem(t, http.StatusUnprocessableEntity, "customer_name_partner")
	redeem(all, "k1", codes[0], fmt.Sprintf(`{"external_id":"A-1","partner_id":"%d"}`, s.South.ID)).problem(t, http.StatusNotFound, "customer_unknown")
	s.program([]db.Partner{s.South}).send("/redemptions", "k1", fmt.Sprintf(`{"code":%q,"customer":{"external_id":"A-1","partner_id":"%d"}}`, codes[0], s.North.ID)).
		problem(t, http.StatusNotFound, "customer_unknown")

	first := redeem(all, "k1", codes[0], fmt.Sprintf(`{"external_id":"A-1","partner_id":"%d"}`, s.North.ID))
	require.Equal(t, http.StatusCreated, first.Status, first.Body)
	done := first.json()
	require.Equal(t, map[string]any{"acknowledged_at": nil}, done["outside"])
	require.Equal(t, map[string]any{"amount": "0.00", "currency": "USD"}, done["balance_after"])
	require.Equal(t, map[string]any{"amount": "10.00", "currency": "USD"}, done["amount"])
	again := redeem(all, "k1", codes[0], fmt.Sprintf(`{"external_id":"A-1","partner_id":"%d"}`, s.North.ID))
	require.Equal(t, http.StatusOK, again.Status, again.Body)
	require.JSONEq(t, first.Body, again.Body)
	require.Equal(t, 1, s.count(`select count(*) from customer where external_id = 'A-1' and password_hash = ''`))

	// A client for one partner names none.
	held := north.send("/reservations", "k2", fmt.Sprintf(`{"code":%q,"customer":{"external_id":"A-2"}}`, codes[1]))
	require.Equal(t, http.StatusCreated, held.Status, held.Body)
	commit := north.call(http.MethodPost, fmt.Sprint("/reservations/", held.json()["id"], "/commit"), "")
	require.Equal(t, http.StatusCreated, commit.Status, commit.Body)
	require.Equal(t, map[string]any{"acknowledged_at": nil}, commit.json()["outside"])
	commit = north.call(http.MethodPost, fmt.Sprint("/reservations/", held.json()["id"], "/commit"), "")
	require.Equal(t, map[string]any{"acknowledged_at": nil}, commit.json()["outside"], "answered again")

	at := fmt.Sprint("/redemptions/", done["id"])
	s.program([]db.Partner{s.South}).call(http.MethodPost, at+"/acknowledgement", `{"reference":"E-1"}`).problem(t, http.StatusNotFound, "payment_unknown")
	s.program(nil, staff.CardsView).call(http.MethodPost, at+"/acknowledgement", `{"reference":"E-1"}`).problem(t, http.StatusForbidden, "permission_missing")
	north.call(http.MethodPost, at+"/acknowledgement", `{"reference":" "}`).problem(t, http.StatusUnprocessableEntity, "ack_reference")
	acked := north.call(http.MethodPost, at+"/acknowledgement", `{"reference":"E-1"}`)
	require.Equal(t, http.StatusCreated, acked.Status, acked.Body)
	require.Equal(t, "E-1", acked.json()["reference"])
	twice := north.call(http.MethodPost, at+"/acknowledgement", `{"reference":"E-1"}`)
	require.Equal(t, http.StatusOK, twice.Status, twice.Body)
	require.JSONEq(t, acked.Body, twice.Body)
	north.call(http.MethodPost, at+"/acknowledgement", `{"reference":"E-2"}`).problem(t, http.StatusConflict, "ack_other")
	read := north.call(http.MethodGet, at, "").json()
	require.Equal(t, map[string]any{"acknowledged_at": acked.json()["acknowledged_at"]}, read["outside"])

	// Nothing else moves such a balance.
	who, _ := read["customer"].(map[string]any)
	customer := fmt.Sprint("/customers/", who["id"])
	north.send(customer+"/payments", "p1", `{"type":"cash","amount":{"amount":"5.00","currency":"USD"}}`).problem(t, http.StatusConflict, "balance_outside")
	north.send(customer+"/charges", "p2", `{"amount":{"amount":"5.00","currency":"USD"},"text":"internet"}`).problem(t, http.StatusConflict, "balance_outside")

	back := north.send(at+"/reversal", "r1", `{"reason":"sold twice"}`)
	require.Equal(t, http.StatusCreated, back.Status, back.Body)
	require.Equal(t, map[string]any{"amount": "0.00", "currency": "USD"}, back.json()["balance_after"])

	// Partners that keep balances here are answered as ever.
	sam := s.newCustomer("sam", s.South)
	here := redeem(all, "k3", codes[2], fmt.Sprintf(`{"id":"%d"}`, sam))
	require.Equal(t, http.StatusCreated, here.Status, here.Body)
	require.NotContains(t, here.json(), "outside")
	all.call(http.MethodPost, fmt.Sprint("/redemptions/", here.json()["id"], "/acknowledgement"), `{"reference":"E-3"}`).problem(t, http.StatusConflict, "redemption_not_outside")
	s.requireSound()
}

// The event of a redemption says that its value was handed over.
func TestEventOutside(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	_, codes := s.series(1)
	north := s.program([]db.Partner{s.North})
	s.keepsOutside()
	s.relay()
	north.call(http.MethodGet, "/events", "")
	done := north.send("/redemptions", "k1", fmt.Sprintf(`{"code":%q,"customer":{"external_id":"A-1"}}`, codes[0]))
	require.Equal(t, http.StatusCreated, done.Status, done.Body)
	s.relay()
	page := north.call(http.MethodGet, "/events?types=redemption.created", "").json()
	data, _ := page["data"].([]any)
	require.NotEmpty(t, data)
	one, _ := data[len(data)-1].(map[string]any)
	facts, _ := one["data"].(map[string]any)
	require.Equal(t, map[string]any{"acknowledged_at": nil}, facts["outside"])
	require.Equal(t, map[string]any{"amount": "0.00", "currency": "USD"}, facts["balance_after"])
}

// Redemptions that are not acknowledged within ten minutes are on a page and on the dashboard,
// until a person or the other system acknowledges them.
func TestOutsidePage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	series, codes := s.series(2)
	admin := s.as(db.StaffRoleAdministrator)
	require.NotContains(t, admin.get("/admin").Body, adminpages.SectionOutside, "where nothing is handed over, the menu has no entry")
	anna := s.newCustomer("anna", s.North)
	s.keepsOutside()
	visitor := s.asCustomer("nina", s.North)
	require.Contains(t, visitor.get("/portal").Body, "is added to your account at")
	require.NotContains(t, visitor.get("/portal").Body, "Your balance</dt>")
	s.redeem(series, 1, anna)
	payment := int64(s.count(`select max(id) from payment where type = 'refill_card'`))
	at := adminpages.StaffReceiptURL(anna, payment)
	empty := admin.get(adminpages.SectionOutside)
	require.Contains(t, empty.Body, "Everything is credited", "ten minutes are not over")

	_, err := dbtest.Owner(t, s.Pool).Exec(t.Context(), `update handover set at = at - interval '11 minutes'`)
	require.NoError(t, err)
	require.Contains(t, admin.get("/admin").Body, "has not credited 1 redeemed card")
	page := admin.get(adminpages.SectionOutside)
	require.Contains(t, page.Body, at)
	require.NotContains(t, admin.get(adminpages.SectionOutside+fmt.Sprintf("?partner=%d", s.South.ID)).Body, at)
	require.NotContains(t, s.as(db.StaffRoleAdministrator, s.South).get(adminpages.SectionOutside).Body, at)
	_, table := fetchTable(admin, adminpages.SectionOutside+"?format=csv")
	require.Len(t, table, 1)
	require.Equal(t, fmt.Sprint(payment), table[0]["redemption"])

	show := admin.get(at)
	require.Contains(t, show.Body, "has not acknowledged it")
	require.NotContains(t, show.Body, "Balance after")
	require.NotContains(t, admin.get(adminpages.CustomerURL(anna)).Body, "Add payment")
	refused := admin.post(at+"/acknowledge", url.Values{"reference": {""}})
	require.Equal(t, http.StatusUnprocessableEntity, refused.Status)
	require.Contains(t, refused.Body, "Name the entry in the other system")
	require.Equal(t, http.StatusSeeOther, admin.post(at+"/acknowledge", url.Values{"reference": {"E-1"}}).Status)
	require.Contains(t, admin.get(at).Body, "Credited in another system")
	require.NotContains(t, admin.get("/admin").Body, "has not credited")
	require.NotContains(t, admin.get(at).Body, "Acknowledge by hand")

	// A customer is told where the value went.
	redeemed := visitor.post(portal.SectionRedeem, url.Values{"code": {codes[1]}, "key": {"0b9d3c3e-4f0e-4dd7-9c0b-2f6f0f6f0001"}})
	require.Equal(t, http.StatusSeeOther, redeemed.Status, redeemed.Body)
	receipt := visitor.get(redeemed.Header.Get("Location"))
	require.Contains(t, receipt.Body, "Added to your account at")
	require.NotContains(t, receipt.Body, "New balance")
	list := visitor.get(portal.SectionPayments)
	require.NotContains(t, list.Body, "Handed over")
	require.NotContains(t, list.Body, "Balance after")
	s.requireSound()

	kept := admin.post(adminpages.PartnerURL(s.North.ID)+"/balances", url.Values{"balances": {"nowhere"}})
	require.Equal(t, http.StatusUnprocessableEntity, kept.Status)
}
