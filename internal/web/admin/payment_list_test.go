package admin

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A comment that a redemption wrote names its card as pages of staff do. Others stay.
func TestCardComment(t *testing.T) {
	t.Parallel()
	require.Equal(t, "202607-373", cardComment("Series 202607, serial 373"))
	for _, comment := range []string{"", "Paid at the counter", "Series 202607, serial 373, by hand", "202607-373"} {
		require.Equal(t, comment, cardComment(comment))
	}
}
