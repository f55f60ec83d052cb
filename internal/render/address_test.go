package render_test

import (
	"errors"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/render"
)

// addressMeta returns a design whose instructions don't name the portal's address.
func addressMeta(layout string) render.Meta {
	m := sampleMeta()
	m.Layout = layout
	m.Instructions = []string{"Scan the code, or sign in to the portal and", "open “Refill card” in the menu."}
	m.Unscanned = []string{"Sign in to the portal and", "open “Refill card” in the menu."}
	return m
}

// The portal's address is a line of its own on the card in each layout, without its scheme,
// also on a mirrored card.
func TestAddressIsOnEachCard(t *testing.T) {
	t.Parallel()
	for _, l := range render.Layouts() {
		for name, meta := range map[string]render.Meta{"english": addressMeta(l.Name), "hebrew": languages(t)["hebrew"]} {
			meta.Layout = l.Name
			meta.PortalURL = "https://pay.example.org:8443/"
			text := "\n" + plainText(t, save(t, printed(t, meta, sampleCards(2)...)))
			require.Equal(t, 2, strings.Count(text, "pay.example.org:8443"), "%s in %s", name, l.Name)
			require.NotContains(t, text, "https", l.Name)
		}
	}
}

// An address that is too long for its line is omitted, not truncated.
func TestLongAddressIsOmitted(t *testing.T) {
	t.Parallel()
	for _, l := range render.Layouts() {
		meta := addressMeta(l.Name)
		meta.PortalURL = "https://" + strings.Repeat("long", 12) + ".refill.example.net"
		text := plainText(t, save(t, printed(t, meta, sampleCards(1)...)))
		require.NotContains(t, text, "longlonglonglonglonglong…", l.Name)
	}
}

// The QR code holds what was chosen. No QR code of a card without the code lets a camera
// read the code.
func TestQRHoldsWhatWasChosen(t *testing.T) {
	t.Parallel()
	for _, l := range render.Layouts() {
		t.Run(l.Name, func(t *testing.T) {
			t.Parallel()
			cards := sampleCards(2)
			meta := addressMeta(l.Name)
			requireEachScans(t, l, save(t, printed(t, meta, cards...)), cards)

			meta.QR = render.QRAddress
			path := save(t, printed(t, meta, cards...))
			keep(t, path, l.Name+"-qr-address")
			require.Equal(t, []string{"https://refill.example.net", "https://refill.example.net"}, strings.Fields(run(t, "zbarimg", cutOut(t, l, path, len(cards))...)))
			requireWithin(t, l, pages(t, path), cards)

			meta.QR = render.QRNone
			path = save(t, printed(t, meta, cards...))
			keep(t, path, l.Name+"-qr-none")
			out, err := exec.CommandContext(t.Context(), "zbarimg", cutOut(t, l, path, len(cards))...).Output()
			var none *exec.ExitError
			require.ErrorAs(t, err, &none)
			require.Equal(t, 4, none.ExitCode(), "zbarimg found no code")
			require.Empty(t, out)
			requireWithin(t, l, pages(t, path), cards)
			text := plainText(t, path)
			require.NotContains(t, text, "Scan", "nothing can be scanned")
			for _, c := range cards {
				require.Contains(t, text, c.Code)
			}
		})
	}
	meta := addressMeta("")
	meta.QR = "both"
	_, err := render.NewPDF(errorWriter{}, meta)
	require.ErrorIs(t, err, render.ErrQR)
}

// With the name of a partner, the printed address and the QR code lead to the partner's own
// page. Where the name leaves no room for the QR code, the QR code leads to the portal
// without it; where the printed address would be too long, it is printed without.
func TestAddressOfPartner(t *testing.T) {
	t.Parallel()
	for _, l := range render.Layouts() {
		t.Run(l.Name, func(t *testing.T) {
			t.Parallel()
			meta, cards := addressMeta(l.Name), sampleCards(2)
			meta.Partner = "north"
			scanned := func() []string {
				return strings.Fields(run(t, "zbarimg", cutOut(t, l, save(t, printed(t, meta, cards...)), len(cards))...))
			}
			links := []string{}
			for _, c := range cards {
				links = append(links, render.Link("https://refill.example.net", "north", c.Code))
			}
			plain := []string{"https://refill.example.net/r#" + cards[0].Code, "https://refill.example.net/r#" + cards[1].Code}
			require.Contains(t, [][]string{links, plain}, scanned())
			text := plainText(t, save(t, printed(t, meta, cards...)))
			require.Equal(t, 2, strings.Count(text, "refill.example.net"))
			meta.QR = render.QRAddress
			require.Equal(t, []string{"https://refill.example.net/r/north", "https://refill.example.net/r/north"}, scanned())

			meta.QR, meta.Partner = render.QRCode, strings.Repeat("a-long-name-", 3)+"long"
			require.Len(t, scanned(), 2, "a long name costs no card its QR code")
			text = plainText(t, save(t, printed(t, meta, cards...)))
			require.Equal(t, 2, strings.Count(text, "refill.example.net"), "nor its printed address")
		})
	}
	meta := addressMeta("id-1")
	meta.Partner = "north"
	text := plainText(t, save(t, printed(t, meta, sampleCards(1)...)))
	require.Contains(t, text, "refill.example.net/r/north")
}

// errorWriter refuses every byte.
type errorWriter struct{}

func (errorWriter) Write([]byte) (int, error) { return 0, errors.New("nothing may be written") }

// On a card whose layout has no room for the QR code, the instructions don't mention it.
func TestInstructionsWithoutRoomForTheQR(t *testing.T) {
	t.Parallel()
	meta := addressMeta("avery-5160")
	meta.PortalURL = "https://customers.refill.prepaid.example.net/a/long/path"
	text := plainText(t, save(t, printed(t, meta, sampleCards(1)...)))
	require.NotContains(t, text, "Scan")
}

// A picture of one card is as large as the card, and holds no text of it.
func TestPicture(t *testing.T) {
	t.Parallel()
	picture, err := render.Picture(addressMeta("a4-3x8"), sampleCard(1))
	require.NoError(t, err)
	require.Contains(t, string(picture), `width="85.60mm" height="53.98mm"`)
	require.NotContains(t, string(picture), sampleCard(1).Code)
	require.NotContains(t, string(picture), "style=")
}
