package web

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"refill/internal/blob"
	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/fault"
)

// exportPanel is the files of a series and the form that asks for one.
type exportPanel struct {
	Number string
	ID     int64 // of the series
	Format field
	Key    string
	Files  []exportView
	Moving bool // one of them is being made
}

// exportView is one file, or the making of it.
type exportView struct {
	ID        int64
	Format    string
	State     db.ExportState
	Badge     badge
	Progress  progress
	Rows      int64
	Size      int64
	SHA256    string
	Failure   string
	By        string
	At        time.Time
	ExpiresAt time.Time
	Running   bool
	Ready     bool
	Failed    bool
}

// exportPanel reads the files of a series.
func (s *Server) exportPanel(c *gin.Context, series db.SeriesShowRow) (exportPanel, error) {
	p := exportPanel{
		Number: series.Series.Number, ID: series.Series.ID, Key: uuid.NewString(),
		Format: field{Name: "format", Label: "Format", Options: []option{{Value: "csv", Text: "CSV"}, {Value: "pdf", Text: "PDF"}}},
	}
	rows, err := db.New().ExportListSeries(c.Request.Context(), s.Pool, series.Series.ID)
	if err != nil {
		return p, err
	}
	for _, row := range rows {
		v := viewExport(row)
		p.Files, p.Moving = append(p.Files, v), p.Moving || v.Running
	}
	return p, nil
}

func viewExport(row db.ExportListSeriesRow) exportView {
	e := row.Export
	v := exportView{
		ID: e.ID, Format: strings.ToUpper(string(e.Format)), State: e.State, Rows: int64(e.RowsDone), Size: e.Size,
		SHA256: fmt.Sprintf("%x", e.SHA256), Failure: e.Failure, By: row.CreatedByName, At: e.CreatedAt,
		Running: e.State == db.ExportStateQueued || e.State == db.ExportStateRunning,
		Ready:   e.State == db.ExportStateReady && e.ExpiresAt != nil && row.AskedAt.Before(*e.ExpiresAt),
		Failed:  e.State == db.ExportStateFailed,
	}
	if e.ExpiresAt != nil {
		v.ExpiresAt = *e.ExpiresAt
	}
	switch {
	case e.State == db.ExportStateQueued:
		v.Badge = badge{"Queued", toneBusy}
	case e.State == db.ExportStateRunning:
		v.Badge = badge{"Being written", toneBusy}
	case v.Ready:
		v.Badge = badge{"Ready", toneGood}
	case v.Failed:
		v.Badge = badge{"Failed", toneBad}
	case e.State == db.ExportStateCancelled:
		v.Badge = badge{"Cancelled", toneIdle}
	default:
		v.Badge = badge{"Expired", toneIdle}
	}
	v.Progress = progress{Label: v.Format + " written", Done: int64(e.RowsDone), Total: int64(e.RowsTotal)}
	return v
}

// adminExportList handles GET …/series/:number/exports: the panel alone.
func (s *Server) adminExportList(c *gin.Context) error {
	return s.showExports(c, http.StatusOK, nil)
}

func (s *Server) showExports(c *gin.Context, status int, refused error) error {
	row, err := s.findSeries(c)
	if err != nil {
		return err
	}
	panel, err := s.exportPanel(c, row)
	if err != nil {
		return err
	}
	explain(refused, &panel.Format)
	return s.fragment(c, status, "admin/series_show", "series-exports", &panel)
}

// adminExportRequest handles POST …/series/:number/exports.
func (s *Server) adminExportRequest(c *gin.Context) error {
	form, err := s.form(c)
	if err != nil {
		return err
	}
	row, err := s.findSeries(c)
	if err != nil {
		return err
	}
	key, err := uuid.Parse(form.Get("key"))
	if err != nil {
		key = uuid.New()
	}
	_, err = s.Cards.RequestExport(c.Request.Context(), s.actor(c), row.Series.ID, form.Get("format"), key)
	if err != nil && fault.KindOf(err) != fault.Invalid {
		return err
	}
	if isHTMX(c) {
		status := http.StatusOK
		if err != nil {
			status = http.StatusUnprocessableEntity
		}
		return s.showExports(c, status, err)
	}
	if err != nil {
		p, pageErr := s.newSeriesShowPage(c)
		if pageErr != nil {
			return pageErr
		}
		p.Mistakes = explain(err, &p.Exports.Format)
		return s.render(c, http.StatusUnprocessableEntity, "admin/series_show", p)
	}
	return s.redirect(c, seriesURL(row.Series.Number)+"#series-exports")
}

