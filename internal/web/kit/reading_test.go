package kit

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/fault"
)

// A form shows one error for each field, in the order of the form, and none about a zero
// value that the person did not enter.
func TestUnreadMerges(t *testing.T) {
	t.Parallel()
	errBroken := errors.New("the database is away")
	at := func(field, code string) *fault.Error { return fault.Field(field, code, "Message.") }
	whole := fault.New(fault.Conflict, "edited", "Message.")
	for name, c := range map[string]struct {
		unread []*fault.Error
		found  error
		want   []string
	}{
		"all read, all right":      {},
		"all read":                 {found: fault.List{at("a", "a_zero"), at("b", "b_wrong")}, want: []string{"a_zero", "b_wrong"}},
		"nothing else":             {unread: []*fault.Error{at("a", "a_unread")}, want: []string{"a_unread"}},
		"in its place":             {unread: []*fault.Error{at("b", "b_unread")}, found: fault.List{at("a", "a_wrong"), at("b", "b_zero"), at("c", "c_wrong")}, want: []string{"a_wrong", "b_unread", "c_wrong"}},
		"two complaints of one":    {unread: []*fault.Error{at("a", "a_unread")}, found: fault.List{at("a", "a_zero"), at("a", "a_sum")}, want: []string{"a_unread"}},
		"not complained about":     {unread: []*fault.Error{at("b", "b_unread")}, found: fault.List{at("a", "a_wrong")}, want: []string{"b_unread", "a_wrong"}},
		"one fault without list":   {unread: []*fault.Error{at("b", "b_unread")}, found: at("a", "a_wrong"), want: []string{"b_unread", "a_wrong"}},
		"the form is refused":      {unread: []*fault.Error{at("a", "a_unread")}, found: whole, want: []string{"edited"}},
		"something about no field": {unread: []*fault.Error{at("a", "a_unread")}, found: fault.List{at("a", "a_zero"), whole}, want: []string{"a_unread", "edited"}},
	} {
		var unread Unread
		unread.Note(nil)
		for _, one := range c.unread {
			unread.Note(one)
		}
		require.Equal(t, len(c.unread) > 0, unread.Any(), name)
		err := unread.Merge(c.found)
		require.Equal(t, len(c.want) == 0, err == nil, name)
		var codes []string
		for _, one := range fault.All(err) {
			codes = append(codes, one.Code)
		}
		require.Equal(t, c.want, codes, name)
		if len(c.unread) > 0 {
			require.ErrorIs(t, unread.Merge(errBroken), errBroken)
			require.True(t, fault.IsInternal(unread.Merge(errBroken)))
		}
	}
}
