package web

import (
	"encoding/csv"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/db"
	adminpages "refill/internal/web/admin"
)

// filled returns a form of a page as a browser sends it without changes.
func (g *got) filled(selector string) url.Values {
	g.t.Helper()
	form := url.Values{}
	inputs := g.one(selector).Find("input, select")
	for i := range inputs.Length() {
		in := inputs.Eq(i)
		name, value := in.AttrOr("name", ""), in.AttrOr("value", "")
		if in.Is("select") {
			value = in.Find("option[selected]").AttrOr("value", "")
		}
		if _, checked := in.Attr("checked"); in.AttrOr("type", "") != "checkbox" || checked {
			form.Add(name, value)
		}
	}
	return form
}

func TestSeriesEdit(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	series, codes := s.series(10)
	at := adminpages.SeriesURL(series.Number) + "/edit"
	customer := s.newCustomer("anna", s.North)
	_, err := s.Server.admin.Cards.Redeem(t.Context(), audit.ByCustomer(customer, audit.Everything()), card.Redemption{CustomerID: customer, Code: codes[0], Key: uuid.New()})
	require.NoError(t, err)
	admin.post(adminpages.SeriesURL(series.Number)+"/exports", url.Values{"format": {"csv"}, "key": {uuid.NewString()}})

	form := admin.get(at).filled("#edit-form")
	require.Equal(t, "10.00", form.Get("price"))
	require.Equal(t, "any", form.Get("partner"))
	unchanged := admin.post(at, form)
	require.Equal(t, http.StatusUnprocessableEntity, unchanged.Status)
	require.Contains(t, unchanged.text(".notice-bad"), "Nothing has been changed yet.")
	for field, value := range map[string]string{"price": "1.234", "prefix": "two words", "valid_till": "2020-01-01", "partner": "99"} {
		wrong := maps.Clone(form)
		wrong.Set(field, value)
		got := admin.post(at, wrong)
		require.Equal(t, http.StatusUnprocessableEntity, got.Status, field)
		require.NotEmpty(t, got.text("#f-"+field+"-error"))
	}

	form.Set("price", "12.00")
	form.Set("partner", adminpages.SeveralPartners)
	form["partners"] = []string{fmt.Sprint(s.North.ID), fmt.Sprint(s.South.ID)}
	form.Set("step", "look")
	look := admin.post(at, form)
	require.Equal(t, http.StatusOK, look.Status, look.Body)
	said := look.text("#edit-plan")
	require.Contains(t, said, "The 9 cards that are still unused will be worth USD 12.00 instead of USD 10.00: outstanding value rises by USD 18.00.")
	require.Contains(t, said, "1 card keeps what it paid.")
	require.Contains(t, said, "1 file of this series was exported as it was. Cards printed from it show the old price.")
	require.Contains(t, said, "partnersany →becomes North, South")
	require.Equal(t, int64(1000), s.priceOf(series.ID), "nothing is changed yet")
	back := look.filled("#edit-plan")
	back.Set("step", "back")
	require.Equal(t, "12.00", admin.post(at, back).one("#f-price").AttrOr("value", ""), "what was typed is kept")

	save := look.filled("#edit-plan")
	save.Set("step", "save")
	require.Equal(t, adminpages.SeriesURL(series.Number), admin.post(at, save).Header.Get("Location"))
	require.Equal(t, int64(1200), s.priceOf(series.ID))
	page := admin.get(adminpages.SeriesURL(series.Number))
	require.Contains(t, page.text("#notice"), "9 cards are worth USD 12.00 each now.")
	require.Contains(t, page.text(".history"), "Edited: price USD 10.00 → USD 12.00; partners any → North, South")

	again := admin.post(at, save)
	require.Equal(t, http.StatusUnprocessableEntity, again.Status, "the form was for what the series was")
	require.Equal(t, "series_edited", again.fault(""))
	require.Contains(t, again.text("#f-price-hint"), "Now USD 12.00")

	require.Equal(t, http.StatusForbidden, s.as(db.StaffRoleCashier).get(at).Status)
	admin.post(adminpages.SeriesURL(series.Number)+"/delete", deletes(series.Number))
	require.Equal(t, adminpages.SeriesURL(series.Number), admin.get(at).Header.Get("Location"), "deleted: nothing to edit")
}

func (s *site) priceOf(id int64) int64 {
	s.t.Helper()
	series, err := db.New().SeriesGet(s.t.Context(), s.Pool, id)
	require.NoError(s.t, err)
	return series.Price
}

// deletes is the form that deletes a series.
func deletes(number string) url.Values {
	return url.Values{"number": {number}, "reason": {"printed twice"}}
}

