package kit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"regexp"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/klauspost/compress/gzhttp"

	"refill/internal/audit"
	"refill/internal/blob"
	"refill/internal/cardfile"
	"refill/internal/db"
	"refill/internal/fault"
)

// errFileGone is returned for a file that no longer exists.
var errFileGone = fault.New(fault.NotFound, "export_gone", "This file is no longer kept. Export the series again.")

// errRange is returned for a Range outside the file. OutcomeOf gives it the status 416.
var errRange = fault.New(fault.Conflict, "file_range", "The file has no bytes at the place that was asked for. Download it anew.")

// laterPart matches the Range header of a request that continues a download.
var laterPart = regexp.MustCompile(`^bytes=0*[1-9]`)

// SendExport answers with the file of an export, which the actor may see. The audit entry is
// written before the first byte is sent. Range requests are supported, so that a broken
// download can be continued.
func (s *Kit) SendExport(c *gin.Context, actor audit.Actor, exports *cardfile.Service, files blob.Store, e db.ExportGetRow) error {
	if e.Export.State != db.ExportStateReady || e.Export.ExpiresAt == nil || !e.AskedAt.Before(*e.Export.ExpiresAt) {
		return errFileGone
	}
	file, info, err := files.Open(c.Request.Context(), e.Export.File)
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
		note := func() error { return exports.Fetched(c.Request.Context(), actor, e.Export.ID) }
		if laterPart.MatchString(c.GetHeader("Range")) {
			note = func() error { return exports.Resumed(c.Request.Context(), actor, e.Export) }
		}
		if err := note(); err != nil {
			return err
		}
	}
	options, err := cardfile.ReadOptions(e.Export)
	if err != nil {
		return err
	}
	name := cardfile.Name(e.Export, e.SeriesNumber, e.SeriesPrefix, options, Zone(e.SeriesTimeZone))
	s.TakesTime(c) // the connection may be slow
	h := c.Writer.Header()
	h.Set("Content-Type", cardfile.Type(e.Export.Format, options))
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	h.Set("Cache-Control", "no-store")
	// A compressed response has no length. The client could neither show the progress, nor
	// notice a broken download, nor continue it.
	h.Set(gzhttp.HeaderNoCompression, "1")
	h.Set("ETag", fmt.Sprintf(`"%x"`, e.Export.SHA256))
	from := &arriving{r: ReadWhile(c.Request.Context(), file)}
	to := &ranged{ResponseWriter: c.Writer}
	http.ServeContent(to, c.Request, name, time.Time{}, struct {
		io.Reader
		io.Seeker
	}{from, file})
	if to.outside {
		h.Del("Content-Disposition")
		h.Del("Content-Type")
		return errRange
	}
	if from.err != nil && c.Request.Context().Err() == nil {
		// The length was sent before, so a short response ends as a broken connection.
		s.tellUnreadable(c, e.Export.ID, from.err)
	}
	if c.Request.Method == http.MethodGet {
		return noteSent(c, actor, exports, e)
	}
	return nil
}

// noteSent records which bytes of a file were sent. If the connection is gone by now, it
// does not count the last byte: the client may lack the end and request it again.
func noteSent(c *gin.Context, actor audit.Actor, exports *cardfile.Service, e db.ExportGetRow) error {
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
	return exports.Sent(ctx, actor, e, from, to)
}

// sentTime limits how long it may take to record what was sent.
const sentTime = 10 * time.Second

// tellUnreadable logs a file that exists but cannot be read.
func (s *Kit) tellUnreadable(c *gin.Context, id int64, err error) {
	s.Log.LogAttrs(c.Request.Context(), slog.LevelError, "the file of an export can't be read",
		slog.Int64("export", id), slog.Any("error", err), slog.String("request_id", RequestID(c)))
}

// arriving is a reader that keeps its error, so that a read error can be told from a write
// error.
type arriving struct {
	r   io.Reader
	err error
}

// Read implements io.Reader.
func (a *arriving) Read(p []byte) (int, error) {
	n, err := a.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		a.err = err
	}
	return n, err
}

// ranged holds back the answer of http.ServeContent to a Range outside the file, which is
// plain text.
type ranged struct {
	gin.ResponseWriter

	outside bool
}

// WriteHeader implements http.ResponseWriter.
func (r *ranged) WriteHeader(status int) {
	if r.outside = status == http.StatusRequestedRangeNotSatisfiable; !r.outside {
		r.ResponseWriter.WriteHeader(status)
	}
}

// Write implements http.ResponseWriter.
func (r *ranged) Write(p []byte) (int, error) {
	if r.outside {
		return len(p), nil
	}
	return r.ResponseWriter.Write(p)
}
