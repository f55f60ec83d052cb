package web

import (
	"regexp"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"

	"refill/internal/cardfile"
	"refill/internal/render"
)

// The default instructions on cards name entries of the portal's menu, in the words of the
// menu. They mention scanning only where the card has a QR code.
func TestCardWordsNameTheMenu(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	var menu []string
	s.asCustomer("anna", s.North).get("/portal").doc().Find("nav[aria-label=Main] a").Each(func(_ int, a *goquery.Selection) {
		menu = append(menu, strings.TrimSpace(a.Text()))
	})
	require.Contains(t, menu, "Home", "the menu was found")
	quoted := regexp.MustCompile(`“([^”]+)”`)
	for _, qr := range []render.QR{render.QRCode, render.QRAddress, render.QRNone} {
		lines := cardfile.DefaultLines(qr)
		require.Len(t, lines, 2)
		words := strings.Join(lines, " ")
		named := quoted.FindAllStringSubmatch(words, -1)
		require.NotEmpty(t, named, words)
		for _, entry := range named {
			require.Contains(t, menu, entry[1], words)
		}
		require.NotContains(t, words, "→", "a path of menus")
		require.Equal(t, qr != render.QRNone, strings.Contains(words, "Scan"), words)
		require.Equal(t, qr == render.QRCode, strings.Contains(words, "Scan the code"), words)
	}
}
