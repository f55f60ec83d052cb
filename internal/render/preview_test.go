package render_test

import (
	"encoding/xml"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/render"
)

// A preview contains exactly the first sheet.
func TestPreview(t *testing.T) {
	t.Parallel()
	for _, l := range render.Layouts() {
		meta := sampleMeta()
		meta.Layout, meta.BothSides, meta.OffsetX = l.Name, l.BothSides, 1
		sides, err := render.Preview(meta, sampleCards(int64(l.PerSheet())+3))
		require.NoError(t, err)
		want := 1
		if l.BothSides {
			want = 2
		}
		require.Len(t, sides, want)
		for _, side := range sides {
			var picture struct {
				XMLName xml.Name   `xml:"svg"`
				Groups  []struct{} `xml:"g"`
			}
			require.NoError(t, xml.Unmarshal(side, &picture), "one well-formed picture")
			require.NotEmpty(t, picture.Groups)
			require.NotContains(t, string(side), "style=", "the policy of pages allows no inline style")
		}
		data := string(sides[want-1])
		require.Equal(t, l.PerSheet(), strings.Count(data, "matrix("+module(t, data)), "a QR code for each place")
	}
	meta := sampleMeta()
	meta.Layout = "a5"
	_, err := render.Preview(meta, nil)
	require.ErrorIs(t, err, render.ErrLayout)
}

// module returns the module size of the QR codes in an SVG image.
func module(t *testing.T, picture string) string {
	t.Helper()
	found := regexp.MustCompile(`matrix\((\d\.\d{4}) 0 0 -`).FindStringSubmatch(picture)
	require.NotEmpty(t, found)
	return found[1]
}
