package staff

import (
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/internal/fault"
)

func TestPasswordsThatNameThePortal(t *testing.T) {
	t.Parallel()
	pool, ctx := dbtest.Pool(t), t.Context()
	_, err := db.New().PartnerCreate(ctx, pool, db.PartnerCreateParams{Name: "Northwave Net", TimeZone: "UTC"})
	require.NoError(t, err)
	for _, password := range []string{"Northwave-Net-1", "anna.berg2026", "refill12345", "iloveyou2026"} {
		_, err = Create(ctx, pool, audit.System(), New{Username: "anna.berg", Password: password, Role: db.StaffRoleCashier})
		require.Equal(t, "password", fault.All(err)[0].Field, password)
	}
}
