package card_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/card"
	"refill/internal/setting"
)

func TestSerialIsReadInEveryForm(t *testing.T) {
	t.Parallel()
	for form, want := range map[string]string{
		setting.SerialPlain: "42", setting.SerialPadded: "0000042", setting.SerialSeries: "202611-0000042", "": "42",
	} {
		text := card.FormatSerial(form, "202611", 42, 100)
		require.Equal(t, want, text)
		require.Equal(t, int32(42), card.ParseSerial("202611", text))
		require.Equal(t, int32(42), card.ParseSerial("202611", " "+text+" "))
	}
	require.Equal(t, int32(1000), card.ParseSerial("202611", "1,000"))
	for _, text := range []string{"", "x", "0", "-1", "1000001", "202612-0000042", "1e3", "9999999999"} {
		require.Zero(t, card.ParseSerial("202611", text), text)
	}
}
