package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/client"
	"refill/internal/db"
	"refill/internal/staff"
	"refill/internal/web/admin"
	"refill/internal/web/kit"
	"refill/internal/web/portal"
	"refill/internal/webhook"
)

// holding is a set of items of one partner that a URL or a form can name.
type holding struct {
	partner, customer, payment, card, change, imported, newcomers, export, approval, alarm, client, key, webhook, delivery int64
	series, code                                                                                                           string
	uploader                                                                                                               *browser // of the imports; no other staff of some partners sees these
}

// fill puts the items of a holding into the parameters of a route. It returns false if the
// route names a kind of item that is missing here. Then fill and rowOf need a line for it.
func (h holding) fill(path string) (string, bool) {
	for _, one := range []struct {
		prefix string
		values map[string]any
	}{
		{admin.OneChange, map[string]any{":number": h.series, ":id": h.change}},
		{admin.OneCard, map[string]any{":number": h.series, ":serial": 1}},
		{admin.OneSeries, map[string]any{":number": h.series}},
		{admin.OneCustomerImport, map[string]any{":id": h.newcomers}},
		{admin.OneCustomer, map[string]any{":id": h.customer, ":payment": h.payment}},
		{admin.OnePartner, map[string]any{":id": h.partner}},
		{admin.OneImport, map[string]any{":id": h.imported}},
		{admin.OneApproval, map[string]any{":id": h.approval}},
		{admin.OneClient, map[string]any{":id": h.client, ":key": h.key}},
		{admin.OneWebhook, map[string]any{":id": h.webhook, ":seq": h.delivery}},
		{admin.OneAlarm, map[string]any{":id": h.alarm}},
		{"/admin/exports/:id", map[string]any{":id": h.export}},
		{portal.SectionPayments + "/:id", map[string]any{":id": h.payment}},
	} {
		if !strings.HasPrefix(path, one.prefix) {
			continue
		}
		for name, value := range one.values {
			path = strings.ReplaceAll(path, name, fmt.Sprint(value))
		}
		return path, !strings.Contains(path, ":")
	}
	return path, false
}

// ofTheHouse returns the routes whose parameters name nothing that belongs to a partner.
// Staff of some partners are refused there (allPartners), or everybody has access.
func ofTheHouse() []string {
	return []string{
		admin.SectionStaff + "/:id", admin.SectionRoles + "/:id", admin.SectionJobs + "/:id", "/admin/queues/:name", admin.RiverUIPath + "/",
		kit.StaticPath + "*path", kit.BrandPath + ":file", kit.WelcomePath + ":token", admin.MailConfirmPath + ":token",
		admin.SectionSessions + "/:id", // belongs to a person: see TestOwnSessions
		admin.SectionViews + "/:id",    // likewise: see TestSavedViewsAreChanged
	}
}

