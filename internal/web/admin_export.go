package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/fault"
)

// exportPanel is the files of a series and the form that asks for one.
type exportPanel struct {
	ID       int64  // of the series
	URL      string // where a file is asked for and the list is fetched
	Choose   string // where it is chosen in detail
	Format   field
	Reason   *field // why, where settings ask for it
	Key      string
	Files    []exportView
	Second   string // that each takes a second person
	Moving   bool   // one of them is being made
	Once     onceView
	Happened []happening // sent along when the list alone is fetched
}

// exportView is one file, or the making of it.
type exportView struct {
	ID        int64
	Name      string // of the file
	Format    string
	About     string // what was chosen for it
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
	Held      bool   // it waits for a second person
	Locked    bool   // it opens with a password
	Once      bool   // its series is printed once, and it is there
	Arriving  bool   // and it was fetched to its end
	FetchedBy int64  // by whom
	Fetcher   string // their name, where that is another person
}

// onceView says where a series stands that is printed once.
type onceView struct {
	Set       bool       // it is
	Free      bool       // a file may be asked for
	ShredAt   *time.Time // when its codes go by themselves
	Shredding progress   // how far that is
	Begun     *time.Time
	Done      *time.Time
}

// viewOnce reads it off a series; free says that there is no file of it.
func viewOnce(s db.Series, free bool) onceView {
	return onceView{
		Set: s.PrintOnce, Free: !s.PrintOnce || (free && s.ShreddingAt == nil), ShredAt: s.ShredAt, Begun: s.ShreddingAt, Done: s.ShreddedAt,
		Shredding: progress{Label: "Codes shredded", Done: int64(s.ShreddedTo), Total: int64(s.Made)},
	}
}

// exportPanel reads the files of a series.
func (s *Server) exportPanel(c *gin.Context, series db.SeriesShowRow) (exportPanel, error) {
	p := exportPanel{
		ID: series.Series.ID, URL: seriesURL(series.Series.Number) + "/exports", Key: uuid.NewString(),
		Format: field{Name: "format", Label: "Format", Options: []option{{Value: "csv", Text: "CSV"}, {Value: "pdf", Text: "PDF"}}}, Choose: seriesURL(series.Series.Number) + "/export",
	}
	var err error
	if p.Second, err = s.fileTakesTwo(c, series); err != nil {
		return p, err
	}
	settings, err := s.Settings.Get(c.Request.Context())
	if err != nil {
		return p, err
	}
	if settings.ExportReason {
		reason := exportReasonField(settings, "")
		p.Reason = &reason
	}
	rows, err := db.New().ExportListSeries(c.Request.Context(), s.Pool, series.Series.ID)
	if err != nil {
		return p, err
	}
	free := true
	for _, row := range rows {
		v := viewExport(row)
		free = free && !v.Running && !v.Held && !v.Ready
		v.Once = series.Series.PrintOnce && v.Ready && series.Series.ShreddingAt == nil
		v.Arriving = v.Once && row.Export.SentWholeTo != nil
		if v.Arriving {
			v.FetchedBy = *row.Export.SentWholeTo
			if v.FetchedBy != s.person(c).ID {
				v.Fetcher = row.SentWholeName
			}
		}
		if v.Name, err = fileName(row.Export, series.Series); err != nil {
			return p, err
		}
		v.About = aboutExport(row.Export)
		if options, err := card.ReadExportOptions(row.Export); err == nil && options.Locked {
			v.Locked, v.Format = true, v.Format+" with password"
		}
		p.Files, p.Moving = append(p.Files, v), p.Moving || v.Running
	}
	p.Once = viewOnce(series.Series, free)
	p.Moving = p.Moving || (p.Once.Begun != nil && p.Once.Done == nil)
	return p, nil
}

