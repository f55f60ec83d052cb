package web

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/db"
	adminpages "refill/internal/web/admin"
)

// hellFiles returns files that no upload should accept.
func hellFiles() map[string][]byte {
	return map[string][]byte{
		"nothing":            {},
		"NUL":                make([]byte, 4096),
		"a field of 10 MB":   bytes.Repeat([]byte{'x'}, 10<<20),
		"half a picture":     []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\xff\xff\xff\xff\xff\xff\xff\xff\x08\x06"),
		"half an archive":    []byte("PK\x03\x04 and no more"),
		"bad UTF-8":          []byte("code;price\n\xff\xfe\xc0\x80;1\n"),
		"NUL in UTF-16":      []byte("\xff\xfec\x00o\x00\x00\x00\n\x00a\x00"),
		"numbers from hell":  []byte("code;price\nAAAA-aaaa-0001;-1\nAAAA-aaaa-0002;1e309\nAAAA-aaaa-0003;9223372036854775808\n"),
		"formulas":           []byte("code;serial\n=cmd|' /C calc'!A0;=1+1\n"),
		"right to left":      []byte("\u202ecode\u202c;price\n\u200fAAAA-aaaa-0004;1\n"),
		"one line of 1 MB":   append([]byte("code\n"), bytes.Repeat([]byte{'a'}, 1<<20)...),
		"an unclosed quote":  []byte("code;price\n\"AAAA;1\n"),
		"a million of comma": bytes.Repeat([]byte{','}, 1<<20),
	}
}

// Every upload is tested with invalid files, invalid names, and too many or too long
// fields.
func TestUploadsFromHell(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	for _, to := range []struct{ path, field string }{
		{adminpages.SectionImport, "file"}, {adminpages.SectionPartners, "logo"}, {fmt.Sprintf("%s/%d", adminpages.SectionPartners, s.North.ID), "logo"},
	} {
		send := func(fill func(w *multipart.Writer)) *got {
			var body bytes.Buffer
			w := multipart.NewWriter(&body)
			fill(w)
			require.NoError(t, w.Close())
			return admin.do(http.MethodPost, to.path, body.String(), "Content-Type", w.FormDataContentType())
		}
		part := func(w *multipart.Writer, field, name string, content []byte) {
			p, err := w.CreateFormFile(field, name)
			require.NoError(t, err)
			_, err = p.Write(content)
			require.NoError(t, err)
		}
		for name, content := range hellFiles() {
			for _, called := range []string{"cards.csv", "../../\x00\u202evsc.exe", strings.Repeat("ä", 2000)} {
				g := send(func(w *multipart.Writer) { part(w, to.field, called, content) })
				require.Less(t, g.Status, http.StatusInternalServerError, "%s: %s: %s", to.path, name, g.Body)
				if to.field == "logo" {
					require.Equal(t, http.StatusUnprocessableEntity, g.Status, name)
				}
			}
		}
		for name, fill := range map[string]func(w *multipart.Writer){
			"a field of 10 MB": func(w *multipart.Writer) { require.NoError(t, w.WriteField("name", strings.Repeat("x", 10<<20))) },
			"10,000 fields": func(w *multipart.Writer) {
				for i := range 10_000 {
					require.NoError(t, w.WriteField(fmt.Sprint("f", i), "x"))
				}
			},
			"NUL":            func(w *multipart.Writer) { require.NoError(t, w.WriteField("name", "a\x00b")) },
			"bad UTF-8":      func(w *multipart.Writer) { require.NoError(t, w.WriteField("name", "\xff\xfe")) },
			"a long name":    func(w *multipart.Writer) { require.NoError(t, w.WriteField(strings.Repeat("n", 100_000), "x")) },
			"no field":       func(*multipart.Writer) {},
			"two files":      func(w *multipart.Writer) { part(w, to.field, "a.csv", nil); part(w, to.field, "b.csv", []byte("x")) },
			"a file as text": func(w *multipart.Writer) { require.NoError(t, w.WriteField(to.field, "code\nAAAA-aaaa-0001\n")) },
		} {
			g := send(fill)
			require.GreaterOrEqual(t, g.Status, http.StatusBadRequest, "%s: %s", to.path, name)
			require.Less(t, g.Status, http.StatusInternalServerError, "%s: %s: %s", to.path, name, g.Body)
			require.Positive(t, g.doc().Find("h1, [role=alert]").Length(), "%s: %s", to.path, name)
		}
	}
	require.NotContains(t, s.Log.String(), `"msg":"panic"`)
	files, err := s.Server.admin.Files.List(t.Context())
	require.NoError(t, err)
	var imports int
	require.NoError(t, s.Pool.QueryRow(t.Context(), `select count(*) from card_import`).Scan(&imports))
	require.Len(t, files, imports, "nothing is left of a file that was refused")
}
