package web

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/blob"
	"refill/internal/db"
	adminpages "refill/internal/web/admin"
)

// upload sends a file by the form and returns the response.
func (b *browser) upload(name, text string) *got {
	b.site.t.Helper()
	return b.uploadTo(adminpages.SectionImport, name, text)
}

// uploadTo is upload to the URL of another form.
func (b *browser) uploadTo(to, name, text string) *got {
	b.site.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	part, err := w.CreateFormFile("file", name)
	require.NoError(b.site.t, err)
	_, err = io.WriteString(part, text)
	require.NoError(b.site.t, err)
	require.NoError(b.site.t, w.Close())
	return b.do(http.MethodPost, to, body.String(), "Content-Type", w.FormDataContentType())
}

// plan returns the form as shown, with a price and a date for cards without them.
func (g *got) plan() url.Values {
	form := url.Values{"default_price": {"10"}, "default_valid_till": {"2099-12-31"}, "activate": {"on"}}
	g.doc().Find("#plan-form select").Each(func(_ int, s *goquery.Selection) {
		name, _ := s.Attr("name")
		value, _ := s.Find("option[selected]").Attr("value")
		form.Set(name, value)
	})
	g.doc().Find("#plan-form input[type=hidden], #plan-form input[name=headings][checked]").Each(func(_ int, s *goquery.Selection) {
		name, _ := s.Attr("name")
		value, _ := s.Attr("value")
		form.Set(name, value)
	})
	form.Set("partner", "any")
	return form
}

// work does the worker's part of the import at a URL: the dry run, or the import itself.
func (s *site) work(at string) {
	s.t.Helper()
	id := adminpages.NumberOf(at[strings.LastIndex(at, "/")+1:])
	open := func(i db.CardImport) (io.ReaderAt, func(), error) {
		file, _, err := s.Server.admin.Files.Open(s.t.Context(), i.File)
		if err != nil {
			return nil, nil, err
		}
		return file, func() { _ = file.Close() }, nil
	}
	done := func(context.Context, pgx.Tx) error { return nil }
	row, err := s.Server.admin.Imports.Import(s.t.Context(), audit.System(), id)
	require.NoError(s.t, err)
	if row.CardImport.State == db.ImportStateChecking {
		err = s.Server.admin.Imports.Check(s.t.Context(), id, open, done)
	} else {
		err = s.Server.admin.Imports.Run(s.t.Context(), id, open, testClock, done)
	}
	require.NoError(s.t, err)
}

const cardsOfOld = "ID;Full code;Status\n1;202201-QuickAccess-irfUPbEZ;Active\n2;202201-QuickAccess-Xk29aPqQ;Used\n3;202201-QuickAccess-irfUPbEZ;Active\n"

func TestImportPages(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	require.Equal(t, 1, admin.get(adminpages.SectionImport).doc().Find("input[type=file]").Length())

	got := admin.upload(`C:\old\cards.csv`, cardsOfOld)
	require.Equal(t, http.StatusSeeOther, got.Status, got.Body)
	at := got.Header.Get("Location")
	page := admin.get(at)
	require.Contains(t, page.text("main h1"), "cards.csv")
	require.NotContains(t, page.Body, "irfUPbEZ", "a code is never shown")
	require.Contains(t, page.Body, "Full code", "but the headings are")
	form := page.plan()
	require.Equal(t, []string{"2", "1", "3", ""}, []string{form.Get("code"), form.Get("serial"), form.Get("status"), form.Get("price")})

	wrong := maps.Clone(form)
	wrong.Set("default_price", "ten")
	mend := admin.post(at+"/plan", wrong)
	require.Equal(t, http.StatusUnprocessableEntity, mend.Status)
	require.Contains(t, mend.text(".notice-bad"), "Enter the value of one card")
	value, _ := mend.one("#f-default_price").Attr("value")
	require.Equal(t, "ten", value)

	require.Equal(t, http.StatusSeeOther, admin.post(at+"/plan", form).Status)
	require.Contains(t, admin.get(at).text("#import-live"), "Checking the file")
	require.Equal(t, http.StatusConflict, admin.post(at+"/confirm", nil).Status)
	require.Equal(t, http.StatusSeeOther, admin.post(at+"/cancel", nil).Status)
	require.Contains(t, admin.get(at).text("#import-live"), "Nothing was imported")
	require.Equal(t, []string{"import.uploaded", "import.planned", "import.cancelled"}, s.audits()[1:])
	require.NotContains(t, s.Log.String(), "irfUPbEZ")
}

