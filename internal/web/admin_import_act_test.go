package web

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/blob"
	"refill/internal/db"
	adminpages "refill/internal/web/admin"
)

// checked uploads a file, plans it with the suggested options except for some, and runs the
// dry run.
func (s *site) checked(admin *browser, name, text string, entries url.Values) string {
	s.t.Helper()
	got := admin.upload(name, text)
	require.Equal(s.t, http.StatusSeeOther, got.Status, got.Body)
	at := got.Header.Get("Location")
	form := admin.get(at).plan()
	maps.Copy(form, entries)
	planned := admin.post(at+"/plan", form)
	require.Equal(s.t, http.StatusSeeOther, planned.Status, planned.Body)
	s.work(at)
	return at
}

const oddCodes = "code,price\nAA11BB2201,5.00\nAA11BB2202,5.00\nAA11BB2203,5.00\nAA11BB2204,5.00\nAA11BB2205,5.00\nodd-one-out-77,5.00\nAA11BB2206,ten\n"

// Codes that differ from the others are left out unless their box is ticked. They can be
// left out again.
func TestOutliersAreTicked(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	at := s.checked(admin, "cards.csv", oddCodes, nil)
	page := admin.get(at)
	require.Contains(t, page.text(".tiles"), "Cards to import5")
	require.Contains(t, page.text("#outliers-form"), "Row 7")
	require.NotContains(t, page.Body, "odd-one-out-77", "a code is never shown in full")
	require.Contains(t, page.text("main"), "ten", "but what failed is")
	row, _ := page.one("#outliers-form input[name=row]").Attr("value")
	require.Equal(t, http.StatusSeeOther, admin.post(at+"/outliers", url.Values{"row": {row}}).Status)
	require.Contains(t, admin.get(at).text("#import-live"), "Checking the file")
	s.work(at)
	page = admin.get(at)
	require.Contains(t, page.text(".tiles"), "Cards to import6")
	require.Contains(t, page.text("main"), "1 row ticked before")
	require.Equal(t, http.StatusSeeOther, admin.post(at+"/outliers", url.Values{}).Status)
	s.work(at)
	require.Contains(t, admin.get(at).text(".tiles"), "Cards to import5")
}

// After a dry run a person can go back to the columns, with all options kept. The next file
// with the same columns gets the same options.
func TestImportColumnsAreChangedAndRemembered(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	text := "code,value,what,state\nAA11BB2201,5.00,x,0\nAA11BB2202,5.00,y,1\nAA11BB2203,5.00,z,0\n"
	at := s.checked(admin, "cards.csv", text, url.Values{"prefix": {"Spring"}, "default_price": {"7.00"}, "meaning-0": {"active"}, "meaning-1": {"disabled"}, "price": {"2"}, "status": {"4"}})
	change, _ := admin.get(at).one(`a[href$="?columns=1"]`).Attr("href")
	page := admin.get(change)
	value := func(id string) string {
		v, _ := page.one(id).Attr("value")
		return v
	}
	require.Equal(t, []string{"Spring", "7.00"}, []string{value("#f-prefix"), value("#f-default_price")})
	require.Equal(t, "disabled", value("#f-meaning-1 option[selected]"))
	form := page.plan()
	form.Set("default_price", "7.00")
	form.Set("price", "")
	require.Equal(t, http.StatusSeeOther, admin.post(at+"/plan", form).Status)
	s.work(at)
	require.Contains(t, admin.get(at).text("main"), "USD 7.00", "the price of the form, since the file's is no longer chosen")

	page = admin.get(admin.upload("more.csv", strings.ReplaceAll(text, "AA11", "CC33")).Header.Get("Location"))
	require.Contains(t, page.text("#plan-form"), "Filled in as for the last file")
	require.Equal(t, "disabled", value("#f-meaning-1 option[selected]"))
	require.Empty(t, value("#f-default_price"), "what cards are worth is asked each time")
	require.NotContains(t, s.as(db.StaffRoleAdministrator).get(s.as(db.StaffRoleAdministrator).upload("more.csv", text).Header.Get("Location")).Body, "Filled in as", "others have answers of their own")
}

