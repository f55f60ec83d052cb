package trail_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/act"
	"refill/internal/event"
	"refill/internal/trail"
)

// Every act that tells something tells a type that the list of types has, and every type has
// an act.
func TestTypesHaveActs(t *testing.T) {
	t.Parallel()
	told := map[string]bool{"redemption.reversed": true} // of the act that tells payment.reversed, by its payment
	acts := trail.Acts()
	for _, action := range acts.Actions() {
		a, err := acts.Decode(act.Row{Action: action, Detail: []byte(`{}`)})
		require.NoError(t, err)
		if p, ok := a.(act.Publisher); ok && p.Publish().Type != "" {
			told[p.Publish().Type] = true
		}
	}
	for _, name := range event.Types() {
		require.True(t, told[name], name)
		delete(told, name)
	}
	require.Equal(t, map[string]bool{event.Ping: true}, told)
	require.Len(t, event.Matching("series.*"), 7)
	require.NotContains(t, event.Matching("*"), event.Ping)
}
