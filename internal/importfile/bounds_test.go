package importfile_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/importfile"
)

// counted counts the bytes that were read of a file.
type counted struct {
	*bytes.Reader
	n int64
}

func (c *counted) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.Reader.ReadAt(p, off)
	c.n += int64(n)
	return n, err
}

// A row longer than any table has is rejected before it is read completely, because a row
// and its cells are in memory while it is read.
func TestLongRowsAreGivenUpEarly(t *testing.T) {
	t.Parallel()
	const size = 8 << 20
	row := func(begin, piece string) []byte {
		return append([]byte(begin), bytes.Repeat([]byte(piece), size/len(piece))...)
	}
	for name, c := range map[string]struct {
		file []byte
		want error
	}{
		"many cells":         {row("", ","), importfile.ErrLong},
		"in UTF-16":          {row("\xff\xfe", ",\x00"), importfile.ErrLong},
		"a long cell":        {row("", "a"), importfile.ErrLong},
		"a printer's file":   {row("H;REFILL-CARDS;1;202611;\nD;\"a", ";5\n"), importfile.ErrBroken},
		"none but empty":     {row("", "\n"), importfile.ErrTooMany},
		"many objects' line": {row(`{"a`, " "), importfile.ErrBroken},
	} {
		file := &counted{Reader: bytes.NewReader(c.file)}
		rows, err := importfile.Open(file, file.Size())
		require.NoError(t, err, name)
		for err == nil {
			_, err = rows.Next()
		}
		require.ErrorIs(t, err, c.want, name)
		require.LessOrEqual(t, file.n, int64(2<<20)+128<<10, name)
	}
}

// A row of the largest allowed size is read, whatever the buffer boundaries.
func TestLongRowsThatAreRows(t *testing.T) {
	t.Parallel()
	row := strings.Repeat(`"`+strings.Repeat("é", 8000)+`",`, importfile.MaxColumns-1) + "end\n"
	got, err := read(t, []byte(strings.Repeat(row, 20)))
	require.NoError(t, err)
	require.Len(t, got, 20)
	for _, text := range got {
		require.True(t, strings.HasSuffix(text, "|end"))
	}
}

// A workbook has the same limits, although a few kilobytes can unpack to any size.
func TestWorkbooksThatUnpackToNoTable(t *testing.T) {
	t.Parallel()
	const begin, end = `<worksheet><sheetData><row><c t="inlineStr"><is><t>`, `</t></is></c></row></sheetData></worksheet>`
	many := func(piece string, size int) string { return strings.Repeat(piece, size/len(piece)) }
	for name, change := range map[string]map[string]string{
		"a long text":          {"xl/worksheets/cards.xml": begin + many("A", 4<<20) + end},
		"a long remark":        {"xl/worksheets/cards.xml": "<worksheet><!--" + many("A", 4<<20) + "-->" + begin + end},
		"a long attribute":     {"xl/worksheets/cards.xml": `<worksheet a="` + many("A", 4<<20) + `">`},
		"elements within each": {"xl/worksheets/cards.xml": begin + many("<a>", 1<<20)},
		"in front of rows":     {"xl/worksheets/cards.xml": "<worksheet>" + many("<a>", 1<<20)},
		"a row without an end": {"xl/worksheets/cards.xml": "<worksheet><sheetData><row>" + many(`<c r="A1"/>`, 33<<20)},
		"in the workbook":      {"xl/workbook.xml": "<workbook>" + many("<a>", 1<<20)},
		"in the links":         {"xl/_rels/workbook.xml.rels": "<Relationships>" + many("<a>", 1<<20)},
		"in the styles":        {"xl/styles.xml": "<styleSheet>" + many("<a>", 1<<20)},
		"in the shared texts":  {"xl/sharedStrings.xml": "<sst><si>" + many("<a>", 1<<20)},
	} {
		book := workbook()
		maps.Copy(book, change)
		_, err := read(t, sheet(t, book))
		require.ErrorIs(t, err, importfile.ErrBomb, name)
	}
}

// An archive with far more files than a workbook is rejected before its directory is in
// memory.
func TestArchivesOfManyFiles(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := range 60_000 {
		_, err := w.CreateHeader(&zip.FileHeader{Name: fmt.Sprint(i), Comment: strings.Repeat("x", 50)})
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	file := &counted{Reader: bytes.NewReader(b.Bytes())}
	_, err := importfile.Open(file, file.Size())
	require.ErrorIs(t, err, importfile.ErrBomb)
	require.Less(t, file.n, int64(5<<20))

	_, err = importfile.Open(bytes.NewReader(sheet(t, workbook())), int64(len(sheet(t, workbook()))))
	require.NoError(t, err)
}

// A sheet may be formatted to its end.
func TestEmptyRowsOfASheet(t *testing.T) {
	t.Parallel()
	book := workbook()
	book["xl/worksheets/cards.xml"] = "<worksheet><sheetData><row><c><v>7</v></c></row>" + strings.Repeat("<row/>", 1<<20-1) + "</sheetData></worksheet>"
	got, err := read(t, sheet(t, book))
	require.NoError(t, err)
	require.Equal(t, []string{"1 7"}, got)

	book["xl/worksheets/cards.xml"] = "<worksheet><sheetData>" + strings.Repeat("<row/>", 2*importfile.MaxRows+1) + "</sheetData></worksheet>"
	_, err = read(t, sheet(t, book))
	require.ErrorIs(t, err, importfile.ErrTooMany)
}
