package web

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/internal/web/admin"
	"refill/internal/web/kit"
)

// If the database does not answer, a page says so after the time limit. It works again as
// soon as the database does.
func TestVisitorsDoNotWaitForEver(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(d *Deps) { d.Patience = 2 * time.Second })
	b := s.as(db.StaffRoleAdministrator)
	require.Equal(t, http.StatusOK, b.get(admin.SectionCustomers).Status)
	tx, err := dbtest.Owner(t, s.Pool).Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), `lock table customer in access exclusive mode`)
	require.NoError(t, err)
	answer := b.get(admin.SectionCustomers)
	require.Equal(t, http.StatusServiceUnavailable, answer.Status)
	require.Contains(t, answer.text("main"), "can't reach its database")
	require.Equal(t, "30", answer.Header.Get("Retry-After"))
	require.NoError(t, tx.Rollback(t.Context()))
	require.Equal(t, http.StatusOK, b.get(admin.SectionCustomers).Status)
}

// A slow upload does not count towards the time limit. The limit applies again once the
// body has arrived.
func TestSlowLinesAreWaitedFor(t *testing.T) {
	t.Parallel()
	for _, one := range []struct {
		kind, text string
		read       func(*Server, *gin.Context) (url.Values, error)
	}{
		{"multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=a\r\n\r\nb\r\n--x--\r\n", func(s *Server, c *gin.Context) (url.Values, error) {
			form, _, err := s.FormWithFile(c, "logo", 100)
			return form, err
		}},
		{"application/x-www-form-urlencoded", "a=b", (*Server).Form},
	} {
		s := &Server{Kit: &kit.Kit{Config: kit.Config{Patience: 20 * time.Millisecond}}}
		c, _ := gin.CreateTestContext(httptest.NewRecorder())
		body := &slowBody{Reader: strings.NewReader(one.text), wait: 5 * s.Patience}
		c.Request = httptest.NewRequest(http.MethodPost, "/", body)
		c.Request.Header.Set("Content-Type", one.kind)
		done := s.LimitTime(c)
		defer done()
		body.limit = c.Request.Context().Done()
		form, err := one.read(s, c)
		require.NoError(t, err, one.kind)
		require.Equal(t, "b", form.Get("a"), one.kind)
		require.True(t, body.began)
		require.False(t, body.late, one.kind)
		<-c.Request.Context().Done()
		require.ErrorIs(t, context.Cause(c.Request.Context()), kit.ErrTooSlow, one.kind)
	}
}

// slowBody is a request body that arrives late. It records whether the request had timed
// out by then.
type slowBody struct {
	io.Reader

	wait        time.Duration
	limit       <-chan struct{}
	began, late bool
}

func (b *slowBody) Read(p []byte) (int, error) {
	if !b.began {
		b.began = true
		select {
		case <-b.limit:
			b.late = true
		case <-time.After(b.wait):
		}
	}
	return b.Reader.Read(p)
}
