package partner_test

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/fault"
	"refill/internal/partner"
)

// ReadLogo encodes every uploaded file anew as a small PNG, or refuses it with an error for
// the user. It never returns an internal error.
func FuzzReadLogo(f *testing.F) {
	picture := image.NewPaletted(image.Rect(0, 0, 20, 18), color.Palette{color.Black, color.White})
	var asPNG, asJPEG bytes.Buffer
	require.NoError(f, png.Encode(&asPNG, picture))
	require.NoError(f, jpeg.Encode(&asJPEG, picture, nil))
	f.Add(asPNG.Bytes())
	f.Add(asJPEG.Bytes())
	f.Add(asPNG.Bytes()[:40])
	f.Add([]byte("<svg/>"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, file []byte) {
		logo, err := partner.ReadLogo(file)
		if err != nil {
			require.False(t, fault.IsInternal(err), "%v", err)
			return
		}
		size, err := png.DecodeConfig(bytes.NewReader(logo.PNG))
		require.NoError(t, err)
		require.Equal(t, []int{int(logo.Width), int(logo.Height)}, []int{size.Width, size.Height})
		require.LessOrEqual(t, size.Width, 480)
		require.LessOrEqual(t, size.Height, 240)
	})
}
