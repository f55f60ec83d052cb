package web

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/db"
	adminpages "refill/internal/web/admin"
)

// choose returns the form of the exports page as a browser sends it.
func choose(pairs ...string) url.Values {
	v := url.Values{"format": {"pdf"}, "cards": {"unused"}, "layout": {"a4-2x5"}, "sides": {"one"}, "key": {uuid.NewString()}}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v
}

func TestExportForm(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	series, _ := s.series(25)
	at := adminpages.SeriesURL(series.Number) + "/export"
	require.Equal(t, at, admin.get(adminpages.SeriesURL(series.Number)).one("#series-exports p > a").AttrOr("href", ""))

	page := admin.get(at)
	require.Equal(t, "pdf", page.one("#f-format option[selected]").AttrOr("value", ""))
	require.Equal(t, "a4-2x5", page.one("#f-layout input[checked]").AttrOr("value", ""))
	require.Contains(t, page.text("#export-preview"), "25 cards on 3 sheets, about 44 kB")
	picture := admin.get(page.one("#export-preview img").AttrOr("src", ""))
	require.Equal(t, "image/svg+xml", picture.Header.Get("Content-Type"))
	require.NoError(t, xml.Unmarshal([]byte(picture.Body), &struct {
		XMLName xml.Name `xml:"svg"`
	}{}))

	// Another choice is previewed before anything is queued.
	asked := choose("layout", "id-1", "sides", "both", "offset_x", "1,5", "first", "3", "last", "12", "preview", "1")
	page = admin.get(at + "?" + asked.Encode())
	require.Contains(t, page.text("#export-preview"), "10 cards on 10 sheets")
	require.Equal(t, 2, page.doc().Find("#export-preview img").Length())
	require.Equal(t, "1,5", page.one("#f-offset_x").AttrOr("value", ""))
	third := page.doc().Find("#export-preview img").Last().AttrOr("src", "")
	require.NotEqual(t, admin.get(third).Body, admin.get(strings.Replace(third, "first=3", "first=4", 1)).Body, "the picture shows the serials that come first")
	require.Zero(t, s.count(`select count(*) from export`))

	// The queued export has the chosen options, and they are the default the next time.
	require.Equal(t, http.StatusOK, admin.post(at, asked).Status, "the form posts its previews")
	require.Zero(t, s.count(`select count(*) from export`))
	asked.Del("preview")
	require.Equal(t, http.StatusSeeOther, admin.post(at, asked).Status)
	admin.post(at, asked)
	require.Equal(t, 1, s.count(`select count(*) from export where rows_total = 10 and options = '{"layout": "id-1", "both_sides": true, "offset_x": 1.5, "first": 3, "last": 12, "states": ["active"]}'`))
	panel := admin.get(adminpages.SeriesURL(series.Number) + "/exports")
	require.Contains(t, panel.text(".files li"), "One card a page, for a print shop, both sides, serials 3 to 12")
	again := admin.get(at)
	require.Equal(t, "id-1", again.one("#f-layout input[checked]").AttrOr("value", ""))
	require.Equal(t, "1.5", again.one("#f-offset_x").AttrOr("value", ""))
	require.Empty(t, again.one("#f-first").AttrOr("value", ""), "a range is of its file")
	other, _ := s.series(3)
	require.Equal(t, "id-1", admin.get(adminpages.SeriesURL(other.Number)+"/export").one("#f-layout input[checked]").AttrOr("value", ""))
	require.Equal(t, "a4-2x5", s.as(db.StaffRoleAdministrator).get(at).one("#f-layout input[checked]").AttrOr("value", ""), "somebody else chose nothing")
}

