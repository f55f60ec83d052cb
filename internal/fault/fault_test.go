package fault_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/fault"
)

func TestTwoFaces(t *testing.T) {
	t.Parallel()
	cause := errors.New("connection refused by 10.0.0.5")
	f := fault.Field("code", "card_refused", "This code can’t be redeemed.")
	wrapped := fmt.Errorf("redeem: %w", f.Because(cause))
	require.ErrorIs(t, wrapped, f)
	require.ErrorIs(t, wrapped, cause, "the log has the cause")
	all := fault.All(wrapped)
	require.Len(t, all, 1)
	require.NotContains(t, all[0].Text(), "10.0.0.5", "the visitor has not")
	require.Equal(t, fault.Invalid, fault.KindOf(wrapped))
	require.NoError(t, f.Cause, "the original is not changed")
	require.NotErrorIs(t, wrapped, fault.New(fault.Invalid, "another", ""))
}

func TestInternalIsTheDefault(t *testing.T) {
	t.Parallel()
	require.True(t, fault.IsInternal(errors.New("boom")))
	require.False(t, fault.IsInternal(nil))
	require.Empty(t, fault.All(errors.New("boom")))
	require.Equal(t, fault.Internal, fault.KindOf(&fault.Error{Code: "forgotten"}))
}

func TestList(t *testing.T) {
	t.Parallel()
	require.NoError(t, fault.List(nil).Err())
	a, b := fault.Field("a", "a", "A."), fault.Field("b", "b", "B.")
	err := fmt.Errorf("form: %w", fault.List{a, b}.Err())
	require.ErrorIs(t, err, b)
	require.Equal(t, []*fault.Error{a, b}, fault.All(err))
}
