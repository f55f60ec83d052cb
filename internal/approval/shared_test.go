package approval_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/staff"
	"refill/internal/staff/peopletest"
)

// The refusal of a decision names its reason. An account that the creator of the API key
// controls is refused for the key; one that the owner of the client controls, or both, is
// refused for the request.
func TestSharedWithTheMakerOfAKey(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	b := setup(t)
	person := func(name string) audit.Actor {
		id := peopletest.Staff(t, b.pool, staff.New{Username: name, Role: db.StaffRoleAdministrator, AllPartners: true})
		return audit.ByStaff(id, audit.Everything())
	}
	reset := func(by, of audit.Actor) {
		require.NoError(t, audit.Write(ctx, b.pool, by, audit.Row{Action: "staff.second_factor_reset", Detail: fmt.Appendf(nil, `{"staff_id": %d}`, of.ID)}))
	}
	maker, ofMaker, ofOwner, ofBoth := person("maker"), person("of-maker"), person("of-owner"), person("of-both")
	reset(maker, ofMaker)
	reset(b.one, ofOwner)
	reset(maker, ofBoth)
	reset(b.one, ofBoth)

	require.NoError(t, b.change(t, b.one, limited(10_00)))
	require.ErrorIs(t, b.change(t, audit.ByClient(7, b.one.ID, maker.ID, audit.Everything()), unlimited), approval.ErrLimitWaits)
	id := b.waiting(t)
	for name, c := range map[string]struct {
		who  audit.Actor
		code string
	}{
		"the maker's":   {ofMaker, "approval_key_maker_shared"},
		"the owner's":   {ofOwner, "approval_shared"},
		"both people's": {ofBoth, "approval_shared"},
		"the maker":     {maker, "approval_key_maker"},
	} {
		for _, err := range []error{b.desk.Approve(ctx, c.who, id, "because"), b.desk.Refuse(ctx, c.who, id, "because")} {
			refused := fault.All(err)
			require.Len(t, refused, 1, name)
			require.Equal(t, c.code, refused[0].Code, name)
		}
	}
	require.NoError(t, b.desk.Approve(ctx, b.other, id, "because"))
}
