package render_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/render"
)

// The fragment in a QR code decodes to the code, whatever characters the code contains.
func TestFragmentEscapesCodes(t *testing.T) {
	t.Parallel()
	require.Equal(t, "R26-7K2M-9XQD-4HVT-C8PX", render.Fragment("R26-7K2M-9XQD-4HVT-C8PX"))
	for _, code := range []string{"AB#12%41+C D/?&=", "КОД-778899", "٧٧١", "a\"<>`b"} {
		address, err := url.Parse("https://refill.example.net/r#" + render.Fragment(code))
		require.NoError(t, err)
		require.Equal(t, code, address.Fragment)
		require.Regexp(t, `^[A-Za-z0-9%._~-]+$`, render.Fragment(code))
	}
}
