package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/db"
)

// holding is what somebody has that an address or a form can name.
type holding struct {
	partner, customer, payment, card, change, imported, newcomers, export, approval, alarm int64
	series, code                                                                           string
	uploader                                                                               *browser // of what is imported; nobody else of some partners sees it
}

// fill puts a holding into the parameters of a route; false: the route names
// something that is not here yet, and it and rowOf want a line for it.
func (h holding) fill(path string) (string, bool) {
	for _, one := range []struct {
		prefix string
		values map[string]any
	}{
		{oneChange, map[string]any{":number": h.series, ":id": h.change}},
		{oneCard, map[string]any{":number": h.series, ":serial": 1}},
		{oneSeries, map[string]any{":number": h.series}},
		{oneCustomerImport, map[string]any{":id": h.newcomers}},
		{oneCustomer, map[string]any{":id": h.customer, ":payment": h.payment}},
		{onePartner, map[string]any{":id": h.partner}},
		{oneImport, map[string]any{":id": h.imported}},
		{oneApproval, map[string]any{":id": h.approval}},
		{oneAlarm, map[string]any{":id": h.alarm}},
		{"/admin/exports/:id", map[string]any{":id": h.export}},
		{sectionPayments + "/:id", map[string]any{":id": h.payment}},
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

// ofTheHouse are routes whose parameters name nothing that belongs to a partner.
// Staff of some partners are turned away from them (wholeHouse), or everybody may
// ask.
func ofTheHouse() []string {
	return []string{
		sectionStaff + "/:id", sectionRoles + "/:id", sectionJobs + "/:id", "/admin/queues/:name", riverUIPath + "/",
		staticPath + "*path", brandPath + ":file", welcomePath + ":token",
		sectionSessions + "/:id", // of a person: TestOwnSessions
	}
}

// matrixForms is, for each address that takes a form and names something that
// somebody has, a form that it takes when it comes from the owner. Without one
// the foreign and the missing could be refused for the form alone, and look alike.
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
		oneCustomer + "/redeem": redeem,
		oneCard:                 func(holding) url.Values { return url.Values{"q": {"kim"}} },
		oneCard + "/customers":  func(holding) url.Values { return url.Values{"q": {"kim"}} },
		oneCustomer + "/edit": func(h holding) url.Values {
			return url.Values{"name": {"Renamed"}, "username": {"renamed"}, "partner": {fmt.Sprint(h.partner)}}
		},
		oneCustomer + "/disable":         none,
		oneCustomer + "/enable":          none,
		oneCustomer + "/access/password": func(holding) url.Values { return url.Values{"password": {"a long quiet river"}} },
		oneCustomer + "/access/link":     func(holding) url.Values { return url.Values{"lifetime": {"24"}} },
		oneCustomer + "/clear-guesses":   reason,
		oneCustomer + "/erase": func(h holding) url.Values {
			return url.Values{"number": {fmt.Sprint(h.customer)}, "reason": {"as a test"}, "balance": {"500"}}
		},
		oneAlarm + "/acknowledge": reason,
		oneCustomer + "/billing/payments/add": func(holding) url.Values {
			return url.Values{"type": {"cash"}, "amount": {"5.00"}, "comment": {"cash"}, "key": {uuid.NewString()}}
		},
		oneCustomer + "/billing/payments/:payment/reverse": func(holding) url.Values {
			return url.Values{"reason": {"as a test"}, "key": {uuid.NewString()}}
		},
		onePartner: func(h holding) url.Values {
			return url.Values{"name": {"Renamed"}, "slug": {fmt.Sprintf("renamed-%d", h.partner)}, "time_zone": {"Europe/Berlin"}}
		},
		onePartner + "/disable":     none,
		onePartner + "/enable":      none,
		onePartner + "/logo/remove": none,
		oneSeries + "/activate":     none,
		oneSeries + "/lock":         none,
		oneSeries + "/delete":       none,
		oneSeries + "/edit": func(h holding) url.Values {
			return url.Values{"prefix": {"Other"}, "price": {"10.00"}, "partner": {fmt.Sprint(h.partner)}, "version": {"1"}}
		},
		oneSeries + "/cancel":  none,
		oneSeries + "/retry":   none,
		oneSeries + "/find":    func(holding) url.Values { return url.Values{"find": {"2"}} },
		oneSeries + "/export":  func(holding) url.Values { return choose() },
		oneSeries + "/exports": func(holding) url.Values { return url.Values{"format": {"csv"}, "key": {uuid.NewString()}} },
		oneCard + "/redeem": func(h holding) url.Values {
			return url.Values{"customer": {fmt.Sprint(h.customer)}, "key": {uuid.NewString()}}
		},
		oneCard + "/edit": func(h holding) url.Values {
			return url.Values{"valid_till": {""}, "partner": {fmt.Sprint(h.partner)}, "remark": {"a remark"}}
		},
		oneCard + "/disable":         none,
		oneCard + "/enable":          none,
		oneCard + "/delete":          none,
		oneCard + "/reveal":          reason,
		oneSeries + "/changes/check": bulk,
		oneSeries + "/changes":       bulk,
		oneChange + "/cancel":        none,
		oneChange + "/retry":         none,
		"/admin/exports/:id/cancel":  none,
		"/admin/exports/:id/retry":   none,
		"/admin/exports/:id/dismiss": none,
		"/admin/exports/:id/arrived": none,
		"/admin/exports/:id/discard": none,
		oneApproval + "/approve":     reason,
		oneApproval + "/withdraw":    none,
		oneApproval + "/refuse":      reason,
		oneCustomerImport + "/plan": func(h holding) url.Values {
			return url.Values{"name": {"1"}, "username": {"2"}, "headings": {"on"}, "default_partner": {fmt.Sprint(h.partner)}}
		},
		oneCustomerImport + "/confirm": none,
		oneCustomerImport + "/cancel":  none,
		oneCustomerImport + "/resume":  none,
		oneCustomerImport + "/sheet":   none,
		oneImport + "/plan":            func(holding) url.Values { return url.Values{"partner": {"any"}, "code": {"1"}} },
		oneImport + "/confirm":         none,
		oneImport + "/cancel":          none,
		oneImport + "/resume":          none,
		oneImport + "/sheet":           none,
		oneImport + "/outliers":        none,
		oneImport + "/void":            reason,
		oneImport + "/unbar":           reason,
	}
}

