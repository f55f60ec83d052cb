package web

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/cardfile"
	"refill/internal/db"
	"refill/internal/setting"
	adminpages "refill/internal/web/admin"
)

// Every page names a file by its format: the queue, the files of its series, their history
// and the reminder on every page.
func TestFilesAreCalledByTheirFormat(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	actor := audit.ByStaff(admin.ID, audit.Everything())
	s.exec(`insert into river_queue (name, updated_at) values ('export', now())`)
	for format, name := range map[string]string{"csv": "CSV", "xlsx": "XLSX", "jsonl": "JSON Lines", "printer": "Printer file", "pdf": "PDF"} {
		series, _ := s.series(5)
		id, err := s.Server.admin.Exports.Request(t.Context(), actor, series.ID, format, cardfile.Options{}, uuid.New())
		require.NoError(t, err)
		e, err := s.Server.admin.Exports.Get(t.Context(), actor, id)
		require.NoError(t, err)
		job := fmt.Sprint(*e.Export.JobID)
		require.Contains(t, admin.get(adminpages.SectionJobs).text("#job-"+job), name+" of series "+series.Number)
		require.Contains(t, admin.get(adminpages.SectionJobs+"/"+job).text("main"), name+" of series "+series.Number)
		page := admin.get(adminpages.SeriesURL(series.Number))
		require.Contains(t, page.text(".files li"), name)
		require.Contains(t, page.text(".history"), name+" asked for")
		s.file(id, "x")
		require.Contains(t, admin.get("/admin/exports/tray").text(".toast-card"), name+" of series "+series.Number+" is ready")
		s.exec(`update export set dismissed_at = now()`)
	}
}

// A form accepts numbers as pages print them, and refuses other text.
func TestSerialsAreTypedAsTheyArePrinted(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int32{"": 0, "7": 7, " 1,000 ": 1000, "1 000": 1000, "1\u00a0000": 1000, "1,000,000": 1_000_000} {
		choice, err := adminpages.ReadExportChoice(choose("first", text, "last", text))
		require.NoError(t, err, text)
		require.Equal(t, want, choice.Options.First, text)
		require.Equal(t, want, choice.Options.Last, text)
	}
	for _, text := range []string{"1,00", "1,0,0", "10,00", "1,000,00", "0", "-1", "1.5", "many", "1,000,001"} {
		_, err := adminpages.ReadExportChoice(choose("first", text))
		require.Error(t, err, text)
	}
	serials := func(first, last string) [2]int32 {
		ch, _ := adminpages.ReadChange(url.Values{"operation": {"disable"}, "which": {adminpages.WhichRange}, "first": {first}, "last": {last}}, db.Series{Made: 5000})
		return [2]int32{ch.First, ch.Last}
	}
	require.Equal(t, [2]int32{1000, 2000}, serials("1,000", "2 000"))
	require.Equal(t, [2]int32{0, 0}, serials("1,5", "1,50"), "a misprint is no other range")
	require.Equal(t, [2]int32{1<<31 - 1, 0}, serials("9,999,999,999", ""))

	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	series, _ := s.series(1200)
	require.Equal(t, http.StatusSeeOther, admin.post(adminpages.SeriesURL(series.Number)+"/export", choose("format", "csv", "first", "1,000", "last", "1,200")).Status)
	require.Equal(t, 1, s.count(`select count(*) from export where rows_total = 201`))
}

// An export by one button with a reason does not change the remembered options.
func TestOnePressLeavesTheChoice(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	series, _ := s.series(6)
	at := adminpages.SeriesURL(series.Number)
	require.Equal(t, http.StatusSeeOther, admin.post(at+"/export", choose("layout", "letter-2x5")).Status)
	s.change(func(v *setting.Settings) { v.ExportReason = true })
	require.Equal(t, http.StatusSeeOther, admin.post(at+"/exports", url.Values{"format": {"csv"}, "key": {uuid.NewString()}, "reason": {"For the kiosk"}}).Status)
	page := admin.get(at + "/export")
	require.Equal(t, "letter-2x5", page.one("#f-layout input[checked]").AttrOr("value", ""))
	require.Equal(t, "pdf", page.one("#f-format option[selected]").AttrOr("value", ""))
}
