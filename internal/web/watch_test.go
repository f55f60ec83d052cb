package web

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/web/admin"
	"refill/internal/web/kit"
)

// withdrawals returns the ways in which a person can lose access to a running response.
func withdrawals() map[string]string {
	return map[string]string{
		"disabled":            `update staff set disabled_at = now() where id = $1`,
		"signed out":          `delete from session where staff_id = $1`,
		"another role":        `update staff set role_id = (select id from role where key = 'operator') where id = $1`,
		"another partner":     `update staff_partner set partner_id = (select id from partner where name = 'South') where staff_id = $1`,
		"not that permission": `update role set permissions = array_remove(permissions, 'series.export') where id = (select role_id from staff where id = $1)`,
	}
}

// A download ends within seconds after its person has lost access, also on a slow
// connection.
func TestDownloadsEndWithTheirPerson(t *testing.T) {
	t.Parallel()
	content := strings.Repeat("serial,code\n", 3<<20) // far more than buffers hold
	for how, sql := range withdrawals() {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			b := s.as(db.StaffRoleCashier, s.North)
			s.exec(`update role set permissions = permissions || '{series.view,series.export}' where key = 'cashier'`)
			series, _ := s.series(3, s.North)
			download, _ := s.readyFile(b, series, content)
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+download, nil)
			require.NoError(t, err)
			response, err := b.client.Do(request)
			require.NoError(t, err)
			defer response.Body.Close() //nolint:errcheck // it breaks off
			require.Equal(t, http.StatusOK, response.StatusCode)
			_, err = io.ReadFull(response.Body, make([]byte, 1000))
			require.NoError(t, err)
			s.exec(sql, b.ID)
			s.comes("the server gives up before anything more is read", func() bool { return s.Server.LongAnswers() == 0 })
			n, err := io.Copy(io.Discard, response.Body)
			require.ErrorIs(t, err, io.ErrUnexpectedEOF)
			require.Less(t, n+1000, int64(len(content)))
			require.NotContains(t, s.Log.String(), "can't be read", "the file is not to blame")
		})
	}
}

// comes waits until a condition holds that the server fulfils in the background.
func (s *site) comes(what string, holds func() bool) {
	s.t.Helper()
	require.Eventually(s.t, holds, 20*time.Second, 5*time.Millisecond, what)
}

// So do the reading of a table and an upload. A person who keeps access gets the whole
// response.
func TestTablesAndUploadsEndWithTheirPerson(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.as(db.StaffRoleAdministrator)
	tx, err := s.Pool.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), `lock table customer in access exclusive mode`)
	require.NoError(t, err)
	ended := make(chan error, 1)
	ask := func(who *browser, method, path string, body io.Reader, kind string) {
		request, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, body)
		if err == nil {
			request.Header.Set("Content-Type", kind)
			var response *http.Response
			if response, err = who.client.Do(request); err == nil {
				_, err = io.Copy(io.Discard, response.Body)
				if closeErr := response.Body.Close(); err == nil {
					err = closeErr
				}
				if err == nil && response.StatusCode == http.StatusSeeOther && response.Header.Get("Location") != "/admin/login" {
					err = fmt.Errorf("it went through to %s", response.Header.Get("Location"))
				}
			}
		}
		ended <- err
	}
	underWay := func() { s.comes("it is under way", func() bool { return s.Server.LongAnswers() > 0 }) }
	go ask(b, http.MethodGet, admin.SectionCustomers+"?format=csv", nil, "")
	underWay()
	s.exec(`update staff set disabled_at = now() where id = $1`, b.ID)
	require.Error(t, <-ended, "it breaks off, and the browser's next try finds the door closed")
	require.NoError(t, tx.Rollback(t.Context()))

	uploader := s.as(db.StaffRoleAdministrator)
	reading, writing := io.Pipe()
	go ask(uploader, http.MethodPost, admin.SectionImport, reading, `multipart/form-data; boundary=x`)
	_, err = io.WriteString(writing, "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"cards.csv\"\r\n\r\ncode\n"+strings.Repeat("ABCD-EFGH\n", 1000))
	require.NoError(t, err)
	underWay()
	s.exec(`delete from session where staff_id = $1`, uploader.ID)
	s.comes("the server gives up before all has been sent", func() bool { return s.Server.LongAnswers() == 0 })
	require.NoError(t, writing.CloseWithError(io.ErrUnexpectedEOF))
	require.Error(t, <-ended)
	require.Zero(t, s.count(`select count(*) from card_import`))

	other := s.as(db.StaffRoleAdministrator)
	require.Equal(t, http.StatusOK, other.get(admin.SectionCustomers+"?format=csv").Status)
	require.Zero(t, s.Server.LongAnswers())
}

func TestCovers(t *testing.T) {
	t.Parallel()
	some := func(ids ...int64) audit.Scope { return audit.Scope{PartnerIDs: ids} }
	require.True(t, kit.Covers(audit.Everything(), some(1)))
	require.True(t, kit.Covers(audit.Everything(), audit.Everything()))
	require.True(t, kit.Covers(some(1, 2), some(1)))
	require.False(t, kit.Covers(some(1), some(1, 2)))
	require.False(t, kit.Covers(some(1), audit.Everything()))
	require.False(t, kit.Covers(some(), some(1)))
}
