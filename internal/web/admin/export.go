package admin

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"refill/internal/audit"
	"refill/internal/cardfile"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/web/kit"
)

// exportPanel is the list of the files of a series, with the form to request one.
type exportPanel struct {
	ID       int64  // of the series
	URL      string // to request a file and to fetch the list
	Choose   string // the form with all options
	Format   kit.Field
	Reason   *kit.Field // set if the settings require a reason
	Key      string
	Files    []exportView
	Second   string // says that a file needs a second person; empty: it does not
	Moving   bool   // a file is being written, or codes are being shredded
	Once     onceView
	Happened []happening // sent along with the list of files
}

// exportView is one file, finished or not.
type exportView struct {
	ID        int64
	Name      string // of the file
	Format    string
	About     string // the options that were chosen
	Badge     kit.Badge
	Progress  kit.Progress
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
	Once      bool   // its series is printed once, and the file is ready
	Arriving  bool   // … and it was downloaded in full
	FetchedBy int64  // ID of the person who downloaded it
	Fetcher   string // their name, if they are not the viewer
}

// onceView describes the state of a series that is printed once.
type onceView struct {
	Set       bool         // the series is printed once
	Free      bool         // a file may be requested
	ShredAt   *time.Time   // when its codes are shredded automatically
	Shredding kit.Progress // progress of the shredding
	Begun     *time.Time
	Done      *time.Time
}

// viewOnce returns the state of a series that is printed once. free means that it has no
// file.
func viewOnce(s db.Series, free bool) onceView {
	return onceView{
		Set: s.PrintOnce, Free: !s.PrintOnce || (free && s.ShreddingAt == nil), ShredAt: s.ShredAt, Begun: s.ShreddingAt, Done: s.ShreddedAt,
		Shredding: kit.Progress{Label: lang.M("Codes shredded"), Done: int64(s.ShreddedTo), Total: int64(s.Made)},
	}
}

// exportPanel reads the files of a series.
func (s *Server) exportPanel(c *gin.Context, series db.SeriesShowRow) (exportPanel, error) {
	p := exportPanel{
		ID: series.Series.ID, URL: SeriesURL(series.Series.Number) + "/exports", Key: uuid.NewString(),
		Format: kit.Field{Name: "format", Label: lang.M("Format"), Options: []kit.Option{{Value: "csv", Text: "CSV"}, {Value: "pdf", Text: "PDF"}}}, Choose: SeriesURL(series.Series.Number) + "/export",
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
			if v.FetchedBy != s.Person(c).ID {
				v.Fetcher = row.SentWholeName
			}
		}
		if v.Name, err = fileName(row.Export, series.Series); err != nil {
			return p, err
		}
		v.About = aboutExport(row.Export)
		if options, err := cardfile.ReadOptions(row.Export); err == nil && options.Locked {
			v.Locked, v.Format = true, v.Format+lang.M(" with password")
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
		SHA256: fmt.Sprintf("%x", e.SHA256), Failure: fault.Kept(e.Failure).Text(), By: audit.Named(&row.CreatedByName, row.ClientName), At: e.CreatedAt,
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
		v.Badge = kit.Badge{Word: lang.M("Waits for approval"), Tone: kit.ToneWarn}
	case e.State == db.ExportStateQueued:
		v.Badge = kit.Badge{Word: lang.M("Queued"), Tone: kit.ToneBusy}
	case e.State == db.ExportStateRunning:
		v.Badge = kit.Badge{Word: lang.M("Being written"), Tone: kit.ToneBusy}
	case v.Ready:
		v.Badge = kit.Badge{Word: lang.M("Ready"), Tone: kit.ToneGood}
	case v.Failed:
		v.Badge = kit.Badge{Word: lang.M("Failed"), Tone: kit.ToneBad}
	case e.State == db.ExportStateCancelled:
		v.Badge = kit.Badge{Word: lang.M("Cancelled"), Tone: kit.ToneIdle}
	default:
		v.Badge = kit.Badge{Word: lang.M("Expired"), Tone: kit.ToneIdle}
	}
	v.Progress = kit.Progress{Label: v.Format + " written", Done: int64(e.RowsDone), Total: int64(e.RowsTotal)}
	return v
}

// ExportList handles GET …/series/:number/exports: the list of files alone.
func (s *Server) ExportList(c *gin.Context) error {
	return s.showFiles(c, c.Param("number"))
}

