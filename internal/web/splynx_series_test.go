package web

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/setting"
)

// A series is ordered, listed, read without codes, edited and deleted; cards are edited and
// deleted. What Splynx has and is of no use here is 405.
func TestSplynxSeries(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a := s.addon(nil)
	const series = "admin/finance/refill-cards-series"
	got := a.ask(http.MethodPost, series, `{"prefix":"SPL","quantity":3,"price":10,"valid_till":"2027-12-01","additional_attributes":{"x":1}}`)
	require.Equal(t, http.StatusCreated, got.Status, got.Body)
	number, _ := got.json()["serie"].(string)
	s.generated(number)
	form := a.ask(http.MethodPost, series, "prefix=SPL&quantity=2&price=5.0000&valid_till=2027-12-01", "Content-Type", "application/x-www-form-urlencoded")
	require.Equal(t, http.StatusCreated, form.Status, form.Body)
	other, _ := form.json()["serie"].(string)
	s.generated(other)

	list := a.ask(http.MethodGet, series, "").listed(t)
	require.Len(t, list, 2)
	require.Equal(t, number, list[0]["serie"])
	require.InDelta(t, 3, list[0]["amount"], 0)
	require.Regexp(t, `^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$`, list[0]["created_at"])
	require.Len(t, a.ask(http.MethodGet, series+"?limit=1&offset=1&order%5Bid%5D=DESC", "").listed(t), 1)
	head := a.ask(http.MethodHead, series, "")
	require.Equal(t, http.StatusNoContent, head.Status)
	require.Equal(t, "2", head.Header.Get("X-Total-Count"))
	require.Equal(t, "3", a.ask(http.MethodHead, series+"/"+number, "").Header.Get("X-Total-Count"))

	cards := a.ask(http.MethodGet, series+"/"+number, "").listed(t)
	require.Len(t, cards, 3)
	require.Equal(t, "Active", cards[0]["status"])
	require.Equal(t, "0000-00-00 00:00:00", cards[0]["activated_at"])
	require.InDelta(t, 0, cards[0]["customer_id"], 0)
	require.Equal(t, number+"-SPL-****************", cards[0]["full_code"])
	id := func(i int) string { return fmt.Sprintf("%.0f", cards[i]["id"]) }
	require.Len(t, a.ask(http.MethodGet, series+"/"+number+"?limit=1&offset=2", "").listed(t), 1)

	require.Equal(t, http.StatusAccepted, a.ask(http.MethodPut, "admin/finance/refill-cards/"+id(0), `{"valid_till":"2028-01-31","price":"10.0000"}`).Status)
	require.Equal(t, 1, s.count(`select count(*) from card where valid_till = '2028-01-31'`))
	a.ask(http.MethodPut, "admin/finance/refill-cards/"+id(0), `{"price":15}`).failed(t, http.StatusUnprocessableEntity, "INVALID_INPUT_DATA")
	require.Equal(t, http.StatusNoContent, a.ask(http.MethodDelete, "admin/finance/refill-cards/"+id(1), "").Status)
	require.Equal(t, "Disabled", a.ask(http.MethodGet, series+"/"+number, "").listed(t)[1]["status"])
	customer := s.newCustomer("carla", s.North)
	require.Equal(t, http.StatusCreated, a.send("/redemptions", "k", fmt.Sprintf(`{"card":"%s-3","customer":{"id":"%d"}}`, number, customer)).Status)
	used := a.ask(http.MethodGet, series+"/"+number, "").listed(t)[2]
	require.Equal(t, "Used", used["status"])
	require.InDelta(t, float64(customer), used["customer_id"], 0)
	require.NotEqual(t, "0000-00-00 00:00:00", used["activated_at"])
	a.ask(http.MethodDelete, "admin/finance/refill-cards/"+id(2), "").failed(t, http.StatusMethodNotAllowed, "ENTITY_CANNOT_BE_DELETED")

	require.Equal(t, http.StatusAccepted, a.ask(http.MethodPut, series+"/"+number, `{"prefix":"NEW","price":"12.50"}`).Status)
	require.Equal(t, 1, s.count(`select count(*) from series where number = $1 and prefix = 'NEW' and price = 1250`, number))
	require.Equal(t, http.StatusAccepted, a.ask(http.MethodPut, series+"/"+number, `{}`).Status, "nothing to change")
	require.Equal(t, http.StatusNoContent, a.ask(http.MethodDelete, series+"/"+number, "").Status)
	a.ask(http.MethodDelete, series+"/"+number, "").failed(t, http.StatusNotFound, "NOT_FOUND")
	require.Len(t, a.ask(http.MethodGet, series, "").listed(t), 1)

	for _, method := range []string{http.MethodGet, http.MethodPost} {
		got := a.ask(method, "admin/finance/refill-cards", "{}")
		got.failed(t, http.StatusMethodNotAllowed, "METHOD_DISABLED")
		require.Equal(t, `{"error":{"message":"Method is disabled!","code":405,"internal_code":"METHOD_DISABLED"}}`, got.Body) //nolint:testifylint // programs may compare the bytes
		require.Len(t, got.Body, 88)
	}
	a.ask(http.MethodPatch, series, "{}").failed(t, http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED")
	a.ask(http.MethodGet, "admin/finance/invoices", "").failed(t, http.StatusNotFound, "NOT_FOUND")
	for _, path := range []string{series, "admin/finance/refill-cards", "admin/customers/customer", "admin/finance/payments"} {
		got := a.ask(http.MethodOptions, path, "")
		require.Equal(t, http.StatusOK, got.Status, path)
		require.NotEmpty(t, got.json()["attributes"])
	}
	for _, body := range []string{`{"quantity":"x"}`, `{"quantity":1,"price":"1,000"}`, `{"quantity":1,"price":1.234}`, `{"quantity":1,"price":1,"valid_till":"soon"}`, `{"quantity":1,"price":10}`} {
		a.ask(http.MethodPost, series, body).failed(t, http.StatusUnprocessableEntity, "INVALID_INPUT_DATA")
	}
}

// Where a second person is due, a deletion is 405 and an edit and a payment 403, and nothing
// moves.
func TestSplynxSecondPerson(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	above := int64(1500)
	s.change(func(v *setting.Settings) { v.ApproveAbove = &above })
	a := s.addon(nil)
	made, _ := s.series(3)
	s.exec(`update series set state = 'active' where id = $1`, made.ID)
	a.ask(http.MethodDelete, "admin/finance/refill-cards-series/"+made.Number, "").failed(t, http.StatusMethodNotAllowed, "ENTITY_CANNOT_BE_DELETED")
	require.Equal(t, 1, s.count(`select count(*) from approval where kind = 'deletion' and state = 'waiting'`))
	require.Equal(t, 1, s.count(`select count(*) from series where id = $1 and state = 'active'`, made.ID))
	id := s.newCustomer("carla", s.North)
	body := fmt.Sprintf(`{"customer_id":%d,"payment_type":"1","amount":"90.00","receipt_number":"r-1"}`, id)
	a.ask(http.MethodPost, "admin/finance/payments", body).failed(t, http.StatusForbidden, "FORBIDDEN")
	require.Zero(t, s.balanceOf("carla"))
	a.ask(http.MethodPost, "admin/finance/payments", body).failed(t, http.StatusForbidden, "FORBIDDEN")
	require.Equal(t, 1, s.count(`select count(*) from approval where kind not in ('deletion', 'activate') and state = 'waiting'`))
}

// Customers are found by the filters of Splynx; what is not known is 400 and never ignored.
func TestSplynxCustomerFilters(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	carla, otto := s.newCustomer("carla", s.North), s.newCustomer("otto", s.South)
	s.exec(`update customer set email = 'Carla@Example.com', phone = '+49 1_2' where id = $1`, carla)
	s.exec(`update customer set disabled_at = now() where id = $1`, otto)
	a := s.addon(nil)
	const call = "admin/customers/customer"
	is := func(query string) string {
		return strings.NewReplacer("[", "%5B", "]", "%5D", " ", "%20", ">=", "%3E%3D", "<=", "%3C%3D").Replace(query)
	}
	for query, want := range map[string][]int64{
		"main_attributes[login]=Carla":                                                                                 {carla},
		"main_attributes[login][]=LIKE&main_attributes[login][]=arl":                                                   {carla},
		"main_attributes[login][0]=LIKE&main_attributes[login][1]=%25TT%25":                                            {otto},
		"main_attributes[phone][0]=LIKE&main_attributes[phone][1]=1_2":                                                 {carla},
		"main_attributes[phone][0]=LIKE&main_attributes[phone][1]=9_1":                                                 {},
		"main_attributes[email]=carla@example.com":                                                                     {carla},
		"main_attributes[login][0]=IN&main_attributes[login][1][0]=otto&main_attributes[login][1][1]=carla":            {carla, otto},
		"main_attributes[login][0]=IN&main_attributes[login][1][]=otto":                                                {otto},
		fmt.Sprintf("main_attributes[id]=%d", otto):                                                                    {otto},
		"main_attributes[id]=nobody":                                                                                   {},
		fmt.Sprintf("main_attributes[id][0]=BETWEEN&main_attributes[id][1]=%d&main_attributes[id][2]=%d", carla, otto): {carla, otto},
		fmt.Sprintf("main_attributes[id][0]=>=&main_attributes[id][1]=%d", otto):                                       {otto},
		fmt.Sprintf("main_attributes[id][0]=<=&main_attributes[id][1]=%d", carla):                                      {carla},
		fmt.Sprintf("main_attributes[partner_id]=%d&main_attributes[login]=carla", s.South.ID):                         {},
		fmt.Sprintf("main_attributes[partner_id]=%d&order[id]=DESC&limit=10&offset=0", s.North.ID):                     {carla},
		"order[id]=desc&limit=1": {otto},
	} {
		got := a.ask(http.MethodGet, call+"?"+is(query), "")
		ids := []int64{}
		for _, row := range got.listed(t) {
			id, _ := row["id"].(float64)
			ids = append(ids, int64(id))
		}
		require.Equal(t, want, ids, query)
	}
	require.Equal(t, "2", a.ask(http.MethodHead, call, "").Header.Get("X-Total-Count"))
	for _, query := range []string{
		"main_attributes[status]=active", "main_attributes[login][0]=REGEXP&main_attributes[login][1]=x", "main_attributes[login][0]=!=&main_attributes[login][1]=x",
		"main_attributes[id][0]=LIKE&main_attributes[id][1]=1", "main_attributes[id][0]=BETWEEN&main_attributes[id][1]=1", "main_attributes[login][0]=BETWEEN&main_attributes[login][1]=a&main_attributes[login][2]=b",
		"main_attributes[id][0]=>=&main_attributes[id][1]=x", "main_attributes=1", "main_attributes[login][x]=1", "additional_attributes[sex]=male", "order[login]=asc", "order[id]=up",
		"limit=-1", "limit=x", "offset=-1", "q=carla", "main_attributes[login]=a&main_attributes[login][0]=b", "main_attributes[login][0][0]=IN&main_attributes[login][1]=b",
	} {
		a.ask(http.MethodGet, call+"?"+is(query), "").failed(t, http.StatusBadRequest, "BAD_REQUEST")
	}
	one := a.ask(http.MethodGet, fmt.Sprint(call, "/", carla), "").json()
	require.Equal(t, "carla", one["login"])
	require.Equal(t, "active", one["status"])
	require.Equal(t, "disabled", a.ask(http.MethodGet, fmt.Sprint(call, "/", otto), "").json()["status"])
}

// A payment is entered once for a receipt number, and listed with what was sent.
func TestSplynxPayments(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.newCustomer("carla", s.North)
	a := s.addon(nil)
	const call = "admin/finance/payments"
	body := func(amount, receipt string) string {
		return fmt.Sprintf(`{"customer_id":%d,"payment_type":"2","amount":%q,"receipt_number":%q,"date":"2024-05-27","comment":"by wire","field_1":"x"}`, id, amount, receipt)
	}
	first := a.ask(http.MethodPost, call, body("7.5000", "2024-1"))
	require.Equal(t, http.StatusCreated, first.Status, first.Body)
	require.Equal(t, first.Body, a.ask(http.MethodPost, call, body("7.50", "2024-1")).Body)
	a.ask(http.MethodPost, call, body("8.00", "2024-1")).failed(t, http.StatusUnprocessableEntity, "INVALID_INPUT_DATA")
	require.Equal(t, int64(750), s.balanceOf("carla"))
	for range 2 { // without a receipt number each is another one
		require.Equal(t, http.StatusCreated, a.ask(http.MethodPost, call, body("1.00", "")).Status)
	}
	require.Equal(t, int64(950), s.balanceOf("carla"))
	list := a.ask(http.MethodGet, call+fmt.Sprintf("?main_attributes%%5Bcustomer_id%%5D=%d", id), "").listed(t)
	require.Len(t, list, 3)
	require.Equal(t, "2024-1", list[0]["receipt_number"])
	require.Equal(t, "by wire (dated 2024-05-27)", list[0]["comment"])
	require.Equal(t, "7.5000", list[0]["amount"])
	require.Equal(t, "2", list[0]["payment_type"])
	require.Equal(t, list[0]["id"], first.json()["id"])
	require.Equal(t, "3", a.ask(http.MethodHead, call, "").Header.Get("X-Total-Count"))
	require.Empty(t, a.ask(http.MethodGet, call+"?main_attributes%5Bpayment_type%5D=6", "").listed(t))
	require.Len(t, a.ask(http.MethodGet, call+"?main_attributes%5Bdate%5D%5B0%5D=%3E%3D&main_attributes%5Bdate%5D%5B1%5D=2020-01-01", "").listed(t), 3)
	for _, one := range []string{
		`{}`, fmt.Sprintf(`{"customer_id":%d}`, id), fmt.Sprintf(`{"customer_id":%d,"payment_type":"6","amount":"1"}`, id), fmt.Sprintf(`{"customer_id":%d,"payment_type":"1","amount":"-1"}`, id),
		fmt.Sprintf(`{"customer_id":%d,"payment_type":"1","amount":"1","date":"x"}`, id), fmt.Sprintf(`{"customer_id":%d,"payment_type":"1","amount":"1","receipt_number":"a: b"}`, id),
	} {
		a.ask(http.MethodPost, call, one).failed(t, http.StatusUnprocessableEntity, "INVALID_INPUT_DATA")
	}
	require.Equal(t, "9.5000", a.ask(http.MethodGet, fmt.Sprint("admin/customers/customer-billing/", id), "").json()["deposit"])
	require.Equal(t, int64(950), s.balanceOf("carla"))
}
