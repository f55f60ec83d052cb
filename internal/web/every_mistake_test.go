package web

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/db"
	adminpages "refill/internal/web/admin"
)

// mistakes returns the codes of the errors that a page lists, in order.
func (g *got) mistakes() []string {
	g.t.Helper()
	require.Equal(g.t, http.StatusUnprocessableEntity, g.Status, g.Body)
	return g.doc().Find(".notice-bad li").Map(func(_ int, li *goquery.Selection) string { return li.AttrOr("data-fault", "") })
}

// Errors of parsing and errors of the domain are shown together, one for each field, and
// nothing is done.
func TestEveryMistakeIsToldAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)

	order := url.Values{
		"quantity": {"ten"}, "prefix": {"two words"}, "price": {"1.234"}, "partner": {"x"}, "valid_till": {"31.12.2027"}, "key": {uuid.NewString()},
	}
	got := admin.post(adminpages.SectionGenerate, order)
	require.Equal(t, []string{"order_quantity", "order_prefix", "order_price_decimals", "order_partner", "order_valid_till"}, got.mistakes())
	require.Equal(t, "31.12.2027", got.one("#f-valid_till").AttrOr("value", ""))
	order.Set("quantity", "10")
	order.Set("price", "")
	order.Set("valid_till", "")
	require.Equal(t, []string{"order_prefix", "order_price", "order_partner", "order_valid_till_missing"}, admin.post(adminpages.SectionGenerate, order).mistakes())

	series, _ := s.series(5)
	edit := url.Values{"prefix": {"two words"}, "price": {"12.345"}, "partner": {"any"}, "valid_till": {"0001-01-01"}, "version": {fmt.Sprint(series.Version)}}
	for _, step := range []string{"look", "save"} {
		edit.Set("step", step)
		got = admin.post(adminpages.SeriesURL(series.Number)+"/edit", edit)
		require.Equal(t, []string{"order_prefix", "order_price_decimals", "order_valid_till"}, got.mistakes(), step)
	}
	edit.Set("version", "999")
	require.Equal(t, []string{"series_edited"}, admin.post(adminpages.SeriesURL(series.Number)+"/edit", edit).mistakes(), "the form as a whole is refused")

	at := adminpages.CardURL(series.Number, 2) + "/edit"
	require.Equal(t, []string{"card_till", "card_partner"}, admin.post(at, url.Values{"valid_till": {"31.12.2027"}, "partner": {"x"}}).mistakes())
	require.Equal(t, []string{"card_till"}, admin.post(at, url.Values{"valid_till": {"31.12.2027"}, "partner": {"0"}, "remark": {"not kept"}}).mistakes())

	bulk := url.Values{"which": {"range"}, "first": {"1"}, "last": {"9"}, "operation": {"extend"}, "valid_till": {"tomorrow"}, "key": {uuid.NewString()}}
	for _, step := range []string{"/changes/check", "/changes"} {
		require.Equal(t, []string{"change_last", "card_till"}, admin.post(adminpages.SeriesURL(series.Number)+step, bulk).mistakes(), step)
	}
	bulk.Set("last", "3")
	require.Equal(t, []string{"card_till"}, admin.post(adminpages.SeriesURL(series.Number)+"/changes", bulk).mistakes())
	bulk.Set("operation", "partner")
	for _, none := range []string{"", "x", "-1"} {
		bulk.Set("partner", none)
		require.Equal(t, []string{"card_partner"}, admin.post(adminpages.SeriesURL(series.Number)+"/changes", bulk).mistakes(), none)
	}

	var left int
	require.NoError(t, s.Pool.QueryRow(t.Context(), `select (select count(*) from series where id <> $1 or version <> $2) + (select count(*) from card_change)
		+ (select count(*) from card where valid_till is not null or partner_id is not null or remark is not null)`, series.ID, series.Version).Scan(&left))
	require.Zero(t, left, "nothing is ordered or changed")
}
