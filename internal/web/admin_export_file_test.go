package web

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/cardfile"
	"refill/internal/db"
	"refill/internal/dbtest"
)

// readyFile makes the file of a series with a content. It returns the URL of the file and
// its path in the store.
func (s *site) readyFile(admin *browser, series db.Series, content string) (download, path string) {
	s.t.Helper()
	actor := audit.ByStaff(admin.ID, audit.Everything())
	id, err := s.Server.admin.Exports.Request(s.t.Context(), actor, series.ID, "csv", cardfile.Options{}, uuid.New())
	require.NoError(s.t, err)
	s.file(id, content)
	return fmt.Sprintf("/admin/exports/%d/download", id), filepath.Join(s.Dir, fmt.Sprintf("export-%d.csv", id))
}

// Every download has an audit row with person and address. Resuming a download adds no row,
// unless it is by another person, from another address or on another day.
func TestDownloadsAreWrittenDown(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin, other := s.as(db.StaffRoleAdministrator), s.as(db.StaffRoleAdministrator)
	series, _ := s.series(5)
	download, _ := s.readyFile(admin, series, strings.Repeat("x", 1000))
	lines := func(of *browser) int {
		return s.count(fmt.Sprintf(`select count(*) from audit where action = 'export.downloaded' and series_id = %d and staff_id = %d
			and address in ('127.0.0.1', '::1') and detail ->> 'export' is not null`, series.ID, of.ID))
	}
	part := func(of *browser, r string) {
		require.Equal(t, http.StatusPartialContent, of.get(download, "Range", r).Status, r)
	}
	part(admin, "bytes=0-99")
	require.Equal(t, 1, lines(admin))
	for n := 100; n < 1000; n += 100 {
		part(admin, fmt.Sprintf("bytes=%d-%d", n, n+99))
	}
	part(admin, "bytes=500-599,700-799")
	require.Equal(t, 1, lines(admin), "ten pieces are one download")
	part(other, "bytes=500-")
	require.Equal(t, 1, lines(other), "who begins in the middle has a line as well")
	require.Equal(t, http.StatusOK, admin.get(download).Status)
	require.Equal(t, 2, lines(admin), "from the beginning it is another download")
	part(admin, "bytes=-100")
	require.Equal(t, 3, lines(admin), "the end alone is not a later part of anything")
	_, err := dbtest.Owner(t, s.Pool).Exec(t.Context(), `set session_replication_role = replica; update audit set address = '192.0.2.7' where action = 'export.downloaded'`)
	require.NoError(t, err)
	part(admin, "bytes=500-")
	require.Equal(t, 1, lines(admin), "from another address it is told")
}

// A download of a file that was changed in its store is refused, or breaks off before the
// changed place. Nobody can take the part for the whole file, and the change is logged.
func TestDownloadOfATamperedFile(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	series, _ := s.series(5)
	content := strings.Repeat("1,Test-AAAA-BBBB-CCCC-DDDD,10.00\n", 20_000)
	download, path := s.readyFile(admin, series, content)
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NotContains(t, string(whole), "AAAA-BBBB")
	require.Equal(t, content, admin.get(download).Body)

	for name, touched := range map[string][]byte{
		"CutOff": whole[:len(whole)/2], "Clear": []byte(content), "Empty": {}, "OtherEnd": append(append([]byte{}, whole[:len(whole)-1]...), whole[len(whole)-1]^1),
	} {
		require.NoError(t, os.WriteFile(path, touched, 0o600), name)
		got := admin.get(download)
		require.Equal(t, http.StatusConflict, got.Status, name)
		require.Contains(t, got.text("main"), "changed or damaged", name)
		require.NotContains(t, got.Body, "AAAA-BBBB", name)
	}
	require.Contains(t, s.Log.String(), "the file of an export can't be read")
	require.NotContains(t, s.Log.String(), "AAAA-BBBB")

	middle := append([]byte{}, whole...)
	middle[len(middle)/2] ^= 1
	require.NoError(t, os.WriteFile(path, middle, 0o600)) //nolint:gosec // of the test's own folder
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+download, nil)
	require.NoError(t, err)
	answer, err := admin.client.Do(request) // accepts gzip, as browsers do
	require.NoError(t, err)
	require.Equal(t, int64(len(content)), answer.ContentLength)
	require.Equal(t, "bytes", answer.Header.Get("Accept-Ranges"))
	got, err := io.ReadAll(answer.Body)
	require.NoError(t, answer.Body.Close())
	require.ErrorIs(t, err, io.ErrUnexpectedEOF, "the answer is cut, it does not end")
	require.Less(t, len(got), len(content)/2)
	require.True(t, strings.HasPrefix(content, string(got)))

	// Intact parts can still be downloaded.
	part := admin.get(download, "Range", "bytes=100-199")
	require.Equal(t, http.StatusPartialContent, part.Status)
	require.Equal(t, content[100:200], part.Body)
}
