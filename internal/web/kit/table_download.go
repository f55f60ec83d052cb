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

// TableRows reads the rows of a table in a transaction, one snapshot of the database, and
// calls row for each of them. Where they are many, it reads them by pages or a cursor.
type TableRows func(ctx context.Context, tx pgx.Tx, row func(cells ...any) error) error

// tableTime is the longest that reading a table for download may take altogether.
const tableTime = 2 * time.Minute

// TableFormat reads the format of the file from the URL: ?format=csv or xlsx. It returns
// false if there is none, which is a request for the page itself.
func TableFormat(c *gin.Context) (render.TableFormat, bool) {
	f := render.TableFormat(c.Query("format"))
	return f, f == render.TableCSV || f == render.TableXLSX
}

// SendTable responds with a table as a file. name is the name of the file without its
// extension ("refill-series"). The whole file is made before its first byte is sent: an
// error then never produces a file that lacks rows, and a slow client holds no connection
// to the database. The audit row is written before the file is sent.
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

// writeTable writes the file and returns the number of its rows.
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
