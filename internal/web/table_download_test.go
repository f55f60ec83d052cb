package web

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"refill/internal/render"
	"refill/internal/web/kit"
)

func TestSendTable(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	columns := []render.Column{{Name: "partner"}, {Name: "number", Kind: render.ColumnNumber}}
	send := func(rows kit.TableRows) (*httptest.ResponseRecorder, error) {
		w := httptest.NewRecorder()
		c, _ := gin.CreateTestContext(w)
		c.Request = httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/?format=csv", nil)
		format, ok := kit.TableFormat(c)
		require.True(t, ok)
		return w, s.Server.SendTable(c, "refill-partners", format, columns, rows)
	}

	w, err := send(func(ctx context.Context, tx pgx.Tx, row func(...any) error) error {
		// The table is one snapshot: rows added meanwhile are not in it.
		var before, after int64
		require.NoError(t, tx.QueryRow(ctx, `select count(*) from partner`).Scan(&before))
		_, err := s.Pool.Exec(ctx, `insert into partner (name, time_zone) values ('Meanwhile', 'UTC')`)
		require.NoError(t, err)
		require.NoError(t, tx.QueryRow(ctx, `select count(*) from partner`).Scan(&after))
		require.Equal(t, before, after)
		_, err = tx.Exec(ctx, `savepoint a`)
		require.NoError(t, err)
		_, err = tx.Exec(ctx, `delete from session`)
		require.ErrorContains(t, err, "read-only")
		_, err = tx.Exec(ctx, `rollback to a`)
		require.NoError(t, err)
		return row("=North", before)
	})
	require.NoError(t, err)
	require.Equal(t, "partner,number\n'=North,2\n", w.Body.String())
	require.Equal(t, "text/csv; charset=utf-8", w.Header().Get("Content-Type"))
	require.Equal(t, "attachment; filename=refill-partners.csv", w.Header().Get("Content-Disposition"))
	require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	require.Equal(t, []string{"table.exported"}, s.audits())

	broke := errors.New("broke half-way")
	w, err = send(func(_ context.Context, _ pgx.Tx, row func(...any) error) error {
		require.NoError(t, row("North", 1))
		return broke
	})
	require.ErrorIs(t, err, broke)
	require.Empty(t, w.Body.String(), "half a table never leaves")
	require.Len(t, s.audits(), 1)
}