// The page of a deleted series shows how many of its codes are erased. Then the series
// disappears from the list.
func TestSeriesDelete(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	series, _ := s.series(10)
	at := adminpages.SeriesURL(series.Number)
	for field, form := range map[string]url.Values{
		"number": {"number": {"202612"}, "reason": {"printed twice"}},
		"reason": {"number": {series.Number}, "reason": {" "}},
	} {
		refused := admin.post(at+"/delete", form)
		require.Equal(t, http.StatusUnprocessableEntity, refused.Status, field)
		require.NotEmpty(t, refused.text("dialog#delete[data-open] #f-"+field+"-error"))
		require.Equal(t, form.Get("number"), refused.one("#f-number").AttrOr("value", ""), "what was typed stays")
	}
	require.Equal(t, "Active", admin.get(at).text("#series-head .state"))
	require.Equal(t, at, admin.post(at+"/delete", deletes(series.Number)).Header.Get("Location"))
	page := admin.get(at)
	require.Contains(t, page.text("#notice"), "is deleted")
	require.Contains(t, page.text("#series-happened"), "printed twice")
	require.Contains(t, page.text("#series-live"), "0 of 10")
	require.Contains(t, page.one("#series-live").AttrOr("hx-trigger", ""), "series-")
	require.Equal(t, "Deleting", admin.get(adminpages.SectionSeries).text("tbody .state"), "seen until it is done")
	require.NoError(t, s.Server.admin.Cards.Erase(t.Context(), series.ID, testClock, noJob))
	page = admin.get(at)
	require.Equal(t, "Deleted", page.text("#series-head .state"))
	require.Contains(t, page.text(".history"), "Codes erased")
	require.Contains(t, page.text("#series-cards tbody tr:first-child"), card.Erased)
	require.Equal(t, http.StatusOK, admin.get(at+"/cards/1").Status)
	admin.get(adminpages.SectionSeries).one(".empty-state")
	require.Equal(t, []string{series.Number}, admin.get(adminpages.SectionSeries+"?status=void").numbers())
}

func TestSeriesListSorts(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	small, _ := s.series(3)
	large, _ := s.series(9, s.South)
	middle, _ := s.series(5, s.North)
	s.exec(`update series set valid_till = valid_till + 10 where id = $1`, small.ID)
	require.Equal(t, []string{middle.Number, large.Number, small.Number}, admin.get(adminpages.SectionSeries).numbers(), "the newest first")
	for sort, want := range map[string][]string{
		"number":       {small.Number, large.Number, middle.Number},
		"-created":     {middle.Number, large.Number, small.Number},
		"quantity":     {small.Number, middle.Number, large.Number},
		"-quantity":    {large.Number, middle.Number, small.Number},
		"-outstanding": {large.Number, middle.Number, small.Number},
		"-valid_till":  {small.Number, middle.Number, large.Number},
		"price":        {middle.Number, large.Number, small.Number},
		"nonsense":     {middle.Number, large.Number, small.Number},
	} {
		require.Equal(t, want, admin.get(adminpages.SectionSeries+"?sort="+sort).numbers(), sort)
	}
	got := admin.get(adminpages.SectionSeries + "?sort=-outstanding")
	require.Equal(t, "Outstanding", got.text("th[aria-sort=descending]"))
	require.Equal(t, adminpages.SectionSeries+"?sort=outstanding", got.one("th[aria-sort] a").AttrOr("href", ""), "a second press turns it round")
	require.Equal(t, []string{middle.Number, small.Number}, admin.get(fmt.Sprintf("%s?partner=%d", adminpages.SectionSeries, s.North.ID)).numbers(), "North's, and any partner's")
	require.Equal(t, []string{large.Number}, s.as(db.StaffRoleAdministrator, s.South).get(adminpages.SectionSeries).numbers())
}

func TestSeriesListColumns(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	series, _ := s.series(3)
	heads := func() string { return admin.get(adminpages.SectionSeries).text("thead") }
	require.NotContains(t, heads(), "Quantity")
	got := admin.get(adminpages.SectionSeries + "?view=1&column=quantity&column=state&size=100&sort=-price&q=test")
	require.Equal(t, adminpages.SectionSeries+"?q=test&size=100&sort=-price", got.Header.Get("Location"))
	require.Equal(t, "SeriesQuantityActions", heads(), "they are remembered")
	require.Equal(t, "100", admin.get(got.Header.Get("Location")).one("#f-size option[selected]").AttrOr("value", ""))
	require.Equal(t, []string{series.Number}, admin.get(adminpages.SectionSeries+"?size=7&page=-1").numbers())
}

// The table is exported with its filters, and contains no series outside the scope.
func TestSeriesTableExport(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	north, _ := s.series(3, s.North)
	s.series(4, s.South)
	link := admin.get(adminpages.SectionSeries+"?q="+north.Number).one("#table-files a[href*='format=csv']").AttrOr("href", "")
	rows, err := csv.NewReader(strings.NewReader(admin.get(link).Body)).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 2)
	require.Equal(t, []string{north.Number, "Test", "Active", "10.00", "USD", "North", north.ValidTill.Format(time.DateOnly)}, rows[1][:7])
	require.Equal(t, "30.00", rows[1][14])
	clerk := s.as(db.StaffRoleCashier, s.North)
	rows, err = csv.NewReader(strings.NewReader(clerk.get(adminpages.SectionSeries + "?format=csv").Body)).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 2)
	require.Equal(t, http.StatusOK, admin.get(adminpages.SectionSeries+"?format=xlsx").Status)
}
