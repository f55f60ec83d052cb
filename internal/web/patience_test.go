package web

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refill/internal/db"
	"refill/internal/dbtest"
)

// A page whose database does not answer says so once its visitor has waited long
// enough, and works again as soon as it does.
func TestVisitorsDoNotWaitForEver(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(d *Deps) { d.Patience = 2 * time.Second })
	b := s.as(db.StaffRoleAdministrator)
	require.Equal(t, http.StatusOK, b.get(sectionCustomers).Status)
	tx, err := dbtest.Owner(t, s.Pool).Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), `lock table customer in access exclusive mode`)
	require.NoError(t, err)
	answer := b.get(sectionCustomers)
	require.Equal(t, http.StatusServiceUnavailable, answer.Status)
	require.Contains(t, answer.text("main"), "can't reach its database")
	require.Equal(t, "30", answer.Header.Get("Retry-After"))
	require.NoError(t, tx.Rollback(t.Context()))
	require.Equal(t, http.StatusOK, b.get(sectionCustomers).Status)
}
