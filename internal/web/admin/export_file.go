package admin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/klauspost/compress/gzhttp"

	"refill/internal/blob"
	"refill/internal/cardfile"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/render"
	"refill/internal/staff"
	"refill/internal/web/kit"
)

// errFileGone is returned for a file that no longer exists.
var errFileGone = fault.New(fault.NotFound, "export_gone", "This file is no longer kept. Export the series again.")

// laterPart matches the Range header of a request that continues a download.
var laterPart = regexp.MustCompile(`^bytes=0*[1-9]`)

// ExportDownload handles GET /admin/exports/:id/download. The audit entry is written before
// the first byte is sent. Range requests are supported, so that a broken download can be
// continued.
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
	if e.Export.State != db.ExportStateReady || e.Export.ExpiresAt == nil || !e.AskedAt.Before(*e.Export.ExpiresAt) {
		return errFileGone
	}
	file, info, err := s.Files.Open(c.Request.Context(), e.Export.File)
	if err == nil && info.Size != e.Export.Size {
		err = errors.Join(blob.ErrDamaged.Because(fmt.Errorf("%d bytes of %d", info.Size, e.Export.Size)), file.Close())
	}
	if errors.Is(err, blob.ErrNotFound) {
		return errFileGone
	}
	if err != nil {
		s.tellUnreadable(c, e.Export.ID, err)
		return err
	}
	defer file.Close() //nolint:errcheck // only read
	if c.Request.Method == http.MethodGet {
		note := func() error { return s.Exports.Fetched(c.Request.Context(), s.Actor(c), e.Export.ID) }
		if laterPart.MatchString(c.GetHeader("Range")) {
			note = func() error { return s.Exports.Resumed(c.Request.Context(), s.Actor(c), e.Export) }
		}
		if err := note(); err != nil {
			return err
		}
	}
	name, err := fileName(e.Export, db.Series{Number: e.SeriesNumber, Prefix: e.SeriesPrefix, TimeZone: e.SeriesTimeZone})
	if err != nil {
		return err
	}
	options, err := cardfile.ReadOptions(e.Export)
	if err != nil {
		return err
	}
	s.TakesTime(c) // the connection may be slow
	h := c.Writer.Header()
	h.Set("Content-Type", cardfile.Type(e.Export.Format, options))
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	h.Set("Cache-Control", "no-store")
	// A compressed response has no length. The client could neither show the progress, nor
	// notice a broken download, nor continue it.
	h.Set(gzhttp.HeaderNoCompression, "1")
	h.Set("ETag", fmt.Sprintf(`"%x"`, e.Export.SHA256))
	from := &arriving{r: kit.ReadWhile(c.Request.Context(), file)}
	http.ServeContent(c.Writer, c.Request, name, time.Time{}, struct {
		io.Reader
		io.Seeker
	}{from, file})
	if from.err != nil && c.Request.Context().Err() == nil {
		// The length was sent before, so a short response ends as a broken connection.
		s.tellUnreadable(c, e.Export.ID, from.err)
	}
	if c.Request.Method == http.MethodGet {
		return s.noteSent(c, e)
	}
	return nil
}

// noteSent records which bytes of a file were sent. If the connection is gone by now, it
// does not count the last byte: the client may lack the end and request it again.
func (s *Server) noteSent(c *gin.Context, e db.ExportGetRow) error {
	from := int64(0)
	switch c.Writer.Status() {
	case http.StatusOK:
	case http.StatusPartialContent:
		if _, err := fmt.Sscanf(c.Writer.Header().Get("Content-Range"), "bytes %d-", &from); err != nil {
			return nil // several ranges in one response are not counted
		}
	default:
		return nil
	}
	c.Writer.Flush()
	to := min(from+int64(max(c.Writer.Size(), 0)), e.Export.Size)
	if c.Request.Context().Err() != nil {
		to = min(to, e.Export.Size-1)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request.Context()), sentTime)
	defer cancel()
	return s.Exports.Sent(ctx, s.Actor(c), e, from, to)
}

// sentTime limits how long it may take to record what was sent.
const sentTime = 10 * time.Second

// tellUnreadable logs a file that exists but cannot be read.
func (s *Server) tellUnreadable(c *gin.Context, id int64, err error) {
	s.Log.LogAttrs(c.Request.Context(), slog.LevelError, "the file of an export can't be read",
		slog.Int64("export", id), slog.Any("error", err), slog.String("request_id", kit.RequestID(c)))
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