// A table is chosen with its columns, and is downloaded in one response or in two ranges.
func TestExportOfATable(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	series, _ := s.series(5)
	at := adminpages.SeriesURL(series.Number) + "/export"
	form := choose("format", "csv", "delimiter", "tab", "encoding", "utf-16le")
	form["columns"] = []string{"partner", "link"}
	page := admin.get(at + "?" + form.Encode())
	require.Contains(t, page.text("#export-preview"), "5 cards, about 3 kB")
	require.Equal(t, 2, page.doc().Find("input[name=columns][checked]").Length())
	require.Equal(t, "tab", page.one("#f-delimiter option[selected]").AttrOr("value", ""))
	require.Equal(t, http.StatusSeeOther, admin.post(at, form).Status)
	require.Equal(t, 1, s.count(`select count(*) from export where format = 'csv' and options ->> 'encoding' = 'utf-16le' and options ->> 'delimiter' = E'\t' and options -> 'columns' = '["partner", "link"]'`))
	again := admin.get(at)
	require.Equal(t, "csv", again.one("#f-format option[selected]").AttrOr("value", ""))
	require.Equal(t, 2, again.doc().Find("input[name=columns][checked]").Length())

	// An interrupted download resumes: two ranges make up the whole file.
	id := s.count(`select id from export`)
	content := strings.Repeat("serial,code\n", 50)
	s.file(int64(id), content)
	download := fmt.Sprintf("/admin/exports/%d/download", id)
	whole := admin.get(download)
	require.Equal(t, "text/csv; charset=utf-16le", whole.Header.Get("Content-Type"))
	require.Equal(t, "bytes", whole.Header.Get("Accept-Ranges"))
	tag := whole.Header.Get("ETag")
	require.Regexp(t, `^"[0-9a-f]{64}"$`, tag, "a strong tag")
	first := admin.get(download, "Range", "bytes=0-99")
	rest := admin.get(download, "Range", "bytes=100-", "If-Range", tag)
	require.Equal(t, []int{http.StatusPartialContent, http.StatusPartialContent}, []int{first.Status, rest.Status})
	require.Equal(t, content, first.Body+rest.Body)
	other := admin.get(download, "Range", "bytes=100-", "If-Range", `"another file"`)
	require.Equal(t, http.StatusOK, other.Status)
	require.Equal(t, content, other.Body, "of another file the rest is no rest")
	require.Equal(t, http.StatusRequestedRangeNotSatisfiable, admin.get(download, "Range", "bytes=9999-").Status)
}

func TestExportFormRefuses(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	series, _ := s.series(5)
	at := adminpages.SeriesURL(series.Number) + "/export"
	for _, tc := range []struct {
		field, code string
		form        url.Values
	}{
		{"format", "export_format", choose("format", "docx")},
		{"layout", "export_layout", choose("layout", "a5")},
		{"sides", "export_sides", choose("layout", "avery-5160", "sides", "both")},
		{"offset_x", "export_offset", choose("offset_x", "far")},
		{"offset_y", "export_offset", choose("offset_y", "-10.5")},
		{"first", "export_serial", choose("first", "none")},
		{"last", "export_range", choose("first", "4", "last", "2")},
		{"first", "export_none_match", choose("first", "400")},
		{"first", "export_none_match", choose("cards", "disabled")}, // there is none
		{"columns", "export_columns", choose("format", "csv", "columns", "code_in_clear")},
		{"delimiter", "export_delimiter", choose("format", "csv", "delimiter", "pipe")},
		{"encoding", "export_encoding", choose("format", "csv", "encoding", "latin-1")},
		{"cards", "export_print_used", choose("cards", "used")},
		{"cards", "export_card_state", choose("cards", "void")},
		{"password", "export_password_short", choose("locked", "on")},
		{"password", "export_password_short", choose("locked", "on", "password", "sieben7")},
		{"password", "export_password_short", choose("password", "unmarkd")},
		{"password", "export_password_long", choose("locked", "on", "password", strings.Repeat("ü", 64))},
		{"password", "export_password_chars", choose("locked", "on", "password", "with-a-🔑-key")},
		{"password", "export_password_chars", choose("locked", "on", "password", "heron basket ")},
		{"password", "password_common", choose("locked", "on", "password", "password1")},
		{"password", "export_password_format", choose("format", "csv", "locked", "on", "password", "heron basket 7")},
		{"password", "export_password_format", choose("format", "xlsx", "password", "heron basket 7")},
		{"password", "export_password_format", choose("format", "printer", "locked", "on")},
	} {
		got := admin.post(at, tc.form)
		require.Equal(t, http.StatusUnprocessableEntity, got.Status, tc.code)
		require.Equal(t, tc.code, got.fault(tc.field))
		require.Equal(t, tc.code, got.one(".notice-bad li").AttrOr("data-fault", ""))
		got.one("#f-" + tc.field + "-error")
		require.Equal(t, tc.form.Get("offset_x"), got.one("#f-offset_x").AttrOr("value", ""), "what was typed stays")
		require.Equal(t, tc.form.Get("password"), got.one("#f-password").AttrOr("value", ""), "what was typed stays")
	}
	require.Zero(t, s.count(`select count(*) from export`))

	// A roll that is too narrow for the codes of the series is an error at the layout
	// field, before anything is queued.
	s.exec(`update series set prefix = 'PREFIXOFTWENTYLETTER' where id = $1`, series.ID)
	for _, got := range []*got{admin.get(at + "?" + choose("layout", "roll-58").Encode()), admin.post(at, choose("layout", "roll-58"))} {
		require.Equal(t, http.StatusUnprocessableEntity, got.Status)
		require.Equal(t, "export_code_wide", got.fault("layout"))
	}
	require.Zero(t, s.count(`select count(*) from export`))

	require.Equal(t, http.StatusForbidden, s.as(db.StaffRoleCashier).get(at).Status)
	north := s.as(db.StaffRoleAdministrator, s.North)
	for _, path := range []string{at, at + "/preview?" + choose().Encode()} {
		foreign, missing := north.get(path), north.get(strings.Replace(path, series.Number, "209912", 1))
		require.Equal(t, http.StatusNotFound, foreign.Status)
		require.Equal(t, missing.Body, foreign.Body)
	}
	require.Equal(t, http.StatusNotFound, north.post(at, choose()).Status)
}