func viewExport(row db.ExportListSeriesRow) exportView {
	e := row.Export
	v := exportView{
		ID: e.ID, Format: formatName(string(e.Format)), Rows: int64(e.RowsDone), Size: e.Size,
		SHA256: fmt.Sprintf("%x", e.SHA256), Failure: e.Failure, By: row.CreatedByName, At: e.CreatedAt,
		Running: e.State == db.ExportStateQueued || e.State == db.ExportStateRunning,
		Ready:   e.State == db.ExportStateReady && e.ExpiresAt != nil && row.AskedAt.Before(*e.ExpiresAt),
		Failed:  e.State == db.ExportStateFailed,
		Held:    e.State == db.ExportStateWaiting,
	}
	if e.ExpiresAt != nil {
		v.ExpiresAt = *e.ExpiresAt
	}
	switch {
	case e.State == db.ExportStateWaiting:
		v.Badge = badge{"Waits for approval", toneWarn}
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

// adminExportList handles GET …/series/:number/exports: the list of files alone.
func (s *Server) adminExportList(c *gin.Context) error {
	return s.showFiles(c, c.Param("number"))
}

// showFiles answers with the list of files of a series, and what happened to it.
func (s *Server) showFiles(c *gin.Context, number string) error {
	panel, err := s.newExportPanel(c, number)
	if err != nil {
		return err
	}
	return s.fragment(c, http.StatusOK, "admin/series_show", "files-news", &panel)
}

func (s *Server) newExportPanel(c *gin.Context, number string) (exportPanel, error) {
	row, err := s.Cards.SeriesByNumber(c.Request.Context(), s.actor(c), number)
	if err != nil {
		return exportPanel{}, err
	}
	panel, err := s.exportPanel(c, row)
	if err != nil {
		return panel, err
	}
	panel.Happened, err = s.happenings(c, row.Series.ID)
	return panel, err
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
	key, err := readKey(form.Get("key"))
	if err != nil {
		key = uuid.New()
	}
	options := card.ExportOptions{Reason: form.Get("reason")}
	_, err = s.Cards.RequestExport(c.Request.Context(), s.actor(c), row.Series.ID, form.Get("format"), options, key)
	if err != nil && fault.KindOf(err) != fault.Invalid {
		return err
	}
	status := http.StatusUnprocessableEntity
	switch {
	case err == nil && !isHTMX(c):
		return s.redirect(c, seriesURL(row.Series.Number)+"#series-exports")
	case err == nil:
		status = http.StatusOK
	}
	if isHTMX(c) {
		panel, panelErr := s.newExportPanel(c, row.Series.Number)
		if panelErr != nil {
			return panelErr
		}
		panel.explain(form, err)
		return s.fragment(c, status, "admin/series_show", "exports-news", &panel)
	}
	p, pageErr := s.newSeriesShowPage(c)
	if pageErr != nil {
		return pageErr
	}
	p.Mistakes = p.Exports.explain(form, err)
	return s.render(c, status, "admin/series_show", p)
}

// explain shows the form as it was sent, with what is wrong at its fields.
func (p *exportPanel) explain(form url.Values, err error) []mistake {
	p.Format.choose(form.Get("format"))
	if p.Reason == nil || err == nil {
		return explain(err, &p.Format)
	}
	p.Reason.Value = cut(form.Get("reason"), 400)
	return explain(err, &p.Format, p.Reason)
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

// adminExportArrived handles POST /admin/exports/:id/arrived.
func (s *Server) adminExportArrived(c *gin.Context) error {
	form, err := s.form(c)
	if err != nil {
		return err
	}
	fetchedBy := wholeNumber(form.Get("fetched_by"))
	return s.settleExport(c, func(id int64) error { return s.Cards.Arrived(c.Request.Context(), s.actor(c), id, fetchedBy) })
}

// adminExportDiscard handles POST /admin/exports/:id/discard.
func (s *Server) adminExportDiscard(c *gin.Context) error {
	return s.settleExport(c, func(id int64) error { return s.Cards.Discard(c.Request.Context(), s.actor(c), id) })
}

// settleExport does what changes the form for files as well: the whole page is shown
// anew.
func (s *Server) settleExport(c *gin.Context, change func(id int64) error) error {
	e, err := s.findExport(c)
	if err != nil {
		return err
	}
	if err := change(e.Export.ID); err != nil {
		return err
	}
	return s.redirect(c, seriesURL(e.SeriesNumber)+"#series-exports")
}

func (s *Server) changeExport(c *gin.Context, change func(id int64) error) error {
	e, err := s.findExport(c)
	if err != nil {
		return err
	}
	if err := change(e.Export.ID); err != nil {
		return err
	}
	if isHTMX(c) {
		return s.showFiles(c, e.SeriesNumber)
	}
	return s.redirect(c, seriesURL(e.SeriesNumber)+"#series-exports")
}