// showFiles responds with the list of files of a series and with its history.
func (s *Server) showFiles(c *gin.Context, number string) error {
	panel, err := s.newExportPanel(c, number)
	if err != nil {
		return err
	}
	return s.Fragment(c, http.StatusOK, "admin/series_show", "files-news", &panel)
}

func (s *Server) newExportPanel(c *gin.Context, number string) (exportPanel, error) {
	row, err := s.Cards.SeriesByNumber(c.Request.Context(), s.Actor(c), number)
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

// ExportRequest handles POST …/series/:number/exports.
func (s *Server) ExportRequest(c *gin.Context) error {
	form, key, err := s.KeyedForm(c)
	if err != nil {
		return err
	}
	row, err := s.findSeries(c)
	if err != nil {
		return err
	}
	options := cardfile.Options{Reason: form.Get("reason")}
	_, err = s.maker(c).Request(c.Request.Context(), s.Actor(c), row.Series.ID, form.Get("format"), options, key)
	if err != nil && fault.KindOf(err) != fault.Invalid {
		return err
	}
	status := http.StatusUnprocessableEntity
	switch {
	case err == nil && !kit.IsHTMX(c):
		return s.Redirect(c, SeriesURL(row.Series.Number)+"#series-exports")
	case err == nil:
		status = http.StatusOK
	}
	if kit.IsHTMX(c) {
		panel, panelErr := s.newExportPanel(c, row.Series.Number)
		if panelErr != nil {
			return panelErr
		}
		panel.explain(form, err)
		return s.Fragment(c, status, "admin/series_show", "exports-news", &panel)
	}
	p, pageErr := s.newSeriesShowPage(c)
	if pageErr != nil {
		return pageErr
	}
	p.Mistakes = p.Exports.explain(form, err)
	return s.Render(c, status, "admin/series_show", p)
}

// explain fills the form with the submitted values and adds the errors to its fields.
func (p *exportPanel) explain(form url.Values, err error) []kit.Mistake {
	p.Format.Choose(form.Get("format"))
	if p.Reason == nil || err == nil {
		return kit.Explain(err, &p.Format)
	}
	p.Reason.Value = kit.Truncate(form.Get("reason"), 400)
	return kit.Explain(err, &p.Format, p.Reason)
}

// findExport reads the export named in the address, if the person may see its series.
func (s *Server) findExport(c *gin.Context) (db.ExportGetRow, error) {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return db.ExportGetRow{}, cardfile.ErrUnknown
	}
	return s.Exports.Get(c.Request.Context(), s.Actor(c), id)
}

// ExportCancel handles POST /admin/exports/:id/cancel.
func (s *Server) ExportCancel(c *gin.Context) error {
	return s.changeExport(c, func(id int64) error { return s.Exports.Cancel(c.Request.Context(), s.Actor(c), id) })
}

// ExportRetry handles POST /admin/exports/:id/retry.
func (s *Server) ExportRetry(c *gin.Context) error {
	return s.changeExport(c, func(id int64) error { return s.Exports.Retry(c.Request.Context(), s.Actor(c), id) })
}

// ExportArrived handles POST /admin/exports/:id/arrived.
func (s *Server) ExportArrived(c *gin.Context) error {
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	fetchedBy := wholeNumber(form.Get("fetched_by"))
	return s.settleExport(c, func(id int64) error { return s.Exports.Arrived(c.Request.Context(), s.Actor(c), id, fetchedBy) })
}

// ExportDiscard handles POST /admin/exports/:id/discard.
func (s *Server) ExportDiscard(c *gin.Context) error {
	return s.settleExport(c, func(id int64) error { return s.Exports.Discard(c.Request.Context(), s.Actor(c), id) })
}

// settleExport applies a change that also affects the export form, so it reloads the whole
// page.
func (s *Server) settleExport(c *gin.Context, change func(id int64) error) error {
	e, err := s.findExport(c)
	if err != nil {
		return err
	}
	if err := change(e.Export.ID); err != nil {
		return err
	}
	return s.Redirect(c, SeriesURL(e.SeriesNumber)+"#series-exports")
}

func (s *Server) changeExport(c *gin.Context, change func(id int64) error) error {
	e, err := s.findExport(c)
	if err != nil {
		return err
	}
	if err := change(e.Export.ID); err != nil {
		return err
	}
	if kit.IsHTMX(c) {
		return s.showFiles(c, e.SeriesNumber)
	}
	return s.Redirect(c, SeriesURL(e.SeriesNumber)+"#series-exports")
}
