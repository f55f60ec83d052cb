package render_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/render"
)

// A statement has every row, page after page, and a character without a font does not stop it.
func TestStatement(t *testing.T) {
	t.Parallel()
	var file bytes.Buffer
	st, err := render.NewStatement(&file, render.Statement{
		Title: "Northlight: payments of Anna", Notes: []string{"Username anna", "Period: All"}, Page: "Page %d",
		Columns: []render.StatementColumn{{Name: "Date", Width: 40}, {Name: "Sum", Width: 40, Right: true}, {Name: "Comment", Width: 100}},
	})
	require.NoError(t, err)
	for n := range 100 {
		require.NoError(t, st.Row("1 Dec 2026, 15:04", fmt.Sprintf("+USD %d.00", n+1000), "Серия Ω \U0001F600 مرحبا "+fmt.Sprint(n)))
	}
	require.Error(t, st.Row("too few"))
	require.NoError(t, st.Close())
	path := filepath.Join(t.TempDir(), "statement.pdf")
	require.NoError(t, os.WriteFile(path, file.Bytes(), 0o600))
	text := run(t, "pdftotext", "-layout", path, "-")
	for n := range 100 {
		require.Contains(t, text, fmt.Sprintf("+USD %d.00", n+1000))
	}
	for _, there := range []string{"Northlight: payments of Anna", "Username anna", "Page 1", "Page 3", "Серия Ω"} {
		require.Contains(t, text, there)
	}
	require.Equal(t, 3, bytes.Count([]byte(text), []byte("\f")))
}
