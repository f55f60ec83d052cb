package admin

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestChancesAreSaidAsPeopleDo(t *testing.T) {
	t.Parallel()
	require.Equal(t, "none", oddsOf(0))
	require.Equal(t, "1 in 1,250,000", oddsOf(0.8e-6))
	require.Equal(t, "1 in 5", oddsOf(0.2))
	require.Equal(t, "more than 1 in 2", oddsOf(0.7))
}