// matrixForms returns, for each route that takes a form and names an item, a form that is
// accepted from the owner. With an invalid form, another partner's item and a missing one
// could both be refused because of the form, and look alike.
func matrixForms() map[string]func(h holding) url.Values {
	none := func(holding) url.Values { return nil }
	reason := func(holding) url.Values { return url.Values{"reason": {"as a test"}} }
	bulk := func(holding) url.Values {
		return url.Values{"which": {"range"}, "first": {"1"}, "last": {"2"}, "operation": {"disable"}, "key": {uuid.NewString()}}
	}
	redeem := func(h holding) url.Values {
		return url.Values{"code": {h.code}, "key": {uuid.NewString()}}
	}
	return map[string]func(h holding) url.Values{
		admin.OneCustomer + "/redeem": redeem,
		admin.OneCard:                 func(holding) url.Values { return url.Values{"q": {"kim"}} },
		admin.OneCard + "/customers":  func(holding) url.Values { return url.Values{"q": {"kim"}} },
		admin.OneCustomer + "/edit": func(h holding) url.Values {
			return url.Values{"name": {"Renamed"}, "username": {"renamed"}, "partner": {fmt.Sprint(h.partner)}}
		},
		admin.OneCustomer + "/disable":           none,
		admin.OneCustomer + "/enable":            none,
		admin.OneCustomer + "/access/password":   func(holding) url.Values { return url.Values{"password": {"a long quiet river"}} },
		admin.OneCustomer + "/access/help/close": none,
		admin.OneCustomer + "/access/link":       func(holding) url.Values { return url.Values{"lifetime": {"24"}} },
		admin.OneCustomer + "/clear-guesses":     reason,
		admin.OneCustomer + "/erase": func(h holding) url.Values {
			return url.Values{"number": {fmt.Sprint(h.customer)}, "reason": {"as a test"}, "balance": {"500"}}
		},
		admin.OneAlarm + "/acknowledge": reason,
		admin.OneWebhook + "/edit": func(h holding) url.Values {
			return url.Values{"name": {fmt.Sprint("Renamed ", h.partner)}, "url": {"http://127.0.0.1:9/"}, "version": {"1"}, admin.TypeField("series.ready"): {"on"}, admin.PartnerField(h.partner): {"on"}}
		},
		admin.OneWebhook + "/secret":  none,
		admin.OneWebhook + "/test":    none,
		admin.OneWebhook + "/enable":  none,
		admin.OneWebhook + "/disable": none,
		admin.OneWebhook + "/replay":  func(holding) url.Values { return url.Values{"since": {"2026-01-01"}} },
		admin.OneDelivery + "/retry":  none,
		admin.OneCustomer + "/billing/payments/add": func(holding) url.Values {
			return url.Values{"type": {"cash"}, "amount": {"5.00"}, "comment": {"cash"}, "key": {uuid.NewString()}}
		},
		admin.OneCustomer + "/billing/payments/:payment/acknowledge": func(holding) url.Values {
			return url.Values{"reference": {"E-4711"}}
		},
		admin.OneCustomer + "/billing/payments/:payment/reverse": func(holding) url.Values {
			return url.Values{"reason": {"as a test"}, "key": {uuid.NewString()}}
		},
		admin.OnePartner: func(h holding) url.Values {
			return url.Values{"name": {"Renamed"}, "slug": {fmt.Sprintf("renamed-%d", h.partner)}, "time_zone": {"Europe/Berlin"}}
		},
		admin.OnePartner + "/disable":     none,
		admin.OnePartner + "/enable":      none,
		admin.OnePartner + "/balances":    func(holding) url.Values { return url.Values{"balances": {"here"}} },
		admin.OnePartner + "/logo/remove": none,
		admin.OneCard + "/release":        func(holding) url.Values { return url.Values{"reason": {"the till crashed"}} },
		admin.OneCard + "/replace": func(holding) url.Values {
			return url.Values{"reason": {"as a test"}, "key": {uuid.NewString()}}
		},
		admin.OneSeries + "/activate": none,
		admin.OneSeries + "/lock":     none,
		admin.OneSeries + "/delete":   none,
		admin.OneSeries + "/edit": func(h holding) url.Values {
			return url.Values{"prefix": {"Other"}, "price": {"10.00"}, "partner": {fmt.Sprint(h.partner)}, "version": {"1"}}
		},
		admin.OneSeries + "/cancel":  none,
		admin.OneSeries + "/retry":   none,
		admin.OneSeries + "/find":    func(holding) url.Values { return url.Values{"find": {"2"}} },
		admin.OneSeries + "/export":  func(holding) url.Values { return choose() },
		admin.OneSeries + "/exports": func(holding) url.Values { return url.Values{"format": {"csv"}, "key": {uuid.NewString()}} },
		admin.OneCard + "/redeem": func(h holding) url.Values {
			return url.Values{"customer": {fmt.Sprint(h.customer)}, "key": {uuid.NewString()}}
		},
		admin.OneCard + "/edit": func(h holding) url.Values {
			return url.Values{"valid_till": {""}, "partner": {fmt.Sprint(h.partner)}, "remark": {"a remark"}}
		},
		admin.OneCard + "/disable":         none,
		admin.OneCard + "/enable":          none,
		admin.OneCard + "/delete":          none,
		admin.OneCard + "/reveal":          reason,
		admin.OneSeries + "/changes/check": bulk,
		admin.OneSeries + "/changes":       bulk,
		admin.OneChange + "/cancel":        none,
		admin.OneChange + "/retry":         none,
		"/admin/exports/:id/cancel":        none,
		"/admin/exports/:id/retry":         none,
		"/admin/exports/:id/dismiss":       none,
		"/admin/exports/:id/arrived":       none,
		"/admin/exports/:id/discard":       none,
		admin.OneApproval + "/approve":     reason,
		admin.OneApproval + "/withdraw":    none,
		admin.OneApproval + "/refuse":      reason,
		admin.OneCustomerImport + "/plan": func(h holding) url.Values {
			return url.Values{"name": {"1"}, "username": {"2"}, "headings": {"on"}, "default_partner": {fmt.Sprint(h.partner)}}
		},
		admin.OneCustomerImport + "/confirm": none,
		admin.OneCustomerImport + "/cancel":  none,
		admin.OneCustomerImport + "/resume":  none,
		admin.OneCustomerImport + "/sheet":   none,
		admin.OneImport + "/plan":            func(holding) url.Values { return url.Values{"partner": {"any"}, "code": {"1"}} },
		admin.OneImport + "/confirm":         none,
		admin.OneImport + "/cancel":          none,
		admin.OneImport + "/resume":          none,
		admin.OneImport + "/sheet":           none,
		admin.OneImport + "/outliers":        none,
		admin.OneImport + "/void":            reason,
		admin.OneImport + "/unbar":           reason,
		admin.OneClient + "/edit": func(h holding) url.Values {
			v := with(clientEntries(staff.RedeemFor), "name", fmt.Sprint("Renamed ", h.client), admin.PartnerField(h.partner), "on", "owner", fmt.Sprint(h.uploader.ID), "version", "1")
			v.Del("all_partners")
			return v
		},
		admin.OneClient + "/disable":          none,
		admin.OneClient + "/enable":           none,
		admin.OneClient + "/keys":             func(h holding) url.Values { return url.Values{"newest": {fmt.Sprint(h.key)}, "overlap": {"0"}} },
		admin.OneClient + "/pairs":            func(h holding) url.Values { return url.Values{"newest": {fmt.Sprint(h.key)}, "pair_overlap": {"0"}} },
		admin.OneClient + "/keys/:key/revoke": none,
		admin.OneClient + "/clear-guesses":    reason,
	}
}

