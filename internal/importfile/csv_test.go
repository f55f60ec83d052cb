package importfile_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/charmap"

	"refill/internal/importfile"
)

// inUTF16 returns a text in UTF-16.
func inUTF16(text string, bigEndian bool) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(text)) {
		if bigEndian {
			b = binary.BigEndian.AppendUint16(b, u)
		} else {
			b = binary.LittleEndian.AppendUint16(b, u)
		}
	}
	return b
}

// Every dialect of CSV gives the same rows.
func TestDialects(t *testing.T) {
	t.Parallel()
	want := []string{"1 código|valor", "2 AA11BB2201|5,00", "3 AA11BB2202|6,00"}
	lines := []string{"código;valor", "AA11BB2201;5,00", "AA11BB2202;6,00"}
	old, err := charmap.Windows1252.NewEncoder().Bytes([]byte(strings.Join(lines, "\r\n")))
	require.NoError(t, err)
	for name, file := range map[string][]byte{
		"LF":                    []byte(strings.Join(lines, "\n")),
		"CR LF":                 []byte(strings.Join(lines, "\r\n") + "\r\n"),
		"CR":                    []byte(strings.Join(lines, "\r")),
		"CR at the end":         []byte(strings.Join(lines, "\r") + "\r"),
		"mixed":                 []byte(lines[0] + "\r" + lines[1] + "\r\n" + lines[2] + "\n"),
		"CR, then LF":           []byte(lines[0] + "\r" + lines[1] + "\n" + lines[2]),
		"tabs":                  []byte(strings.ReplaceAll(strings.Join(lines, "\n"), ";", "\t")),
		"bars":                  []byte(strings.ReplaceAll(strings.Join(lines, "\n"), ";", "|")),
		"a mark":                []byte("\xef\xbb\xbf" + strings.Join(lines, "\n")),
		"Windows":               old,
		"UTF-16":                inUTF16("\ufeff"+strings.Join(lines, "\r\n"), false),
		"UTF-16 with CR":        inUTF16(strings.Join(lines, "\r"), false),
		"UTF-16, big end first": inUTF16("\ufeff"+strings.Join(lines, "\n"), true),
		"big end, no mark":      inUTF16(strings.Join(lines, "\n"), true),
		"quoted":                []byte(`"código";"valor"` + "\n" + `"AA11BB2201";"5,00"` + "\n" + `"AA11BB2202";"6,00"`),
		"quoted with spaces":    []byte(`"código" ; "valor"` + "\n" + ` "AA11BB2201" ;"5,00" ` + "\n" + `" AA11BB2202";"6,00 "`),
		"formulas":              []byte("código;valor\n=\"AA11BB2201\";=\"5,00\"\n=\"AA11BB2202\";6,00\n"),
		"formulas in quotes":    []byte("código;valor\n\"=\"\"AA11BB2201\"\"\";5,00\nAA11BB2202;6,00\n"),
		"what shows nothing":    []byte("\u200ecódigo;valor\u200b\n\u202aAA11BB2201\u202c;\u00a05,00\n\u2066AA11BB2202\u2069;6,00\ufeff\n"),
		"the end of DOS":        []byte(strings.Join(lines, "\r\n") + "\r\n\x1a"),
	} {
		got, err := read(t, file)
		require.NoError(t, err, name)
		require.Equal(t, want, got, name)
	}
	arabic, err := charmap.Windows1256.NewEncoder().Bytes([]byte("الرمز;القيمة\nAA11BB2201;5\n"))
	require.NoError(t, err)
	got, err := read(t, arabic)
	require.NoError(t, err)
	require.Equal(t, []string{"1 الرمز|القيمة", "2 AA11BB2201|5"}, got)
}

// A line that is not valid UTF-8, far after the beginning, is read as Windows-1252.
func TestOldLinesFurtherOn(t *testing.T) {
	t.Parallel()
	got, err := read(t, []byte("code,note\n"+strings.Repeat("AA11BB2201,plain\n", 8000)+"AA11BB2202,caf\xe9\n"))
	require.NoError(t, err)
	require.Equal(t, "8002 AA11BB2202|café", got[len(got)-1])
}

// A line that declares the delimiter is not part of the table, and counts as a row.
func TestSeparatorLines(t *testing.T) {
	t.Parallel()
	for _, first := range []string{"sep=;", "\xef\xbb\xbfsep=;", `"sep=;"`, "SEP=;"} {
		for _, end := range []string{"\n", "\r\n", "\r"} {
			got, err := read(t, []byte(first+end+"code;price"+end+"A,B;5"+end))
			require.NoError(t, err)
			require.Equal(t, []string{"2 code|price", "3 A,B|5"}, got, first)
		}
	}
	got, err := read(t, []byte("sep=\t\ncode\tprice\nA,B\t5\n"))
	require.NoError(t, err)
	require.Equal(t, []string{"2 code|price", "3 A,B|5"}, got)
}

// The delimiter is the character that splits most lines into equal numbers of cells,
// wherever other commas are.
func TestDelimiters(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		"A;5,00\nB;6,00\n":                                "1 A|5,00",
		"# a, b, c\n# d, e\ncode\nA1\nB2\n":               "3 code",
		"list: a, b\ncode;price;x\nA;5,00;1\nB;6;2\n":     "2 code|price|x",
		"code,note\nA,x;y\nB,z\n":                         "1 code|note",
		"code|price,EUR\nA|5,00\n":                        "1 code|price,EUR",
		"\"a,b\";c\n\"d,e\";f\n":                          "1 a,b|c",
		"note,code\n\"stray; one; two; three,A\nx,B\ny,C": "1 note|code",
	} {
		got, err := read(t, []byte(file))
		require.NoError(t, err, file)
		require.Contains(t, got, want, file)
	}
}