// A password in the form is stored in the database, sealed. It is in no URL, no audit row
// and no default of the next form.
func TestExportWithPassword(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	series, _ := s.series(5)
	at := adminpages.SeriesURL(series.Number) + "/export"
	const password = "planted heron basket"
	form := choose("locked", "on", "password", password, "preview", "1")
	page := admin.post(at, form)
	require.Equal(t, http.StatusOK, page.Status)
	require.Contains(t, page.text("#export-preview"), "5 cards on 1 sheet")
	require.NotContains(t, page.one("#export-preview img").AttrOr("src", ""), "planted")
	require.Equal(t, http.StatusOK, admin.get(page.one("#export-preview img").AttrOr("src", "")).Status)
	require.Equal(t, password, page.one("#f-password[type=password]").AttrOr("value", ""), "it can be looked at on the way")
	require.Equal(t, "no-store", page.Header.Get("Cache-Control"))
	require.Zero(t, s.count(`select count(*) from export`))
	require.Equal(t, http.StatusUnprocessableEntity, admin.post(at, choose("password", "short", "preview", "1")).Status)
	require.Equal(t, http.StatusOK, admin.post(at, choose("locked", "on", "preview", "1")).Status, "it is yet to be typed")
	require.Empty(t, admin.get(at+"?"+form.Encode()).one("#f-password").AttrOr("value", ""), "an address brings none")

	form.Del("preview")
	require.Equal(t, http.StatusSeeOther, admin.post(at, form).Status)
	require.Equal(t, http.StatusSeeOther, admin.post(at, form).Status, "the second click")
	require.Equal(t, 1, s.count(`select count(*) from export where password_sealed is not null and (options ->> 'locked')::boolean`))
	require.Zero(t, s.count(`select count(*) from export where strpos(export::text, 'planted') > 0`)+
		s.count(`select count(*) from audit where strpos(audit::text, 'planted') > 0`)+s.count(`select count(*) from river_job where strpos(river_job::text, 'planted') > 0`))
	require.Equal(t, 1, s.count(`select count(*) from audit where action = 'export.requested' and (detail ->> 'password')::boolean`))
	panel := admin.get(adminpages.SeriesURL(series.Number) + "/exports")
	require.Contains(t, panel.text(".files li"), "PDF with password")
	again := admin.get(at)
	require.Equal(t, 1, again.doc().Find("#f-locked[checked]").Length(), "that there was one is proposed, not which")
	require.Empty(t, again.one("#f-password").AttrOr("value", ""))

	// The password is deleted when the export ends, so a failed export can't be retried.
	s.exec(`update export set state = 'failed', failure = 'The disk is full.'`)
	require.Zero(t, s.count(`select count(*) from export where password_sealed is not null`))
	panel = admin.get(adminpages.SeriesURL(series.Number) + "/exports")
	require.Contains(t, panel.text(".files li"), "with a password anew")
	require.NotContains(t, panel.text(".files li"), "Retry")
	got := admin.post(fmt.Sprintf("/admin/exports/%d/retry", s.count(`select id from export`)), nil)
	require.Equal(t, http.StatusConflict, got.Status)
	require.Contains(t, got.Body, "was erased")
}

// count returns the number that a query selects.
func (s *site) count(sql string, args ...any) int {
	s.t.Helper()
	var n int
	require.NoError(s.t, s.Pool.QueryRow(s.t.Context(), sql, args...).Scan(&n))
	return n
}
