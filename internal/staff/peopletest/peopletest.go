// Package peopletest makes the people of tests, with passwords that cost next to nothing
// to check. Nothing but tests imports it.
package peopletest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/staff"
)

// Password is the password of all people made here, and Hash its hash at the lowest cost
// that argon2id allows. The normal cost is 30 ms of a core for each hash, which tests that
// are not about passwords need not spend. The hash contains its cost, so that the portal
// checks it as usual.
const (
	Password = "refill-demo"
	Hash     = "$argon2id$v=19$m=8,t=1,p=1$pbwP5LcEWzNjs07SIQLPtw$HABI0rVprGkhmvNvJrtk0wiMEh7atlfDVo5qGbszeog"
)

// Staff adds a member of staff with Password, ignoring n's own, and returns the id. The
// rows are those of staff.Create.
func Staff(tb testing.TB, dbtx db.DBTX, n staff.New) int64 {
	tb.Helper()
	ctx, q := tb.Context(), db.New()
	role := db.Role{ID: n.RoleID}
	if n.Role != "" {
		var err error
		role, err = q.RoleGetByKey(ctx, dbtx, string(n.Role))
		require.NoError(tb, err)
	}
	if n.Name == "" {
		n.Name = n.Username
	}
	row, err := q.StaffCreate(ctx, dbtx, db.StaffCreateParams{
		Username: n.Username, Name: n.Name, PasswordHash: Hash, RoleID: role.ID, AllPartners: n.AllPartners,
	})
	require.NoError(tb, err)
	for _, id := range n.PartnerIDs {
		require.NoError(tb, q.StaffPartnerAdd(ctx, dbtx, db.StaffPartnerAddParams{StaffID: row.ID, PartnerID: id}))
	}
	require.NoError(tb, act.Record(ctx, dbtx, audit.System(), staff.Created{
		StaffID: row.ID, Username: n.Username, Role: role.Name, AllPartners: n.AllPartners, PartnerIDs: n.PartnerIDs,
	}))
	return row.ID
}
