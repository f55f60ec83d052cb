package kit

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

	"refill/internal/act"
	"refill/internal/db"
	"refill/internal/render"
	"refill/internal/staff"
)

// TableRows reads what a table holds, in one snapshot of the database, and hands
// over its rows one after another: by pages or a cursor where they are many.
type TableRows func(ctx context.Context, tx pgx.Tx, row func(cells ...any) error) error

// tableTime is the longest that reading a table for download may take altogether.
const tableTime = 2 * time.Minute

// TableFormat reads a format from the address: ?format=csv or xlsx. Without one
// the page itself is meant.
func TableFormat(c *gin.Context) (render.TableFormat, bool) {
	f := render.TableFormat(c.Query("format"))
	return f, f == render.TableCSV || f == render.TableXLSX
}

// SendTable answers with a table as a file: name is what it holds, without an
// ending ("refill-series"). The whole file is made before the first byte leaves,
// so that a table with a hole never looks whole and a slow line holds no
// connection to the database. The audit row is written before the file leaves.
func (s *Kit) SendTable(c *gin.Context, name string, format render.TableFormat, columns []render.Column, rows TableRows) error {
	s.TakesTime(c)
	ctx, cancel := context.WithTimeout(c.Request.Context(), tableTime)
	defer cancel()
	file, err := os.CreateTemp("", "refill-table-")
	if err != nil {
		return fmt.Errorf("make a table: %w", err)
	}
	defer file.Close()           //nolint:errcheck // a temporary file, not read again
	defer os.Remove(file.Name()) //nolint:errcheck // in the system's folder for such files
	count, err := s.writeTable(ctx, file, format, columns, rows)
	if err != nil {
		return err
	}
	if c.Request.Method == http.MethodGet {
		if err := act.Record(ctx, s.Pool, s.Actor(c), staff.TableExported{Table: name, Format: string(format), Rows: count}); err != nil {
			return err
		}
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("make a table: %w", err)
	}
	kind := "text/csv; charset=utf-8"
	if format == render.TableXLSX {
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
func (s *Kit) writeTable(ctx context.Context, w io.Writer, format render.TableFormat, columns []render.Column, rows TableRows) (int64, error) {
	tx, err := s.Pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return 0, fmt.Errorf("read a table: %w", err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx))
	if ctx, err = db.Patiently(ctx, tx, db.LongStatement); err != nil {
		return 0, err
	}
	table, err := render.NewTable(w, format, columns)
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