// A quotation mark without a second one, or closed only by a mark of another row, swallows
// no rows.
func TestStrayQuotes(t *testing.T) {
	t.Parallel()
	const head = "code,price,valid_till,note\n"
	row := func(n int, note string) string { return fmt.Sprintf("QT11AA%04d,5.00,2027-06-30,%s\n", n, note) }
	for name, c := range map[string]struct {
		file string
		rows int
	}{
		"never ended":           {head + row(1, "ok") + row(2, `"shop A`) + row(3, "ok") + row(4, "ok"), 5},
		"ended rows below":      {head + row(1, `"shop A`) + row(2, "ok") + row(3, `shop B"`) + row(4, "ok"), 5},
		"ended on the next row": {head + row(1, `"shop A`) + row(2, `shop B"`) + row(3, "ok"), 4},
		"three of them":         {head + row(1, `"a`) + row(2, `"b`) + row(3, `"c`) + row(4, "ok"), 5},
		"on every row":          {head + strings.Repeat(row(1, `"a`), 300), 301},
		"far apart":             {head + row(1, `"a`) + strings.Repeat(row(2, "ok"), 200) + row(3, `b"`) + row(4, "ok"), 204},
		"before the code":       {head + `"` + row(1, "ok") + row(2, "ok") + row(3, `x"`) + row(4, "ok"), 5},
		"within a cell":         {head + row(1, `12" pipe`) + row(2, "ok"), 3},
		"one row":               {head + row(1, `"shop`), 2},
		"beside a good one":     {head + row(1, `"a, b"`) + row(2, `"c`) + row(3, `"d, e"`) + row(4, "ok"), 5},
		"in CR":                 {strings.ReplaceAll(head+row(1, `"a`)+row(2, "ok")+row(3, `b"`), "\n", "\r"), 4},
		"one column":            {"code\nQT11AA0001\n\"QT11AA0002\nQT11AA0003\nQT11AA0004\"\nQT11AA0005\n", 6},
	} {
		got, err := read(t, []byte(c.file))
		require.NoError(t, err, name)
		require.Len(t, got, c.rows, "%s: %q", name, got)
		for i, text := range got[1:] {
			if c.rows < 10 && name != "one column" {
				require.Contains(t, text, fmt.Sprintf("%d QT11AA%04d|5.00|2027-06-30|", i+2, i+1), name)
			}
		}
	}
	got, err := read(t, []byte(head+`QT11AA0001,"5.00,2027-06-30,"ok"`+"\n"+row(2, "ok")))
	require.NoError(t, err)
	require.Equal(t, "2 QT11AA0001|5.00|2027-06-30|ok", got[1], "a mark that ends at the one of another cell")
}

// Correct quotations keep their content, with line ends.
func TestQuotations(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		"code,note\nA1,\"a, b\"\nB2,x\n":                                                   "2 A1|a, b",
		"code,note\nA1,\"say \"\"hi\"\"\"\n":                                               `2 A1|say "hi"`,
		"code,note\nA1,\"two\nlines\"\nB2,x\n":                                             "2 A1|two lines",
		"code,note\r\nA1,\"two\r\nlines\"\r\nB2,x\r\n":                                     "2 A1|two lines",
		"code,price,note\nA1B2C3,5.00,\"one\ntwo, or three\nfour\"\nB2,6.00,x\n":           "2 A1B2C3|5.00|one two, or three four",
		"code,price,note\nA1B2C3,5.00,\"Dear all,\nsee you, soon, there\"\nB2C3D4,6.00,\n": "2 A1B2C3|5.00|Dear all, see you, soon, there",
		"code,\"valid\ntill\"\nA1,2027\n":                                                  "1 code|valid till",
		"code,note\nA1,\"\"\nB2,x\n":                                                       "2 A1|",
	} {
		got, err := read(t, []byte(file))
		require.NoError(t, err, file)
		require.Contains(t, got, want, file)
	}
}

// A row is marked where its quotation may have swallowed other rows.
func TestSwallowedRowsAreTold(t *testing.T) {
	t.Parallel()
	file := []byte("name,town\nAnna,North\n\"Berta,South\nCarla,East\nDora,West\"\nEmma,North\n")
	rows, err := importfile.Open(bytes.NewReader(file), int64(len(file)))
	require.NoError(t, err)
	var told bool
	n := 0
	for {
		row, err := rows.Next()
		if err != nil {
			break
		}
		n++
		if row.Swallowed {
			told = true
			require.Equal(t, int32(3), row.Lines)
		}
	}
	require.True(t, told || n == 6, "%d rows", n)
}

// Reading takes linear time for every placement of quotation marks. Comparing each row
// with all later ones would take hours for this file.
func TestQuotesCostNoMore(t *testing.T) {
	t.Parallel()
	for _, piece := range []string{"\"a\n", "\"\"\"\n", "a,\"b\n", "\"a\"b\n", "\"\"a\n", "\"a\"\"\n", "\",\n"} {
		file := []byte(strings.Repeat(piece, 100_000))
		rows, err := importfile.Open(bytes.NewReader(file), int64(len(file)))
		for err == nil {
			_, err = rows.Next()
		}
		require.ErrorIs(t, err, io.EOF, piece)
	}
}