// A whole import can be voided from its page, which first shows the value of its cards.
func TestImportIsVoidedFromItsPage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	at := s.checked(admin, "cards.csv", oddCodes, nil)
	require.Equal(t, http.StatusSeeOther, admin.post(at+"/confirm", admin.get(at).confirmation()).Status)
	s.work(at)
	page := admin.get(at)
	require.Contains(t, page.text("#void"), "Void 5 unused cards worth USD 25.00, in 1 series")
	refused := admin.post(at+"/void", url.Values{"reason": {"x"}})
	require.Equal(t, http.StatusUnprocessableEntity, refused.Status)
	require.Contains(t, refused.text("#void .notice-bad"), "Give a reason")
	require.Equal(t, http.StatusSeeOther, admin.post(at+"/void", url.Values{"reason": {"wrong file"}}).Status)
	page = admin.get(at)
	require.Contains(t, page.text("main"), "Voided")
	page.none("#void")
	var states string
	require.NoError(t, s.Pool.QueryRow(t.Context(), `select string_agg(distinct state::text, ',') from series where import_id is not null`).Scan(&states))
	require.Equal(t, "void", states)
}

// A file that probes for existing codes raises an alert on the dashboard of staff of all
// partners.
func TestProbingImportsRaiseAnAlarm(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	admin.upload("cards.csv", oddCodes)
	admin.get("/admin").none(".notice-bad")
	s.exec(`update card_import set alarmed_at = now()`)
	require.Contains(t, admin.get("/admin").text(".notice-bad[role=alert]"), "The file cards.csv")
	s.as(db.StaffRoleAdministrator, s.North).get("/admin").none(".notice-bad")
}

// narrow is a store with little free space.
type narrow struct {
	blob.Store

	room int64
}

// Room implements blob.Store.
func (n *narrow) Room() (int64, bool) { return n.room, true }

// An upload is compared with the free space on the disk, before and while it arrives.
func TestUploadsNeedRoom(t *testing.T) {
	t.Parallel()
	var left *narrow
	s := newSite(t, func(d *Deps) {
		left = &narrow{d.Admin.Files, adminpages.UploadReserve + 100}
		d.Admin.Files = left
	})
	admin := s.as(db.StaffRoleAdministrator)
	got := admin.upload("cards.csv", oddCodes)
	require.Equal(t, http.StatusUnprocessableEntity, got.Status)
	require.Contains(t, got.text("#f-file-error"), "The disk for files has 200.0 MB left")
	left.room = adminpages.UploadReserve + 1_000_000
	require.Equal(t, http.StatusSeeOther, admin.upload("cards.csv", oddCodes).Status)
	files, err := s.Server.admin.Files.List(t.Context())
	require.NoError(t, err)
	require.Len(t, files, 1, "nothing is left of the one that was refused")

	for n := range 99 {
		require.Equal(t, http.StatusSeeOther, admin.upload(fmt.Sprint(n, ".csv"), oddCodes).Status)
	}
	require.Contains(t, admin.upload("cards.csv", oddCodes).text("#f-file-error"), "You have 100 files here")
}

// A dry run warns only of codes that can be guessed.
func TestGuessableCodesAreWarnedOf(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	at := s.checked(admin, "short.csv", "code,price\n82910311,5.00\n82910474,5.00\n82910946,5.00\n", nil)
	require.Contains(t, admin.get(at).text("main"), "These codes can be guessed.")
	at = s.checked(admin, "long.csv", "code,price\nkQ7wZx2LmP9rTs4V,5.00\nB3nYh8DcJf6GaE1u,5.00\n", nil)
	require.NotContains(t, admin.get(at).text("main"), "can be guessed")
}