func TestImportIsNotForOthers(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	one, other := s.as(db.StaffRoleAdministrator, s.North), s.as(db.StaffRoleAdministrator, s.South)
	at := one.upload("cards.csv", cardsOfOld).Header.Get("Location")
	for _, path := range []string{at, at + "/live", at + "/problems"} {
		foreign, missing := other.get(path), other.get(strings.Replace(path, at, adminpages.SectionImport+"/999", 1))
		require.Equal(t, http.StatusNotFound, foreign.Status, path)
		require.Equal(t, missing.text("main"), foreign.text("main"))
	}
	require.Equal(t, http.StatusNotFound, other.post(at+"/cancel", nil).Status)
	require.Contains(t, one.post(at+"/plan", one.get(at).plan()).text(".notice-bad"), "partner", "cards for any partner are imported by staff of all")
}

// An upload is stored sealed, can be read from any position, and is refused if it was
// changed.
func TestUploadsAreSealed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	text := "code\n" + strings.Repeat("202201-QuickAccess-irfUPbEZ\n", 10_000)
	require.Equal(t, http.StatusSeeOther, admin.upload("cards.csv", text).Status)
	var name string
	require.NoError(t, s.Pool.QueryRow(t.Context(), `select file from card_import`).Scan(&name))
	path := filepath.Join(s.Dir, name)
	sealed, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NotContains(t, string(sealed), "QuickAccess")
	r, info, err := s.Server.admin.Files.Open(t.Context(), name)
	require.NoError(t, err)
	require.Equal(t, int64(len(text)), info.Size)
	for _, at := range []int{200_000, 0, 262_140, 65_530, 5, 279_000, 10} { // across the edges of blocks
		piece := make([]byte, 20)
		_, err := r.ReadAt(piece, int64(at))
		require.NoError(t, err)
		require.Equal(t, text[at:at+20], string(piece))
	}
	require.NoError(t, r.Close())
	sealed[100_000] ^= 1
	require.NoError(t, os.WriteFile(path, sealed, 0o600)) //nolint:gosec // of the test's own folder
	r, _, err = s.Server.admin.Files.Open(t.Context(), name)
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, r)
	require.ErrorIs(t, err, blob.ErrDamaged)
	require.NotContains(t, err.Error(), "irfU")
	require.NoError(t, r.Close())
}

func TestUploadsThatAreRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	for name, c := range map[string]struct{ text, want string }{
		"cards.xls": {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "CSV or XLSX"},
		"empty.csv": {"", "no rows"},
		"blank.csv": {"\n\n", "no rows"},
	} {
		got := admin.upload(name, c.text)
		require.Equal(t, http.StatusUnprocessableEntity, got.Status, name)
		require.Contains(t, got.text("#f-file-error"), c.want, name)
	}
	got := admin.post(adminpages.SectionImport, url.Values{"file": {"x"}})
	require.Contains(t, got.text("#f-file-error"), "Choose the CSV or XLSX file")
	files, err := s.Server.admin.Files.List(t.Context())
	require.NoError(t, err)
	require.Empty(t, files, "nothing is left of a file that was refused")

	// Only this route accepts a larger body than the limit of forms.
	large := strings.Repeat("AAAA-bbbb-cccc-dddd\n", 10_000)
	require.Equal(t, http.StatusSeeOther, admin.upload("large.csv", large).Status)
	require.Equal(t, http.StatusRequestEntityTooLarge, admin.post(adminpages.SectionGenerate, url.Values{"prefix": {large}}).Status)
	var state string
	require.NoError(t, s.Pool.QueryRow(t.Context(), `select state from card_import`).Scan(&state))
	require.Equal(t, fmt.Sprint(db.ImportStateUploaded), state)
}
