package web

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"filippo.io/age"
	"github.com/stretchr/testify/require"

	"refill/internal/db"
	"refill/internal/setting"
	"refill/internal/web/admin"
	"refill/internal/web/api"
)

// printShop enters the print shop Press.
func (s *site) printShop() {
	s.t.Helper()
	printer, err := age.GenerateX25519Identity()
	require.NoError(s.t, err)
	got := s.as(db.StaffRoleAdministrator).post(admin.SectionPrintShops, url.Values{"name": {"Press"}, "key": {printer.Recipient().String()}})
	require.Equal(s.t, http.StatusSeeOther, got.Status, got.Body)
}

// exportID reads the id of an export that a client asked for.
func (g *got) exportID() (id int64) {
	g.t.Helper()
	_, err := fmt.Sscan(fmt.Sprint(g.json()["id"]), &id)
	require.NoError(g.t, err, g.Body)
	return id
}

// A file of cards leaves by the API for the key of a print shop only, and is downloaded as in
// the portal.
func TestAPIExports(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	made, _ := s.series(4, s.North)
	s.printShop()
	p := s.program(nil)
	path := fmt.Sprintf("/series/%s/exports", made.Number)
	for body, at := range map[string]string{
		`{"format":"csv"}`: "/recipient", `{"format":"csv","recipient":"Nobody"}`: "/recipient", `{"format":"docx","recipient":"Press"}`: "/format",
		`{"format":"csv","recipient":"Press","states":["void"]}`: "/states", `{"format":"csv","recipient":"Press","first":3,"last":2}`: "/last",
	} {
		require.Equal(t, []string{at}, p.send(path, "bad", body).pointers(), body)
	}
	first := p.send(path, "e1", `{"format":"csv","recipient":"press"}`)
	require.Equal(t, http.StatusAccepted, first.Status, first.Body)
	require.Equal(t, "Press", first.json()["recipient"])
	require.JSONEq(t, first.Body, p.send(path, "e1", `{"format":"csv","recipient":"press"}`).Body)
	p.send(path, "e1", `{"format":"xlsx","recipient":"press"}`).problem(t, http.StatusUnprocessableEntity, "idempotency_key_reused")
	at := first.Header.Get("Location")[len(api.Base):]
	p.call(http.MethodGet, at+"/file", "").problem(t, http.StatusNotFound, "export_gone")
	s.file(first.exportID(), "sealed, as if")
	require.Equal(t, "ready", p.call(http.MethodGet, at, "").json()["state"])
	file := p.call(http.MethodGet, at+"/file", "")
	require.Equal(t, http.StatusOK, file.Status, file.Body)
	require.Equal(t, "sealed, as if", file.Body)
	require.Contains(t, file.Header.Get("Content-Disposition"), ".age")
	require.Equal(t, 1, s.count(`select count(*) from audit where action = 'export.downloaded' and detail->'by'->>'id' = $1::text`, fmt.Sprint(p.ID)))
	require.Equal(t, "as", p.call(http.MethodGet, at+"/file", "", "Range", "bytes=8-9").Body)
	for _, wrong := range []string{"bytes=9999-", "lines=1-2", "bytes=x"} {
		refused := p.call(http.MethodGet, at+"/file", "", "Range", wrong)
		refused.problem(t, http.StatusRequestedRangeNotSatisfiable, "file_range")
		require.Empty(t, refused.Header.Get("Content-Disposition"), wrong)
		require.Equal(t, "nosniff", refused.Header.Get("X-Content-Type-Options"), wrong)
	}

	require.Contains(t, s.as(db.StaffRoleAdministrator).get(admin.SeriesURL(made.Number)).text("#series-files"), "(API)", "who asked")

	// A file that a person asked for without encryption stays in the portal.
	plain, _ := s.readyFile(s.as(db.StaffRoleAdministrator), made, "codes")
	var id int64
	_, err := fmt.Sscanf(plain, "/admin/exports/%d/download", &id)
	require.NoError(t, err)
	p.call(http.MethodGet, fmt.Sprintf("/exports/%d/file", id), "").problem(t, http.StatusConflict, "export_plain")

	// Above the limit the file waits for a second person.
	limit := int64(20_00)
	s.change(func(v *setting.Settings) { v.ApproveAbove = &limit })
	waits := p.send(path, "e2", `{"format":"csv","recipient":"press"}`)
	require.Equal(t, http.StatusAccepted, waits.Status, waits.Body)
	require.Equal(t, "waiting_for_approval", waits.json()["state"])
	require.Equal(t, "export", p.call(http.MethodGet, fmt.Sprint("/approvals/", waits.json()["approval_id"]), "").json()["kind"])
}
