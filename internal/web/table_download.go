package web

import (
	"context"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/export"
)

// tableRows reads what a table holds, in one snapshot of the database, and hands
// over its rows one after another: by pages or a cursor where they are many.
type tableRows func(ctx context.Context, tx pgx.Tx, row func(cells ...any) error) error

// Limits of a table for download.
const (
	tableStatement = 30 * time.Second // longest a statement behind it may run
	tableTime      = 2 * time.Minute  // longest that reading it may take altogether
)

// tableFormat reads a format from the address: ?format=csv or xlsx. Without one
// the page itself is meant.
func tableFormat(c *gin.Context) (export.TableFormat, bool) {
	f := export.TableFormat(c.Query("format"))
	return f, f == export.TableCSV || f == export.TableXLSX
}

// sendTable answers with a table as a file: name is what it holds, without an
// ending ("refill-series"). The whole file is made before the first byte leaves,
// so that a table with a hole never looks whole and a slow line holds no
// connection to the database. The audit row stands before the file leaves.
func (s *Server) sendTable(c *gin.Context, name string, format export.TableFormat, columns []export.Column, rows tableRows) error {
	s.takesTime(c)
	ctx, cancel := context.WithTimeout(c.Request.Context(), tableTime)
	defer cancel()
	file, err := os.CreateTemp("", "refill-table-")
	if err != nil {
		return fmt.Errorf("make a table: %w", err)
	}
	defer file.Close()           //nolint:errcheck // nobody reads it again
	defer os.Remove(file.Name()) //nolint:errcheck // in the system's folder for such files
	count, err := s.writeTable(ctx, file, format, columns, rows)
	if err != nil {
		return err
	}
	if c.Request.Method == http.MethodGet {
		err := audit.Record(ctx, s.Pool, s.actor(c), audit.Entry{
			Action: "table.exported", Detail: map[string]any{"table": name, "format": format, "rows": count},
		})
		if err != nil {
			return err
		}
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("make a table: %w", err)
	}
	kind := "text/csv; charset=utf-8"
	if format == export.TableXLSX {
		kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	}
	name += "." + string(format)
	h := c.Writer.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	h.Set("Cache-Control", "no-store")
	http.ServeContent(c.Writer, c.Request, name, time.Time{}, file)
	return nil
}

// writeTable makes the file and counts its rows.
func (s *Server) writeTable(ctx context.Context, w io.Writer, format export.TableFormat, columns []export.Column, rows tableRows) (int64, error) {
	tx, err := s.Pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return 0, fmt.Errorf("read a table: %w", err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx))
	if ctx, err = db.Patiently(ctx, tx, tableStatement); err != nil {
		return 0, err
	}
	table, err := export.NewTable(w, format, columns)
	if err != nil {
		return 0, err
	}
	var count int64
	err = rows(ctx, tx, func(cells ...any) error {
		count++
		return table.Row(cells...)
	})
	if err != nil {
		return 0, err
	}
	return count, table.Close()
}
