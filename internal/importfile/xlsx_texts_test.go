package importfile

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The memory for the shared texts of a workbook is bounded, however many texts it has.
func TestSharedTextsAreBounded(t *testing.T) {
	t.Parallel()
	for size, most := range map[int]int{0: mostTexts, 1000: maxTexts / 1002} {
		texts := &sharedTexts{}
		text, n := string(make([]byte, size)), 0
		for texts.add(text) == nil {
			n++
		}
		require.LessOrEqual(t, n, most)
		require.Greater(t, n, most*9/10)
		require.ErrorIs(t, texts.add(text), ErrBomb)
	}
}
