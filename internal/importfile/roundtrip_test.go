package importfile_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/importfile"
	"refill/internal/render"
)

// exported are files of three cards in every form that an export has.
func exported(t *testing.T) map[string][]byte {
	t.Helper()
	more := []string{"partner", "link"}
	files := map[string][]byte{}
	write := func(name string, start func(w io.Writer) (render.Writer, error)) {
		var b bytes.Buffer
		w, err := start(&b)
		require.NoError(t, err)
		for i := range int64(3) {
			require.NoError(t, w.Write(render.Card{
				Serial: i + 1, Code: fmt.Sprintf("R26-7K2M-9XQD-4HVT-C8P%d", i+2), Price: "10.50", Currency: "USD", ValidTill: "2027-12-31",
				Series: "202611", Status: "active", Partner: "=Süd; \"Nord\", Ω", Link: "https://refill.example.net/r#X",
			}))
		}
		require.NoError(t, w.Close())
		files[name] = b.Bytes()
	}
	for _, delimiter := range []byte{',', ';', '\t'} {
		for _, encoding := range []render.Encoding{render.UTF8, render.UTF8BOM, render.UTF16LE} {
			write(fmt.Sprintf("csv %q %s", delimiter, encoding), func(w io.Writer) (render.Writer, error) {
				return render.NewCardCSV(w, render.CardTable{More: more, Delimiter: delimiter, Encoding: encoding})
			})
		}
	}
	table := render.CardTable{More: more}
	write("xlsx", func(w io.Writer) (render.Writer, error) { return render.NewCardSheet(w, table) })
	write("json lines", func(w io.Writer) (render.Writer, error) { return render.NewCardLines(w, table) })
	write("printer", func(w io.Writer) (render.Writer, error) { return render.NewPrinterFile(w, table, "202611", "R26") })
	return files
}

// An import reads every export back unchanged.
func TestExportsAreReadBack(t *testing.T) {
	t.Parallel()
	want := []string{"serial|code|price|currency|valid_till|series|status|partner|link"}
	for i := range 3 {
		price := "10.50"
		want = append(want, fmt.Sprintf("%d|R26-7K2M-9XQD-4HVT-C8P%d|%s|USD|2027-12-31|202611|active|=Süd; \"Nord\", Ω|https://refill.example.net/r#X", i+1, i+2, price))
	}
	for name, file := range exported(t) {
		got, err := read(t, file)
		require.NoError(t, err, name)
		for i := range got {
			_, got[i], _ = strings.Cut(got[i], " ") // the row's number
			if name == "xlsx" {
				got[i] = strings.Replace(got[i], "|10.5|", "|10.50|", 1) // a number has no trailing zero
			}
		}
		require.Equal(t, want, got, name)
	}
}

// A printer file that was cut off, or in which anything was changed, is refused.
func TestPrinterFileThatDoesNotHold(t *testing.T) {
	t.Parallel()
	whole := exported(t)["printer"]
	require.Regexp(t, `^H;REFILL-CARDS;1;202611;R26\nC;serial;code;price;(?s:.*)\nT;3;31.50;USD\nS;[0-9a-f]{64}\n$`, string(whole))
	for name, file := range map[string][]byte{
		"a code":        bytes.Replace(whole, []byte("C8P2"), []byte("C8P3"), 1),
		"the count":     bytes.Replace(whole, []byte("T;3;"), []byte("T;4;"), 1),
		"a card gone":   append(whole[:bytes.Index(whole, []byte("D;2;")):bytes.Index(whole, []byte("D;2;"))], whole[bytes.Index(whole, []byte("D;3;")):]...),
		"no checksum":   whole[:bytes.LastIndex(whole, []byte("S;"))],
		"half of it":    whole[:len(whole)/2],
		"half checksum": whole[:len(whole)-20],
	} {
		_, err := read(t, file)
		require.ErrorIs(t, err, importfile.ErrBroken, name)
	}
}

func TestJSONLinesThatAreRefused(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]string{
		"nested":     `{"code":{"SECRET":1}}`,
		"a list":     "{\"code\":\"a\"}\n[\"SECRET\"]\n",
		"other name": "{\"code\":\"a\"}\n{\"SECRET\":\"b\"}\n",
		"cut off":    "{\"code\":\"a\"}\n{\"code\":\"SECR",
		"two a line": "{\"code\":\"a\"} {\"code\":\"SECRET\"}\n",
		"long line":  `{"code":"` + strings.Repeat("x", 100_000) + `"}`,
	} {
		_, err := read(t, []byte(file))
		require.ErrorIs(t, err, importfile.ErrBroken, name)
		require.NotContains(t, err.Error(), "SECRET")
	}
	got, err := read(t, []byte("{\"code\":\"a\",\"price\":5.0,\"note\":null}\n\n{\"price\":\"6\",\"code\":\"b\"}\n"))
	require.NoError(t, err)
	require.Equal(t, []string{"1 code|price|note", "2 a|5.0|", "3 b|6|"}, got)
}
