package web

import (
	"net/http"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"

	"refill/internal/db"
	"refill/internal/render"
	adminpages "refill/internal/web/admin"
)

// The content of the QR code is chosen, kept with the file, named in its description and
// proposed the next time. The quick form and an older form without the field mean the usual
// one.
func TestExportChoosesTheQR(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	series, _ := s.series(12)
	at := adminpages.SeriesURL(series.Number)
	page := admin.get(at + "/export")
	require.Equal(t, "QR code", page.text("label[for=f-qr]"))
	require.Equal(t, "code", page.one("#f-qr option[selected]").AttrOr("value", ""))

	for _, tc := range []struct{ qr, stored, about string }{
		{"", "", ""}, {"code", "", ""}, {"address", "address", "QR code with the portal’s address only"}, {"none", "none", "no QR code"},
	} {
		require.Equal(t, http.StatusSeeOther, admin.post(at+"/export", choose("qr", tc.qr)).Status, tc.qr)
		var stored string
		require.NoError(t, s.Pool.QueryRow(t.Context(), `select coalesce(options->>'qr', '') from export order by id desc limit 1`).Scan(&stored))
		require.Equal(t, tc.stored, stored)
		file := admin.get(at + "/exports").doc().Find(".files li").First().Text()
		require.Contains(t, file, tc.about)
		require.Equal(t, tc.about != "", strings.Contains(file, "QR code"), tc.qr)
	}
	require.Equal(t, "none", admin.get(at+"/export").one("#f-qr option[selected]").AttrOr("value", ""))

	pictures := map[string]bool{}
	for _, qr := range []string{"code", "address", "none"} {
		pictures[admin.get(at+"/export/preview?"+choose("qr", qr, "side", "0").Encode()).Body] = true
	}
	require.Len(t, pictures, 3)

	for _, format := range []string{"pdf", "csv"} {
		got := admin.post(at+"/export", choose("qr", "both", "format", format))
		require.Equal(t, http.StatusUnprocessableEntity, got.Status)
		require.Equal(t, "export_qr", got.fault("qr"))
	}
	require.NotEqual(t, http.StatusOK, admin.get(at+"/export/preview?"+choose("qr", "both", "side", "0").Encode()).Status)
}

// The preview of a selection without cards draws nothing and says so, and the request for
// the file is refused.
func TestPreviewOfNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	series, _ := s.series(12)
	at := adminpages.SeriesURL(series.Number) + "/export"
	for _, format := range []string{"pdf", "csv", "printer"} {
		got := admin.get(at + "?" + choose("first", "600", "format", format).Encode())
		require.Equal(t, http.StatusOK, got.Status)
		require.Contains(t, got.text("#export-preview"), "nothing to export")
		require.NotContains(t, got.text("#export-preview"), "0 cards")
		got.none("#export-preview img")
		got.none("#export-preview table")
	}
	require.Equal(t, http.StatusUnprocessableEntity, admin.get(at+"/preview?"+choose("first", "600", "side", "0").Encode()).Status)
	require.Equal(t, "export_none_match", admin.post(at, choose("first", "600")).fault("first"))
}

// The preview of a table shows its first rows in the chosen columns, with made-up codes.
func TestPreviewOfATable(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	series, codes := s.series(12, s.North)
	at := adminpages.SeriesURL(series.Number) + "/export"
	texts := func(got *got, selector string) (all []string) {
		got.doc().Find(selector).Each(func(_ int, one *goquery.Selection) { all = append(all, strings.TrimSpace(one.Text())) })
		return all
	}
	for _, format := range []string{"csv", "xlsx", "jsonl", "printer"} {
		form := choose("format", format, "first", "3")
		form["columns"] = []string{"partner", "link"}
		got := admin.get(at + "?" + form.Encode())
		require.Equal(t, "serial code price currency valid_till series status partner link", strings.Join(texts(got, "#export-preview th"), " "), format)
		require.Equal(t, 5, got.doc().Find("#export-preview tbody tr").Length())
		first := texts(got, "#export-preview tbody tr:first-child td")
		require.Equal(t, "3", first[0])
		require.Equal(t, []string{"10.00", "USD", series.ValidTill.Format("2006-01-02"), series.Number, "active", s.North.Name}, first[2:8])
		require.True(t, strings.HasSuffix(first[8], "/r#"+render.Fragment(first[1])), first[8])
		for _, code := range codes {
			require.NotContains(t, got.Body, code)
		}
		got.none("#export-preview img")
	}
	require.Equal(t, 2, admin.get(at+"?"+choose("format", "csv", "first", "3", "last", "4").Encode()).doc().Find("#export-preview tbody tr").Length())
}

// Each layout is a radio button with a drawing of its sheet.
func TestLayoutsAreDrawn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	series, _ := s.series(3)
	page := s.as(db.StaffRoleAdministrator).get(adminpages.SeriesURL(series.Number) + "/export")
	require.Equal(t, "Layout", page.text("#f-layout legend"))
	choices := page.doc().Find("#f-layout label")
	require.Equal(t, len(render.Layouts()), choices.Length())
	for i, l := range render.Layouts() {
		one := choices.Eq(i)
		require.Equal(t, l.Name, one.Find("input[type=radio][name=layout]").AttrOr("value", ""))
		require.Equal(t, l.PerSheet(), one.Find("svg rect.layout-card").Length(), l.Name)
		require.Contains(t, one.Text(), l.Title)
	}
	require.Equal(t, 1, page.doc().Find("#f-layout input[checked]").Length())
}
