package admin

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"refill/internal/cardfile"
	"refill/internal/db"
	"refill/internal/lang"
	"refill/internal/render"
	"refill/internal/staff"
	"refill/internal/web/kit"
)

// ExportDownload handles GET /admin/exports/:id/download.
func (s *Server) ExportDownload(c *gin.Context) error {
	e, err := s.findExport(c)
	if err != nil {
		return err
	}
	// A download is recorded. For a series that is printed once, it also starts the period
	// after which the codes are shredded. A page of another site must not make a browser
	// start it.
	switch c.GetHeader("Sec-Fetch-Site") {
	case "", "none", "same-origin":
	default:
		return s.Redirect(c, SeriesURL(e.SeriesNumber)+"#series-exports")
	}
	return s.SendExport(c, s.Actor(c), s.Exports, s.Files, e)
}

// fileName returns the name under which a browser saves a file.
func fileName(e db.Export, series db.Series) (string, error) {
	o, err := cardfile.ReadOptions(e)
	return cardfile.Name(e, series.Number, series.Prefix, o, kit.Zone(series.TimeZone)), err
}

// aboutExport describes the options of a file, without its format.
func aboutExport(e db.Export) string {
	o, err := cardfile.ReadOptions(e)
	if err != nil {
		return ""
	}
	var parts []string
	if layout, known := render.LayoutByName(o.Layout); known && e.Format == db.ExportFormatPdf {
		parts = append(parts, layout.Title)
		if o.BothSides {
			parts = append(parts, lang.M("both sides"))
		}
		switch o.QR {
		case render.QRAddress:
			parts = append(parts, lang.M("QR code with the portal’s address only"))
		case render.QRNone:
			parts = append(parts, lang.M("no QR code"))
		case render.QRCode:
		}
	}
	if o.Parts && e.Format == db.ExportFormatPdf {
		parts = append(parts, lang.M("a ZIP of parts"))
	}
	if o.Shop != "" {
		parts = append(parts, lang.M("encrypted for ")+o.Shop)
	}
	switch {
	case o.First > 0 && o.Last > 0:
		parts = append(parts, fmt.Sprintf("serials %d to %d", o.First, o.Last))
	case o.First > 1:
		parts = append(parts, fmt.Sprintf(lang.M("from serial %d"), o.First))
	case o.Last > 0:
		parts = append(parts, fmt.Sprintf(lang.M("up to serial %d"), o.Last))
	}
	for _, one := range cardChoices[1:] {
		if slices.Equal(one.states, o.States) {
			parts = append(parts, strings.ToLower(one.text))
		}
	}
	return strings.Join(parts, ", ")
}

// trayView lists the finished files that the person requested.
type trayView struct {
	kit.Page
	Files []trayFile
}

// trayFile is one of these files.
type trayFile struct {
	ID     int64
	Format string
	Series string
	Rows   int64
	Size   int64
}

// ExportTray handles GET /admin/exports/tray: the notice about finished files.
//
// Every page requests it, so its response is empty for people who may not download files
// and while the module is switched off.
func (s *Server) ExportTray(c *gin.Context) error {
	settings, err := s.Settings.Get(c.Request.Context())
	if err != nil {
		return err
	}
	if !settings.RefillCards || !s.Person(c).Can(staff.SeriesExport) {
		return s.Fragment(c, http.StatusOK, "admin/export_tray", "main", &trayView{})
	}
	rows, err := db.New().ExportListWaiting(c.Request.Context(), s.Pool, s.Person(c).ID)
	if err != nil {
		return err
	}
	var t trayView
	asking, _ := url.Parse(c.GetHeader("HX-Current-URL"))
	for _, row := range rows {
		if asking != nil && asking.Path == SeriesURL(row.SeriesNumber) {
			continue // that page has its own list of files
		}
		t.Files = append(t.Files, trayFile{row.ID, formatName(string(row.Format)), row.SeriesNumber, int64(row.RowsTotal), row.Size})
	}
	return s.Fragment(c, http.StatusOK, "admin/export_tray", "main", &t)
}

// ExportDismiss handles POST /admin/exports/:id/dismiss: it ends the reminder of a file.
// Only the person who requested the file has a reminder.
func (s *Server) ExportDismiss(c *gin.Context) error {
	e, err := s.findExport(c)
	if err != nil {
		return err
	}
	if err := s.Exports.Dismiss(c.Request.Context(), s.Actor(c), e.Export.ID); err != nil {
		return err
	}
	if kit.IsHTMX(c) {
		return s.ExportTray(c)
	}
	return s.Redirect(c, SeriesURL(e.SeriesNumber))
}