// absent names nothing. Its numbers are as long as those of what is there.
func absent() holding {
	return holding{
		partner: 799_999, customer: 799_999, payment: 799_999, card: 799_999, change: 799_999, imported: 799_999, newcomers: 799_999, export: 799_999, approval: 799_999, alarm: 799_999,
		series: "209912", code: "",
	}
}

// holds gives a partner one of everything.
func (s *site) holds(p db.Partner) holding {
	s.t.Helper()
	whole := s.as(db.StaffRoleAdministrator)
	at := func(g *got) int64 {
		s.t.Helper()
		require.Equal(s.t, http.StatusSeeOther, g.Status, g.Body)
		to := g.Header.Get("Location")
		return numberOf(to[strings.LastIndex(to, "/")+1:])
	}
	series, codes := s.series(3, p)
	h := holding{partner: p.ID, series: series.Number, code: codes[2]}
	h.customer = s.newCustomer(fmt.Sprintf("person-%d", s.people.Add(1)), p)
	paid := whole.post(fmt.Sprintf("%s/%d/billing/payments/add", sectionCustomers, h.customer),
		url.Values{"type": {"cash"}, "amount": {"5.00"}, "comment": {"cash"}, "key": {uuid.NewString()}})
	require.Equal(s.t, http.StatusSeeOther, paid.Status, paid.Body)
	require.NoError(s.t, s.Pool.QueryRow(s.t.Context(), `select max(id) from payment where customer_id = $1`, h.customer).Scan(&h.payment))
	h.change = at(whole.post(seriesURL(h.series)+"/changes",
		url.Values{"which": {"range"}, "first": {"1"}, "last": {"1"}, "operation": {"extend"}, "valid_till": {testClock().AddDate(2, 0, 0).Format(time.DateOnly)}, "key": {uuid.NewString()}}))
	asked := whole.post(seriesURL(h.series)+"/exports", url.Values{"format": {"csv"}, "key": {uuid.NewString()}})
	require.Equal(s.t, http.StatusSeeOther, asked.Status, asked.Body)
	require.NoError(s.t, s.Pool.QueryRow(s.t.Context(), `select max(id) from export where series_id = $1`, series.ID).Scan(&h.export))
	s.file(h.export, "serial,code\n")
	require.NoError(s.t, s.Pool.QueryRow(s.t.Context(), `insert into approval (kind, series_id, value, price, cards, requested_by)
		select 'activate', id, 3000, 1000, 3, created_by from series where id = $1 returning id`, series.ID).Scan(&h.approval))
	require.NoError(s.t, s.Pool.QueryRow(s.t.Context(), `insert into theft_alarm (rule, subject, series_id, first_serial, last_serial, partner_ids, first_at, last_at, cards, customers, value)
		values ('run', 'run:1', $1, 1, 2, array[$2::bigint], now() - interval '1 second', now(), 2, 1, 2000) returning id`, series.ID, p.ID).Scan(&h.alarm))
	h.uploader = s.as(db.StaffRoleAdministrator, p)
	h.imported = at(h.uploader.upload("cards.csv", cardsOfOld))
	h.newcomers = at(h.uploader.uploadTo(sectionCustomerImport, "people.csv", "Name,Username\nNew Person,new.person\n"))
	return h
}
