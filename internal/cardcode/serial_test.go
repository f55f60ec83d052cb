package cardcode

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSerialIsReadInEveryForm(t *testing.T) {
	t.Parallel()
	for form, want := range map[string]string{
		SerialPlain: "42", SerialPadded: "0000042", SerialSeries: "202611-0000042", "": "42",
	} {
		text := FormatSerial(form, "202611", 42)
		require.Equal(t, want, text)
		serial, ok := ReadSerial("202611", " "+text+" ")
		require.True(t, ok)
		require.Equal(t, int32(42), serial)
	}
	serial, _ := ReadSerial("202611", "1,000")
	require.Equal(t, int32(1000), serial)
	for _, text := range []string{"", "x", "202612-0000042", "1e3", "1234567890123456", "P-2345-6789"} {
		_, ok := ReadSerial("202611", text)
		require.False(t, ok, text)
	}
}
