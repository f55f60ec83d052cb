package render_test

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/render"
)

var update = flag.Bool("update", false, "write the golden files anew; look at what changed before committing it")

// golden compares a file with testdata.
func golden(t *testing.T, name string, made []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, made, 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "go test ./internal/render -run TestGolden -update writes it")
	require.Equal(t, string(want), string(made), name)
}

// threeCards returns three cards of a series: an unused one, one of a partner, and an old
// used one whose code is erased.
func threeCards() []render.Card {
	of := func(serial int64, code, status, partner string) render.Card {
		c := render.Card{
			Serial: serial, SerialText: fmt.Sprintf("%07d", serial), Code: code, Price: "10.00", PriceText: "USD 10.00", Currency: "USD",
			ValidTill: "2027-12-31", ValidTillText: "31 Dec 2027", Series: "202611", Prefix: "Quick", Status: status, Partner: partner,
		}
		if code != "" {
			c.Link = "https://refill.example.net/r#" + render.Fragment(code)
		}
		return c
	}
	return []render.Card{
		of(1, "Quick-ABCD-EFGH-JKLM-NPQR", "active", "North, Ltd."),
		of(2, "Quick-STUV-WXYZ-2345-6789", "disabled", "South"),
		of(3, "", "used", ""),
	}
}

// The formats that external programs read stay the same, byte by byte.
func TestGoldenFiles(t *testing.T) {
	t.Parallel()
	all := render.CardTable{Delimiter: ';', Encoding: render.UTF8BOM}
	for _, c := range render.MoreColumns() {
		all.More = append(all.More, c.Name)
	}
	for name, start := range map[string]func(io.Writer) (render.Writer, error){
		"cards.csv":     func(w io.Writer) (render.Writer, error) { return render.NewCardCSV(w, render.CardTable{}) },
		"cards-all.csv": func(w io.Writer) (render.Writer, error) { return render.NewCardCSV(w, all) },
		"cards.jsonl":   func(w io.Writer) (render.Writer, error) { return render.NewCardLines(w, render.CardTable{}) },
		"cards-printer.txt": func(w io.Writer) (render.Writer, error) {
			return render.NewPrinterFile(w, render.CardTable{}, "202611", "Quick")
		},
	} {
		var b bytes.Buffer
		w, err := start(&b)
		require.NoError(t, err)
		for _, c := range threeCards() {
			require.NoError(t, w.Write(c))
		}
		require.NoError(t, w.Close())
		golden(t, name, b.Bytes())
	}
}

// The preview stays the same too.
func TestGoldenPreview(t *testing.T) {
	t.Parallel()
	sides, err := render.Preview(render.Meta{
		Brand: "Refill", Series: "202611", PortalURL: "https://refill.example.net", Layout: "roll-58", Count: 3, SampleCode: "Quick-XXXX-XXXX-XXXX-XXXX",
		Instructions: []string{"Scan the code or sign in to the portal and", "open “Refill card” in the menu."},
	}, threeCards()[:1])
	require.NoError(t, err)
	require.Len(t, sides, 1)
	golden(t, "preview.svg", sides[0])
}