// absent returns a holding of items that do not exist. Its numbers are as long as those of
// existing items.
func absent() holding {
	return holding{
		partner: 799_999, customer: 799_999, payment: 799_999, card: 799_999, change: 799_999, imported: 799_999, newcomers: 799_999, export: 799_999, approval: 799_999, alarm: 799_999, client: 799_999, webhook: 799_999, delivery: 799_999, key: 799_999,
		series: "209912", code: "",
	}
}

// holds creates one item of every kind for a partner.
func (s *site) holds(p db.Partner) holding {
	s.t.Helper()
	whole := s.as(db.StaffRoleAdministrator)
	at := func(g *got) int64 {
		s.t.Helper()
		require.Equal(s.t, http.StatusSeeOther, g.Status, g.Body)
		to := g.Header.Get("Location")
		return admin.NumberOf(to[strings.LastIndex(to, "/")+1:])
	}
	series, codes := s.series(3, p)
	h := holding{partner: p.ID, series: series.Number, code: codes[2]}
	h.customer = s.newCustomer(fmt.Sprintf("person-%d", s.people.Add(1)), p)
	paid := whole.post(fmt.Sprintf("%s/%d/billing/payments/add", admin.SectionCustomers, h.customer),
		url.Values{"type": {"cash"}, "amount": {"5.00"}, "comment": {"cash"}, "key": {uuid.NewString()}})
	require.Equal(s.t, http.StatusSeeOther, paid.Status, paid.Body)
	require.NoError(s.t, s.Pool.QueryRow(s.t.Context(), `select max(id) from payment where customer_id = $1`, h.customer).Scan(&h.payment))
	h.change = at(whole.post(admin.SeriesURL(h.series)+"/changes",
		url.Values{"which": {"range"}, "first": {"1"}, "last": {"1"}, "operation": {"extend"}, "valid_till": {testClock().AddDate(2, 0, 0).Format(time.DateOnly)}, "key": {uuid.NewString()}}))
	asked := whole.post(admin.SeriesURL(h.series)+"/exports", url.Values{"format": {"csv"}, "key": {uuid.NewString()}})
	require.Equal(s.t, http.StatusSeeOther, asked.Status, asked.Body)
	require.NoError(s.t, s.Pool.QueryRow(s.t.Context(), `select max(id) from export where series_id = $1`, series.ID).Scan(&h.export))
	s.file(h.export, "serial,code\n")
	require.NoError(s.t, s.Pool.QueryRow(s.t.Context(), `insert into approval (kind, series_id, value, price, cards, requested_by)
		select 'activate', id, 3000, 1000, 3, created_by from series where id = $1 returning id`, series.ID).Scan(&h.approval))
	require.NoError(s.t, s.Pool.QueryRow(s.t.Context(), `insert into theft_alarm (rule, subject, series_id, first_serial, last_serial, partner_ids, first_at, last_at, cards, customers, value)
		values ('run', 'run:1', $1, 1, 2, array[$2::bigint], now() - interval '1 second', now(), 2, 1, 2000) returning id`, series.ID, p.ID).Scan(&h.alarm))
	hooks, by := s.Server.deps.Admin.Webhooks, audit.ByStaff(s.newStaff(fmt.Sprintf("hooks-%d", s.people.Add(1)), db.StaffRoleAdministrator), audit.Everything())
	made, err := hooks.Create(s.t.Context(), by, webhook.Form{Name: uuid.NewString(), URL: "http://127.0.0.1:9/", Types: []string{"export.*"}, PartnerIDs: []int64{p.ID}}, uuid.New())
	require.NoError(s.t, err)
	h.webhook = made.ID
	require.NoError(s.t, hooks.Test(s.t.Context(), by, made.ID))
	s.relay()
	h.delivery = int64(s.count(`select max(seq) from webhook_delivery where endpoint_id = $1`, made.ID))
	h.uploader = s.as(db.StaffRoleAdministrator, p)
	v := with(clientEntries(staff.RedeemFor), "name", uuid.NewString(), admin.PartnerField(p.ID), "on")
	v.Del("all_partners")
	h.client = admin.NumberOf(strings.TrimPrefix(h.uploader.newClient(v), admin.SectionClients+"/"))
	h.uploader.get(admin.SectionAccount) // takes the notice
	_, err = client.MakeKey(s.t.Context(), s.Pool, audit.System(), h.client, client.KeyForm{})
	require.NoError(s.t, err)
	require.NoError(s.t, s.Pool.QueryRow(s.t.Context(), `select max(id) from api_key where client_id = $1`, h.client).Scan(&h.key))
	h.imported = at(h.uploader.upload("cards.csv", cardsOfOld))
	h.newcomers = at(h.uploader.uploadTo(admin.SectionCustomerImport, "people.csv", "Name,Username\nNew Person,new.person\n"))
	return h
}
