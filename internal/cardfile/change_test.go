package cardfile_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/cardfile"
)

// A colleague who sees the file can't take the reminder from the person who waits for it.
func TestDismissEndsOnlyOnesOwnReminder(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.request(t, b.series(t, 3), "csv", cardfile.Options{})
	other := b.person(t, "other")

	require.ErrorIs(t, b.files.Dismiss(t.Context(), other, id), cardfile.ErrNotMine)
	require.ErrorIs(t, b.files.Dismiss(t.Context(), audit.System(), id), cardfile.ErrNotMine)
	other.Scope = audit.Scope{PartnerIDs: []int64{b.south.ID + 1}}
	require.ErrorIs(t, b.files.Dismiss(t.Context(), other, id), cardfile.ErrUnknown)
	require.Nil(t, b.read(t, id).DismissedAt)

	require.NoError(t, b.files.Dismiss(t.Context(), b.admin, id))
	require.NotNil(t, b.read(t, id).DismissedAt)
	require.NoError(t, b.files.Dismiss(t.Context(), b.admin, id), "pressed twice")
	require.ErrorIs(t, b.files.Dismiss(t.Context(), b.admin, id+1), cardfile.ErrUnknown)
}
