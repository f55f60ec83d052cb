package cardfile_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/cardfile"
)

func TestPasswordNeverPrints(t *testing.T) {
	t.Parallel()
	o := cardfile.Options{Locked: true, Password: cardfile.NewPassword("heron-basket")}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("asked", slog.Any("password", o.Password), slog.Any("options", o))
	kept, err := json.Marshal(o)
	require.NoError(t, err)
	require.JSONEq(t, `{"locked":true}`, string(kept))
	for _, text := range []string{log.String(), fmt.Sprintf("%v %+v %#v %s %q %x %d", o, o, o, o.Password, o.Password, o.Password, o.Password)} {
		require.NotContains(t, text, "heron")
		require.NotContains(t, text, "6865726f6e") // in hexadecimal
	}
	require.Equal(t, "heron-basket", o.Password.Reveal())
}