// findExport reads the export of the address, if its series is the person's.
func (s *Server) findExport(c *gin.Context) (db.ExportGetRow, error) {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return db.ExportGetRow{}, card.ErrNoExport
	}
	return s.Cards.Export(c.Request.Context(), s.actor(c), id)
}

// adminExportCancel handles POST /admin/exports/:id/cancel.
func (s *Server) adminExportCancel(c *gin.Context) error {
	return s.changeExport(c, func(id int64) error { return s.Cards.CancelExport(c.Request.Context(), s.actor(c), id) })
}

// adminExportRetry handles POST /admin/exports/:id/retry.
func (s *Server) adminExportRetry(c *gin.Context) error {
	return s.changeExport(c, func(id int64) error { return s.Cards.RetryExport(c.Request.Context(), s.actor(c), id) })
}

func (s *Server) changeExport(c *gin.Context, change func(id int64) error) error {
	e, err := s.findExport(c)
	if err != nil {
		return err
	}
	if err := change(e.Export.ID); err != nil {
		return err
	}
	return s.redirect(c, seriesURL(e.SeriesNumber)+"#series-exports")
}

// errFileGone answers for a file that was there once.
var errFileGone = fault.New(fault.NotFound, "export_gone", "This file is no longer kept. Export the series again.")

// adminExportDownload handles GET /admin/exports/:id/download. The audit row
// stands before the first byte leaves. Parts of a file can be asked for, so that
// a download over a bad line can go on where it broke off.
func (s *Server) adminExportDownload(c *gin.Context) error {
	e, err := s.findExport(c)
	if err != nil {
		return err
	}
	if e.Export.State != db.ExportStateReady || e.Export.ExpiresAt == nil || !e.AskedAt.Before(*e.Export.ExpiresAt) {
		return errFileGone
	}
	file, _, err := s.Files.Open(c.Request.Context(), e.Export.File)
	if errors.Is(err, blob.ErrNotFound) {
		return errFileGone
	}
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // only read
	if c.Request.Method == http.MethodGet {
		if err := s.Cards.Fetched(c.Request.Context(), s.actor(c), e.Export.ID); err != nil {
			return err
		}
	}
	name := "refill-" + e.SeriesNumber
	if e.SeriesPrefix != "" {
		name += "-" + e.SeriesPrefix
	}
	name += "." + string(e.Export.Format)
	kind := "application/pdf"
	if e.Export.Format == db.ExportFormatCsv {
		kind = "text/csv; charset=utf-8"
	}
	h := c.Writer.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	h.Set("Cache-Control", "no-store")
	h.Set("ETag", fmt.Sprintf(`"%x"`, e.Export.SHA256))
	http.ServeContent(c.Writer, c.Request, name, time.Time{}, file)
	return nil
}

// trayView is the files that wait for whoever asked for them.
type trayView struct {
	page
	Files []trayFile
}

// trayFile is one of them.
type trayFile struct {
	ID     int64
	Format string
	Series string
	Rows   int64
	Size   int64
}

// adminExportTray handles GET /admin/exports/tray: what every page of the person
// shows when a file is ready.
func (s *Server) adminExportTray(c *gin.Context) error {
	rows, err := db.New().ExportListWaiting(c.Request.Context(), s.Pool, s.person(c).ID)
	if err != nil {
		return err
	}
	var t trayView
	asking, _ := url.Parse(c.GetHeader("HX-Current-URL"))
	for _, row := range rows {
		if asking != nil && asking.Path == seriesURL(row.SeriesNumber) {
			continue // that page has its own list of files
		}
		t.Files = append(t.Files, trayFile{row.ID, strings.ToUpper(string(row.Format)), row.SeriesNumber, int64(row.RowsTotal), row.Size})
	}
	return s.fragment(c, http.StatusOK, "admin/export_tray", "main", &t)
}

// adminExportDismiss handles POST /admin/exports/:id/dismiss: no reminder of this
// file any more. Only whoever asked for it has one.
func (s *Server) adminExportDismiss(c *gin.Context) error {
	e, err := s.findExport(c)
	if err != nil {
		return err
	}
	_, err = db.New().ExportDismiss(c.Request.Context(), s.Pool, db.ExportDismissParams{ID: e.Export.ID, CreatedBy: s.person(c).ID})
	if err != nil {
		return err
	}
	if isHTMX(c) {
		return s.adminExportTray(c)
	}
	return s.redirect(c, seriesURL(e.SeriesNumber))
}
