package web

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/db"
	"refill/internal/web/admin"
)

// After a customer moves to another partner, staff of the former partner see that a card of
// their partner was used, but no name.
func TestMovedCustomersAreNotNamed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	north, all := s.as(db.StaffRoleAdministrator, s.North), s.as(db.StaffRoleAdministrator)
	series, codes := s.series(3, s.North)
	anna := s.newCustomer("anna", s.North)
	s.redeem(series, 2, anna)
	places := []string{admin.SeriesURL(series.Number), admin.SeriesURL(series.Number) + "?status=used", admin.SeriesURL(series.Number) + "?before=3", admin.CardURL(series.Number, 2)}
	for _, at := range places {
		require.Contains(t, north.get(at).Body, "Test anna", at)
	}
	s.exec("update customer set partner_id = $1 where id = $2", s.South.ID, anna)
	for _, at := range places {
		require.NotContains(t, north.get(at).Body, "Test anna", at)
		require.NotContains(t, north.get(at).Body, fmt.Sprintf("/admin/customers/%d", anna), at)
		require.Contains(t, all.get(at).Body, "Test anna", at)
	}
	require.Contains(t, north.get(admin.CardURL(series.Number, 2)).text("main"), "Customer of another partner")
	for _, typed := range []string{"2", codes[1][len(codes[1])-4:]} {
		found := north.find(typed)
		require.NotContains(t, found.Body, "Test anna", typed)
		require.Contains(t, found.text("main"), "Customer of another partner", typed)
		require.Contains(t, all.find(typed).Body, "Test anna", typed)
	}
}
