package card

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Drawing runs beside the job, where a panic would end the whole process.
func TestDrawingPanics(t *testing.T) {
	t.Parallel()
	broken := &maker{quantity: 1} // without keys
	c := <-broken.start(1)
	require.ErrorContains(t, c.err, "drawing panicked")
}
