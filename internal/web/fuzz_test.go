package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"refill/internal/web/admin"
	"refill/internal/web/kit"
)

// For every body, a parsed form only contains text that can be stored and shown. A body
// that can't be parsed is a client error, not a server error.
func FuzzForm(f *testing.F) {
	const boundary = "multipart/form-data; boundary=x"
	f.Add(formType, "username=anna&password=a%20b")
	f.Add(formType, "a=%00&b=%ff&%c0%80=%zz;c")
	f.Add(boundary, "--x\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nCafé\r\n--x\r\nContent-Disposition: form-data; name=\"logo\"; filename=\"a.png\"\r\n\r\n\x89PNG\r\n--x--\r\n")
	f.Add(boundary, "--x\r\nContent-Disposition: form-data; name=\"a\x00\"\r\n\r\n\xff\r\n--x")
	f.Add("multipart/form-data", "--")
	f.Add("application/json", "{")
	f.Fuzz(func(t *testing.T, kind, body string) {
		for _, read := range []func(s *Server, c *gin.Context) (url.Values, []byte, error){
			func(s *Server, c *gin.Context) (url.Values, []byte, error) {
				form, err := s.Form(c)
				return form, nil, err
			},
			func(s *Server, c *gin.Context) (url.Values, []byte, error) { return s.FormWithFile(c, "logo", 100) },
			func(_ *Server, c *gin.Context) (url.Values, []byte, error) {
				_, err := admin.FilePart(c.Request)
				return nil, nil, err
			},
		} {
			c, _ := gin.CreateTestContext(httptest.NewRecorder())
			c.Request = httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
			c.Request.Header.Set("Content-Type", kind)
			c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, kit.MaxBody)
			form, file, err := read(&Server{}, c)
			if err != nil {
				require.Less(t, kit.OutcomeOf(err, time.Time{}).Status, http.StatusInternalServerError, "%v", err)
				continue
			}
			require.LessOrEqual(t, len(file), 101)
			for name, values := range form {
				require.True(t, kit.IsCleanText(name))
				for _, value := range values {
					require.True(t, kit.IsCleanText(value))
				}
			}
		}
	})
}

// For every wanted URL, the redirect after signing in leads to a page of the same door on
// this site.
func FuzzNext(f *testing.F) {
	for _, wanted := range []string{"/admin/customers?q=1", "//evil.example/admin", `/admin\@evil.example`, "/admin/../portal", "javascript:alert(1)", "/admin/%2e%2e/x", "https:/admin/x", "/admin/login", "\x00"} {
		f.Add(wanted)
	}
	f.Fuzz(func(t *testing.T, wanted string) {
		got := kit.AfterSignIn(kit.DoorStaff, wanted)
		require.True(t, got == "/admin" || strings.HasPrefix(got, "/admin/") || strings.HasPrefix(got, "/admin?"), got)
		u, err := url.Parse(got)
		require.NoError(t, err)
		require.Empty(t, u.Host)
		require.NotContains(t, got, "\\")
		require.NotContains(t, u.Path, "/../")
	})
}
